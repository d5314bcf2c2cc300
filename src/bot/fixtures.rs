//! Rooms, people and orders for the tests of this crate.

use std::sync::Arc;

use gavel_ami::Now;
use gavel_ami::model::{
    By, CallId, Caller, ConferenceKind, ConferenceName, Departed, Link, Participant, PhoneNumber, RoomName,
    RoomSnapshot, ServerName, Tech,
};

use crate::board::{RoomLook, View};
use crate::room::RoomView;

/// 20:41:24 UTC.
pub(crate) const NOW: u64 = (20 * 3600 + 41 * 60 + 24) * 1000;

/// Both clocks at [`NOW`].
#[allow(clippy::disallowed_methods, reason = "a test needs some moment to begin with")]
pub(crate) fn now() -> Now {
    Now { mono: std::time::Instant::now(), wall: NOW }
}

pub(crate) fn by(who: &str) -> By {
    By { who: who.to_owned(), place: format!("{}-room", who.to_lowercase()), rank: 2 }
}

pub(crate) fn call(number: u32) -> CallId {
    CallId { server: ServerName::new("main"), uniqueid: format!("1.{number}").into() }
}

pub(crate) fn caller(name: &str) -> Arc<Caller> {
    let name = (!name.is_empty()).then(|| name.to_owned());
    let phone = PhoneNumber::new("+441134960017");
    Arc::new(Caller { name, phone, tech: Tech::Sip, crew: false })
}

/// Somebody who came in six minutes ago and says nothing.
pub(crate) fn person(number: u32, name: &str) -> Participant {
    Participant {
        number,
        call: call(number),
        channel: format!("PJSIP/p-{number:08x}").into(),
        caller: caller(name),
        admin: false,
        muted: false,
        voice: None,
        talking: None,
        talked: 0,
        waiting: false,
        hand: None,
        lobby: false,
        joined: NOW - 360_000,
        note: None,
    }
}

/// Somebody who left.
pub(crate) fn gone(number: u32, name: &str, before: u64) -> Departed {
    Departed { number, call: call(number), caller: caller(name), at: NOW - before, by: None }
}

/// Dana (1, crew), Marta (3), Joel (7); Rick (5) left 4 s ago.
pub(crate) fn snapshot() -> RoomSnapshot {
    let mut dana = person(1, "Dana");
    dana.caller = Arc::new(Caller { crew: true, ..(*dana.caller).clone() });
    RoomSnapshot {
        room: RoomName::new("thursday"),
        server: ServerName::new("main"),
        conference: ConferenceName::new("200"),
        seq: 40,
        epoch: 2,
        link: Link::Up,
        show: 6,
        version: 9,
        locked: false,
        muted: false,
        recording: None,
        topic: None,
        mute_all: None,
        people: vec![dana, person(3, "Marta"), person(7, "Joel")],
        services: Vec::new(),
        departed: vec![gone(5, "Rick", 4000)],
    }
}

pub(crate) fn look(public_names: bool) -> RoomLook {
    RoomLook { title: "Thursday Line".to_owned(), public_names, kind: ConferenceKind::ConfBridge }
}

pub(crate) fn room(view: View) -> RoomView {
    RoomView { snapshot: Arc::new(snapshot()), look: Arc::new(look(false)), view }
}
