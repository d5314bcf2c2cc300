//! An Asterisk for rehearsal: a real manager interface on a TCP port of loopback, behaving as Asterisk 11, 16 or 22 with
//! ConfBridge and MeetMe, and callers who follow a script.
//!
//! `world` is what happens, `front` is how one client is told of it (both pure), `server` is the thread with the
//! sockets and the clock. Knows nothing of gavel.

mod class;
mod conf;
mod dialplan;
mod exchange;
mod front;
mod packet;
#[cfg(test)]
mod recordings;
mod setup;
mod world;

pub use conf::ConfError;
pub use setup::{Files, Setup, Style};
pub use world::{Conference, Member, NewCall, Truth};
