//! The one thing that goes out: a post, upserted by its key.

use serde::{Deserialize, Serialize};

use crate::text::Doc;
use crate::{Control, PlaceId, Ticket, UserId};

/// Names a message of ours within its place, for its whole life. A second post with the same key is an edit; the
/// latest wins while it waits.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Key {
    /// The card: the live roster.
    Roster,
    /// The answer to one invocation.
    Answer(u64),
    /// A notice, or the line into which several were folded.
    Notice(u64),
    /// Anything else that lives for long ("stream").
    Thing(String),
}

/// What is to be shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Post {
    /// Which message.
    pub key: Key,
    /// Where.
    pub place: PlaceId,
    /// Whose question it answers.
    pub answers: Option<Ticket>,
    /// Who may see it; fixed by the first post of a key.
    pub audience: Audience,
    /// Who goes first when a network is limited.
    pub class: Class,
    /// The text.
    pub doc: Doc,
    /// What can be pressed.
    pub controls: Vec<Control>,
    /// Whom to ping: these and nobody else. Only alerts fill it.
    pub wake: Vec<UserId>,
    /// Nothing will be added by itself: the ticket is done with. (Late evidence may still edit it.)
    pub last: bool,
}

/// Who may see a post.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Audience {
    /// The asker alone, where the network can do that.
    Asker,
    /// Everybody in the place.
    Place,
}

/// Order in which a limited network spends its budget, first to last.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Class {
    /// Somebody waits for it.
    Answer,
    /// Somebody must act.
    Alert,
    /// The live roster: only the latest matters.
    Card,
    /// What happened.
    Notice,
}
