//! A real Matrix homeserver (Synapse) for tests, and people in its rooms with a client that shares no code with ours.
//!
//! Knows nothing of gavel. What it starts, `support/synapse/prepare` and `support/nio/prepare` made; `tests/run` says
//! where, in `GAVEL_SYNAPSE` and `GAVEL_NIO`. Whatever takes long panics with the log at hand: a test that waits for
//! ever tells nothing. Waiting is by events, never by sleeping.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "for tests, which may fail and read the clock"
)]

mod http;
mod mac;
mod person;
mod proxy;
mod server;

pub use http::{Answer, http};
pub use person::{Event, Person, Room};
pub use proxy::{Fault, Proxy};
pub use server::{Account, Homeserver, Limits};
