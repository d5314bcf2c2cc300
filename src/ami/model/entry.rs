//! Numbered entries: what happened, in the order in which the core saw it. Audit log, report, notices and the page's
//! resume all read these. State is never rebuilt from them: Asterisk is asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{By, CallId, Order, PhoneNumber, RoomName, Stage, Tech};

/// One line of the journal of one Asterisk.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Counts from 1 without gaps for one Asterisk, across restarts of gavel (see [`super::Restored::seq`]).
    pub seq: u64,
    /// Wall clock, Unix milliseconds.
    pub at: u64,
    /// The login that it belongs to.
    pub epoch: u64,
    /// The room, where it is about one.
    pub room: Option<RoomName>,
    /// The call, where it is about one.
    pub call: Option<CallId>,
    /// Our number of that call, where it has one.
    pub number: Option<u32>,
    /// What happened.
    pub what: What,
    /// Whose order caused it; `None`: not one of ours ("by phone").
    pub by: Option<By>,
    /// Found by comparing with a list after a login, not seen as it happened: notices leave it to the one line that
    /// tells the differences ([`LinkChange::Up`]).
    pub resync: bool,
    /// The person, for whoever tells people. Kept apart so that the journal can name calls by id and keep persons in
    /// a table of their own: take it out with [`Option::take`] before writing the entry down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Arc<Caller>>,
}

/// Who a call is, as Asterisk says it: all foreign text, unescaped, decoded lossily.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Caller {
    /// The caller ID name; `None` where there is none (`<unknown>`, `<no name>`).
    pub name: Option<String>,
    /// The caller ID number, whole. It must not leave the process but into the phone system.
    pub phone: PhoneNumber,
    /// Kind of call.
    pub tech: Tech,
    /// Of the crew: by the room's `crew` list, or an admin of the conference.
    pub crew: bool,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum What {
    /// A call joined the room (or moved between the room's conference and its lobby: not told twice).
    Joined {
        /// Joined muted.
        muted: bool,
        /// Waits for a marked user.
        waiting: bool,
        /// How many are in the room now; services and the lobby are not counted.
        count: u32,
    },
    /// A call left the room.
    Left {
        /// How long it was in, in milliseconds.
        after: u64,
        /// An order of ours removed it (`by` says whose).
        removed: bool,
        /// Why, in the words of whoever ordered it; foreign text.
        reason: Option<String>,
        /// How many are in the room now; services and the lobby are not counted.
        count: u32,
    },
    /// A call was muted or unmuted.
    Muted(bool),
    /// A call now waits for a marked user, or no longer does.
    Waiting(bool),
    /// The room was locked or unlocked.
    Locked(bool),
    /// The conference itself records, or no longer does.
    Recording(bool),
    /// The topic; `None`: cleared. Foreign text.
    Topic(Option<String>),
    /// A caller's note; `None`: cleared. Foreign text.
    Note(Option<String>),
    /// A standing mute-all began or ended.
    MuteAll(bool),
    /// A service channel (stream, music) came or went.
    Service {
        /// Which.
        kind: super::ServiceKind,
        /// It is in the room.
        on: bool,
    },
    /// A show began: numbers count from 1.
    ShowBegan(u32),
    /// A show ended: the room and its lobby were empty for the configured time.
    ShowEnded(u32),
    /// An act of ours hit this call instead of `meant`, because Asterisk matches the channels of some acts by their
    /// beginning (ConfBridge), or gives numbers again (MeetMe). It is being undone; the order goes on waiting for the right call.
    WrongCall {
        /// The call that was meant.
        meant: CallId,
        /// What it was turned to: muted or unmuted.
        muted: bool,
    },
    /// What became of an order.
    Order {
        /// The order.
        order: Box<Order>,
        /// How far it is.
        stage: Stage,
    },
    /// The link to this Asterisk.
    Link(LinkChange),
    /// Something was lost on our side (an oversized frame, a full queue): the state is being listed again.
    Desynchronised(String),
}

/// What happened to the link.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum LinkChange {
    /// Lost; what is shown may be old from here on. `reason` is our own wording.
    Down {
        /// Why.
        reason: String,
    },
    /// Asterisk refused the login; it is tried again, seldom.
    Refused {
        /// Asterisk's words (foreign text).
        reason: String,
    },
    /// Logged in and all lists are in. One per login.
    Up {
        /// How long it was away in milliseconds; `None`: the first login.
        after: Option<u64>,
        /// Asterisk itself was restarted meanwhile.
        restarted: bool,
        /// Per room, what is different from before.
        differences: Vec<(RoomName, Differences)>,
    },
}

/// How a room differs after a link was lost and found, or from nothing at the first login.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Differences {
    /// Who left meanwhile.
    pub left: u32,
    /// Who joined meanwhile.
    pub joined: u32,
    /// Whose state (muted, waiting), or the room's (locked), is different.
    pub changed: u32,
    /// How many are in the room now; services and the lobby are not counted.
    pub count: u32,
}
