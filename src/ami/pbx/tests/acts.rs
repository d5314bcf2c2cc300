//! Mute, kick, hangup, lock, topic, note: claims, evidence, patience.

use super::*;
use crate::model::{Already, Refusal};

fn muted(person: &Someone, on: bool) -> String {
    person.event(if on { "ConfbridgeMute" } else { "ConfbridgeUnmute" }, "200", "")
}

#[test]
fn mute_is_done_by_the_event_and_the_change_says_by_whom() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    assert_eq!(s.stages(1), [Step::Sent]);
    assert_eq!(s.lines(), [format!("ConfbridgeMute 200 {}", ann.channel)]);
    s.ok("ConfbridgeMute");
    assert_eq!(s.stages(1), [Step::Sent], "a Success is no evidence");
    s.event(&muted(&ann, true));
    assert_eq!(s.stages(1), [Step::Sent, done()]);
    assert_eq!(s.told(), [(What::Muted(true), Some("Sam".into()))]);
    let picture = s.snapshot();
    assert!(picture.people[0].muted);
    assert_eq!(picture.people[0].voice.as_ref().unwrap().by, Some(by("Sam")));
    assert_eq!(picture.seq, s.entries.last().unwrap().seq);
}

#[test]
fn what_comes_before_the_answer_is_nobodys_order() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    s.event(&muted(&ann, true));
    assert_eq!((s.stages(1), s.told()), (vec![Step::Sent], vec![(What::Muted(true), None)]));
    s.ok("ConfbridgeMute");
    s.event(&muted(&ann, true));
    assert_eq!(s.last(1), done(), "Asterisk says it again");
    assert_eq!(s.snapshot().people[0].voice.as_ref().unwrap().by, None);
}

#[test]
fn who_mutes_himself_as_the_link_goes_down_does_no_order() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    s.event(&muted(&ann, true));
    s.lose();
    assert_eq!(s.stages(1), [Step::Sent, Step::Unknown]);
    s.login(&[("200", &[ann.muted()])]);
    assert_eq!(s.last(1), done(), "it is so, and by whom nobody knows");
    assert_eq!(s.told()[0], (What::Muted(true), None));
}

#[test]
fn what_the_phone_did_is_nobodys_order() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.event(&muted(&ann, true));
    s.event(&muted(&ann, true));
    assert_eq!(s.told(), [(What::Muted(true), None)], "told again is told once");
}

#[test]
fn two_crew_members_equal_and_opposite() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.mute(1, "Sam", "1.1", true);
    s.mute(2, "Lee", "1.1", true);
    s.mute(3, "Dana", "1.1", false);
    let under_way = Already { by: Some(by("Sam")), at: None, under_way: true };
    assert_eq!(s.stages(2), [Step::Settled(Outcome::Already(under_way))]);
    assert_eq!(s.stages(1), [Step::Sent, Step::Settled(Outcome::Replaced(by("Dana")))]);
    assert_eq!(s.stages(3), [Step::Sent]);
}

#[test]
fn a_replaced_act_still_owns_its_event() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    s.mute(2, "Dana", "1.1", false);
    s.follows(&muted(&ann, true));
    s.follows(&muted(&ann, false));
    let told = [(What::Muted(true), Some("Sam".into())), (What::Muted(false), Some("Dana".into()))];
    assert_eq!(s.told(), told, "neither was by phone");
    assert_eq!(s.last(2), done());
    assert_eq!(s.stages(1).len(), 2, "who was told 'replaced' is told nothing more");
}

#[test]
fn an_order_of_a_higher_role_holds_for_five_seconds() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    let host = By { rank: 3, ..by("Dana") };
    s.order_by(1, host.clone(), Wish::Mute { call: call("1.1"), on: true });
    s.mute(2, "Sam", "1.1", false);
    let outranked = || Step::Settled(Outcome::Refused(Refusal::Outranked(host.clone())));
    assert_eq!(s.stages(2), [outranked()]);
    s.follows(&muted(&ann, true));
    assert_eq!(s.last(1), done());
    s.mute(3, "Sam", "1.1", false);
    assert_eq!(s.stages(3), [outranked()], "also when it is done already");
    s.pass(5);
    s.mute(4, "Sam", "1.1", false);
    assert_eq!(s.stages(4), [Step::Sent]);
}

#[test]
fn already_says_by_whom_and_when() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    s.follows(&muted(&ann, true));
    let at = s.now.wall;
    s.pass(20);
    s.mute(2, "Lee", "1.1", true);
    let already = Already { by: Some(by("Sam")), at: Some(at), under_way: false };
    assert_eq!(s.stages(2), [Step::Settled(Outcome::Already(already))]);
    let mutes = s.sent.iter().filter(|sent| sent.action.name() == "ConfbridgeMute");
    assert_eq!(mutes.count(), 1, "the second was not sent");
}

#[test]
fn one_id_is_done_once() {
    let mut s = Stage::up(&[someone("1.1")]);
    for _ in 0..2 {
        s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    }
    assert_eq!(s.lines().len(), 1);
    s.answer("ConfbridgeKick", "Error\r\nMessage: No Channel by that name found in Conference.");
    s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    assert_eq!(s.stages(1), [Step::Sent, Step::Settled(Outcome::Gone)]);
    s.order(super::super::deeds::OWN | 7, "Sam", Wish::Kick { call: call("1.1") });
    assert!(s.lines().is_empty());
}

#[test]
fn a_kick_is_done_by_the_leave_which_says_who_and_why() {
    let ann = someone("1.1");
    let mut s = Stage::up(&[ann.clone(), someone("1.2")]);
    s.tick(Duration::from_secs(60));
    let epoch = s.snapshot().epoch;
    let wish = Wish::Kick { call: call("1.1") };
    let order = Order { id: OrderId(1), by: by("Sam"), wish, reason: Some("noise".into()), epoch };
    s.pbx.order(s.now, order);
    s.collect();
    s.ok("ConfbridgeKick");
    s.event(&ann.leave("200"));
    let left = What::Left { after: 60_000, removed: true, reason: Some("noise".into()), count: 1 };
    assert_eq!(s.told(), [(left, Some("Sam".into()))]);
    assert_eq!(s.stages(1), [Step::Sent, done()]);
    let departed = s.snapshot().departed.clone();
    assert_eq!((departed[0].number, departed[0].by.clone()), (1, Some(by("Sam"))));
}

#[test]
fn who_left_between_plan_and_act_is_gone_and_nobody_is_removed() {
    let ann = someone("1.1");
    let mut s = Stage::up(&[ann.clone(), someone("1.2")]);
    s.event(&ann.leave("200"));
    s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    assert_eq!(s.stages(1), [Step::Settled(Outcome::Gone)]);
    assert!(s.lines().is_empty());
    let told = s.entries.iter().find(|e| matches!(e.what, What::Order { .. })).unwrap();
    assert_eq!((told.number, told.room.clone()), (Some(1), Some(room())), "the line can still say #1");
}

#[test]
fn who_leaves_while_the_act_is_on_its_way_is_gone() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    s.event(&ann.leave("200"));
    s.answer("ConfbridgeMute", "Error\r\nMessage: No Channel by that name found in Conference.");
    assert_eq!(s.stages(1), [Step::Sent, Step::Settled(Outcome::Gone)]);
}

#[test]
fn who_leaves_before_asterisk_answers_the_kick_left_by_themselves() {
    let ann = someone("1.1");
    for answer in ["Success\r\nMessage: User kicked", "Error\r\nMessage: No Conference by that name found."] {
        let mut s = Stage::up(std::slice::from_ref(&ann));
        s.order(1, "Sam", Wish::Kick { call: call("1.1") });
        s.event(&ann.leave("200"));
        s.answer("ConfbridgeKick", answer);
        assert_eq!(s.stages(1), [Step::Sent, Step::Settled(Outcome::Gone)]);
        assert!(matches!(s.told()[..], [(What::Left { removed: false, .. }, None), ..]), "{:?}", s.told());
        assert_eq!(s.snapshot().departed[0].by, None);
    }
}

#[test]
fn a_list_shows_that_somebody_is_gone_not_that_we_removed_them() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    s.ok("ConfbridgeKick");
    s.pass(3);
    s.members("200", &[]);
    assert_eq!(s.last(1), Step::Settled(Outcome::Gone));
    assert!(matches!(s.told()[0], (What::Left { removed: false, .. }, None)));
}

#[test]
fn not_yet_is_no_end() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    s.tick(Duration::from_secs(2));
    s.ok("ConfbridgeKick");
    assert!(s.pbx.deadline().unwrap() <= s.now.mono + Duration::from_secs(3));
    s.pass(2);
    assert_eq!(s.stages(1), [Step::Sent], "patience counts from the answer");
    s.pass(1);
    s.members("200", std::slice::from_ref(&ann));
    assert_eq!(s.stages(1), [Step::Sent, Step::NotYet]);
    s.event(&ann.leave("200"));
    assert_eq!(s.last(1), done());
}

#[test]
fn what_is_never_seen_ends_after_thirty_seconds() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.mute(1, "Sam", "1.1", true);
    s.ok("ConfbridgeMute");
    s.pass(3);
    s.members("200", &[ann]);
    s.pass(30);
    assert_eq!(s.stages(1), [Step::Sent, Step::NotYet, Step::Settled(Outcome::NeverSeen)]);
}

#[test]
fn an_answer_that_does_not_come_is_unknown_and_a_list_may_tell() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.mute(1, "Sam", "1.1", true);
    let sent = s.take("ConfbridgeMute");
    s.reply(sent.token, Reply::TimedOut);
    assert_eq!(s.stages(1), [Step::Sent, Step::Unknown]);
    s.members("200", &[someone("1.1").muted()]);
    assert_eq!(s.last(1), done());
    assert_eq!(s.told(), [(What::Muted(true), Some("Sam".into()))]);
}

#[test]
fn asterisks_refusal_is_told_in_its_own_words() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.mute(1, "Sam", "1.1", true);
    s.answer("ConfbridgeMute", "Error\r\nMessage: Not today");
    assert_eq!(s.last(1), Step::Settled(Outcome::Refused(Refusal::Asterisk("Not today".into()))));
    s.order(2, "Sam", Wish::Kick { call: call("1.1") });
    s.answer("ConfbridgeKick", "Error\r\nMessage: Permission denied");
    let forbidden = Refusal::Forbidden { action: "ConfbridgeKick".into(), right: Some("call".into()) };
    assert_eq!(s.last(2), Step::Settled(Outcome::Refused(forbidden)));
}

#[test]
fn what_the_user_may_not_do_is_not_sent() {
    let mut s = Stage::new(setup(), Restored::default());
    let mut few = greeting("11.0.0");
    few.actions.retain(|action, _| action.starts_with("Core") || action.contains("List"));
    s.login_as(few, &[("200", &[someone("1.1")])]);
    for (id, wish, action) in [
        (1, Wish::Mute { call: call("1.1"), on: true }, "ConfbridgeMute"),
        (2, Wish::Kick { call: call("1.1") }, "ConfbridgeKick"),
        (3, Wish::Lock { room: room(), on: true }, "ConfbridgeLock"),
        (4, Wish::MuteAll { room: room(), on: true }, "ConfbridgeMute"),
        (5, Wish::Topic { room: room(), text: Some("x".into()) }, "Setvar"),
        (6, Wish::Hangup { call: call("1.1") }, "Hangup"),
    ] {
        s.order(id, "Sam", wish);
        let refusal = Refusal::Forbidden { action: action.into(), right: Some("call".into()) };
        assert_eq!(s.stages(id), [Step::Settled(Outcome::Refused(refusal))]);
    }
    assert!(s.lines().is_empty());
    assert!(s.snapshot().mute_all.is_none());
}

#[test]
fn lock_has_no_event_so_a_list_is_asked_for_at_once() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.order(1, "Dana", Wish::Lock { room: room(), on: true });
    s.ok("ConfbridgeLock");
    assert_eq!(s.lines(), ["ConfbridgeListRooms"]);
    s.list("ConfbridgeListRooms", vec![hall("200", 1, true)]);
    assert_eq!(s.last(1), done());
    assert_eq!(s.told(), [(What::Locked(true), Some("Dana".into()))]);
    assert!(s.snapshot().locked);
    s.order(2, "Lee", Wish::Lock { room: room(), on: true });
    assert_eq!(s.stages(2), [Step::Sent], "polled state is too old to say 'already'");
    s.ok("ConfbridgeLock");
    s.list("ConfbridgeListRooms", vec![hall("200", 1, false)]);
    assert_eq!(s.last(2), Step::NotYet);
    assert_eq!(s.told().last(), Some(&(What::Locked(false), None)), "by phone");
}

#[test]
fn a_lock_of_an_empty_room_has_nothing_to_lock() {
    let mut s = Stage::up(&[]);
    s.order(1, "Dana", Wish::Lock { room: room(), on: true });
    s.answer("ConfbridgeLock", "Error\r\nMessage: No active conferences.");
    assert_eq!(s.last(1), Step::Settled(Outcome::Gone));
    s.order(2, "Dana", Wish::Lock { room: RoomName::new("other"), on: true });
    assert_eq!(s.last(2), Step::Settled(Outcome::Refused(Refusal::NoSuchRoom)));
}

#[test]
fn a_hangup_is_done_by_the_hangup_of_that_call() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(&[ann.clone(), bob.clone()]);
    s.order(1, "Sam", Wish::Hangup { call: call("1.1") });
    assert_eq!(s.lines(), ["Hangup 1.1"]);
    s.ok("Hangup");
    s.event(&bob.event("Hangup", "", "Cause: 16\r\n"));
    s.event(&ann.leave("200"));
    assert_eq!(s.stages(1), [Step::Sent]);
    assert!(matches!(s.told()[0], (What::Left { removed: true, .. }, Some(_))));
    s.event(&ann.event("Hangup", "", "Cause: 16\r\n"));
    assert_eq!(s.last(1), done());
}

#[test]
fn the_wrong_call_is_set_right_and_the_right_one_waited_for() {
    let (ann, other) = (someone("1.1").on("DAHDI/1-1"), someone("1.2").on("dahdi/1-10"));
    let mut s = Stage::up(&[ann.clone(), other.clone()]);
    s.mute(1, "Sam", "1.1", true);
    s.ok("ConfbridgeMute");
    s.event(&muted(&other, true));
    let told = [
        (What::Muted(true), Some("Sam".into())),
        (What::WrongCall { meant: call("1.1"), muted: true }, Some("Sam".into())),
    ];
    assert_eq!(s.told(), told);
    assert_eq!(s.entries.last().unwrap().call, Some(call("1.2")));
    assert_eq!(s.lines(), ["ConfbridgeUnmute 200 dahdi/1-10"]);
    assert_eq!(s.stages(1), [Step::Sent], "still waits for the right one");
    s.follows(&muted(&other, false));
    s.event(&muted(&ann, true));
    assert_eq!(s.last(1), done());
    assert_eq!(s.told()[2], (What::Muted(false), Some("Sam".into())));
}

#[test]
fn another_call_that_mutes_itself_meanwhile_is_left_alone() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(&[ann, bob.clone()]);
    s.mute(1, "Sam", "1.1", true);
    s.follows(&muted(&bob, true));
    assert_eq!(s.told(), [(What::Muted(true), None)]);
    assert_eq!(s.lines().len(), 1);
}

#[test]
fn the_topic_changes_with_the_evidence_and_is_written_through() {
    let mut s = Stage::up(&[]);
    s.order(1, "Dana", Wish::Topic { room: room(), text: Some(" night buses ".into()) });
    assert_eq!(s.lines(), ["Setvar TOPIC night buses"]);
    assert!(s.snapshot().topic.is_none());
    s.ok("Setvar");
    assert_eq!(s.last(1), done());
    assert_eq!(s.snapshot().topic.as_ref().unwrap().text, "night buses");
    assert!(matches!(&s.rows[..], [LedgerRow::Topic { topic: Some(_), .. }]));
    for bad in ["a\nb".to_owned(), "a\0b".to_owned(), "x".repeat(2000)] {
        let id = 10 + bad.len() as u64;
        s.order(id, "Dana", Wish::Topic { room: room(), text: Some(bad) });
        assert!(matches!(s.last(id), Step::Settled(Outcome::Refused(Refusal::BadText(_)))));
    }
    s.order(3, "Dana", Wish::Topic { room: room(), text: None });
    assert_eq!(s.lines(), ["Setvar TOPIC "]);
    s.ok("Setvar");
    assert!(s.snapshot().topic.is_none());
}

#[test]
fn a_topic_without_a_variable_is_our_own_affair() {
    let mut setup = setup();
    setup.rooms[0].topic_variable = None;
    let mut s = Stage::new(setup, Restored::default());
    s.login(&[]);
    s.order(1, "Dana", Wish::Topic { room: room(), text: Some("trams".into()) });
    assert_eq!(s.stages(1), [done()]);
    assert!(s.sent.is_empty());
}

#[test]
fn a_note_goes_to_the_channel_and_stays_with_the_call() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.order(1, "Sam", Wish::Note { call: call("1.1"), text: Some("about buses".into()) });
    assert_eq!(s.lines(), [format!("Setvar {} topic about buses", ann.channel)]);
    s.ok("Setvar");
    assert_eq!(s.last(1), done());
    assert_eq!(s.snapshot().people[0].note.as_ref().unwrap().text, "about buses");
    s.event(&ann.leave("200"));
    s.event(&ann.join("200"));
    assert!(s.snapshot().people[0].note.is_some());
    s.order(2, "Sam", Wish::Note { call: call("1.1"), text: Some("x".into()) });
    s.answer("Setvar", "Error\r\nMessage: No such channel");
    assert_eq!(s.last(2), Step::Settled(Outcome::Gone));
}

#[test]
fn no_more_than_so_many_orders_are_under_way() {
    let people: Vec<Someone> = (0..1100).map(|n| someone(&format!("1.{n}"))).collect();
    let mut s = Stage::up(&people);
    for n in 0..1100 {
        s.order(n + 1, "Sam", Wish::Kick { call: call(&format!("1.{n}")) });
    }
    assert_eq!(s.lines().len(), 1024);
    assert_eq!(s.stages(1100), [Step::Settled(Outcome::Refused(Refusal::Busy))]);
}
