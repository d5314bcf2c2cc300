//! What goes to Discord, in which order, how fast, and what becomes of it when Discord does not take it.
//!
//! It owns what waits and which message is which post; it makes no call itself: [`Outbox::poll`] says which to make
//! now, [`Outbox::answered`] hears what came of it. Time is an argument.
//! Invariant: each channel has one call under way at most, each interaction one, and none of them waits for another.

mod say;

use std::time::Instant;

use gavel_chat::Key;
use serde_json::Value;

pub(crate) use say::{Call, CallId, Letter, Opened, Reply, Request, Secret, Told, Trouble};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Outbox {}

impl Outbox {
    /// A message of an earlier run that is still ours. `wall` (Unix ms, Discord's clock) tells how old it is.
    pub(crate) fn known(&mut self, _now: Instant, _wall: u64, _channel: u64, _key: Key, _message: u64) {}

    /// Somebody waits for an answer from now on. Without a letter within a second it is deferred.
    pub(crate) fn opened(&mut self, _now: Instant, _opened: Opened) {}

    /// Something is to be shown. The latest of a key wins.
    pub(crate) fn post(&mut self, _now: Instant, _letter: Letter) {}

    /// The card of this channel is to be this (the same as a letter with [`Key::Roster`]).
    pub(crate) fn card(&mut self, _now: Instant, _channel: u64, _body: Value) {}

    /// READY or RESUMED: cards are drawn again, and whatever was given up for a while is tried at once.
    pub(crate) fn again(&mut self, _now: Instant) {}

    /// The next call to make now; ask until there is none.
    pub(crate) fn poll(&mut self, _now: Instant) -> Option<Call> {
        None
    }

    /// What came of a call.
    pub(crate) fn answered(&mut self, _now: Instant, _id: CallId, _result: Result<Reply, Trouble>) {}

    /// When to poll again if nothing happens before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The next thing that the bot must hear.
    pub(crate) fn told(&mut self) -> Option<Told> {
        None
    }
}
