//! Discord as a chat network.
//!
//! [`Discord`] opens adapters; each is one connection to the gateway, one outbox and one loop between them and the
//! link. Nothing is cached but which message is which post: who somebody is stands in each interaction.
//! Invariant: an adapter may freeze (the gateway's library can), so it shares nothing with anybody but what it says.

#[allow(dead_code, reason = "the loop that uses it comes next")]
mod commands;
mod gateway;
#[allow(dead_code, unused_imports, reason = "the loop that uses it comes next")]
mod http;
#[allow(dead_code, reason = "the loop that uses it comes next")]
mod intake;
mod late;
#[allow(dead_code, reason = "the loop that uses it comes next")]
mod limits;
#[allow(dead_code, reason = "the loop that uses it comes next")]
mod markdown;
#[allow(dead_code, reason = "the loop that uses it comes next")]
mod message;
#[allow(dead_code, unused_imports, reason = "the loop that uses it comes next")]
mod outbox;
#[allow(dead_code, reason = "the loop that uses it comes next")]
mod press;
mod remedy;
mod settings;
mod witness;

pub use settings::{Reach, Settings, Token, place};
