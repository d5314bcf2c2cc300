//! Orders: what somebody wishes, and what is told of it.

use serde::{Deserialize, Serialize};

use super::{CallId, OrderId, RoomName};

/// Who ordered, and where. Carried into every entry that the order causes; only `rank` means anything to the core.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct By {
    /// The name to show ("Sam").
    pub who: String,
    /// The place where it was typed; opaque to the core.
    pub place: String,
    /// Higher outranks lower: an opposite order does not replace a higher one that is younger than 5 s.
    pub rank: u8,
}

/// What is to become true.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Wish {
    /// Mute (`on`) or unmute one participant.
    Mute {
        /// Whom.
        call: CallId,
        /// `true`: muted.
        on: bool,
    },
    /// Remove from the conference; the dialplan goes on.
    Kick {
        /// Whom.
        call: CallId,
    },
    /// End the call itself.
    Hangup {
        /// Whom.
        call: CallId,
    },
    /// Lock (`on`) or unlock the conference.
    Lock {
        /// The room whose conference is meant.
        room: RoomName,
        /// `true`: locked.
        on: bool,
    },
    /// A standing order: all who are not crew, and whoever joins later. `on: false` ends it and unmutes only those
    /// whom it muted.
    MuteAll {
        /// The room.
        room: RoomName,
        /// `true`: muted, and the order stands.
        on: bool,
    },
    /// The show's topic; `None` clears it. Written through to the room's global variable, if one is configured.
    Topic {
        /// The room.
        room: RoomName,
        /// The new text.
        text: Option<String>,
    },
    /// What this caller wants to say; `None` clears it. Written through to the channel variable `topic`.
    Note {
        /// Whose.
        call: CallId,
        /// The new text.
        text: Option<String>,
    },
}

/// One wish of somebody, planned against the world of one login.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Order {
    /// Chosen by whoever orders; must not have the highest bit set.
    pub id: OrderId,
    /// Who and where.
    pub by: By,
    /// What.
    pub wish: Wish,
    /// Why, in the asker's words; foreign text.
    pub reason: Option<String>,
    /// The epoch of the snapshot that it was planned on: an older one is refused, nothing is sent.
    pub epoch: u64,
}

/// What is told of an order. [`Stage::Settled`] is last; the others are not ends: evidence that comes later (30 s;
/// after a dropped link, the first list) still settles it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Stage {
    /// Waits for a fresh list before it may be sent.
    Guarding,
    /// The action is on its way to Asterisk.
    Sent,
    /// Asterisk said yes, but there is no evidence yet.
    NotYet,
    /// The link dropped, or the answer did not come in time: it may have been done or not.
    Unknown,
    /// The end.
    Settled(Outcome),
}

/// How an order ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Outcome {
    /// The evidence for that very call was seen.
    Done,
    /// It was so already; nothing was sent.
    Already(Already),
    /// The call had left (or nobody is there any more). For a kick also: a list shows that the call is gone, which
    /// is no proof that we removed it.
    Gone,
    /// Refused; nothing was changed.
    Refused(Refusal),
    /// No evidence came in time after all. It may have been done.
    NeverSeen,
    /// An opposite order took its place.
    Replaced(By),
}

/// What is known of how it came to be so already.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Already {
    /// Whose order did it, or is doing it right now; `None`: not one of ours.
    pub by: Option<By>,
    /// When it was done (wall clock, Unix milliseconds), if that was seen.
    pub at: Option<u64>,
    /// The other's order is still under way.
    pub under_way: bool,
}

/// Why nothing was changed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Refusal {
    /// There is no link to Asterisk, or its state has not been listed yet. Since when (Unix milliseconds).
    Stale {
        /// Since when.
        since: u64,
    },
    /// Planned on the world of an earlier login.
    Outdated,
    /// Somebody of a higher role just ordered the opposite.
    Outranked(By),
    /// The AMI user may not use this action; `right` is the class that it lacks, if known ("call").
    Forbidden {
        /// Asterisk's action.
        action: String,
        /// The write class that is missing in manager.conf.
        right: Option<String>,
    },
    /// Asterisk said no, in its own words (foreign text).
    Asterisk(String),
    /// A text cannot be sent: it has a line break or NUL in it, or is too long.
    BadText(String),
    /// The fresh list that must come first did not come; nothing was sent.
    NoList,
    /// The link was lost before anything was sent.
    NotSent,
    /// Too many orders are under way; nothing was sent.
    Busy,
    /// The core knows no such room.
    NoSuchRoom,
}

/// What an act lays claim to: an equal claim is answered "already", an opposite one replaces the first, everything
/// else runs side by side.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Claim {
    /// Whether a call is muted.
    Voice(CallId),
    /// Whether a call stays in its conference.
    Seat(CallId),
    /// Whether a room is locked.
    Door(RoomName),
    /// Whether a call goes on at all.
    Line(CallId),
    /// The standing mute-all.
    Standing(RoomName),
    /// The topic.
    Topic(RoomName),
    /// A caller's note.
    Note(CallId),
}

impl Wish {
    /// What this wish lays claim to.
    pub fn claim(&self) -> Claim {
        match self {
            Self::Mute { call, .. } => Claim::Voice(call.clone()),
            Self::Kick { call } => Claim::Seat(call.clone()),
            Self::Hangup { call } => Claim::Line(call.clone()),
            Self::Lock { room, .. } => Claim::Door(room.clone()),
            Self::MuteAll { room, .. } => Claim::Standing(room.clone()),
            Self::Topic { room, .. } => Claim::Topic(room.clone()),
            Self::Note { call, .. } => Claim::Note(call.clone()),
        }
    }
}

impl Stage {
    /// Nothing more will be told of the order.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Settled(_))
    }
}
