//! The two clocks, always an argument: the core never reads one.

use std::time::Instant;

/// Both clocks, read once per turn by the shell. Deadlines use `mono`; whatever is shown, stored or sent uses `wall`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Now {
    /// Monotonic: for deadlines.
    pub mono: Instant,
    /// Unix milliseconds: for people and the journal.
    pub wall: u64,
}
