//! What was sent and not answered yet, in the order in which Asterisk answers.
//!
//! Invariant: the clock runs for the first alone, from when the one before it was answered.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Expect, Token};
use crate::wire::OwnedFrame;

/// Most items of one list; the largest conference that Asterisk was seen to bear has 500.
pub(super) const MAX_ITEMS: usize = 16_384;
/// Most memory of one list, in bytes.
pub(super) const MAX_LIST: usize = 12 * 1024 * 1024;

/// Why an action was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    Challenge,
    Login,
    Commands,
    Settings,
    Ping,
    Logoff,
    Submitted { token: Token, expect: Expect },
}

/// One action on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) id: u64,
    pub(super) purpose: Purpose,
    /// Its answer was told (or given up), it only stays until Asterisk is through with it.
    pub(super) told: bool,
    pub(super) list: Option<List>,
}

/// A list that is coming in.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) items: Vec<OwnedFrame>,
    weight: usize,
    /// Something was lost while it came in.
    pub(super) broken: bool,
}

impl List {
    /// `false`: it would become too large, and was emptied.
    pub(super) fn take(&mut self, item: OwnedFrame) -> bool {
        self.weight += item.weight();
        if self.items.len() >= MAX_ITEMS || self.weight > MAX_LIST {
            self.items = Vec::new();
            return false;
        }
        self.items.push(item);
        true
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Flight {
    queue: VecDeque<Sent>,
    /// Since when the first of the queue is Asterisk's to answer.
    pub(super) since: Instant,
    lists: usize,
}

impl Flight {
    pub(super) fn new(now: Instant) -> Self {
        Self { queue: VecDeque::new(), since: now, lists: 0 }
    }

    pub(super) fn push(&mut self, now: Instant, id: u64, purpose: Purpose) {
        if self.queue.is_empty() {
            self.since = now;
        }
        self.queue.push_back(Sent { id, purpose, told: false, list: None });
    }

    pub(super) fn first(&self) -> Option<&Sent> {
        self.queue.front()
    }

    pub(super) fn first_mut(&mut self) -> Option<&mut Sent> {
        self.queue.front_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn find(&mut self, id: u64) -> Option<&mut Sent> {
        self.queue.iter_mut().find(|s| s.id == id)
    }

    pub(super) fn holds(&self, wanted: impl Fn(&Purpose) -> bool) -> bool {
        self.queue.iter().any(|s| wanted(&s.purpose))
    }

    /// A list begins to come in for that action.
    pub(super) fn list_begins(&mut self, id: u64) {
        if let Some(sent) = self.find(id) {
            sent.list = Some(List::default());
            self.lists += 1;
        }
    }

    /// Whether any event can be an item of a list of ours.
    pub(super) fn is_listing(&self) -> bool {
        self.lists > 0
    }

    /// Something was lost, whatever is being listed may lack it.
    pub(super) fn break_lists(&mut self) {
        for list in self.queue.iter_mut().filter_map(|s| s.list.as_mut()) {
            list.broken = true;
        }
    }

    /// Asterisk is through with that action. As it answers in order, it is also through with those before it whose
    /// answer was given up.
    pub(super) fn answered(&mut self, now: Instant, id: u64) -> Option<Sent> {
        let at = self.queue.iter().position(|s| s.id == id)?;
        let first = self.queue.front().map(|s| s.id);
        let sent = self.queue.remove(at)?;
        let mut place = 0;
        self.queue.retain(|s| {
            place += 1;
            place > at || !s.told
        });
        self.lists = self.queue.iter().filter(|s| s.list.is_some()).count();
        if self.queue.front().map(|s| s.id) != first {
            self.since = now;
        }
        Some(sent)
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.lists = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Now;

    #[test]
    fn the_clock_runs_for_the_first_from_the_answer_before_it() {
        let t = Now::for_tests().mono;
        let at = |s| t + Duration::from_secs(s);
        let mut flight = Flight::new(t);
        for id in 1..=4 {
            flight.push(at(id), id, Purpose::Ping);
        }
        assert_eq!(flight.since, at(1));
        flight.answered(at(7), 2);
        assert_eq!(flight.since, at(1), "the first still waits");
        flight.find(1).unwrap().told = true;
        flight.answered(at(9), 3);
        assert_eq!((flight.since, flight.len()), (at(9), 1), "Asterisk is past the first as well");
        assert!(flight.answered(at(9), 3).is_none());
    }
}
