//! Mute-all and its end.

use super::*;
use crate::model::Already;

fn mute_all(s: &mut Stage, id: u64, who: &str, on: bool) {
    s.order(id, who, Wish::MuteAll { room: room(), on });
}

fn muted(person: &Someone, on: bool) -> String {
    person.event(if on { "ConfbridgeMute" } else { "ConfbridgeUnmute" }, "200", "")
}

fn crew(uniqueid: &str) -> Someone {
    Someone { phone: "701".into(), ..someone(uniqueid) }
}

#[test]
fn mute_all_spares_crew_and_services_and_is_done_with_the_last_event() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let stream = someone("1.9").on("Local/220@stream-00000001;1");
    let mut s = Stage::up(&[ann.clone(), bob.clone(), someone("1.3").admin(), crew("1.4"), stream]);
    mute_all(&mut s, 1, "Dana", true);
    assert_eq!(s.lines(), [&ann, &bob].map(|p| format!("ConfbridgeMute 200 {}", p.channel)));
    assert_eq!(s.stages(1), [Step::Sent]);
    s.follows(&muted(&ann, true));
    assert_eq!(s.stages(1), [Step::Sent]);
    s.follows(&muted(&bob, true));
    assert_eq!(s.stages(1), [Step::Sent, done()]);
    assert_eq!(s.snapshot().mute_all.as_ref().unwrap().by, Some(by("Dana")));
    assert!(s.told().iter().all(|(_, who)| who.as_deref() == Some("Dana")));
    mute_all(&mut s, 2, "Lee", true);
    let at = Some(s.now.wall);
    let already = Already { by: Some(by("Dana")), at, under_way: false };
    assert_eq!(s.stages(2), [Step::Settled(Outcome::Already(already))]);
}

#[test]
fn mute_all_stands_for_late_joiners() {
    let mut s = Stage::up(&[someone("1.1")]);
    mute_all(&mut s, 1, "Dana", true);
    s.event(&someone("1.2").join("200"));
    s.event(&someone("1.3").muted().join("200"));
    s.event(&crew("1.4").join("200"));
    assert_eq!(s.lines(), ["1.1", "1.2"].map(|u| format!("ConfbridgeMute 200 {}", someone(u).channel)));
    s.follows(&muted(&someone("1.2"), true));
    assert_eq!(s.told().last(), Some(&(What::Muted(true), Some("Dana".into()))));
}

#[test]
fn its_end_unmutes_only_whom_it_muted() {
    let (ann, bob, eve) = (someone("1.1"), someone("1.2").muted(), someone("1.3"));
    let mut s = Stage::up(&[ann.clone(), bob, eve.clone()]);
    mute_all(&mut s, 1, "Dana", true);
    s.follows(&muted(&ann, true));
    s.follows(&muted(&eve, true));
    s.mute(2, "Sam", "1.3", false);
    s.follows(&muted(&eve, false));
    s.mute(3, "Sam", "1.3", true);
    s.follows(&muted(&eve, true));
    s.sent.clear();
    mute_all(&mut s, 4, "Dana", false);
    assert_eq!(s.lines(), [format!("ConfbridgeUnmute 200 {}", ann.channel)]);
    s.follows(&muted(&ann, false));
    assert_eq!(s.last(4), done());
    s.event(&someone("1.4").join("200"));
    assert_eq!(s.lines().len(), 1, "late joiners are free again");
    mute_all(&mut s, 5, "Lee", false);
    let already = Already { by: None, at: None, under_way: false };
    assert_eq!(s.stages(5), [Step::Settled(Outcome::Already(already))]);
}

#[test]
fn a_window_of_sixteen_lets_single_commands_go_first() {
    let people: Vec<Someone> = (0..40).map(|n| someone(&format!("1.{n}"))).collect();
    let mut s = Stage::up(&people);
    mute_all(&mut s, 1, "Dana", true);
    assert_eq!(s.lines().len(), 16);
    s.order(2, "Sam", Wish::Kick { call: call("1.39") });
    assert!(s.lines()[16].starts_with("ConfbridgeKick"));
    for person in &people {
        s.follows(&muted(person, true));
    }
    assert_eq!(s.lines().len(), 41);
    assert_eq!(s.last(1), done());
}

#[test]
fn the_opposite_ends_a_mute_all_that_is_under_way() {
    let people: Vec<Someone> = (0..20).map(|n| someone(&format!("1.{n}"))).collect();
    let mut s = Stage::up(&people);
    mute_all(&mut s, 1, "Dana", true);
    mute_all(&mut s, 2, "Lee", true);
    assert!(matches!(s.last(2), Step::Settled(Outcome::Already(Already { under_way: true, .. }))));
    s.follows(&muted(&people[0], true));
    mute_all(&mut s, 3, "Lee", false);
    assert_eq!(s.last(1), Step::Settled(Outcome::Replaced(by("Lee"))));
    let count = |s: &Stage, verb: &str| s.lines().iter().filter(|l| l.starts_with(verb)).count();
    assert_eq!(count(&s, "ConfbridgeMute"), 17, "those that waited are not sent");
    for person in &people[1..17] {
        s.follows(&muted(person, true));
    }
    for person in &people[..17] {
        s.follows(&muted(person, false));
    }
    assert_eq!(count(&s, "ConfbridgeUnmute"), 17, "and those on their way are taken back");
    assert_eq!(s.last(3), done());
    assert!(s.snapshot().people.iter().all(|p| !p.muted));
    assert!(s.told().iter().all(|(_, who)| who.is_some()), "nothing was by phone");
}

#[test]
fn one_who_is_not_seen_muted_is_told_as_not_yet() {
    let mut s = Stage::up(&[someone("1.1")]);
    mute_all(&mut s, 1, "Dana", true);
    s.ok("ConfbridgeMute");
    s.pass(3);
    assert_eq!(s.stages(1), [Step::Sent, Step::NotYet]);
    s.members("200", &[someone("1.1")]);
    s.pass(30);
    assert_eq!(s.last(1), Step::Settled(Outcome::NeverSeen));
}

#[test]
fn it_outlives_gavel_and_spares_whom_somebody_let_speak() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(&[ann.clone(), bob.clone()]);
    mute_all(&mut s, 1, "Dana", true);
    s.follows(&muted(&ann, true));
    s.follows(&muted(&bob, true));
    s.mute(2, "Sam", "1.2", false);
    s.follows(&muted(&bob, false));
    let rows = s.pbx.ledger();
    let mut again = Stage::new(setup(), Restored { rows, ..Restored::default() });
    again.login(&[("200", &[ann.clone().muted(), bob, someone("1.3")])]);
    assert_eq!(again.lines(), [format!("ConfbridgeMute 200 {}", someone("1.3").channel)]);
    again.follows(&muted(&someone("1.3"), true));
    again.sent.clear();
    mute_all(&mut again, 3, "Dana", false);
    let unmuted = [&ann, &someone("1.3")].map(|p| format!("ConfbridgeUnmute 200 {}", p.channel));
    assert_eq!(again.lines(), unmuted);
}

#[test]
fn a_lost_link_leaves_it_unknown_and_the_list_tells() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(&[ann.clone(), bob.clone()]);
    mute_all(&mut s, 1, "Dana", true);
    s.lose();
    assert_eq!(s.last(1), Step::Unknown);
    s.login(&[("200", &[ann.muted(), bob])]);
    assert_eq!(s.last(1), Step::Settled(Outcome::NeverSeen));
    assert!(s.sent.is_empty(), "nothing is sent again");
    assert!(s.snapshot().mute_all.is_some(), "but it stands");
}

#[test]
fn whom_a_higher_role_just_let_speak_is_spared() {
    let ann = someone("1.1");
    let mut s = Stage::up(&[ann.clone().muted(), someone("1.2")]);
    let host = By { rank: 3, ..by("Dana") };
    s.order_by(1, host, Wish::Mute { call: call("1.1"), on: false });
    s.follows(&muted(&ann, false));
    s.sent.clear();
    mute_all(&mut s, 2, "Sam", true);
    assert_eq!(s.lines(), [format!("ConfbridgeMute 200 {}", someone("1.2").channel)]);
    s.follows(&muted(&someone("1.2"), true));
    assert_eq!(s.last(2), done());
}
