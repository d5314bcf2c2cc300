//! What is printed, and when: pure, the time is an argument.
//!
//! A terminal cannot edit, so an edit is another line: of progress only the end (and what stays for a while) is
//! printed, and a notice that is still growing waits until it stands still. The card is not printed at all: `roster`
//! draws it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use gavel_chat::{Class, Key, Post, Ticket};
use tokio::time::Instant;

/// A stage of an answer that stays for so long is worth a line ("not confirmed").
const STAGE: Duration = Duration::from_secs(1);
/// A growing notice stands still.
const STILL: Duration = Duration::from_secs(3);
/// Or has grown for so long that one wants to know.
const GROWN: Duration = Duration::from_secs(10);
/// Nobody waits longer for an outcome: the desk's own stages end long before.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages whose last text is remembered, so that an edit without news prints nothing.
const REMEMBERED: usize = 200;

/// A text that may still change.
#[derive(Debug)]
struct Held {
    since: Instant,
    due: Instant,
    text: String,
}

/// What one run of the console has said and what it waits for.
#[derive(Debug)]
pub(crate) struct Talk {
    interactive: bool,
    tickets: u64,
    open: BTreeMap<Ticket, Instant>,
    /// What was printed last of a message; `None`: it was seen, but not printed.
    said: VecDeque<(Key, Option<String>)>,
    held: BTreeMap<Key, Held>,
}

impl Talk {
    pub(crate) fn new(interactive: bool) -> Self {
        Self { interactive, tickets: 0, open: BTreeMap::new(), said: VecDeque::new(), held: BTreeMap::new() }
    }

    /// A question was asked.
    pub(crate) fn ask(&mut self, now: Instant) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.open.insert(ticket, now + PATIENCE);
        ticket
    }

    /// The question was not even taken.
    pub(crate) fn forget(&mut self, ticket: Ticket) {
        self.open.remove(&ticket);
    }

    /// Every question has its outcome.
    pub(crate) fn settled(&self) -> bool {
        self.open.is_empty()
    }

    /// A post, rendered. What to print of it right now.
    pub(crate) fn post(&mut self, now: Instant, post: &Post, text: String) -> Option<String> {
        let awaited = post.answers.filter(|ticket| self.open.contains_key(ticket));
        if post.last
            && let Some(ticket) = awaited
        {
            self.open.remove(&ticket);
        }
        let first = !self.said.iter().any(|(key, _)| *key == post.key);
        let wait = match post.class {
            Class::Card => return None,
            Class::Alert => Duration::ZERO,
            Class::Notice if first => Duration::ZERO,
            Class::Notice => STILL,
            Class::Answer if post.last || (first && (self.interactive || awaited.is_none())) => {
                Duration::ZERO
            }
            // Progress as such ("Muting #7..."): remembered, so that what follows is a stage.
            Class::Answer if first => {
                self.remember(&post.key, None);
                return None;
            }
            Class::Answer => STAGE,
        };
        if wait.is_zero() {
            self.held.remove(&post.key);
            return self.say(&post.key, text);
        }
        let since = self.held.get(&post.key).map_or(now, |held| held.since);
        let due = (now + wait).min(since + GROWN);
        self.held.insert(post.key.clone(), Held { since, due, text });
        None
    }

    /// When [`Talk::due`] has something.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let held = self.held.values().map(|held| held.due);
        held.chain(self.open.values().copied()).min()
    }

    /// What has waited long enough.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<String> {
        let tired = self.open.extract_if(.., |_, until| *until <= now).count();
        let held: Vec<_> = self.held.extract_if(.., |_, held| held.due <= now).collect();
        let mut lines: Vec<_> =
            held.into_iter().filter_map(|(key, held)| self.say(&key, held.text)).collect();
        lines.extend((0..tired).map(|_| format!("No answer after {} s.", PATIENCE.as_secs())));
        lines
    }

    /// What still waits, at the end.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let held = std::mem::take(&mut self.held);
        held.into_iter().filter_map(|(key, held)| self.say(&key, held.text)).collect()
    }

    fn say(&mut self, key: &Key, text: String) -> Option<String> {
        let same = |(known, said): &(Key, Option<String>)| known == key && said.as_ref() == Some(&text);
        if self.said.iter().any(same) {
            return None;
        }
        self.remember(key, Some(text.clone()));
        Some(text)
    }

    fn remember(&mut self, key: &Key, text: Option<String>) {
        self.said.retain(|(known, _)| known != key);
        self.said.push_back((key.clone(), text));
        if self.said.len() > REMEMBERED {
            self.said.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
