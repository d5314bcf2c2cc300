//! The adapter is a shell: this is the one place where it reads the clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[allow(clippy::disallowed_methods, reason = "the adapter's shell reads the clock here and nowhere else")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Unix milliseconds.
#[allow(clippy::disallowed_methods, reason = "the adapter's shell reads the clock here and nowhere else")]
pub(crate) fn wall() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
