//! The calls to Discord's REST API, by serenity and through its limiter, each within a time of its own.
//!
//! It owns the HTTP client and how its answers are read; what to call when is the outbox's business.
//! Invariant: no call sleeps. What the limiter would make wait comes back at once as [`Trouble::Limited`], so that
//! the outbox can do something else meanwhile and send what is the latest then.

use std::future::Future;

use serde_json::Value;

use crate::outbox::{Call, CallId, Reply, Request, Trouble};
use crate::settings::{Reach, Token};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// The certificates of the configuration.
    #[error("the certificates of extra_ca cannot be read: {0}")]
    Certificates(String),
    /// The client.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

// Signatures, to be filled:
// pub(crate) fn client(reach: Option<&Reach>) -> Result<reqwest::Client, SetupError>   // for serenity's gateway too
// pub(crate) struct Caller; (not Clone; calls are futures of their own)
// impl Caller {
//     pub(crate) fn new(token: &Token, client: reqwest::Client) -> Self
//     pub(crate) fn application(&self, id: u64)                 // before replies are edited and commands registered
//     pub(crate) fn begin(&mut self, call: Call) -> impl Future<Output = (CallId, Result<Reply, Trouble>)> + Send + 'static
//     pub(crate) fn once(&mut self, request: Request, within: Duration) -> impl Future<Output = Result<Reply, Trouble>> + Send + 'static
//         // beside the outbox: choices of an autocomplete, Refresh (both are `Request::Callback`)
//     pub(crate) fn commands(&self, guild: u64) -> impl Future<Output = Result<Vec<Value>, Trouble>> + Send + 'static
//     pub(crate) fn register(&self, guild: u64, commands: Vec<Value>) -> impl Future<Output = Result<(), Trouble>> + ..
//     pub(crate) fn guild_of(&self, channel: u64) -> impl Future<Output = Result<Option<u64>, Trouble>> + ..
//     pub(crate) fn date(&self) -> impl Future<Output = Result<u64, Trouble>> + ..   // Discord's clock by GET /gateway, Unix ms
// }
