//! The one table of commands, and what is made of typed words: pure, total, no state.
//!
//! [`CATALOG`] is the data; [`parse()`] and [`parse_slots`] turn input into a [`Call`]; [`resolve()`] finds the callers that
//! it names; [`help`] and [`complete`] are drawn from the same table. Who may run what is the bot's to decide.

mod callers;
mod catalog;
pub mod complete;
pub mod help;
mod misread;
mod parse;
mod resolve;

pub use callers::{CallerRef, Callers};
pub use catalog::{CATALOG, Command, Slot, SlotKind, Spec};
pub use misread::Misread;
pub use parse::{Args, Call, Wording, parse, parse_slots};
pub use resolve::{Found, Problem, Resolution, resolve};
