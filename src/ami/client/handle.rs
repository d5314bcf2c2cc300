//! What the rest of gavel holds of a client.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, watch};

use crate::model::{Entry, LedgerRow, Order, RoomName, RoomSnapshot};
use crate::session::Counters;

/// Too many orders wait to be taken, or the client has stopped. Nothing was done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many orders are waiting")]
pub struct Busy;

/// How the link is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LinkStatus {
    /// Logged in.
    pub connected: bool,
    /// Since when it is so (Unix milliseconds).
    pub since: u64,
    /// The AMI version of the last login; foreign text.
    pub ami: Option<String>,
    /// Asterisk's version at the last login, if this user may ask for it; foreign text.
    pub asterisk: Option<String>,
    /// Why the link was lost, or did not come about, the last time.
    pub error: Option<String>,
    /// The current or last login.
    pub epoch: u64,
    /// Logins after the first.
    pub reconnects: u64,
    /// How often something was lost and everything had to be listed again.
    pub desynchronised: u64,
    /// What went through, over all connections. At most a second old.
    pub counters: Counters,
}

/// What is to be kept of the core's ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LedgerFeed {
    /// One row: an upsert.
    Row(LedgerRow),
    /// All there is: rows were lost because nobody took them in time. Replaces everything of this server.
    Whole(Vec<LedgerRow>),
}

/// Talks to a [`super::Driver`]. Cheap to clone; no call waits.
#[derive(Clone)]
pub struct Handle {
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) rooms: Arc<HashMap<RoomName, watch::Receiver<Arc<RoomSnapshot>>>>,
    pub(super) entries: Arc<broadcast::Receiver<Arc<Entry>>>,
    pub(super) status: watch::Receiver<LinkStatus>,
}

impl Handle {
    /// Gives an order. What becomes of it comes out as entries.
    pub fn order(&self, order: Order) -> Result<(), Busy> {
        self.orders.try_send(order).map_err(|_| Busy)
    }

    /// The latest picture of a room; `None`: it is not one of this server's.
    pub fn room(&self, name: &RoomName) -> Option<watch::Receiver<Arc<RoomSnapshot>>> {
        self.rooms.get(name).cloned()
    }

    /// The entries from now on. Bounded: who lags takes the picture, which holds all of them, and goes on.
    pub fn entries(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.entries.resubscribe()
    }

    /// How the link is.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }
}
