//! The one place in gavel's shell that reads the clocks. Everything else is given the time.

use std::sync::Arc;

use gavel_ami::Now;

/// Reads both clocks. Tests put a fixed one in its place.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Now + Send + Sync>);

impl Clock {
    /// The machine's.
    pub fn system() -> Self {
        Self::new(read)
    }

    /// Any other.
    pub fn new(read: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Both clocks, now.
    pub fn now(&self) -> Now {
        (self.0)()
    }
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clocks here, once per turn of a loop")]
fn read() -> Now {
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Now { mono: std::time::Instant::now(), wall: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX) }
}
