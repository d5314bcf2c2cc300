//! The stand-in's clock: the wall clock, plus what a test adds to it to get past a quarter of an hour.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Where this is set it is the time, and only [`Clock::advance`] moves it.
    fixed: Option<u64>,
    ahead: u64,
}

impl Clock {
    /// A clock that stands still, for tests of the rules.
    pub fn fixed(millis: u64) -> Self {
        Self { fixed: Some(millis), ahead: 0 }
    }

    /// Milliseconds since 1970.
    #[allow(clippy::disallowed_methods, reason = "this is the stand-in's only clock")]
    pub fn now(&self) -> u64 {
        let wall = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        self.fixed.unwrap_or_else(wall) + self.ahead
    }

    /// From now on the time is that much later.
    pub fn advance(&mut self, by: Duration) {
        self.ahead += by.as_millis() as u64;
    }
}
