//! The two clocks, read here alone: an adapter is a shell of its own.

use std::time::{Instant, SystemTime};

/// The clock of deadlines.
#[allow(clippy::disallowed_methods, reason = "an adapter is a shell: this is where it reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The clock on the wall, in Unix milliseconds.
#[allow(clippy::disallowed_methods, reason = "an adapter is a shell: this is where it reads the clock")]
pub(crate) fn wall() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
