//! What must outlive gavel: numbers, shows, notes, topic, the standing mute-all. Owned by the core, kept by whoever
//! embeds it: each change leaves as a [`LedgerRow`], and at start the rows come back as [`Restored`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CallId, Note, Order, RoomName, Since, Topic};

/// One upsert. The key of a row is its variant with the room, and the call where it has one: a later row with the
/// same key replaces the earlier.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum LedgerRow {
    /// The room's show; with a higher `show` all numbers, notes and the topic of the room's earlier shows are void:
    /// whoever keeps the rows deletes them. `highest` 0: that show ended, the next has not begun.
    Show {
        /// The room.
        room: RoomName,
        /// Counts from 1.
        show: u32,
        /// Began at (Unix milliseconds).
        began: u64,
        /// The highest number given in this show.
        highest: u32,
        /// Empty since (Unix milliseconds); `None`: somebody is in.
        empty_since: Option<u64>,
    },
    /// A number given.
    Number {
        /// The room.
        room: RoomName,
        /// To whom.
        call: CallId,
        /// The number.
        number: u32,
        /// When the call was first seen in the room (Unix milliseconds).
        joined: u64,
    },
    /// All bindings of numbers and notes to calls of this room are void (Asterisk was restarted, or the show ended):
    /// whoever keeps the rows deletes those of `Number`, `Note` and `MutedByAll`, and need not keep this one.
    Unbind {
        /// The room.
        room: RoomName,
    },
    /// The topic, or that there is none.
    Topic {
        /// The room.
        room: RoomName,
        /// The topic.
        topic: Option<Topic>,
    },
    /// A note, or that there is none.
    Note {
        /// The room.
        room: RoomName,
        /// Whose.
        call: CallId,
        /// The note.
        note: Option<Note>,
    },
    /// A standing mute-all, or that there is none.
    MuteAll {
        /// The room.
        room: RoomName,
        /// Whose, since when.
        standing: Option<Since>,
    },
    /// The standing mute-all muted this call (`true`), or no longer answers for it.
    MutedByAll {
        /// The room.
        room: RoomName,
        /// Whom.
        call: CallId,
        /// Whether it did.
        on: bool,
    },
    /// When Asterisk itself was started, as it said it (`CoreStartupDate CoreStartupTime`): tells its restarts.
    Startup {
        /// Opaque; only compared.
        mark: Arc<str>,
    },
}

/// What an earlier gavel left.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Restored {
    /// The last entry's number.
    pub seq: u64,
    /// The last epoch: this run's epochs are higher.
    pub epoch: u64,
    /// The rows, in the order in which they were first written.
    pub rows: Vec<LedgerRow>,
    /// Orders that were under way: their outcome is unknown until the first list. Nothing is sent again.
    pub orders: Vec<Order>,
}
