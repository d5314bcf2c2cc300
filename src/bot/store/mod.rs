//! What outlives gavel, in one SQLite file: the ledger, the journal, people, cards, intents.
//!
//! Owns the file, its lock, its schema and its thread; leaves the meaning of rows to the core and the announcing of
//! trouble to the desk. Invariants: nobody ever waits for the disk who does not ask to ([`Store::intend`], [`Store::ledger`]);
//! a file that is damaged, foreign or newer is never written to; the journal names calls by id, and what names people
//! is in one table that retention empties.

mod health;
mod ledger;
mod load;
mod lock;
mod schema;
#[cfg(test)]
mod tests;
mod worker;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gavel_ami::client::LedgerFeed;
use gavel_ami::model::{Entry, Order, OrderId, Outcome, Restored, ServerName};
use gavel_chat::{Key, MessageRef, PlaceId};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::config::State;
use load::Left;
use lock::{Lock, NoLock};
use worker::{Message, Worker};

pub use health::{StoreHealth, Trouble, TroubleKind};

/// Messages that may wait for the thread.
const QUEUE: usize = 4096;

/// Nothing in memory lives long enough for retention.
const FLEETING: Duration = Duration::from_secs(7 * 86_400);

/// The handle: cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    messages: mpsc::Sender<Message>,
    health: watch::Receiver<StoreHealth>,
    missed: Arc<AtomicU64>,
}

/// An open store, and what an earlier gavel left in it.
#[derive(Debug)]
pub struct Opened {
    /// The handle.
    pub store: Store,
    /// The first id for orders of this run.
    pub next_order: OrderId,
    /// Messages of earlier runs that are still ours.
    pub cards: Vec<(PlaceId, Key, MessageRef)>,
    restored: HashMap<ServerName, Restored>,
}

/// Why gavel can't even go on without state.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two gavels would answer every command twice.
    #[error("another gavel uses the state file {}; stop that one first, or set another path in [state]", .0.display())]
    Held(PathBuf),
    /// The system gave no thread.
    #[error("can't start the thread for the state file")]
    Thread(#[source] std::io::Error),
}

/// The intent is not on the disk, and will not be. The act goes on all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the intent could not be written")]
pub struct NotDurable;

/// That no gavel uses the state file, nor begins to while this is kept.
#[derive(Debug)]
pub struct Hold(#[allow(dead_code, reason = "held, not used")] Option<Lock>);

/// Keeps every gavel away from the state file, and so from all that belongs to it. Where no lock can be had at all, there is
/// no gavel to keep away.
pub fn hold(state: &State) -> Result<Hold, OpenError> {
    let path = real(&state.path);
    match Lock::take(&path) {
        Ok(lock) => Ok(Hold(Some(lock))),
        Err(NoLock::Held) => Err(OpenError::Held(path)),
        Err(NoLock::Io(_)) => Ok(Hold(None)),
    }
}

/// Opens the state file and starts its thread. Blocks for as long as the disk takes. Trouble with the file is no
/// error: gavel goes on without state, and [`Store::health`] says why.
pub fn open(state: &State, clock: Clock) -> Result<Opened, OpenError> {
    let path = real(&state.path);
    let database = match Lock::take(&path) {
        Ok(lock) => database(&path).map(|(connection, left)| ((connection, Some(lock)), left)),
        Err(NoLock::Held) => return Err(OpenError::Held(path)),
        Err(NoLock::Io(e)) => Err(Trouble::io(&path, &e)),
    };
    let (database, mut left) = match database {
        Ok((database, left)) => (Ok(database), left),
        Err(trouble) => (Err(trouble), Left { next_order: 1, ..Left::default() }),
    };
    let mut worker = Worker::new(database, &mut left, (path, state.keep_callers), clock);
    worker.tend();
    start(worker, left).map_err(OpenError::Thread)
}

/// State in memory alone, which ends with the run: for rehearsals.
pub fn fleeting(clock: Clock) -> Result<Opened, OpenError> {
    let path = PathBuf::from(":memory:");
    let mut left = Left { next_order: 1, ..Left::default() };
    let database = schema::memory().map(|it| (it, None)).map_err(|e| Trouble::sqlite(&path, &e));
    let worker = Worker::new(database, &mut left, (path, FLEETING), clock);
    start(worker, left).map_err(OpenError::Thread)
}

/// How the state file is, without changing it: for `gavel check`. `None`: it is not there yet.
pub fn examine(path: &Path) -> Option<Result<(), Trouble>> {
    path.exists().then(|| schema::examine_only(path))
}

/// One name for one file: two gavels that reach it by different names must meet at one lock.
fn real(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

fn database(path: &Path) -> Result<(Connection, Left), Trouble> {
    if let Err(e) = lock::private().open(path)
        && !path.exists()
    {
        return Err(Trouble::io(path, &e));
    }
    let connection = schema::open(path)?;
    let left = load::load(&connection).map_err(|e| Trouble::sqlite(path, &e))?;
    Ok((connection, left))
}

fn start(worker: Worker, left: Left) -> std::io::Result<Opened> {
    let (messages, inbox) = mpsc::channel(QUEUE);
    let store = Store { messages, health: worker.health.subscribe(), missed: worker.missed.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name("store".into()).spawn(move || runtime.block_on(worker.run(inbox)))?;
    let cards = left.cards.into_iter().map(|((place, key), message)| (place, key, message));
    let next_order = OrderId(left.next_order);
    Ok(Opened { store, next_order, cards: cards.collect(), restored: left.restored })
}

impl Opened {
    /// What was left of one server; once.
    pub fn restored(&mut self, server: &ServerName) -> Restored {
        self.restored.remove(server).unwrap_or_default()
    }
}

impl Store {
    /// Appends to the journal, keeps the person, settles the intent of an order that ended. Never waits: an entry that
    /// finds the queue full is counted and lost.
    pub fn entry(&self, server: &ServerName, entry: &Arc<Entry>) {
        if self.messages.try_send(Message::Entry(server.clone(), entry.clone())).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What the core wants kept of a server's ledger. Waits for room in the queue: whoever pumps must not be the core.
    pub async fn ledger(&self, server: &ServerName, feed: LedgerFeed) {
        let _ = self.messages.send(Message::Ledger(server.clone(), feed)).await;
    }

    /// A post lives on under this id (`None`: no longer). Never waits; one that is lost is posted anew after a restart.
    pub fn card(&self, place: &PlaceId, key: &Key, message: Option<&MessageRef>) {
        let (place, key, message) = (place.clone(), key.clone(), message.cloned());
        let _ = self.messages.try_send(Message::Card { place, key, message });
    }

    /// Writes down what is about to be ordered. The future says when it is on the disk; the row is under way even if
    /// nobody waits for it any longer.
    pub fn intend(
        &self,
        server: &ServerName,
        order: &Order,
        at: u64,
    ) -> impl Future<Output = Result<(), NotDurable>> + Send + use<> {
        let (durable, written) = oneshot::channel();
        let (server, order) = (server.clone(), Box::new(order.clone()));
        let sent = self.messages.try_send(Message::Intend { server, order, at, durable });
        async move {
            sent.map_err(|_| NotDurable)?;
            written.await.map_err(|_| NotDurable)
        }
    }

    /// An intent is over without an entry that says so (the order never reached the core). Never waits.
    pub fn settle(&self, order: OrderId, outcome: &Outcome, at: u64) {
        let _ = self.messages.try_send(Message::Settle { order, outcome: outcome.clone(), at });
    }

    /// How the file is. Changes are to be told to the crew, each once.
    pub fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.clone()
    }

    /// Writes what waits and closes the file. The caller sets the time limit.
    pub async fn close(self) {
        let (closed, done) = oneshot::channel();
        if self.messages.send(Message::Close(closed)).await.is_ok() {
            let _ = done.await;
        }
    }
}
