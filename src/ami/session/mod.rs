//! One connection to Asterisk as a pure state machine: banner, login, what this user may do, actions and their
//! answers, lists, keepalive. Knows no conference, and no socket: bytes and the time come in, bytes and events go out.
//!
//! Invariants: nothing is sent twice; every submitted token gets exactly one [`Reply`], unless the session ended
//! first (then what was not sent gets [`Reply::NotSent`], and for the rest the outcome is unknown); every queue is
//! bounded.

mod event;
mod flight;
mod hear;
mod login;
mod machine;
mod reply;

pub use event::{Ended, Expect, Greeting, Reply, SessionEvent, Token};
pub use login::{Auth, Login, Pace, Secret};
pub use machine::{Counters, Session};
