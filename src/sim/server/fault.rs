//! What can go wrong, on demand.

use std::time::Duration;

/// Something that goes wrong with the connections or the clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// All connections are closed at once. New ones are welcome.
    Drop,
    /// Nothing is read or written for that time (real time); the calls go on.
    Stall(Duration),
    /// The connections that are there stay open and are deaf and dumb for ever. New ones are welcome.
    HalfOpen,
    /// New connections are refused for that time (real time), those that are there are closed.
    Refuse(Duration),
    /// So many bytes a second are read of each client.
    SlowReads(usize),
    /// The next bytes that hold these are written up to their end, and that connection is closed. Empty: whatever is
    /// written next, up to its middle.
    CutWithin(Vec<u8>),
    /// Every byte is written by itself.
    Dribble,
    /// These bytes are written to every client, wherever its stream is.
    Foreign(Vec<u8>),
    /// The wall clock jumps by so many milliseconds.
    ClockJump(i64),
    /// What lasts, ends: slow reads, single bytes, an open cut, a stall.
    Heal,
}

/// What lasts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Weather {
    pub(super) slow: Option<usize>,
    pub(super) dribble: bool,
}
