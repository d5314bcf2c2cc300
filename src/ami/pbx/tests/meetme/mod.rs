//! MeetMe: the same stories as ConfBridge's, told by an Asterisk that numbers its participants.

mod peer;
mod race;

use self::peer::{ALL, Happening, Peer, may};
use super::*;
use crate::model::{KickBy, Refusal};

fn kick(uniqueid: &str) -> Wish {
    Wish::Kick { call: call(uniqueid) }
}

fn lock(on: bool) -> Wish {
    Wish::Lock { room: room(), on }
}

fn peer() -> Peer {
    Peer::new(None, may(&ALL), &["1.1", "1.2", "1.3"])
}

#[test]
fn the_list_knows_whom_it_shows_by_their_channels() {
    let mut peer = peer();
    assert_eq!(peer.s.numbers(), [(1, "1.1".into()), (2, "1.2".into()), (3, "1.3".into())]);
    let snapshot = peer.s.snapshot();
    assert_eq!(snapshot.people[0].caller.name.as_deref(), Some("O'C1.1"), "lists are not escaped");
    peer.later(1, Happening::Join("1.4"));
    peer.run(10);
    let snapshot = peer.s.snapshot();
    assert_eq!(snapshot.people[3].caller.name.as_deref(), Some("O'C1.4"), "events are");
    peer.run(60_000);
    assert_eq!(peer.s.snapshot().people, snapshot.people, "list and events agree");
}

#[test]
fn a_mute_is_done_with_its_event() {
    let mut peer = peer();
    peer.s.mute(1, "Sam", "1.2", true);
    peer.run(100);
    assert_eq!(peer.heard, ["MeetmeMute 200 2"]);
    assert_eq!(peer.s.stages(1), [Step::Sent, done()]);
    peer.s.mute(2, "Sam", "1.2", true);
    assert!(matches!(peer.s.last(2), Step::Settled(Outcome::Already(_))));
}

#[test]
fn a_kick_by_command_lists_first_and_believes_the_event_alone() {
    let mut peer = peer();
    peer.delays[2] = 2500;
    peer.later(0, Happening::Order(1, kick("1.2")));
    peer.run(2000);
    assert_eq!(peer.heard, ["Command meetme kick 200 2"]);
    assert_eq!(peer.s.stages(1), [Step::Guarding, Step::Sent], "Asterisk's success says nothing");
    peer.run(1000);
    assert_eq!(peer.s.last(1), done());
    assert!(peer.s.told().iter().any(|(what, by)| {
        matches!(what, What::Left { removed: true, .. }) && by.as_deref() == Some("Sam")
    }));
}

#[test]
fn a_kick_is_waited_for_five_seconds() {
    let mut peer = peer();
    peer.delays[2] = 6000;
    peer.later(0, Happening::Order(1, kick("1.2")));
    peer.run(4900);
    assert_eq!(peer.s.last(1), Step::Sent);
    peer.run(500);
    assert_eq!(peer.s.last(1), Step::NotYet);
    peer.run(1000);
    assert_eq!(peer.s.last(1), done());
}

#[test]
fn whose_number_could_be_given_at_once_is_hung_up() {
    let mut peer = peer();
    peer.later(0, Happening::Order(1, kick("1.3")));
    peer.run(100);
    assert_eq!(peer.heard, ["Hangup 1.3"]);
    assert_eq!(peer.s.stages(1), [Step::Sent, done()]);
}

#[test]
fn a_room_may_want_it_one_way() {
    for (by, heard) in [(KickBy::Command, "Command meetme kick 200 3"), (KickBy::Hangup, "Hangup 1.3")] {
        let mut peer = Peer::new(Some(by), may(&ALL), &["1.1", "1.2", "1.3"]);
        peer.later(0, Happening::Order(1, kick("1.3")));
        peer.run(100);
        assert_eq!((peer.heard.as_slice(), peer.s.last(1)), (&[heard.to_owned()][..], done()));
    }
}

#[test]
fn a_lock_is_done_with_the_list() {
    let mut peer = peer();
    for (id, on) in [(1, true), (2, false)] {
        peer.later(0, Happening::Order(id, lock(on)));
        peer.run(100);
        assert_eq!((peer.s.last(id), peer.s.snapshot().locked), (done(), on));
    }
    assert_eq!(peer.heard, ["Command meetme lock 200", "Command meetme unlock 200"]);
    assert!(peer.s.told().contains(&(What::Locked(true), Some("Sam".to_owned()))));
}

#[test]
fn without_the_class_command_it_says_what_is_missing() {
    let least: Vec<&str> = ALL.into_iter().filter(|a| *a != "Command").collect();
    let mut peer = Peer::new(None, may(&least), &["1.1", "1.2"]);
    peer.later(0, Happening::Order(1, lock(true)));
    peer.later(0, Happening::Order(2, kick("1.1")));
    peer.run(100);
    let lacks = |action: &str, right: &str| {
        let (action, right) = (action.to_owned(), Some(right.to_owned()));
        Step::Settled(Outcome::Refused(Refusal::Forbidden { action, right }))
    };
    assert_eq!(peer.s.last(1), lacks("Command", "command"));
    assert_eq!((peer.s.last(2), peer.heard.as_slice()), (done(), &["Hangup 1.1".to_owned()][..]));
    let mut peer = Peer::new(Some(KickBy::Command), may(&least), &["1.1", "1.2"]);
    peer.later(0, Happening::Order(3, kick("1.1")));
    peer.run(100);
    assert_eq!(peer.s.last(3), lacks("Command", "command"));
}

#[test]
fn a_command_that_complains_is_refused_in_asterisks_words() {
    let mut peer = peer();
    peer.s.order(1, "Sam", lock(true));
    let sent = peer.s.take("Command");
    let lines = vec![b"No such command 'meetme'".to_vec()];
    peer.s.reply(sent.token, Reply::Command { ok: true, lines });
    let words = "No such command 'meetme'".to_owned();
    assert_eq!(peer.s.last(1), Step::Settled(Outcome::Refused(Refusal::Asterisk(words))));
}

#[test]
fn a_talk_request_is_a_hand_until_it_is_taken_down_or_the_caller_leaves() {
    let mut peer = peer();
    peer.later(1, Happening::Hand("1.2", true));
    peer.later(1, Happening::Hand("1.3", true));
    peer.run(10);
    let hands = |peer: &mut Peer| -> Vec<bool> {
        peer.s.snapshot().people.iter().map(|p| p.hand.is_some()).collect()
    };
    assert_eq!(hands(&mut peer), [false, true, true]);
    peer.run(40_000);
    assert_eq!(hands(&mut peer), [false, true, true], "a list that does not tell of hands takes none down");
    peer.later(1, Happening::Hand("1.2", false));
    peer.later(1, Happening::Leave("1.3"));
    peer.later(50, Happening::Join("1.9"));
    peer.run(100);
    assert_eq!(hands(&mut peer), [false, false, false]);
}

#[test]
fn mute_all_is_single_mutes_and_spares_nobody_but_the_crew() {
    let mut peer = peer();
    peer.later(0, Happening::Order(1, Wish::MuteAll { room: room(), on: true }));
    peer.later(50, Happening::Join("1.4"));
    peer.run(500);
    let expected = [1, 2, 3, 4].map(|slot| format!("MeetmeMute 200 {slot}"));
    assert_eq!((peer.heard.as_slice(), peer.s.last(1)), (&expected[..], done()));
    assert!(peer.seats.iter().all(|seat| seat.muted));
}

/// Joins do not tell who is an admin: a late joiner is muted once a list did.
#[test]
fn mute_all_waits_for_the_list_that_tells_who_is_an_admin() {
    let mut peer = peer();
    peer.admin = Some("1.9");
    peer.later(0, Happening::Order(1, Wish::MuteAll { room: room(), on: true }));
    peer.later(50, Happening::Join("1.9"));
    peer.later(60, Happening::Join("1.4"));
    peer.run(2000);
    let muted = |peer: &Peer, who: &str| peer.seats.iter().any(|s| s.uniqueid == who && s.muted);
    assert!(muted(&peer, "1.4") && !muted(&peer, "1.9"), "{:?}", peer.heard);
    assert!(peer.s.snapshot().people.iter().any(|p| p.caller.crew && &*p.call.uniqueid == "1.9"));
}

/// Asterisk 1.8 without the class `command`: there is no list of conferences for this user.
#[test]
fn without_a_list_of_conferences_members_are_still_seen() {
    let few: Vec<&str> = ALL.into_iter().filter(|a| !["Command", "MeetmeListRooms"].contains(a)).collect();
    let mut peer = Peer::new(None, may(&few), &["1.1"]);
    peer.later(1, Happening::Join("1.2"));
    peer.run(20_000);
    assert_eq!(peer.s.numbers(), [(1, "1.1".into()), (2, "1.2".into())]);
    assert!(peer.s.told().iter().all(|(what, _)| !matches!(what, What::Desynchronised(_))));
}

/// Asterisk 1.4: all lists are the console's, and nothing shows a lock.
#[test]
fn by_the_console_alone() {
    let mut setup = setup();
    setup.rooms[0].kind = ConferenceKind::MeetMe { kick_by: None };
    let mut s = Stage::new(setup, Restored::default());
    let first = Greeting { ami: "1.0".to_owned(), ..may(&["Command", "Status", "Hangup", "MeetmeMute"]) };
    s.session(SessionEvent::Ready(first));
    s.answer("CoreStatus", "Error\r\nMessage: Invalid/unknown command");
    let say = |s: &mut Stage, lines: &[&str]| {
        let sent = s.take("Command");
        let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        s.reply(sent.token, Reply::Command { ok: true, lines });
    };
    assert_eq!(s.lines(), ["Command meetme", "Command meetme list 200 concise"]);
    let row = "200            0001\t      N/A        00:00:07  Dynamic ";
    say(&mut s, &["Conf Num       Parties        Marked     Activity  Creation", row, "* Total: 1"]);
    say(&mut s, &["1!7100!Ann! Bang!SIP/a-1!!!!0!00:00:22"]);
    let status = "Event: Status\r\nPrivilege: Call\r\nChannel: SIP/a-1\r\nUniqueid: 1.1\r\n\r\n";
    s.list("Status", vec![frame(status)]);
    assert_eq!(s.snapshot().link, crate::model::Link::Up);
    assert_eq!(s.snapshot().people[0].caller.name.as_deref(), Some("Ann! Bang"));

    for (id, on) in [(1, true), (2, false)] {
        s.order(id, "Sam", lock(on));
        say(&mut s, &[]);
        say(&mut s, &["Conf Num", row]);
        assert_eq!(s.last(id), Step::NotYet, "no list of 1.4 shows it");
    }
    s.pass(31);
    assert_eq!(s.last(2), Step::Settled(Outcome::NeverSeen));
}

#[test]
fn what_is_no_list_is_a_failed_one() {
    let few: Vec<&str> = ALL.into_iter().filter(|a| *a != "MeetmeList").collect();
    let mut setup = setup();
    setup.rooms[0].kind = ConferenceKind::MeetMe { kick_by: None };
    let mut s = Stage::new(setup, Restored::default());
    s.session(SessionEvent::Ready(may(&few)));
    s.ok("CoreStatus");
    s.answer("MeetmeListRooms", "Error\r\nMessage: No active conferences.");
    let sent = s.take("Command");
    let lines = vec![b"Unable to open the database".to_vec(), Vec::new()];
    s.reply(sent.token, Reply::Command { ok: true, lines });
    let (what, _) = s.told().pop().unwrap();
    let words = "the list of conference 200 failed: Unable to open the database".to_owned();
    assert_eq!(what, What::Desynchronised(words));
    s.pass(2);
    let sent = s.take("Command");
    s.reply(sent.token, Reply::Command { ok: true, lines: vec![b"No such conference: 200.".to_vec()] });
    assert_eq!(s.snapshot().link, crate::model::Link::Up);
}

/// Rooms of ConfBridge do not wait for an application that is not loaded.
#[test]
fn where_meetme_is_not_loaded_its_rooms_are_empty() {
    let mut setup = setup();
    let mut other = setup.rooms[0].clone();
    (other.name, other.kind) = (RoomName::new("old"), ConferenceKind::MeetMe { kick_by: None });
    setup.rooms.push(other);
    let mut s = Stage::new(setup, Restored::default());
    s.session(SessionEvent::Ready(greeting("11.0.0")));
    s.ok("CoreStatus");
    s.list("ConfbridgeListRooms", vec![]);
    s.answer("ConfbridgeList", "Error\r\nMessage: No active conferences.");
    let unknown = "Invalid/unknown command: MeetmeList. Use Action: ListCommands to show available commands.";
    s.answer("MeetmeList", &format!("Error\r\nMessage: {unknown}"));
    assert_eq!(s.snapshot().link, crate::model::Link::Up);
}

#[test]
fn a_lost_link_forgets_hands() {
    let mut peer = peer();
    peer.later(1, Happening::Hand("1.2", true));
    peer.run(10);
    assert!(peer.s.snapshot().people[1].hand.is_some());
    peer.s.lose();
    assert!(peer.s.snapshot().people[1].hand.is_none());
}

/// A 200 of ConfBridge and a 200 of MeetMe on one server are two rooms.
#[test]
fn both_kinds_on_one_server() {
    let mut setup = setup();
    let mut other = setup.rooms[0].clone();
    (other.name, other.kind) = (RoomName::new("old"), ConferenceKind::MeetMe { kick_by: None });
    setup.rooms.push(other);
    let mut s = Stage::new(setup, Restored::default());
    let mut both = greeting("11.0.0");
    both.actions.extend(may(&ALL).actions);
    s.session(SessionEvent::Ready(both));
    s.ok("CoreStatus");
    s.list("ConfbridgeListRooms", vec![]);
    s.answer("MeetmeListRooms", "Error\r\nMessage: No active conferences.");
    s.answer("ConfbridgeList", "Error\r\nMessage: No active conferences.");
    s.answer("MeetmeList", "Error\r\nMessage: No active conferences.");
    s.event(&someone("1.1").join("200"));
    s.event("Event: MeetmeJoin\r\nMeetme: 200\r\nChannel: SIP/b-1\r\nUniqueid: 1.2\r\nUser: 1\r\n\r\n");
    s.changed();
    let rooms = s.pictures.clone();
    let people = |room: &str| -> Vec<String> {
        let room = rooms.iter().find(|r| r.room.as_str() == room).unwrap();
        room.people.iter().map(|p| p.call.uniqueid.to_string()).collect()
    };
    assert_eq!((people("thursday"), people("old")), (vec!["1.1".to_owned()], vec!["1.2".to_owned()]));
    s.forget();
    s.mute(1, "Sam", "1.1", true);
    s.mute(2, "Sam", "1.2", true);
    assert_eq!(s.lines()[0], format!("ConfbridgeMute 200 {}", someone("1.1").channel));
    assert_eq!(s.lines()[1], "MeetmeMute 200 1");
}
