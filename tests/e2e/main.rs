//! gavel from outside: the program's exit codes, its messages, its files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod check;
mod cli;
mod config;
mod demo;
#[cfg(feature = "discord")]
mod discord;
mod fake;
mod gavel;
#[cfg(feature = "discord")]
#[path = "../support/guild.rs"]
mod guild;
mod hostile;
mod state;
