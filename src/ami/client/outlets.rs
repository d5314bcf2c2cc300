//! Where the core's outputs go. Nobody is waited for: a slow reader of entries lags, a slow keeper of the ledger gets
//! all of it later.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc, watch};

use super::{Handle, LedgerFeed, LinkStatus};
use crate::Now;
use crate::model::{Entry, LedgerRow, Order, RoomSnapshot};
use crate::pbx::Pbx;

/// Entries that a reader may be behind.
const ENTRIES: usize = 1024;
/// Orders that may wait.
const ORDERS: usize = 256;
/// Ledger rows that may wait.
const LEDGER: usize = 1024;

/// See the module.
pub(super) struct Outlets {
    /// In the order of the setup.
    rooms: Vec<watch::Sender<Arc<RoomSnapshot>>>,
    entries: broadcast::Sender<Arc<Entry>>,
    ledger: mpsc::Sender<LedgerFeed>,
    /// Rows were dropped: the whole ledger is owed.
    owes: bool,
    pub(super) status: watch::Sender<LinkStatus>,
    /// Told once the pictures hold them, so that whoever hears of something can already see it.
    fresh: Vec<Arc<Entry>>,
}

/// The ends that have one reader each.
pub(super) struct Inlets {
    pub(super) orders: mpsc::Receiver<Order>,
    /// Until somebody takes it.
    pub(super) rows: Option<mpsc::Receiver<LedgerFeed>>,
}

impl Outlets {
    /// The outlets, and what the others hold of them.
    pub(super) fn new(now: Now, pbx: &mut Pbx) -> (Self, Handle, Inlets) {
        let (entries, read) = broadcast::channel(ENTRIES);
        let (orders, take) = mpsc::channel(ORDERS);
        let (ledger, rows) = mpsc::channel(LEDGER);
        let (status, how) = watch::channel(LinkStatus { since: now.wall, ..LinkStatus::default() });
        let (rooms, seen): (Vec<_>, HashMap<_, _>) = pbx
            .drawn(now)
            .into_iter()
            .map(|picture| {
                let name = picture.room.clone();
                let (show, seen) = watch::channel(picture);
                (show, (name, seen))
            })
            .unzip();
        let handle = Handle { orders, rooms: Arc::new(seen), entries: Arc::new(read), status: how };
        (
            Self { rooms, entries, ledger, owes: false, status, fresh: Vec::new() },
            handle,
            Inlets { orders: take, rows: Some(rows) },
        )
    }

    pub(super) fn entry(&mut self, entry: Arc<Entry>) {
        self.fresh.push(entry);
    }

    pub(super) fn row(&mut self, row: LedgerRow) {
        if !self.owes
            && let Err(TrySendError::Full(_)) = self.ledger.try_send(LedgerFeed::Row(row))
        {
            tracing::warn!("the ledger's keeper is behind: it will get the whole of it");
            self.owes = true;
        }
    }

    /// Shows what changed, then tells what happened.
    pub(super) fn publish(&mut self, now: Now, pbx: &mut Pbx) {
        pbx.changes(now, |change| {
            if let Some(room) = self.rooms.get(change.at()) {
                room.send_modify(|picture| change.refresh(picture));
            }
        });
        for entry in self.fresh.drain(..) {
            let _ = self.entries.send(entry); // nobody listens: then nobody is told
        }
        self.fresh.shrink_to(ENTRIES);
        if self.owes
            && let Ok(place) = self.ledger.try_reserve()
        {
            place.send(LedgerFeed::Whole(pbx.ledger()));
            self.owes = false;
        }
    }
}
