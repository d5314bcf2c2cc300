//! The seam between Asterisk's conference applications, in all their versions, and everything else: what an event, a
//! list item, an act looks like, whether an act needs a fresh list first, and what proves it.
//!
//! A dialect has no state and decides nothing: it translates. Events are told apart by their name first, so that one
//! of no interest costs a comparison of bytes; facts borrow from the frame.

mod channel;
mod confbridge;

use std::borrow::Cow;

use crate::model::ConferenceName;
use crate::wire::{Action, ActionError, Frame};

pub(crate) use channel::{is_announcer, is_crew, service, tech};
pub(crate) use confbridge::ConfBridge;

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
    /// The conference records itself, or no longer does.
    Recording { conference: &'a [u8], on: bool },
    /// The last one left: the conference is no more, nor is its lock.
    Ended { conference: &'a [u8] },
    /// A channel, in a conference or not, is no more.
    Hungup { call: &'a str },
    /// Asterisk is about to end. It does not always say so.
    Stopping,
}

/// Whom an event or a list item shows.
#[derive(Clone, Debug)]
pub(crate) struct Seen<'a> {
    /// The Uniqueid; lists of Asterisk 11 have none.
    pub(crate) call: Option<&'a str>,
    /// The full channel name.
    pub(crate) channel: Cow<'a, str>,
    /// The caller's name, unescaped; `None` where there is none.
    pub(crate) name: Option<Cow<'a, str>>,
    /// The caller's number, empty where there is none.
    pub(crate) phone: Cow<'a, str>,
    /// An admin of the conference.
    pub(crate) admin: bool,
    /// Muted, where the source says so.
    pub(crate) muted: Option<bool>,
    /// Waits for a marked user, where the source says so.
    pub(crate) waiting: Option<bool>,
    /// Talks, where the source says so.
    pub(crate) talking: Option<bool>,
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
    pub(crate) locked: bool,
    pub(crate) muted: bool,
}

/// A list to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) action: Action,
    /// The event that ends it.
    pub(crate) complete: &'static str,
}

/// Whom an act is meant for, as the world shows it at the moment of sending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) conference: &'a ConferenceName,
    pub(crate) call: &'a str,
    pub(crate) channel: &'a str,
    #[cfg_attr(not(test), expect(dead_code, reason = "applications that number their participants need it"))]
    pub(crate) slot: Option<u32>,
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
    /// Whom a join event or a member's list item shows; `None` where it has no channel.
    fn seen<'a>(&self, frame: Frame<'a>) -> Option<Seen<'a>>;
    /// One item of [`Self::halls`].
    fn hall<'a>(&self, item: Frame<'a>) -> Option<Hall<'a>>;
    /// Asks for the list of conferences.
    fn halls(&self) -> Query;
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
    /// The act as Asterisk wants it.
    fn action(&self, act: &Act<'_>) -> Result<Action, ActionError>;
    /// What an error that answers an act means.
    fn verdict(&self, words: &str) -> Verdict;
    /// The class of rights that an action needs.
    fn right(&self, action: &str) -> Option<&'static str>;
}
