//! An Asterisk for rehearsal: a real manager interface on a TCP port of loopback, behaving as Asterisk 11, 16 or 22 with
//! ConfBridge and MeetMe, and callers who follow a script.
//!
//! `world` is what happens, `front` is how one client is told of it, `exchange` is the world with all its clients (all
//! pure: time and bytes are arguments); `server` is the thread with the sockets and the clock. Knows nothing of gavel.

mod class;
mod conf;
mod dialplan;
mod exchange;
mod front;
mod packet;
mod script;
mod server;
mod setup;
mod world;

#[cfg(test)]
mod recordings;

pub use conf::ConfError;
pub use script::{Caller, Crowd, Event, Phone, Press, Script, ScriptError, Talks, What};
pub use server::{CallId, Fault, Server, StartError};
pub use setup::{Files, Setup, Style};
pub use world::{Asked, Conference, Member, NewCall, Truth};
