//! What a room looks like right now: an immutable picture, replaced as a whole.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{By, CallId, Caller, ConferenceName, RoomName, ServerName, ServiceKind};

/// The state of one room as of entry [`RoomSnapshot::seq`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RoomSnapshot {
    /// The room.
    pub room: RoomName,
    /// Its server.
    pub server: ServerName,
    /// Its conference there.
    pub conference: ConferenceName,
    /// The last entry that this picture contains.
    pub seq: u64,
    /// Orders planned on this picture carry this.
    pub epoch: u64,
    /// Whether this picture is the truth, or since when it is old.
    pub link: Link,
    /// The show: numbers are unique within it. 0: none since gavel's state began.
    pub show: u32,
    /// Grows whenever what can be acted on changes; old buttons carry an older one.
    pub version: u32,
    /// Locked; polled every 5 s, as Asterisk has no event for it.
    pub locked: bool,
    /// Asterisk itself holds the conference muted: whoever joins and is no admin joins muted (set by the phone's
    /// menu). Polled every 5 s, as the lock.
    #[serde(default)]
    pub muted: bool,
    /// The conference records itself.
    pub recording: Option<Since>,
    /// The show's topic; foreign text.
    pub topic: Option<Topic>,
    /// A standing mute-all, and whose.
    pub mute_all: Option<Since>,
    /// Who is in, by number.
    pub people: Vec<Participant>,
    /// Stream, music: in the conference, but nobody.
    pub services: Vec<Service>,
    /// Who left lately (the last 50, at most an hour), newest last: for "#3 left 4 s ago".
    pub departed: Vec<Departed>,
}

/// Whether a picture is the truth.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Link {
    /// Nothing has been listed since gavel started (Unix milliseconds of the start).
    Never {
        /// Since when gavel has tried.
        since: u64,
    },
    /// Live.
    Up,
    /// Old since then (Unix milliseconds).
    Stale {
        /// Since when.
        since: u64,
    },
}

/// One who is in the room.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Participant {
    /// Ours: small, given once in a show, bound to the call.
    pub number: u32,
    /// The call.
    pub call: CallId,
    /// The full channel name.
    pub channel: Arc<str>,
    /// Who, as Asterisk says.
    pub caller: Arc<Caller>,
    /// Admin of the conference.
    pub admin: bool,
    /// Muted.
    pub muted: bool,
    /// Who muted or unmuted last, if an order of ours did, and when.
    pub voice: Option<Since>,
    /// Talks right now, since (Unix milliseconds).
    pub talking: Option<u64>,
    /// Talked so long before, in milliseconds (without the current `talking`).
    pub talked: u64,
    /// Waits for a marked user.
    pub waiting: bool,
    /// Asks to talk (a hand is up) since (Unix milliseconds).
    #[serde(default)]
    pub hand: Option<u64>,
    /// In the lobby, not in the conference.
    pub lobby: bool,
    /// Came in (Unix milliseconds).
    pub joined: u64,
    /// What this caller wants to say.
    pub note: Option<Note>,
}

/// A service channel in the conference.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Service {
    /// Which.
    pub kind: ServiceKind,
    /// Its call.
    pub call: CallId,
    /// Its channel.
    pub channel: Arc<str>,
    /// Since (Unix milliseconds).
    pub since: u64,
}

/// Somebody who left.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Departed {
    /// The number; nobody else gets it in this show.
    pub number: u32,
    /// The call.
    pub call: CallId,
    /// Who it was.
    pub caller: Arc<Caller>,
    /// When (Unix milliseconds).
    pub at: u64,
    /// Who removed it, if an order of ours did.
    pub by: Option<By>,
}

/// When, and by whom if by one of ours.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Since {
    /// Unix milliseconds.
    pub at: u64,
    /// Whose order did it.
    pub by: Option<By>,
}

/// The show's topic.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Topic {
    /// Foreign text.
    pub text: String,
    /// Who set it.
    pub by: By,
    /// Unix milliseconds.
    pub at: u64,
}

/// What a caller wants to say, as the screener wrote it down.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Note {
    /// Foreign text.
    pub text: String,
    /// Who wrote it.
    pub by: By,
    /// Unix milliseconds.
    pub at: u64,
}

/// Kind of call, from the channel's technology (`PJSIP/alice-00000001`).
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Tech {
    /// `PJSIP/` and `SIP/`.
    Sip,
    /// `IAX2/`.
    Iax2,
    /// `DAHDI/`.
    Dahdi,
    /// `Local/`.
    Local,
    /// Anything else, as spelt before the slash.
    Other(Arc<str>),
}

/// A whole phone number. Its `Debug` shows the last two digits at most.
#[derive(Clone, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// As Asterisk says it, unescaped; empty for `<unknown>` and for none.
    pub fn new(number: impl Into<String>) -> Self {
        Self(number.into())
    }

    /// The whole number: for matching and for the phone system alone, never for people or logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last two digits, the most that anybody is shown; `None` with fewer than four digits (an extension's two
    /// last digits would be nearly all of it) or where it is no number.
    pub fn ends(&self) -> Option<&str> {
        let digits = self.0.strip_prefix('+').unwrap_or(&self.0);
        let whole = digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| &digits[digits.len() - 2..])
    }
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.ends() {
            Some(ends) => write!(f, "PhoneNumber(..{ends})"),
            None => f.write_str("PhoneNumber(..)"),
        }
    }
}
