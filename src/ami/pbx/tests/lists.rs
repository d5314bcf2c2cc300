//! Events, lists, and the barrier between them.

use super::*;
use crate::model::{Differences, LinkChange, Tech};

#[test]
fn a_list_tells_differences_once() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.pass(30);
    let token = s.members_begin("200");
    s.event(&ann.leave("200"));
    s.event(&bob.join("200"));
    s.entries.clear();
    s.members_end(token, "200", &[ann]);
    assert_eq!(s.told(), [], "neither a ghost nor a second join");
    assert_eq!(s.numbers(), [(2, "1.2".to_owned())]);
}

#[test]
fn what_came_before_the_barrier_is_older_than_the_list() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.pass(30);
    s.event(&bob.join("200"));
    s.event(&ann.leave("200"));
    s.pass(1);
    s.members("200", std::slice::from_ref(&ann));
    assert_eq!(s.numbers(), [(1, "1.1".to_owned())], "the list is newer than both");
}

#[test]
fn a_list_that_still_shows_who_just_left_makes_no_ghost() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::up(&[ann.clone(), bob.clone()]);
    s.pass(30);
    s.event(&ann.leave("200"));
    s.entries.clear();
    s.members("200", &[ann.clone(), bob.clone()]);
    assert_eq!(s.told(), [], "nobody came back");
    assert_eq!(s.numbers(), [(2, "1.2".to_owned())]);
    s.pass(2);
    s.members("200", &[ann, bob]);
    assert_eq!(s.numbers().len(), 2, "the next list is asked for soon, and believed");
}

#[test]
fn who_left_and_came_back_is_there() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.pass(30);
    s.event(&ann.leave("200"));
    s.event(&ann.join("200"));
    s.members("200", std::slice::from_ref(&ann));
    assert_eq!(s.numbers(), [(1, "1.1".to_owned())]);
}

#[test]
fn a_list_may_be_ahead_of_its_events() {
    let ann = someone("1.1");
    let mut s = Stage::up(&[]);
    s.pass(30);
    s.members("200", std::slice::from_ref(&ann));
    s.event(&ann.join("200"));
    let joined = What::Joined { muted: false, waiting: false, count: 1 };
    assert_eq!(
        s.told(),
        [(What::ShowBegan(1), None), (joined, None)],
        "the echo of the join changes nothing"
    );
    s.pass(30);
    s.members("200", &[]);
    s.event(&ann.leave("200"));
    assert_eq!(s.told().len(), 3, "nor does that of the leave");
}

#[test]
fn a_mute_after_the_barrier_is_newer_than_the_list() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.pass(30);
    let token = s.members_begin("200");
    s.event(&ann.event("ConfbridgeMute", "200", ""));
    s.members_end(token, "200", std::slice::from_ref(&ann));
    assert!(s.snapshot().people[0].muted);
    s.pass(30);
    s.members("200", &[ann]);
    assert_eq!(s.told().last(), Some(&(What::Muted(false), None)), "the next one knows better");
}

#[test]
fn waiting_is_told_by_lists_and_asked_for_soon() {
    let ann = someone("1.1");
    let mut s = Stage::up(&[]);
    s.event(&ann.join("200"));
    s.pass(5);
    s.list("ConfbridgeListRooms", vec![hall("200", 1, false)]);
    s.members("200", &[Someone { waiting: true, ..ann.clone() }]);
    assert_eq!(s.told().last(), Some(&(What::Waiting(true), None)));
    s.pass(5);
    s.list("ConfbridgeListRooms", vec![hall("200", 1, false)]);
    s.members("200", &[ann]);
    assert_eq!(s.told().last(), Some(&(What::Waiting(false), None)));
    s.pass(5);
    s.list("ConfbridgeListRooms", vec![hall("200", 1, false)]);
    assert!(s.lines().is_empty(), "nobody waits, all fits: no list of members");
}

#[test]
fn a_list_is_asked_for_where_the_number_of_parties_does_not_fit() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.pass(5);
    s.list("ConfbridgeListRooms", vec![hall("200", 2, false), hall("999", 5, true)]);
    assert_eq!(s.lines(), ["ConfbridgeList 200"], "other conferences are not listed");
    s.members("200", &[someone("1.1"), someone("1.2")]);
    assert_eq!(s.numbers().len(), 2);
}

#[test]
fn forged_packets_last_until_the_next_list() {
    let (ann, ghost) = (someone("1.1"), someone("6.66"));
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.event(&ghost.join("200"));
    s.event(&ann.leave("200"));
    s.pass(5);
    s.list("ConfbridgeListRooms", vec![hall("200", 1, false)]);
    s.members("200", &[ann]);
    assert_eq!(s.numbers(), [(1, "1.1".to_owned())]);
}

#[test]
fn no_conference_is_an_error_and_an_empty_list() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.pass(30);
    s.answer("ConfbridgeList", "Error\r\nMessage: No Conference by that name found.");
    assert!(s.snapshot().people.is_empty());
    assert!(!s.told().iter().any(|(what, _)| matches!(what, What::Desynchronised(_))));
}

#[test]
fn a_list_that_fails_is_told_once_and_asked_for_again() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.pass(30);
    for _ in 0..3 {
        let token = s.take("ConfbridgeList").token;
        s.reply(token, Reply::TimedOut);
        s.pass(2);
    }
    let lost = |s: &Stage| s.told().iter().filter(|(w, _)| matches!(w, What::Desynchronised(_))).count();
    assert_eq!(lost(&s), 1);
    s.members("200", &[]);
    assert!(s.snapshot().people.is_empty());
}

#[test]
fn what_was_lost_on_the_way_is_listed_again() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.session(SessionEvent::Desynchronised("a packet of 10 MB was skipped".into()));
    assert_eq!(s.lines(), ["ConfbridgeListRooms", "ConfbridgeList 200"]);
    s.members("200", &[someone("1.2")]);
    assert_eq!(s.numbers(), [(2, "1.2".to_owned())]);
}

#[test]
fn the_announcer_is_nobody_and_services_are_told_apart() {
    let announcer = someone("1.8").on("CBAnn/200-00000001;2");
    let stream = someone("1.9").on("Local/220@stream-00000001;1");
    let mut s = Stage::up(&[announcer.clone(), stream.clone(), someone("1.1")]);
    let picture = s.snapshot();
    assert_eq!((picture.people.len(), picture.services.len()), (1, 1));
    assert_eq!(picture.services[0].kind, ServiceKind::Stream);
    s.event(&announcer.join("200"));
    s.event(&stream.leave("200"));
    let off = What::Service { kind: ServiceKind::Stream, on: false };
    assert_eq!(s.told(), [(off, None)]);
}

#[test]
fn who_somebody_is() {
    let admin = Someone { name: "O\\'Hara \\\"x\\\"".into(), ..someone("1.1").admin() };
    let crew = Someone { phone: "701".into(), name: "<unknown>".into(), ..someone("1.2") };
    let plain = Someone { phone: "<unknown>".into(), ..someone("1.3").on("DAHDI/i1/1-1") };
    let mut s = Stage::up(&[admin, crew, plain]);
    let picture = s.snapshot();
    let callers: Vec<_> = picture.people.iter().map(|p| p.caller.clone()).collect();
    assert_eq!(callers[0].name.as_deref(), Some("O'Hara \"x\""));
    assert!(callers[0].crew && picture.people[0].admin);
    assert_eq!((callers[1].name.as_deref(), callers[1].crew), (None, true));
    assert_eq!((callers[2].phone.expose(), &callers[2].tech, callers[2].crew), ("", &Tech::Dahdi, false));
}

#[test]
fn a_name_that_was_cut_in_two_or_is_no_text_is_still_shown() {
    let mut s = Stage::up(&[]);
    let mut cut =
        b"Event: ConfbridgeJoin\r\nConference: 200\r\nChannel: SIP/a-1\r\nUniqueid: 1.1\r\nCallerIDName: "
            .to_vec();
    cut.extend_from_slice("á".repeat(39).as_bytes());
    cut.extend_from_slice(b"\xc3\r\nAdmin: No\r\nMuted: No\r\n\r\n");
    let latin = b"Event: ConfbridgeJoin\r\nConference: 200\r\nChannel: SIP/a-2\r\nUniqueid: 1.2\r\nCallerIDName: Jos\xe9 x\r\n\r\n";
    for bytes in [&cut[..], &latin[..]] {
        let frame = OwnedFrame::parse(bytes);
        s.session(SessionEvent::Event(frame.view()));
    }
    let names: Vec<_> = s.snapshot().people.iter().map(|p| p.caller.name.clone().unwrap()).collect();
    assert_eq!(names, ["á".repeat(39).as_str(), "José x"]);
}

#[test]
fn the_lists_of_many_rooms_come_one_after_another() {
    let mut setup = setup();
    let one = setup.rooms[0].clone();
    let room = |n: u32| RoomSetup {
        name: RoomName::new(format!("room{n}")),
        conference: ConferenceName::new(format!("{n}")),
        ..one.clone()
    };
    setup.rooms = (200..240).map(room).collect();
    let mut s = Stage::new(setup, Restored::default());
    s.session(SessionEvent::Ready(greeting("11.0.0")));
    s.answer("CoreStatus", "Success");
    let nobody = "Error\r\nMessage: No active conferences.";
    s.answer("ConfbridgeListRooms", nobody);
    for answered in 0..40 {
        let out = s.sent.iter().filter(|sent| sent.action.name() == "ConfbridgeList").count();
        assert_eq!(out, (40 - answered).min(16));
        assert_ne!(s.snapshot().link, crate::model::Link::Up);
        s.answer("ConfbridgeList", nobody);
    }
    assert_eq!(s.snapshot().link, crate::model::Link::Up);
    // An event finds its room among many, and nothing else is drawn.
    s.changed();
    s.event(&someone("1.1").join("217"));
    let changed: Vec<_> = s.changed().iter().map(|room| room.conference.to_string()).collect();
    assert_eq!(changed, ["217"]);
}

/// Shorter than Asterisk's talk detection: no `off` comes, nor another `on`.
#[test]
fn a_talker_muted_for_a_moment_talks_on() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.event(&ann.event("ConfbridgeTalking", "200", "TalkingStatus: on\r\n"));
    s.event(&ann.event("ConfbridgeMute", "200", ""));
    assert_eq!(s.snapshot().people[0].talking, None);
    s.event(&ann.event("ConfbridgeUnmute", "200", ""));
    assert!(s.snapshot().people[0].talking.is_some());
    s.event(&ann.event("ConfbridgeMute", "200", ""));
    s.event(&ann.event("ConfbridgeTalking", "200", "TalkingStatus: off\r\n"));
    s.event(&ann.event("ConfbridgeUnmute", "200", ""));
    assert_eq!(s.snapshot().people[0].talking, None);
}

#[test]
fn talking_is_summed_and_ends_with_the_leave() {
    let ann = someone("1.1");
    let mut s = Stage::up(&[ann.clone(), someone("1.2")]);
    let talk = |on: &str| ann.event("ConfbridgeTalking", "200", &format!("TalkingStatus: {on}\r\n"));
    s.event(&talk("on"));
    s.tick(Duration::from_secs(4));
    assert_eq!(s.snapshot().people[0].talking, Some(s.now.wall - 4000));
    s.event(&talk("off"));
    assert_eq!((s.snapshot().people[0].talking, s.snapshot().people[0].talked), (None, 4000));
    s.event(&talk("on"));
    assert_eq!(s.told(), [], "talking is summed, not journaled");
    s.event(&ann.leave("200"));
    s.event(&ann.join("200"));
    assert_eq!(s.snapshot().people[0].talking, None, "no 'off' comes with a leave");
}

#[test]
fn recording_and_lock_end_with_the_conference() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.event("Event: ConfbridgeRecord\r\nConference: 200\r\n\r\n");
    s.pass(5);
    s.list("ConfbridgeListRooms", vec![hall("200", 1, true)]);
    let since = s.now.wall - 5000;
    assert_eq!(s.snapshot().recording.as_ref().unwrap().at, since);
    s.event(&someone("1.1").leave("200"));
    s.event("Event: ConfbridgeEnd\r\nConference: 200\r\n\r\n");
    let picture = s.snapshot();
    assert!(!picture.locked && picture.recording.is_none());
}

#[test]
fn asterisk_11_lists_by_channel_and_has_no_mute_events() {
    let mut s = Stage::new(setup(), Restored::default());
    let old = |u: &str, muted: &str| {
        frame(&format!(
            "Event: ConfbridgeList\r\nConference: 200\r\nCallerIDNum: 01133\r\nCallerIDName: O\\'Hara\r\n\
             Channel: SIP/a-{u}\r\nAdmin: No\r\nMarkedUser: No\r\nMuted: {muted}\r\n\r\n"
        ))
    };
    let channel =
        |u: &str| frame(&format!("Event: CoreShowChannel\r\nChannel: SIP/a-{u}\r\nUniqueID: 1.{u}\r\n\r\n"));
    s.session(SessionEvent::Ready(greeting("1.3")));
    s.answer("CoreStatus", "Success\r\nCoreStartupDate: 2026-11-23\r\nCoreStartupTime: 00:13:34");
    s.list("ConfbridgeListRooms", vec![hall("200", 2, false)]);
    s.list("ConfbridgeList", vec![old("1", "No"), old("2", "No")]);
    assert_eq!(s.lines(), ["CoreShowChannels"]);
    s.list("CoreShowChannels", vec![channel("7"), channel("2"), channel("1")]);
    assert_eq!(s.numbers(), [(1, "1.1".to_owned()), (2, "1.2".to_owned())]);
    assert_eq!(s.snapshot().people[0].caller.name.as_deref(), Some("O\\'Hara"), "nothing is escaped there");

    s.event("Event: ConfbridgeJoin\r\nChannel: SIP/a-3\r\nUniqueid: 1.3\r\nConference: 200\r\nCallerIDnum: 44\r\nCallerIDname: Bob\r\n\r\n");
    assert_eq!(s.snapshot().people[2].caller.phone.expose(), "44");

    s.forget();
    s.mute(1, "Sam", "1.1", true);
    s.ok("ConfbridgeMute");
    s.list("ConfbridgeList", vec![old("1", "Yes"), old("2", "No"), old("3", "No")]);
    s.list("CoreShowChannels", vec![channel("1"), channel("2"), channel("3")]);
    assert_eq!(s.last(1), done());
    assert_eq!(s.told(), [(What::Muted(true), Some("Sam".into()))]);
    s.mute(2, "Sam", "1.1", true);
    assert_eq!(s.last(2), Step::Sent, "a list's word is too old to say 'already'");
}

#[test]
fn too_many_members_are_told_and_left_out() {
    let mut s = Stage::up(&[]);
    for n in 0..10_003 {
        s.event(&someone(&format!("1.{n}")).join("200"));
    }
    assert_eq!(s.snapshot().people.len(), 10_000);
    let lost = s.told().into_iter().filter(|(w, _)| matches!(w, What::Desynchronised(_)));
    assert_eq!(lost.count(), 1);
}

#[test]
fn entries_are_numbered_without_gaps_and_the_first_lists_are_marked() {
    let mut s = Stage::new(setup(), Restored { seq: 41, epoch: 7, ..Restored::default() });
    s.login(&[("200", &[someone("1.2"), someone("1.1")])]);
    let seqs: Vec<u64> = s.entries.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (42..42 + seqs.len() as u64).collect::<Vec<_>>());
    assert!(s.entries.iter().all(|e| e.epoch == 8));
    let marked: Vec<bool> = s.entries.iter().map(|e| e.resync).collect();
    assert_eq!(marked, [false, true, true, false], "the show began, two joins, the link is up");
    let Some((What::Link(LinkChange::Up { after: None, restarted: false, differences }), None)) =
        s.told().pop()
    else {
        panic!("no end of the login: {:?}", s.told());
    };
    assert_eq!(differences, [(room(), Differences { left: 0, joined: 2, changed: 0, count: 2 })]);
    s.entries.clear();
    s.event(&someone("1.3").join("200"));
    assert!(s.entries.iter().all(|e| !e.resync));
}

#[test]
fn a_picture_is_made_only_of_what_changed() {
    let mut s = Stage::up(&[someone("1.1")]);
    assert_eq!(s.changed().len(), 1);
    s.event(&someone("7.7").join("999"));
    s.event("Event: VarSet\r\nVariable: X\r\nValue: y\r\n\r\n");
    assert!(s.changed().is_empty());
    s.event(&someone("1.1").event("ConfbridgeTalking", "200", "TalkingStatus: on\r\n"));
    let picture = s.changed().remove(0);
    assert!(s.changed().is_empty());
    s.event(&someone("1.2").join("200"));
    assert!(s.changed()[0].version > picture.version);
}

#[test]
fn a_picture_is_amended_in_place_unless_somebody_holds_it() {
    let mut s = Stage::up(&[someone("1.1"), someone("1.2")]);
    s.snapshot();
    let place = Arc::as_ptr(&s.pictures[0]);
    s.event(&someone("1.1").event("ConfbridgeMute", "200", ""));
    s.changed();
    assert!(Arc::as_ptr(&s.pictures[0]) == place && s.pictures[0].people[0].muted);
    let held = s.pictures[0].clone();
    s.event(&someone("1.2").event("ConfbridgeMute", "200", ""));
    s.changed();
    assert!(s.pictures[0].people[1].muted && !held.people[1].muted);
}

#[test]
fn who_was_there_before_us_is_in_since_the_answer() {
    let mut s = Stage::up(&[]);
    s.pass(30);
    let token = s.members_begin("200");
    let item = frame(&someone("1.1").event("ConfbridgeList", "200", "AnsweredTime: 24\r\n"));
    s.reply(token, Reply::List { items: vec![item] });
    let joined = s.snapshot().people[0].joined;
    assert_eq!(joined, s.now.wall - 24_000);
}
