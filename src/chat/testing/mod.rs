//! For tests of networks and of the bot: people to fill a board with.

use crate::CrewPerson;
use crate::text::{Ends, Foreign, Name};

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
        lobby: false,
        joined: 0,
        note: None,
    }
}
