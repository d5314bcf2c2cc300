//! gavel's policy and wiring: the only place where phone meets chat.

pub mod board;
pub mod clock;
pub mod config;
#[cfg(test)]
mod layers;
pub mod secret;
pub mod supervisor;
pub mod words;
