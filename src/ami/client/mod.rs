//! The shell around the core: sockets, the clock, and whoever listens. The only impure part of this crate.
//!
//! Invariants: the socket is always drained, whoever is slow; every queue is bounded; nothing is sent twice; the core
//! lives in one task and nobody else touches it.

mod clock;
mod driver;
mod handle;
mod link;
mod outlets;
mod probe;
mod retry;
mod setup;
mod tls;

#[cfg(test)]
mod tests;

pub use driver::{Driver, client};
pub use handle::{Busy, Handle, LedgerFeed, LinkStatus};
pub use link::ConnectError;
pub use probe::{Presence, ProbeError, ProbeReport, probe};
pub use retry::Retry;
pub use setup::{Address, ClientSetup, SetupError};
