//! The store's thread: the only owner of the connection.
//!
//! Takes what waits as one transaction. Invariant: what is in memory here (ledgers, cards) is the truth, so that a
//! disk that comes back is given the whole of it; the journal waits in a bounded backlog.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gavel_ami::client::LedgerFeed;
use gavel_ami::model::{Entry, Order, OrderId, Outcome, ServerName};
use gavel_chat::{Key, MessageRef, PlaceId};
use rusqlite::{Connection, Transaction};
use tokio::sync::{mpsc, oneshot, watch};

use super::health::{StoreHealth, Trouble, TroubleKind};
use super::ledger::Ledger;
use super::load::Left;
use super::lock::Lock;
use super::write::{self, Write};
use crate::clock::Clock;

/// Messages in one transaction at most.
const BATCH: usize = 256;
/// Journal entries that wait for a broken disk at most; more are counted and lost.
const BACKLOG: usize = 4096;
const RETRY: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(3600);

/// What the store is asked for.
pub(super) enum Message {
    Entry(ServerName, Arc<Entry>),
    Ledger(ServerName, LedgerFeed),
    Card {
        place: PlaceId,
        key: Key,
        message: Option<MessageRef>,
    },
    Intend {
        server: ServerName,
        order: Box<Order>,
        at: u64,
        durable: oneshot::Sender<()>,
    },
    Settle {
        order: OrderId,
        outcome: Outcome,
        at: u64,
    },
    Close(oneshot::Sender<()>),
    /// Lets a test break the connection.
    #[cfg(test)]
    Do(Box<dyn FnOnce(&Connection) + Send>),
}

/// The thread's state.
pub(super) struct Worker {
    /// `None`: off for this run.
    pub(super) connection: Option<Connection>,
    pub(super) path: PathBuf,
    pub(super) clock: Clock,
    pub(super) keep_callers: Duration,
    pub(super) health: watch::Sender<StoreHealth>,
    /// Counted by the handles too, where their queue was full.
    pub(super) missed: Arc<AtomicU64>,
    ledgers: HashMap<ServerName, Ledger>,
    cards: HashMap<(PlaceId, Key), MessageRef>,
    backlog: VecDeque<Write>,
    swept: Option<Instant>,
    /// When it was last tried in vain.
    failed: Option<Instant>,
    /// Last, so that it outlives the connection.
    _lock: Option<Lock>,
}

impl Worker {
    pub(super) fn new(
        database: Result<(Connection, Option<Lock>), Trouble>,
        left: &mut Left,
        (path, keep_callers): (PathBuf, Duration),
        clock: Clock,
    ) -> Self {
        let (health, connection, lock) = match database {
            Ok((connection, lock)) => (StoreHealth::Good { missed: 0 }, Some(connection), lock),
            Err(trouble) => (StoreHealth::Off { trouble }, None, None),
        };
        Self {
            connection,
            path,
            clock,
            keep_callers,
            health: watch::Sender::new(health),
            missed: Arc::default(),
            ledgers: std::mem::take(&mut left.ledgers),
            cards: left.cards.clone(),
            backlog: VecDeque::new(),
            swept: None,
            failed: None,
            _lock: lock,
        }
    }

    /// Until it is told to close, or nobody is left who could ask for anything.
    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            // Nobody waits for this but the clock: on a time-out there is simply nothing to take in.
            let received = tokio::time::timeout(self.patience(), messages.recv_many(&mut batch, BATCH)).await;
            if received == Ok(0) {
                return;
            }
            let closing = self.take(batch.drain(..));
            self.tend();
            if let Some(closed) = closing {
                drop(self);
                let _ = closed.send(());
                return;
            }
        }
    }

    /// Writes what is due by the clock: what waits for the disk, and retention.
    pub(super) fn tend(&mut self) {
        let now = self.clock.now();
        let failing = matches!(*self.health.borrow(), StoreHealth::Failing { .. });
        if failing && self.failed.is_none_or(|failed| now.mono.saturating_duration_since(failed) >= RETRY) {
            self.recover();
        }
        let due = self.swept.is_none_or(|swept| now.mono.saturating_duration_since(swept) >= SWEEP);
        if due && self.is_good() {
            self.swept = Some(now.mono);
            let keep = u64::try_from(self.keep_callers.as_millis()).unwrap_or(u64::MAX);
            self.attempt(&[Write::Sweep { before: now.wall.saturating_sub(keep) }], checkpoint);
        }
        self.count_missed();
    }

    fn take(&mut self, messages: impl Iterator<Item = Message>) -> Option<oneshot::Sender<()>> {
        let (mut writes, mut waiting, mut closing) = (Vec::new(), Vec::new(), None);
        for message in messages {
            match message {
                Message::Entry(server, entry) => writes.push(Write::Entry(server, entry)),
                Message::Ledger(server, feed) => {
                    let ledger = self.ledgers.entry(server.clone()).or_default();
                    let changes = match feed {
                        LedgerFeed::Row(row) => ledger.apply(row),
                        LedgerFeed::Whole(rows) => ledger.replace(rows),
                    };
                    writes.extend(changes.into_iter().map(|change| Write::Ledger(server.clone(), change)));
                }
                Message::Card { place, key, message } => {
                    self.remember(&place, &key, message.as_ref());
                    writes.push(Write::Card { place, key, message });
                }
                Message::Intend { server, order, at, durable } => {
                    writes.push(Write::Intent { server, order, at });
                    waiting.push(durable);
                }
                Message::Settle { order, outcome, at } => writes.push(Write::Settle { order, outcome, at }),
                Message::Close(closed) => closing = Some(closed),
                #[cfg(test)]
                Message::Do(act) => act(self.connection.as_ref().unwrap()),
            }
        }
        self.write(writes, waiting);
        closing
    }

    fn remember(&mut self, place: &PlaceId, key: &Key, message: Option<&MessageRef>) {
        let at = (place.clone(), key.clone());
        match message {
            Some(message) => drop(self.cards.insert(at, message.clone())),
            None => drop(self.cards.remove(&at)),
        }
    }

    /// Those who wait for an intent hear of it once it is on the disk; else their sender is dropped, which says no.
    fn write(&mut self, writes: Vec<Write>, waiting: Vec<oneshot::Sender<()>>) {
        if writes.is_empty() {
            return;
        }
        if self.is_good() && self.attempt(&writes, |_| Ok(())) {
            for durable in waiting {
                let _ = durable.send(());
            }
            return;
        }
        for write in writes.into_iter().filter(Write::can_wait) {
            if self.connection.is_none() {
                break;
            }
            if self.backlog.len() == BACKLOG {
                self.backlog.pop_front();
                self.missed.fetch_add(1, Ordering::Relaxed);
            }
            self.backlog.push_back(write);
        }
    }

    /// One transaction, then `after`. An intent must outlive a power cut, so its batch waits for the disk; all else
    /// only has to outlive the process.
    fn attempt(&mut self, writes: &[Write], after: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> bool {
        let synchronous =
            if writes.iter().any(|w| matches!(w, Write::Intent { .. })) { "FULL" } else { "NORMAL" };
        let done =
            self.transact(synchronous, |to| writes.iter().try_for_each(|write| write.execute(to)), after);
        self.judge(done)
    }

    /// Everything that memory holds, and what waits.
    fn recover(&mut self) {
        let (ledgers, cards, backlog) = (&self.ledgers, &self.cards, &self.backlog);
        let done = self.transact(
            "FULL",
            |to| {
                ledgers.iter().try_for_each(|(server, ledger)| write::ledger(to, server, ledger))?;
                write::cards(to, cards.iter().map(|((place, key), message)| (place, key, message)))?;
                backlog.iter().try_for_each(|write| write.execute(to))
            },
            |_| Ok(()),
        );
        if self.judge(done) {
            self.backlog.clear();
            let missed = self.missed.load(Ordering::Relaxed);
            self.health.send_replace(StoreHealth::Good { missed });
        }
    }

    fn transact(
        &self,
        synchronous: &str,
        act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
        after: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let Some(connection) = &self.connection else { return Err(rusqlite::Error::InvalidQuery) };
        connection.pragma_update(None, "synchronous", synchronous)?;
        let transaction = connection.unchecked_transaction()?;
        act(&transaction)?;
        transaction.commit()?;
        after(connection)
    }

    /// Whether it went well; else says so once.
    fn judge(&mut self, done: rusqlite::Result<()>) -> bool {
        let Err(e) = done else { return true };
        if self.connection.is_none() {
            return false;
        }
        let now = self.clock.now();
        self.failed = Some(now.mono);
        let trouble = Trouble::sqlite(&self.path, &e);
        let before = self.health.borrow().clone();
        let next = match before {
            // A damaged file is not written to again: somebody may still want to save it.
            _ if trouble.kind == TroubleKind::Corrupt => StoreHealth::Off { trouble },
            StoreHealth::Failing { since, .. } => StoreHealth::Failing { since, trouble },
            _ => StoreHealth::Failing { since: now.wall, trouble },
        };
        self.tell(next);
        false
    }

    fn tell(&mut self, next: StoreHealth) {
        if matches!(next, StoreHealth::Off { .. }) {
            self.connection = None;
            self.backlog.clear();
        }
        self.health.send_if_modified(|health| {
            let modified = *health != next;
            *health = next;
            modified
        });
    }

    fn count_missed(&self) {
        let now = self.missed.load(Ordering::Relaxed);
        self.health.send_if_modified(|health| match health {
            StoreHealth::Good { missed } if *missed != now => {
                *missed = now;
                true
            }
            _ => false,
        });
    }

    fn is_good(&self) -> bool {
        matches!(*self.health.borrow(), StoreHealth::Good { .. })
    }

    fn patience(&self) -> Duration {
        if matches!(*self.health.borrow(), StoreHealth::Failing { .. }) { RETRY } else { SWEEP }
    }
}

/// Old names must not live on in the write-ahead log either. That somebody reads meanwhile is no trouble: the next
/// sweep tries again.
fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    Ok(())
}
