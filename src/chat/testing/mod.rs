//! For tests of networks and of the bot: people, boards, and what every network must pass.

#![allow(clippy::expect_used, reason = "tests")]

pub mod battery;

use crate::text::{Ends, Foreign, Name};
use crate::{CrewPerson, CrewView, Freshness, PublicView};

/// A caller who has just come in and says nothing.
pub fn person(number: u32, name: &str) -> CrewPerson {
    CrewPerson {
        number,
        name: Name::new(name),
        ends: Ends::of_name(name),
        tech: Foreign::name("SIP"),
        crew: false,
        talking: None,
        talked: 0,
        muted: false,
        voice: None,
        waiting: false,
        hand: false,
        lobby: false,
        joined: 0,
        note: None,
    }
}

/// An empty room, live, as its crew sees it.
pub fn crew_view(title: &str) -> CrewView {
    CrewView {
        seq: 0,
        title: title.to_owned(),
        fresh: Freshness::Live,
        show: 1,
        version: 0,
        topic: None,
        locked: false,
        mute_all: None,
        recording: None,
        streaming: None,
        music: None,
        people: Vec::new(),
    }
}

/// An empty room, live, as anybody sees it.
pub fn public_view(title: &str) -> PublicView {
    PublicView {
        seq: 0,
        title: title.to_owned(),
        fresh: Freshness::Live,
        topic: None,
        locked: false,
        streaming: None,
        people: Vec::new(),
    }
}
