//! gavel's client as the tests hold it: rooms, orders, and a task that reads all entries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gavel_ami::client::{Address, ClientSetup, Handle, client};
use gavel_ami::model::*;
use gavel_ami::session::Secret;
use gavel_sim::Server;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

/// A client that is running.
pub(crate) struct Crew {
    pub(crate) handle: Handle,
    told: Arc<Mutex<Told>>,
    sent: u64,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) stages: HashMap<OrderId, Vec<Stage>>,
    pub(crate) lagged: u64,
}

/// A room on a conference of that name.
pub(crate) fn room(conference: &str, kind: ConferenceKind) -> RoomSetup {
    RoomSetup {
        name: RoomName::new(conference),
        conference: ConferenceName::new(conference),
        lobby: None,
        kind,
        crew: Vec::new(),
        services: Vec::new(),
        show_ends_after: Duration::from_secs(1800),
        topic_variable: None,
    }
}

impl Crew {
    /// gavel with its own waiting times.
    pub(crate) fn start(server: &Server, rooms: Vec<RoomSetup>) -> Self {
        let address = Address::Tcp { host: "127.0.0.1".into(), port: server.port() };
        let setup = ClientSetup::new(address, "gavel", Secret::new("rehearsal")).expect("it can be sent");
        let pbx = PbxSetup { server: ServerName::new("main"), rooms };
        let (handle, driver) = client(setup, pbx, Restored::default());
        let (stop, stopped) = watch::channel(false);
        let (told, entries) = (Arc::new(Mutex::new(Told::default())), handle.entries());
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run(stopped));
        tasks.spawn(listen(entries, Arc::clone(&told)));
        Self { handle, told, sent: 0, stop, tasks }
    }

    pub(crate) fn picture(&self, room: &str) -> Arc<RoomSnapshot> {
        self.handle.room(&RoomName::new(room)).expect("it is configured").borrow().clone()
    }

    /// Gives an order; `None`: gavel has too many of them.
    pub(crate) fn order(&mut self, wish: Wish, epoch: u64) -> Option<OrderId> {
        self.sent += 1;
        let id = OrderId(self.sent);
        let by = By { who: "Sam".into(), place: "stress".into(), rank: 2 };
        self.handle.order(Order { id, by, wish, reason: None, epoch }).ok().map(|()| id)
    }

    pub(crate) fn told<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.told.lock().expect("who writes it does not panic"))
    }

    /// Waits until that is so; `false`: it did not come about in time.
    pub(crate) async fn until(&self, patience: Duration, mut so: impl FnMut(&Self) -> bool) -> bool {
        let end = std::time::Instant::now() + patience;
        while !so(self) {
            if std::time::Instant::now() >= end {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    pub(crate) async fn leave(mut self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(Duration::from_secs(3), self.tasks.join_next()).await;
    }
}

async fn listen(mut entries: broadcast::Receiver<Arc<Entry>>, told: Arc<Mutex<Told>>) {
    loop {
        let entry = entries.recv().await;
        let Ok(mut told) = told.lock() else { return };
        match entry {
            Ok(entry) => {
                if let What::Order { order, stage } = &entry.what {
                    told.stages.entry(order.id).or_default().push(stage.clone());
                }
            }
            Err(broadcast::error::RecvError::Lagged(n)) => told.lagged += n,
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
