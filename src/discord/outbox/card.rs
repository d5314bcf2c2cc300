//! The card of one channel: one message, edited, and posted anew before edits of it become scarce.
//!
//! Discord lets a message of more than an hour be edited now and then only (30046), so that an edit that is due after
//! 55 min is a new message instead, and the old one is deleted. A card on which nothing changes stays where it is: a
//! new message each hour of the night would only mark the channel as unread. New ones make no phone ring.
//! Only the very first card of a place is pinned: each pin leaves a message of its own in the channel, and a pin goes
//! with the message that is deleted.
//! Invariant: an old card is deleted only when its successor is there.

use std::time::{Duration, Instant};

use serde_json::Value;

/// From one edit to the next.
const EVERY: Duration = Duration::from_secs(2);
/// So old a card is replaced when it changes.
const OLD: Duration = Duration::from_secs(55 * 60);
/// Who has waited so long beyond [`EVERY`] goes before notices.
const PATIENCE: Duration = Duration::from_millis(500);
/// Old cards that are remembered for deletion.
const SWEPT: usize = 16;

/// The card of one channel.
#[derive(Debug, Default)]
pub(super) struct Card {
    want: Option<Value>,
    dirty: Option<Instant>,
    at: Option<Placed>,
    last: Option<Instant>,
    hold: Option<Instant>,
    pin: Pin,
}

#[derive(Clone, Copy, Debug)]
struct Placed {
    message: u64,
    old: bool,
    since: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Pin {
    /// The first card will be.
    #[default]
    First,
    /// This one.
    Now(u64),
    /// It was, or it is not wanted.
    Done,
}

impl Card {
    /// A card of an earlier run; `age` by its id. The other one, if there are two: the newer is kept.
    pub(super) fn known(&mut self, now: Instant, age: Duration, message: u64) -> Option<u64> {
        self.pin = Pin::Done;
        let placed = Placed { message, old: false, since: now.checked_sub(age) };
        let placed = Placed { old: age >= OLD, ..placed };
        match self.at {
            Some(at) if at.message == message => None,
            Some(at) if at.message > message => Some(message),
            at => {
                self.at = Some(placed);
                at.map(|at| at.message)
            }
        }
    }

    /// What it is to show.
    pub(super) fn put(&mut self, now: Instant, body: Value) {
        if self.want.as_ref() != Some(&body) {
            self.want = Some(body);
            self.dirty.get_or_insert(now);
        }
    }

    /// What it shows may not be what it should.
    pub(super) fn again(&mut self, now: Instant) {
        self.hold = None;
        if self.want.is_some() {
            self.dirty.get_or_insert(now);
        }
    }

    /// When it is to be written, and from when on before notices.
    pub(super) fn due(&self) -> Option<(Instant, Instant)> {
        let dirty = self.dirty?;
        let due = self.last.map_or(dirty, |last| dirty.max(last + EVERY)).max(self.hold.unwrap_or(dirty));
        Some((due, due + PATIENCE))
    }

    /// What to write: over this message, or as a new one.
    pub(super) fn write(&mut self, now: Instant) -> Option<(Option<u64>, Value)> {
        let body = self.want.clone()?;
        self.dirty = None;
        Some((self.message(now), body))
    }

    /// The message that may be edited.
    pub(super) fn message(&self, now: Instant) -> Option<u64> {
        let young = |at: &Placed| !at.old && at.since.is_none_or(|since| now < since + OLD);
        self.at.filter(young).map(|at| at.message)
    }

    /// It is there, as this message. What it replaces is to be deleted.
    pub(super) fn written(&mut self, now: Instant, message: u64, said: &Value, sure: bool) -> Option<u64> {
        self.last = Some(now);
        if !sure || self.want.as_ref() != Some(said) {
            self.dirty.get_or_insert(now);
        }
        let before = self.at.filter(|at| at.message != message);
        if before.is_some() || self.at.is_none() {
            self.at = Some(Placed { message, old: false, since: Some(now) });
            self.pin = if self.pin == Pin::First { Pin::Now(message) } else { Pin::Done };
        }
        before.map(|at| at.message)
    }

    /// It is not.
    pub(super) fn failed(&mut self, now: Instant) {
        self.last = Some(now);
        self.dirty.get_or_insert(now);
    }

    /// Discord refuses this form of it: another one is tried, but not at once.
    pub(super) fn refused(&mut self, until: Instant, said: &Value) {
        self.hold = Some(until);
        if self.want.as_ref() == Some(said) {
            self.dirty = None;
        }
    }

    /// Somebody deleted it.
    pub(super) fn gone(&mut self, now: Instant) {
        self.at = None;
        self.dirty.get_or_insert(now);
    }

    /// It takes no more edits.
    pub(super) fn too_old(&mut self, now: Instant) {
        if let Some(at) = &mut self.at {
            at.old = true;
        }
        self.dirty.get_or_insert(now);
    }

    /// What is to be pinned.
    pub(super) fn pin(&self) -> Option<u64> {
        match self.pin {
            Pin::Now(message) => Some(message),
            Pin::First | Pin::Done => None,
        }
    }

    /// It is pinned, or cannot be.
    pub(super) fn pinned(&mut self) {
        self.pin = Pin::Done;
    }
}

/// One more to delete; of too many the oldest stay.
pub(super) fn sweep(swept: &mut Vec<u64>, message: u64) {
    if swept.len() < SWEPT && !swept.contains(&message) {
        swept.push(message);
    }
}
