//! The seam between Asterisk's conference applications, in all their versions, and everything else: what an event, a
//! list item, an act looks like, whether an act needs a fresh list first, and what proves it.
//!
//! A dialect has no state and decides nothing: it translates. Events are told apart by their name first, so that one
//! of no interest costs a comparison of bytes; facts borrow from the frame.

mod channel;
mod confbridge;
mod meetme;
mod words;

use std::borrow::Cow;
use std::time::Duration;

use crate::model::{ConferenceKind, ConferenceName, KickBy};
use crate::session::{Expect, Greeting};
use crate::wire::{Action, ActionError, Frame, OwnedFrame};

pub(crate) use channel::{is_announcer, is_crew, service, tech};
pub(crate) use confbridge::ConfBridge;
pub(crate) use meetme::MeetMe;

/// From Asterisk's answer to "not yet", for most acts.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// A conference application. One server may carry conferences of both.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Application {
    ConfBridge,
    MeetMe,
}

/// The applications as one Asterisk speaks them.
pub(crate) struct Dialects {
    pub(crate) confbridge: Box<dyn Dialect>,
    pub(crate) meetme: Box<dyn Dialect>,
}

impl From<ConferenceKind> for Application {
    fn from(kind: ConferenceKind) -> Self {
        match kind {
            ConferenceKind::ConfBridge => Self::ConfBridge,
            ConferenceKind::MeetMe { .. } => Self::MeetMe,
        }
    }
}

impl Dialects {
    /// As a login found it.
    pub(crate) fn speaking(greeting: &Greeting) -> Self {
        let confbridge = Box::new(ConfBridge::speaking(&greeting.ami));
        Self { confbridge, meetme: Box::new(MeetMe::speaking(greeting)) }
    }

    pub(crate) fn of(&self, application: Application) -> &dyn Dialect {
        match application {
            Application::ConfBridge => self.confbridge.as_ref(),
            Application::MeetMe => self.meetme.as_ref(),
        }
    }
}

/// What an event says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fact<'a> {
    /// A call joined; [`Dialect::seen`] reads the rest of the frame, once it is known that anybody cares.
    Joined { conference: &'a [u8], frame: Frame<'a> },
    /// A call left.
    Left { conference: &'a [u8], call: &'a str },
    /// A call was muted or unmuted, or was so already and is told again.
    Muted { conference: &'a [u8], call: &'a str, on: bool },
    /// A call talks, or no longer does.
    Talking { conference: &'a [u8], call: &'a str, on: bool },
    /// A call asks to talk, or no longer does.
    Hand { conference: &'a [u8], call: &'a str, on: bool },
    /// The conference records itself, or no longer does.
    Recording { conference: &'a [u8], on: bool },
    /// The last one left: the conference is no more, nor is its lock.
    Ended { conference: &'a [u8] },
    /// A channel, in a conference or not, is no more.
    Hungup { call: &'a str },
    /// Asterisk is about to end. It does not always say so.
    Stopping,
}

impl<'a> Fact<'a> {
    /// The conference that it is about, if it is about one.
    pub(crate) fn conference(&self) -> Option<&'a [u8]> {
        match *self {
            Self::Joined { conference, .. }
            | Self::Left { conference, .. }
            | Self::Muted { conference, .. }
            | Self::Talking { conference, .. }
            | Self::Hand { conference, .. }
            | Self::Recording { conference, .. }
            | Self::Ended { conference } => Some(conference),
            Self::Hungup { .. } | Self::Stopping => None,
        }
    }
}

/// Whom an event or a list item shows.
#[derive(Clone, Debug)]
pub(crate) struct Seen<'a> {
    /// The Uniqueid; lists of Asterisk 11, and of MeetMe, have none.
    pub(crate) call: Option<&'a str>,
    /// The full channel name.
    pub(crate) channel: Cow<'a, str>,
    /// The caller's name, unescaped; `None` where there is none.
    pub(crate) name: Option<Cow<'a, str>>,
    /// The caller's number, empty where there is none.
    pub(crate) phone: Cow<'a, str>,
    /// An admin of the conference, where the source says so: joins of ConfBridge on 11 and of MeetMe do not.
    pub(crate) admin: Option<bool>,
    /// Muted, where the source says so.
    pub(crate) muted: Option<bool>,
    /// Waits for a marked user, where the source says so.
    pub(crate) waiting: Option<bool>,
    /// Talks, where the source says so.
    pub(crate) talking: Option<bool>,
    /// Asks to talk, where the source says so.
    pub(crate) hand: Option<bool>,
    /// Was answered so many seconds ago, where the source says so: no list tells since when somebody is in.
    pub(crate) answered: Option<u32>,
    /// The application's own number of the participant, where acts need it. Such numbers are reused.
    pub(crate) slot: Option<u32>,
}

/// One conference in the list of conferences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hall<'a> {
    pub(crate) conference: &'a [u8],
    pub(crate) parties: u32,
    pub(crate) marked: u32,
    /// `None`: this list does not say.
    pub(crate) locked: Option<bool>,
    pub(crate) muted: bool,
}

/// One item of a list, as it came.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// An event of a list.
    Packet(OwnedFrame),
    /// A line that a command wrote.
    Line(Vec<u8>),
}

impl Item {
    pub(crate) fn packet(&self) -> Option<Frame<'_>> {
        match self {
            Self::Packet(frame) => Some(frame.view()),
            Self::Line(_) => None,
        }
    }
}

/// A list to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) action: Action,
    /// What it is answered with.
    pub(crate) expect: Expect,
}

impl Query {
    /// A list of events up to the one named.
    pub(crate) fn list(action: Action, complete: &'static str) -> Self {
        Self { action, expect: Expect::List { complete } }
    }
}

/// Whom an act is meant for, as the world shows it at the moment of sending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) conference: &'a ConferenceName,
    pub(crate) call: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) slot: Option<u32>,
    /// Nobody in the conference has a higher slot: when this one leaves, the next who joins gets it.
    pub(crate) last: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act<'a> {
    Mute {
        target: Target<'a>,
        on: bool,
    },
    Kick {
        target: Target<'a>,
        /// As the room wants it; `None`: as it can best be done.
        by: Option<KickBy>,
    },
    Hangup {
        target: Target<'a>,
    },
    Lock {
        conference: &'a ConferenceName,
        on: bool,
    },
    /// A variable of a channel, or a global one.
    Set {
        channel: Option<&'a str>,
        variable: &'a str,
        value: &'a str,
    },
}

/// What proves an act.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Evidence {
    /// An event that comes by itself.
    Event,
    /// A list of the members, asked for once Asterisk answered.
    Members,
    /// The list of conferences, asked for once Asterisk answered.
    Halls,
    /// Asterisk's answer itself.
    Answer,
}

/// What an error that answers an act means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The call or the conference is no more.
    Gone,
    /// The AMI user may not do this.
    Forbidden,
    /// No, for a reason of Asterisk's own.
    Refused,
}

/// One conference application as one version of Asterisk speaks it.
pub(crate) trait Dialect: Send + Sync {
    /// What an event of that name says; `None` for all that does not matter.
    fn fact<'a>(&self, name: &[u8], frame: Frame<'a>) -> Option<Fact<'a>>;
    /// Whom a join event shows; `None` where it has no channel.
    fn seen<'a>(&self, frame: Frame<'a>) -> Option<Seen<'a>>;
    /// Whom an item of [`Self::members`] shows; `None` where it shows nobody.
    fn listed<'a>(&self, item: &'a Item) -> Option<Seen<'a>>;
    /// One item of [`Self::halls`].
    fn hall<'a>(&self, item: &'a Item) -> Option<Hall<'a>>;
    /// Asks for the list of conferences; `None`: this user can't have one.
    fn halls(&self) -> Option<Query>;
    /// Asks for the members of one conference.
    fn members(&self, conference: &ConferenceName) -> Result<Query, ActionError>;
    /// Asks for all channels: whence the Uniqueid comes, where members are listed without.
    fn channels(&self) -> Query;
    /// Channel and Uniqueid of one item of [`Self::channels`].
    fn channel<'a>(&self, item: Frame<'a>) -> Option<(Cow<'a, str>, &'a str)>;
    /// Whether an error that answers a list means that there is nobody.
    fn is_empty(&self, words: &str) -> bool;
    /// Whether a list must come first, so that the act cannot hit somebody else.
    fn guard(&self, act: &Act<'_>) -> bool;
    /// What proves the act.
    fn evidence(&self, act: &Act<'_>) -> Evidence;
    /// Whether an event tells who is muted: without one, a list must be asked for often.
    fn tells_mutes(&self) -> bool {
        true
    }
    /// Whether a list tells who is locked in: without one, nothing ever proves a lock.
    fn tells_locks(&self) -> bool {
        true
    }
    /// How long the evidence may take.
    fn patience(&self, _: &Act<'_>) -> Duration {
        PATIENCE
    }
    /// The act as Asterisk wants it.
    fn action(&self, act: &Act<'_>) -> Result<Action, ActionError>;
    /// What an error that answers an act means.
    fn verdict(&self, words: &str) -> Verdict;
    /// The class of rights that an action needs.
    fn right(&self, action: &str) -> Option<&'static str>;
}
