//! The live truth of one place, as far as that place may know it: latest value only, replaced as a whole.
//!
//! [`PublicView`] has no field that could carry a phone number: its names are [`Name`]s, which cannot hold five digits.
//! All points in time are Unix milliseconds (wall clock).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::{Ends, Foreign, Name};

/// What a place sees of its room.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Board {
    /// A place of the crew.
    Crew(Arc<CrewView>),
    /// A place that anybody may read.
    Public(Arc<PublicView>),
}

/// Whether what is shown is the truth.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Freshness {
    /// Nothing is known yet; gavel has tried since then.
    Never {
        /// Since when.
        since: u64,
    },
    /// It is.
    Live,
    /// It was, at that moment.
    Stale {
        /// When the link was lost.
        since: u64,
    },
}

/// The room as its crew sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CrewView {
    /// The last entry of the journal that it contains.
    pub seq: u64,
    /// The room's title.
    pub title: String,
    /// Whether it is the truth.
    pub fresh: Freshness,
    /// The show: numbers are unique within it.
    pub show: u32,
    /// Grows whenever what can be acted on changes.
    pub version: u32,
    /// The topic.
    pub topic: Option<Topic>,
    /// Locked.
    pub locked: bool,
    /// Callers are muted, late ones too.
    pub mute_all: Option<Done>,
    /// Recording since.
    pub recording: Option<u64>,
    /// Streaming since.
    pub streaming: Option<u64>,
    /// Music plays into the room since.
    pub music: Option<u64>,
    /// Who is in, by number.
    pub people: Vec<CrewPerson>,
}

/// One participant as the crew sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CrewPerson {
    /// Given once in a show.
    pub number: u32,
    /// The caller's name, where there is one that is not a phone number.
    pub name: Option<Name>,
    /// The last two digits, where known.
    pub ends: Option<Ends>,
    /// Kind of call in words: SIP, IAX2, DAHDI, Local, ...
    pub tech: Foreign,
    /// One of the crew.
    pub crew: bool,
    /// Talks right now, since.
    pub talking: Option<u64>,
    /// Talked so long before, in milliseconds (without the current `talking`).
    pub talked: u64,
    /// Muted.
    pub muted: bool,
    /// Who muted or unmuted last, if one of ours did.
    pub voice: Option<Done>,
    /// Waits for a host to come.
    pub waiting: bool,
    /// Asks to talk: a hand is up.
    pub hand: bool,
    /// In the lobby, not on the air.
    pub lobby: bool,
    /// Came in.
    pub joined: u64,
    /// What this caller wants to say.
    pub note: Option<Topic>,
}

/// The room as anybody may see it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PublicView {
    /// The last entry of the journal that it contains.
    pub seq: u64,
    /// The room's title.
    pub title: String,
    /// Whether it is the truth.
    pub fresh: Freshness,
    /// The topic, without whose it is.
    pub topic: Option<Foreign>,
    /// Locked.
    pub locked: bool,
    /// Streaming since.
    pub streaming: Option<u64>,
    /// Who is in; those in the lobby are left out.
    pub people: Vec<PublicPerson>,
}

/// One participant as anybody may see it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PublicPerson {
    /// The caller's name, if the room shows names and there is one that is not a phone number.
    pub name: Option<Name>,
    /// One of the crew.
    pub crew: bool,
    /// Talks right now.
    pub talking: bool,
    /// Muted.
    pub muted: bool,
}

/// Something written by one of the crew: the topic, a note.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Topic {
    /// The text.
    pub text: Foreign,
    /// Who wrote it.
    pub by: Foreign,
    /// When.
    pub at: u64,
}

/// When something was done, and by whom if by one of ours.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Done {
    /// When.
    pub at: u64,
    /// By whom; `None`: by phone.
    pub by: Option<Foreign>,
}

impl Board {
    /// Whether it is the truth.
    pub fn fresh(&self) -> Freshness {
        match self {
            Self::Crew(view) => view.fresh,
            Self::Public(view) => view.fresh,
        }
    }
}
