//! What a job is: one command under way. Pure: inputs become effects, and the desk, which owns all jobs, does these.

use std::time::Instant;

use gavel_ami::Now;
use gavel_ami::model::{Stage, Wish};
use gavel_chat::text::{Doc, Zone};

use crate::room::RoomView;

/// What a job is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Begin.
    Start,
    /// What became of an order: of the job's first one (0), of its second...
    Order(usize, &'a Stage),
    /// What became of orders may have been missed: do not wait for ever.
    Missed,
    /// The moment of [`Step::until`] has come.
    Deadline,
}

/// What a job wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Give this to the core; orders are counted from 0.
    Order {
        /// What is to become true.
        wish: Wish,
        /// Why, in the asker's words.
        reason: Option<String>,
    },
    /// Say this to the asker, instead of what was said before.
    Tell {
        /// The whole text.
        doc: Doc,
        /// Nothing will be added by itself; late evidence may still change it.
        last: bool,
    },
}

/// What one input came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Step {
    /// To be done, in this order.
    pub effects: Vec<Effect>,
    /// Wake the job then; `None`: as said before.
    pub until: Option<Instant>,
    /// The job is over.
    pub end: bool,
}

/// What a job may look at.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Both clocks.
    pub now: Now,
    /// The room, as the asker's place may see it.
    pub room: &'a RoomView,
    /// How times are shown.
    pub zone: &'a Zone,
}

/// One command under way.
pub trait Job: Send {
    /// Takes one input.
    fn step(&mut self, sight: Sight<'_>, input: Input<'_>) -> Step;
}
