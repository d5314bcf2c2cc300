//! The one place of this crate that reads the clocks: once per turn of a loop.

use crate::Now;

#[allow(clippy::disallowed_methods, reason = "the shell reads the clocks here, once per turn of its loop")]
pub(super) fn now() -> Now {
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Now { mono: std::time::Instant::now(), wall: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX) }
}
