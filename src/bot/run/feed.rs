//! The small tasks between the parts: each reads one thing and passes it on. They end when their source is gone.

use std::sync::Arc;

use gavel_ami::client::{Driver, Handle, LedgerFeed};
use gavel_ami::model::{Entry, RoomSnapshot, ServerName, What};
use gavel_chat::Board;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::announcer::News;
use crate::board::{self, RoomLook, View};
use crate::desk::Heard;
use crate::store::{Store, StoreHealth};
use crate::supervisor::NetworkStatus;

/// All entries into the journal. Never waits, so that it lags only when the disk's queue is full as well.
pub(super) async fn journal(server: ServerName, mut entries: Receiver<Arc<Entry>>, store: Store) {
    loop {
        match entries.recv().await {
            Ok(entry) => store.entry(&server, &entry),
            Err(RecvError::Lagged(missed)) => warn!(%server, missed, "entries are missing in the journal"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// What becomes of orders, to the desk.
pub(super) async fn orders(server: ServerName, mut entries: Receiver<Arc<Entry>>, desk: mpsc::Sender<Heard>) {
    loop {
        let heard = match entries.recv().await {
            Ok(entry) if matches!(entry.what, What::Order { .. }) => Heard::Entry(entry),
            Ok(_) => continue,
            Err(RecvError::Lagged(_)) => Heard::Missed(server.clone()),
            Err(RecvError::Closed) => return,
        };
        if desk.send(heard).await.is_err() {
            return;
        }
    }
}

/// What happened, to the announcer.
pub(super) async fn entries(
    server: ServerName,
    mut entries: Receiver<Arc<Entry>>,
    announcer: mpsc::Sender<News>,
) {
    loop {
        let news = match entries.recv().await {
            Ok(entry) => News::Entry(server.clone(), entry),
            Err(RecvError::Lagged(_)) => News::Missed(server.clone()),
            Err(RecvError::Closed) => return,
        };
        if announcer.send(news).await.is_err() {
            return;
        }
    }
}

/// What must outlive gavel, to the disk.
pub(super) async fn ledger(server: ServerName, mut rows: mpsc::Receiver<LedgerFeed>, store: Store) {
    while let Some(feed) = rows.recv().await {
        store.ledger(&server, feed).await;
    }
}

/// A room's picture, to one of its places.
pub(super) async fn board(
    look: Arc<RoomLook>,
    mut room: watch::Receiver<Arc<RoomSnapshot>>,
    view: View,
    place: watch::Sender<Board>,
) {
    while room.changed().await.is_ok() {
        let picture = room.borrow_and_update().clone();
        place.send_replace(board::board(view, &look, &picture));
    }
}

/// A room's picture, to an announcer that tells who talks.
pub(super) async fn pictures(mut room: watch::Receiver<Arc<RoomSnapshot>>, announcer: mpsc::Sender<News>) {
    while room.changed().await.is_ok() {
        let picture = room.borrow_and_update().clone();
        if announcer.send(News::Picture(picture)).await.is_err() {
            return;
        }
    }
}

/// How a network is, to the announcer.
pub(super) async fn network(mut status: watch::Receiver<NetworkStatus>, announcer: mpsc::Sender<News>) {
    while status.changed().await.is_ok() {
        let news = News::Network(status.borrow_and_update().clone());
        if announcer.send(news).await.is_err() {
            return;
        }
    }
}

/// How the state file is, to the announcer; also how it is at the start. The store outlives the announcer.
pub(super) async fn health(mut health: watch::Receiver<StoreHealth>, announcer: mpsc::Sender<News>) {
    loop {
        let seen = health.borrow_and_update().clone();
        match &seen {
            // With the remedy, for whoever can do something about it; also in a log that is kept short.
            StoreHealth::Failing { trouble, .. } | StoreHealth::Off { trouble } => error!("{trouble}"),
            StoreHealth::Good { missed } => info!(missed, "the state file is in order"),
        }
        if announcer.send(News::Store(seen)).await.is_err() {
            return;
        }
        tokio::select! {
            changed = health.changed() => if changed.is_err() { return },
            () = announcer.closed() => return,
        }
    }
}

/// All that is passed on from one Asterisk.
pub(super) struct Sinks {
    pub(super) store: Store,
    pub(super) desk: mpsc::Sender<Heard>,
    pub(super) announcer: mpsc::Sender<News>,
}

/// Starts passing on from one Asterisk.
pub(super) fn start(
    feeds: &mut JoinSet<()>,
    server: &ServerName,
    (handle, driver): (&Handle, &mut Driver),
    sinks: &Sinks,
) {
    feeds.spawn(journal(server.clone(), handle.entries(), sinks.store.clone()));
    feeds.spawn(orders(server.clone(), handle.entries(), sinks.desk.clone()));
    feeds.spawn(entries(server.clone(), handle.entries(), sinks.announcer.clone()));
    if let Some(rows) = driver.ledger() {
        feeds.spawn(ledger(server.clone(), rows, sinks.store.clone()));
    }
}

#[cfg(test)]
mod tests {
    use gavel_ami::model::{By, CallId, Order, OrderId, Stage, Wish};
    use tokio::sync::broadcast;

    use super::*;
    use crate::fixtures::{NOW, by, call, look, snapshot};

    fn entry(seq: u64, what: What) -> Arc<Entry> {
        let (room, call, number, by, caller) = (None, None::<CallId>, None, None::<By>, None);
        Arc::new(Entry { seq, at: NOW, epoch: 2, room, call, number, what, by, resync: false, caller })
    }

    fn order() -> What {
        let wish = Wish::Kick { call: call(3) };
        let order = Order { id: OrderId(1), by: by("Sam"), wish, reason: None, epoch: 2 };
        What::Order { order: Box::new(order), stage: Stage::Sent }
    }

    #[tokio::test]
    async fn the_desk_hears_of_orders_and_of_what_it_missed() {
        let server = ServerName::new("main");
        let (core, heard) = broadcast::channel(2);
        let (desk, mut hears) = mpsc::channel(8);
        for seq in 1..=4 {
            core.send(entry(seq, What::Locked(true))).unwrap();
        }
        core.send(entry(5, order())).unwrap();
        drop(core);
        orders(server.clone(), heard, desk).await;
        assert!(matches!(hears.recv().await, Some(Heard::Missed(of)) if of == server));
        assert!(matches!(hears.recv().await, Some(Heard::Entry(entry)) if entry.seq == 5));
        assert!(hears.recv().await.is_none(), "it ends with its source");
    }

    #[tokio::test]
    async fn the_announcer_hears_everything_and_what_it_missed() {
        let server = ServerName::new("main");
        let (core, heard) = broadcast::channel(2);
        let (announcer, mut hears) = mpsc::channel(8);
        for seq in 1..=4 {
            core.send(entry(seq, What::Locked(true))).unwrap();
        }
        drop(core);
        entries(server, heard, announcer).await;
        assert!(matches!(hears.recv().await, Some(News::Missed(_))));
        assert!(matches!(hears.recv().await, Some(News::Entry(_, entry)) if entry.seq == 3));
    }

    #[tokio::test]
    async fn a_place_sees_what_its_room_became() {
        let (core, room) = watch::channel(Arc::new(snapshot()));
        let look = Arc::new(look(false));
        let before = board::board(View::Public, &look, &snapshot());
        let (show, seen) = watch::channel(before.clone());
        core.send_replace(Arc::new(RoomSnapshot { locked: true, ..snapshot() }));
        drop(core);
        board(look, room, View::Public, show).await;
        assert_ne!(*seen.borrow(), before);
    }
}
