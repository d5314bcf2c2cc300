//! One room as the desk and the announcer read it: the core's picture, and how the configuration says to show it.

use std::sync::Arc;

use gavel_ami::model::{CallId, Caller, Departed, Link, Participant, RoomSnapshot};
use gavel_chat::text::{Doc, Name};

use crate::board::{self, RoomLook, View};

/// A room as one place may see it. Read-only.
#[derive(Clone, Debug)]
pub struct RoomView {
    /// The core's picture.
    pub snapshot: Arc<RoomSnapshot>,
    /// How it is shown.
    pub look: Arc<RoomLook>,
    /// Whose place it is shown in.
    pub view: View,
}

impl RoomView {
    /// A caller as this place may see one: `#7 Joel`, `#7 no name, ends 17`; in public without names `#7`.
    pub fn person(&self, number: u32, caller: &Caller) -> Doc {
        match self.view {
            View::Crew => {
                Doc::new().person(number, board::name(caller).as_ref(), board::ends(caller).as_ref())
            }
            View::Public => match self.name(caller) {
                Some(name) => Doc::new().person(number, Some(&name), None),
                None => Doc::new().say(format!("#{number}")),
            },
        }
    }

    /// The name, if there is one that this place may see.
    pub fn name(&self, caller: &Caller) -> Option<Name> {
        let shown = self.view == View::Crew || self.look.public_names;
        if shown { board::name(caller) } else { None }
    }

    /// Who has this number.
    pub fn numbered(&self, number: u32) -> Option<&Participant> {
        self.snapshot.people.iter().find(|person| person.number == number)
    }

    /// Who left lately with this number.
    pub fn departed(&self, number: u32) -> Option<&Departed> {
        self.snapshot.departed.iter().rev().find(|gone| gone.number == number)
    }

    /// When and how this call left, if it did lately.
    pub fn left(&self, call: &CallId) -> Option<&Departed> {
        self.snapshot.departed.iter().rev().find(|gone| gone.call == *call)
    }

    /// Since when the picture is old (Unix milliseconds); `None`: it is the truth.
    pub fn stale(&self) -> Option<u64> {
        match self.snapshot.link {
            Link::Up => None,
            Link::Never { since } | Link::Stale { since } => Some(since),
        }
    }
}
