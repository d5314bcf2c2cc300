//! What real servers sent (`tests/transcripts`), up to the entries. Events and lists are the recording's own; who asked
//! for the lists was another client, so the core is made to ask just before each of them begins.

use std::path::Path;

use serde::Serialize;

use super::*;
use crate::model::{Caller, RoomSetup, RoomSnapshot};
use crate::wire::{Decoder, Kind, Step};

/// One entry, and the person where one joins.
#[derive(Serialize)]
struct Line {
    seq: u64,
    room: Option<RoomName>,
    call: Option<Arc<str>>,
    number: Option<u32>,
    what: What,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resync: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<Arc<Caller>>,
}

#[derive(Serialize)]
struct Story {
    entries: Vec<Line>,
    /// The rooms at the end.
    rooms: Vec<Arc<RoomSnapshot>>,
}

fn frames(bytes: &[u8]) -> Vec<OwnedFrame> {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    let mut out = Vec::new();
    loop {
        match decoder.step() {
            Step::Frame => out.push(decoder.frame().to_owned()),
            Step::Banner => {}
            _ => return out,
        }
    }
}

/// `conference`, `conference+lobby`, or `meetme:conference`.
fn rooms(conferences: &[&str]) -> PbxSetup {
    let mut setup = setup();
    let mut plain = setup.rooms.remove(0);
    for conference in conferences.iter().copied() {
        let meetme = conference.strip_prefix("meetme:");
        plain.kind = match meetme {
            Some(_) => ConferenceKind::MeetMe { kick_by: None },
            None => ConferenceKind::ConfBridge,
        };
        let conference = meetme.unwrap_or(conference);
        let name = RoomName::new(conference);
        let (conference, lobby) = match conference.split_once('+') {
            Some((conference, lobby)) => (conference, Some(ConferenceName::new(lobby))),
            None => (conference, None),
        };
        let conference = ConferenceName::new(conference);
        setup.rooms.push(RoomSetup { name, conference, lobby, ..plain.clone() });
    }
    setup
}

/// A list of the recording: the event of its items, the id, the items.
fn list_of(answer: &OwnedFrame, rest: &[OwnedFrame]) -> Option<(&'static str, Vec<OwnedFrame>)> {
    let view = answer.view();
    let name = match view.get("Message")? {
        b"Confbridge user list will follow" => "ConfbridgeList",
        b"Confbridge conferences will follow" => "ConfbridgeListRooms",
        b"Meetme user list will follow" => "MeetmeList",
        b"Meetme conferences will follow" => "MeetmeListRooms",
        _ => return None,
    };
    let ours = |f: &&OwnedFrame| f.view().get("ActionID") == view.get("ActionID");
    let item = |f: &&OwnedFrame| f.view().kind() == Kind::Event(name.as_bytes());
    Some((name, rest.iter().filter(ours).filter(item).cloned().collect()))
}

fn replay(version: &str, name: &str, conferences: &[&str]) -> Story {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
    let frames = frames(&std::fs::read(root.join(version).join(name)).unwrap());
    let mut s = Stage::new(rooms(conferences), Restored::default());
    s.login_empty();
    let mut running: Vec<(OwnedFrame, Token, Vec<OwnedFrame>)> = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        s.tick(Duration::from_millis(10));
        let view = frame.view();
        match view.kind() {
            Kind::Response(_) => {
                let Some((name, items)) = list_of(frame, &frames[at + 1..]) else { continue };
                s.pass(30);
                let conference = items.first().and_then(|i| i.view().text("Conference")).unwrap_or_default();
                let line =
                    if !name.ends_with("Rooms") { format!("{name} {conference}") } else { name.to_owned() };
                let Some(asked) = s.sent.iter().position(|sent| sent.line() == line) else { continue };
                let token = s.sent.remove(asked).token;
                s.session(SessionEvent::ListBegins { token });
                running.push((frame.clone(), token, items));
            }
            Kind::Event(name) if is_of_list(name) => {
                let ours = |(answer, ..): &(OwnedFrame, Token, Vec<OwnedFrame>)| {
                    name.ends_with(b"Complete") && answer.view().get("ActionID") == view.get("ActionID")
                };
                if let Some(which) = running.iter().position(ours) {
                    let (_, token, items) = running.remove(which);
                    s.reply(token, Reply::List { items });
                    while s.sent.iter().any(|sent| sent.action.name() == "CoreShowChannels") {
                        s.list("CoreShowChannels", channels(&frames[..at]));
                    }
                }
            }
            Kind::Event(_) => s.session(SessionEvent::Event(view)),
            Kind::Other => {}
        }
    }
    s.pass(1);
    let entries = s.entries.iter().map(|e| line(e)).collect();
    s.snapshot();
    Story { entries, rooms: s.pictures }
}

fn is_of_list(event: &[u8]) -> bool {
    event.starts_with(b"ConfbridgeList") || event.starts_with(b"MeetmeList")
}

/// The channels there were: the recording's own client asked for none, but the events name each with its Uniqueid.
fn channels(before: &[OwnedFrame]) -> Vec<OwnedFrame> {
    let joins = before.iter().filter(|f| f.view().kind() == Kind::Event(b"MeetmeJoin"));
    joins.cloned().collect()
}

fn line(e: &Entry) -> Line {
    let joined = matches!(e.what, What::Joined { .. });
    Line {
        seq: e.seq,
        room: e.room.clone(),
        call: e.call.as_ref().map(|c| c.uniqueid.clone()),
        number: e.number,
        what: e.what.clone(),
        resync: e.resync,
        caller: e.caller.clone().filter(|_| joined),
    }
}

fn snapshot(version: &str, name: &str, conferences: &[&str]) {
    let story = replay(version, name, conferences);
    insta::assert_yaml_snapshot!(format!("{version}-{}", name.trim_end_matches(".raw")), story);
}

macro_rules! recordings {
    ($($test:ident: $version:literal $name:literal $conferences:expr;)*) => {
        $(#[test]
        fn $test() {
            snapshot($version, $name, &$conferences);
        })*
    };
}

recordings! {
    one_joins_and_leaves_22: "asterisk-22" "11-conf-join-leave.raw" ["200"];
    one_joins_and_leaves_16: "asterisk-16" "11-conf-join-leave.raw" ["200"];
    three_talk_are_muted_and_kicked_22: "asterisk-22" "12-conf-three-talk-mute-kick.raw" ["200"];
    three_talk_are_muted_and_kicked_16: "asterisk-16" "12-conf-three-talk-mute-kick.raw" ["200"];
    a_hand_is_raised_22: "asterisk-22" "13-raise-hand-userevent.raw" ["200"];
    a_hand_is_raised_16: "asterisk-16" "13-raise-hand-userevent.raw" ["200"];
    calls_out_22: "asterisk-22" "20-originate.raw" ["200", "appconf"];
    calls_out_16: "asterisk-16" "20-originate.raw" ["200", "appconf"];
    from_the_lobby_and_back_22: "asterisk-22" "21-redirect-lobby-to-main.raw" ["200+lobby"];
    from_the_lobby_and_back_16: "asterisk-16" "21-redirect-lobby-to-main.raw" ["200+lobby"];
    odd_names_22: "asterisk-22" "26-escaping-and-actionid.raw" ["200", "300", "Žluť", "abc", "a%b"];
    odd_names_16: "asterisk-16" "26-escaping-and-actionid.raw" ["200", "300", "Žluť", "abc", "a%b"];
    forged_packets_22: "asterisk-22" "29-server-side-injection.raw" ["injroom", "200"];
    forged_packets_16: "asterisk-16" "29-server-side-injection.raw" ["injroom", "200"];
    meetme_without_its_driver_22: "asterisk-22" "40-meetme-without-dahdi.raw" ["meetme:400"];
    meetme_live_22: "asterisk-22" "41-meetme-fake-dahdi.raw" ["meetme:400"];
    sip_callers_with_hostile_names_22: "asterisk-22" "30-sip-callers.raw" ["200+lobby"];
}
