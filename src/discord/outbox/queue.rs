//! What waits for one channel, the latest of each key; and which message is which post there.
//!
//! Invariant: a key waits once and keeps its turn; of too many the oldest notices go, counted, and never an answer as
//! long as anything else can.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gavel_chat::{Class, Key};
use serde_json::Value;

/// So many may wait before notices are left out...
const ROOM: usize = 128;
/// ...and so many in any case.
const FULL: usize = 1024;
/// A notice that was not shown for so long is news no more.
const STALE: Duration = Duration::from_secs(600);
/// Messages that are remembered for edits, beside those that live long.
const LINES: usize = 256;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Vec<Waiting>,
    turn: u64,
}

/// One post that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) key: Key,
    pub(super) class: Class,
    pub(super) body: Value,
    pub(super) since: Instant,
    pub(super) turn: u64,
    pub(super) nonce: Nonce,
}

/// By what Discord knows a second try of a new message.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonce {
    pub(super) text: Option<String>,
    /// What earlier tries said that may have arrived.
    pub(super) tried: Vec<Value>,
}

/// Which message is which post.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: BTreeMap<Key, Line>,
    used: u64,
}

#[derive(Debug)]
struct Line {
    message: u64,
    shown: Option<Value>,
    used: u64,
}

impl Queue {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// One more; the latest of its key.
    pub(super) fn put(&mut self, now: Instant, key: Key, class: Class, body: Value) {
        match self.waiting.iter_mut().find(|waiting| waiting.key == key) {
            Some(waiting) => {
                waiting.class = waiting.class.min(class);
                waiting.body = body;
            }
            None => {
                self.turn += 1;
                let nonce = Nonce::default();
                self.waiting.push(Waiting { key, class, body, since: now, turn: self.turn, nonce });
            }
        }
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<Waiting> {
        let index = self.waiting.iter().position(|waiting| waiting.key == *key)?;
        Some(self.waiting.remove(index))
    }

    /// It could not be said. What came for the same key meanwhile has its turn, and its nonce.
    pub(super) fn back(&mut self, old: Waiting) {
        match self.waiting.iter_mut().find(|waiting| waiting.key == old.key) {
            Some(newer) => *newer = Waiting { body: newer.body.clone(), ..old },
            None => self.waiting.push(old),
        }
    }

    /// Leaves notices out: those of `new` messages that waited too long, and the oldest of too many. Their number, and
    /// what else had to go.
    pub(super) fn shed(&mut self, now: Instant, new: impl Fn(&Key) -> bool) -> (u64, Vec<Key>) {
        let before = self.waiting.len();
        let stale = |w: &Waiting| w.class == Class::Notice && now >= w.since + STALE && new(&w.key);
        self.waiting.retain(|waiting| !stale(waiting));
        while self.waiting.len() > ROOM
            && self.drop_oldest(|waiting| waiting.class == Class::Notice).is_some()
        {}
        let shed = before - self.waiting.len();
        let mut lost = Vec::new();
        while self.waiting.len() > FULL {
            let other = self.drop_oldest(|waiting| waiting.class != Class::Answer);
            lost.extend(other.or_else(|| self.drop_oldest(|_| true)));
        }
        (u64::try_from(shed).unwrap_or(u64::MAX), lost)
    }

    fn drop_oldest(&mut self, which: impl Fn(&Waiting) -> bool) -> Option<Key> {
        let oldest =
            self.waiting.iter().filter(|waiting| which(waiting)).min_by_key(|waiting| waiting.turn)?;
        let key = oldest.key.clone();
        self.take(&key).map(|waiting| waiting.key)
    }
}

impl Lines {
    /// The message that this is.
    pub(super) fn message(&self, key: &Key) -> Option<u64> {
        self.lines.get(key).map(|line| line.message)
    }

    /// Whether it is there already, in these words.
    pub(super) fn shows(&self, key: &Key, body: &Value) -> bool {
        self.lines.get(key).is_some_and(|line| line.shown.as_ref() == Some(body))
    }

    /// It is there, in these words if they are known.
    pub(super) fn set(&mut self, key: Key, message: u64, shown: Option<Value>) {
        self.used += 1;
        self.lines.insert(key, Line { message, shown, used: self.used });
        if self.lines.len() > LINES {
            let short = self.lines.iter().filter(|(key, _)| !matches!(key, Key::Thing(_)));
            let oldest = short.min_by_key(|(_, line)| line.used).or_else(|| self.lines.iter().next());
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.lines.remove(&key);
            }
        }
    }

    /// It is there no more.
    pub(super) fn forget(&mut self, key: &Key) -> Option<u64> {
        self.lines.remove(key).map(|line| line.message)
    }
}

impl Nonce {
    /// Whether what is there now is what the last try said.
    pub(super) fn sure(&self, said: &Value) -> bool {
        self.tried.iter().all(|tried| tried == said)
    }
}
