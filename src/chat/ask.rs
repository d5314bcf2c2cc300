//! What comes from people: who asks, where, and in which form. Adapters fill these in; the desk alone reads a meaning
//! into them.

use serde::{Deserialize, Serialize};

use crate::text::Foreign;
use crate::{Key, PlaceId, Press, Ticket, UserId};

/// Who asks, as this very message or interaction says it: never cached.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Asker {
    /// The network's stable id of the person.
    pub user: UserId,
    /// The name to show.
    pub name: Foreign,
    /// What the network vouches for.
    pub claims: Vec<Claim>,
    /// The device is verified; `None`: the network knows no such thing.
    pub trusted_device: Option<bool>,
}

/// One thing that the network vouches for: `discord:role:111`, `matrix:power:50`, `console:host`. The bot's access
/// rules alone turn claims into a role.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Claim(pub String);

/// Somebody wants something.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Invocation {
    /// The adapter's number of this question; every [`crate::Post`] that answers it carries it back.
    pub ticket: Ticket,
    /// Where.
    pub place: PlaceId,
    /// Who.
    pub asker: Asker,
    /// What.
    pub input: Input,
}

/// The forms in which people ask.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Input {
    /// As typed, prefix removed: Matrix, console.
    Text(String),
    /// Already taken apart by the network, by the names of the catalog: Discord.
    Slots {
        /// The command's main word.
        command: String,
        /// Slot names and what was given for them.
        slots: Vec<(String, String)>,
    },
    /// A control was pressed.
    Press {
        /// Which.
        press: Press,
        /// The chosen value, if it was a select.
        chosen: Option<String>,
    },
    /// A reply to, or a reaction on, one of our posts.
    On {
        /// Which post.
        post: Key,
        /// With what.
        with: Sign,
    },
    /// The network's own topic of the place was changed by a person.
    Topic(String),
}

/// What somebody put on one of our posts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Sign {
    /// A reply with this text.
    Reply(String),
    /// This reaction (an emoji without variation selectors).
    React(String),
    /// This reaction was taken back.
    Unreact(String),
}

/// Something half typed, for which the network wants choices.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Partial {
    /// Where.
    pub place: PlaceId,
    /// Who: choices are authorised like commands.
    pub asker: Asker,
    /// The command's word; empty while that itself is being typed.
    pub command: String,
    /// The slot's name; empty for the word itself, or where the network does not know it (the first slot is meant).
    pub slot: String,
    /// What was typed of it.
    pub typed: String,
}
