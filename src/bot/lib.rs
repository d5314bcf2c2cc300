//! gavel's policy and wiring: the only place where phone meets chat.

pub mod access;
pub mod announcer;
pub mod board;
pub mod check;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod desk;
#[cfg(test)]
mod fixtures;
#[cfg(feature = "matrix")]
pub mod keys;
#[cfg(test)]
mod layers;
pub mod logging;
pub mod rehearsal;
pub mod room;
pub mod run;
pub mod secret;
pub mod start;
pub mod store;
pub mod supervisor;
mod visible;
mod wait;
pub mod words;
