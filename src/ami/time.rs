//! The two clocks, always an argument: the core never reads one.

use std::time::{Duration, Instant};

/// Both clocks, read once per turn by the shell. Deadlines use `mono`; whatever is shown, stored or sent uses `wall`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Now {
    /// Monotonic: for deadlines.
    pub mono: Instant,
    /// Unix milliseconds: for people and the journal.
    pub wall: u64,
}

impl Now {
    /// The same clocks, so much later.
    pub fn after(self, time: Duration) -> Self {
        Self { mono: self.mono + time, wall: self.wall + time.as_millis() as u64 }
    }

    /// Some moment for tests to count from.
    #[cfg(test)]
    #[allow(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
    pub(crate) fn for_tests() -> Self {
        Self { mono: Instant::now(), wall: 1_700_000_000_000 }
    }
}
