//! gavel from outside: the program's exit codes, its messages, its files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod check;
mod cli;
mod config;
mod demo;
mod fake;
mod gavel;
mod hostile;
mod state;
