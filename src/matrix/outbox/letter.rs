//! What goes into the outbox and what comes out of it.

use std::time::Duration;

use gavel_chat::text::Doc;
use gavel_chat::{Class, Fault, Key, MessageRef, PlaceId};
use serde_json::Value;

use crate::message::Reply;

/// What a post is called.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Name {
    /// The bot's.
    Post(Key),
    /// The adapter's own words.
    Own(u64),
}

/// Something to be said.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) place: PlaceId,
    pub(crate) name: Name,
    pub(crate) class: Class,
    pub(crate) doc: Doc,
    /// Nothing will be added by itself.
    pub(crate) last: bool,
    /// Whom to wake: Matrix ids.
    pub(crate) wake: Vec<String>,
    pub(crate) reply: Option<Reply>,
}

/// What is to be done for a room beside messages: it costs as much as one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Chore {
    /// This message of ours is to be a pinned one.
    Pin(String),
    /// The room's own topic.
    Topic(String),
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) place: PlaceId,
    pub(crate) request: Request,
}

/// What is asked of the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// A message, new or an edit.
    Send { txn: String, content: Value },
    /// See [`Chore`].
    Chore(Chore),
}

/// Why nothing came of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// Too many; again after this.
    Limited(Option<Duration>),
    /// Nobody knows whether it arrived, or the server is ill.
    Away(String),
    /// This room does not let us: a person must change something.
    Forbidden(String),
    /// It never will be taken.
    Refused(String),
}

/// What the bot is to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    /// A post is there.
    Sent { place: PlaceId, key: Key, message: MessageRef },
    /// A post is not shown.
    Failed { place: PlaceId, key: Key, fault: Fault },
}
