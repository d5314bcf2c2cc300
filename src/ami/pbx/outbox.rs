//! What leaves the core, in order. The only place where entries get their number.
//!
//! Invariant: entries are numbered without gaps, and the queue is bounded: what does not fit is never numbered. Lost
//! ledger rows are made up for by the whole ledger, lost entries by [`What::Desynchronised`] and a fresh list.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Output;
use crate::Now;
use crate::model::{By, CallId, Caller, Entry, LedgerRow, RoomName, What};
use crate::session::{Expect, Token};
use crate::wire::Action;

/// Far more than the first lists of a server with a hundred thousand participants cause.
const MAX_QUEUE: usize = 500_000;

/// So much room is kept when it is empty.
const USUAL: usize = 4096;

/// See the module.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Output>,
    pub(super) seq: u64,
    pub(super) epoch: u64,
    /// Entries of now come from comparing with the first lists of a login.
    pub(super) resync: bool,
    /// Entries were dropped.
    pub(super) entries_lost: bool,
    /// Ledger rows were dropped.
    pub(super) rows_lost: bool,
    token: u64,
}

/// An entry to be.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) room: Option<RoomName>,
    pub(super) call: Option<CallId>,
    pub(super) number: Option<u32>,
    pub(super) caller: Option<Arc<Caller>>,
    pub(super) by: Option<By>,
    pub(super) what: What,
}

impl Draft {
    /// About nothing smaller than the server.
    pub(super) fn new(what: What) -> Self {
        Self { room: None, call: None, number: None, caller: None, by: None, what }
    }

    pub(super) fn by(mut self, by: Option<By>) -> Self {
        self.by = by;
        self
    }
}

impl Outbox {
    pub(super) fn new(seq: u64, epoch: u64) -> Self {
        Self {
            queue: VecDeque::new(),
            seq,
            epoch,
            resync: false,
            entries_lost: false,
            rows_lost: false,
            token: 0,
        }
    }

    pub(super) fn pop(&mut self) -> Option<Output> {
        let next = self.queue.pop_front();
        if next.is_none() && self.queue.capacity() > USUAL {
            self.queue = VecDeque::new(); // a big resync leaves nothing behind
        }
        next
    }

    pub(super) fn entry(&mut self, now: Now, draft: Draft) {
        if self.queue.len() >= MAX_QUEUE {
            self.entries_lost = true;
            return;
        }
        self.seq += 1;
        let Draft { room, call, number, caller, by, what } = draft;
        let (seq, at, epoch) = (self.seq, now.wall, self.epoch);
        let resync = self.resync && is_difference(&what);
        let entry = Entry { seq, at, epoch, room, call, number, what, by, resync, caller };
        self.queue.push_back(Output::Entry(Arc::new(entry)));
    }

    pub(super) fn row(&mut self, row: LedgerRow) {
        if self.queue.len() >= MAX_QUEUE {
            self.rows_lost = true;
        } else {
            self.queue.push_back(Output::Ledger(row));
        }
    }

    /// What is submitted is bounded by who submits: orders in flight and one list per conference.
    pub(super) fn submit(&mut self, expect: Expect, action: Action) -> Token {
        self.token += 1;
        let token = Token(self.token);
        self.queue.push_back(Output::Submit { token, expect, action });
        token
    }
}

/// Whether a comparison of lists can find it; the rest is news also while the first lists come in.
fn is_difference(what: &What) -> bool {
    match what {
        What::Joined { .. }
        | What::Left { .. }
        | What::Muted(_)
        | What::Waiting(_)
        | What::Locked(_)
        | What::Recording(_)
        | What::Service { .. } => true,
        What::Topic(_)
        | What::Note(_)
        | What::MuteAll(_)
        | What::WrongCall { .. }
        | What::ShowBegan(_)
        | What::ShowEnded(_)
        | What::Order { .. }
        | What::Link(_)
        | What::Desynchronised(_) => false,
    }
}
