//! What goes into the outbox and what comes out of it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gavel_chat::{Audience, Class, Fault, Key, Ticket};
use serde_json::Value;

/// Somebody waits for an answer: an interaction that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The adapter's number for it, never used twice in the life of the process: the interaction's own id is one.
    pub(crate) ticket: Ticket,
    /// The interaction's id.
    pub(crate) id: u64,
    /// The token with which it is answered.
    pub(crate) token: Secret,
    /// Where.
    pub(crate) channel: u64,
    /// The ephemeral message whose control was pressed. Not for presses on messages that everybody sees.
    pub(crate) panel: Option<u64>,
    /// When Discord made it: Discord's 3 s and 15 min begin there.
    pub(crate) born: Instant,
}

/// A post, rendered.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// Which message.
    pub(crate) key: Key,
    /// Where.
    pub(crate) channel: u64,
    /// Which interaction it answers.
    pub(crate) answers: Option<Ticket>,
    /// Who may see it.
    pub(crate) audience: Audience,
    /// Who goes first.
    pub(crate) class: Class,
    /// What a create or an edit carries, whole: an edit takes away what is not in it.
    pub(crate) body: Value,
}

/// One call to make now. Whatever comes of it is told by [`super::Outbox::answered`], with the same number.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its number.
    pub(crate) id: CallId,
    /// What to ask of Discord.
    pub(crate) request: Request,
    /// After so long it is given up as [`Trouble::TimedOut`].
    pub(crate) within: Duration,
}

/// The number of a call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct CallId(pub(super) u64);

/// What is asked of Discord.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// The first answer to an interaction, with its type and data.
    Callback {
        /// The interaction.
        interaction: u64,
        /// Its token.
        token: Secret,
        /// `{type, data}`.
        body: Value,
    },
    /// Replaces the first answer.
    EditReply {
        /// The interaction's token.
        token: Secret,
        /// What it shall be.
        body: Value,
    },
    /// A new message. The body carries a nonce, so that a second try makes no second message.
    Create {
        /// Where.
        channel: u64,
        /// What.
        body: Value,
    },
    /// Replaces a message of ours.
    Edit {
        /// Where.
        channel: u64,
        /// Which.
        message: u64,
        /// What it shall be.
        body: Value,
    },
    /// Takes a message of ours away.
    Delete {
        /// Where.
        channel: u64,
        /// Which.
        message: u64,
    },
    /// Pins a message.
    Pin {
        /// Where.
        channel: u64,
        /// Which.
        message: u64,
    },
}

/// What Discord said to a call that it took.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reply {
    /// The message that is there now, where the answer names one.
    pub(crate) message: Option<u64>,
    /// Discord's clock when it answered (the `Date` header: Unix ms, whole seconds).
    pub(crate) date: Option<u64>,
}

/// Why a call came to nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Trouble {
    /// Too many calls; nothing happened.
    #[error("limited for {after:?}")]
    Limited {
        /// Nothing of the kind before that.
        after: Duration,
        /// It concerns every call but those that answer interactions.
        global: bool,
    },
    /// Discord has a fault of its own; it may have happened all the same.
    #[error("Discord has a fault ({0})")]
    Server(u16),
    /// No answer in time; it may have happened all the same.
    #[error("no answer in time")]
    TimedOut,
    /// Discord was not reached; nothing happened.
    #[error("Discord is not reached")]
    Offline,
    /// There is no such message (10008), or none yet (10015).
    #[error("the message is gone")]
    Gone,
    /// A message of more than an hour takes no more edits (30046).
    #[error("the message is too old for edits")]
    TooOld,
    /// The interaction is over 3 s old, or none of ours (10062).
    #[error("the interaction is unknown")]
    UnknownInteraction,
    /// The interaction has an answer already (40060).
    #[error("the interaction is answered already")]
    Acknowledged,
    /// The interaction's token is over 15 min old (50027).
    #[error("the interaction's token is too old")]
    Expired,
    /// Discord will not.
    #[error("refused ({status}, {code}): {words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Discord's own code, 0 where there is none.
        code: i64,
        /// Discord's words.
        words: String,
    },
}

/// What the bot must hear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    /// A post is there, under this id; said again after each edit.
    Sent {
        /// Where.
        channel: u64,
        /// Which.
        key: Key,
        /// Discord's id.
        message: u64,
    },
    /// A post is not shown.
    Failed {
        /// Where.
        channel: u64,
        /// Which.
        key: Key,
        /// Why.
        fault: Fault,
    },
    /// Something does not work as it should; said again when it changes.
    Degraded(String),
    /// Nothing of that is left.
    Fine,
    /// So many notices were left out, as too many waited or as they waited too long.
    Shed {
        /// Where.
        channel: u64,
        /// How many.
        count: u64,
    },
}

/// What must not be shown: the token of an interaction.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Secret(Arc<str>);

impl Secret {
    /// Takes it as it is.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// For the one address that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Trouble {
    /// It may have happened although no answer says so.
    pub(super) fn unclear(&self) -> bool {
        matches!(self, Self::Server(_) | Self::TimedOut)
    }

    /// The same call may do better later, without anybody doing anything.
    pub(crate) fn passes(&self) -> bool {
        self.unclear() || matches!(self, Self::Limited { .. } | Self::Offline)
    }
}
