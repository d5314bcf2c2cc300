//! The commands: words and a room become a plan, or a refusal. Pure, and no I/O: whether a caller is gone, an act
//! already so or the link stale is the core's verdict at the moment of acting.
//!
//! One file per command or family. What each is called and who may run it stands in the catalog of `gavel-chat`.

pub mod confirm;
mod help;
mod kick;
#[cfg(test)]
mod kinds;
mod lock;
mod mute;
mod note;
mod roster;
mod say;
mod status;
mod targets;
#[cfg(test)]
mod tests;
mod topic;
mod who;

use gavel_chat::Control;
use gavel_chat::command::{Args, Command};
use gavel_chat::text::{Doc, Zone};

use crate::access::{Grant, Rules};
use crate::desk::job::Job;
use crate::room::RoomView;

pub use status::{House, Server};

/// All that a command may look at.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The right to do this.
    pub grant: &'a Grant,
    /// The arguments; those that the command requires are there.
    pub args: &'a Args,
    /// The room, as the asker's place may see it.
    pub room: &'a RoomView,
    /// Who may do what in it.
    pub rules: &'a Rules,
    /// The links.
    pub house: &'a House,
    /// How many other places of the room's crew there are.
    pub others: usize,
    /// Unix milliseconds.
    pub now: u64,
    /// How times are shown.
    pub zone: &'a Zone,
}

/// What is to be done.
pub enum Plan {
    /// Answer this.
    Say {
        /// The answer.
        doc: Doc,
        /// What can be pressed below it.
        controls: Vec<Control>,
    },
    /// Tell the other places of the crew, then answer.
    Tell {
        /// For the others.
        notice: Doc,
        /// The answer.
        answer: Doc,
    },
    /// Run this.
    Run(Box<dyn Job>),
}

/// Why nothing is done, as the asker is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal(pub Doc);

/// Plans one command.
pub fn plan(command: Command, ask: Ask<'_>) -> Result<Plan, Refusal> {
    match command {
        Command::Roster => Ok(roster::plan(ask)),
        Command::Who => who::plan(ask),
        Command::Kick => kick::kick(ask),
        Command::Hangup => kick::hangup(ask),
        Command::Mute => mute::plan(ask, true),
        Command::Unmute => mute::plan(ask, false),
        Command::Lock => Ok(lock::plan(ask, true)),
        Command::Unlock => Ok(lock::plan(ask, false)),
        Command::Topic => Ok(topic::plan(ask)),
        Command::Note => note::plan(ask),
        Command::Say => say::plan(ask),
        Command::Status => Ok(status::plan(ask)),
        Command::Help => Ok(help::plan(ask)),
    }
}

impl From<Doc> for Plan {
    fn from(doc: Doc) -> Self {
        Self::Say { doc, controls: Vec::new() }
    }
}
