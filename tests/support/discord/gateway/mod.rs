//! Discord's gateway, version 10, on two addresses of the loopback: one to identify on, one that READY tells for
//! resuming. Plain websockets; JSON; all three compressions.
//!
//! Owns sessions, their numbering and replay, and the faults of connections. What events say is the world's and the
//! members' business. Invariant: a session's numbers have no holes, whatever becomes of its connections.

mod book;
mod compress;
mod handle;
mod incoming;
mod protocol;
mod serve;
mod session;
mod state;

pub use book::{Counts, Rules};
pub(crate) use handle::Bound;
pub use handle::Gateway;
pub use protocol::close;
pub use state::State;
