//! gavel's AMI core: bytes from Asterisk become frames, facts, and the state of conferences; orders become acts
//! that are called done only after the evidence for that very call.
//!
//! Everything but `client` is pure: no sockets, no clock, no tasks, no randomness. Time comes in as an argument.

#[cfg(feature = "client")]
pub mod client;
mod dialect;
pub mod model;
mod pbx;
pub mod session;
pub mod wire;

mod time;

pub use pbx::{Change, Output, Pbx};
pub use time::Now;
