//! gavel's core against one Asterisk, without chat: the client's handle, and all entries that it told.
//!
//! The driver runs on a thread of its own; the stories ask and wait from outside, as the bot does.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gavel_ami::client::{self, Address, ClientSetup, Handle};
use gavel_ami::model::{
    By, CallId, ConferenceName, Entry, Link, Order, OrderId, Outcome, Participant, PbxSetup, Restored,
    RoomName, RoomSetup, RoomSnapshot, ServerName, Stage, What, Wish,
};
use gavel_ami::session::Secret;
use tokio::sync::{broadcast, watch};

use crate::backend::Backend;
use crate::control::Member;
use crate::until;

/// What may take a while on a busy machine, and never does otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

type Told = Arc<Mutex<Vec<(Instant, Arc<Entry>)>>>;

/// One core, connected to one Asterisk, with one room: conference 200 and the lobby.
pub(crate) struct Core {
    handle: Handle,
    told: Told,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    next: Mutex<u64>,
}

/// How gavel logs in at that port with plain TCP.
pub(crate) fn setup(port: u16) -> ClientSetup {
    login(Address::Tcp { host: "127.0.0.1".into(), port }, "gavel", "rehearsal")
}

/// How anybody logs in anywhere.
pub(crate) fn login(address: Address, user: &str, secret: &str) -> ClientSetup {
    ClientSetup::new(address, user, Secret::new(secret.to_owned())).expect("a good setup")
}

/// Conference 200, its lobby, and Dana (701) who is crew.
fn room(backend: Backend) -> RoomSetup {
    RoomSetup {
        name: RoomName::new("thursday"),
        conference: ConferenceName::new(backend.room("200")),
        lobby: Some(ConferenceName::new("lobby")),
        kind: backend.kind(),
        crew: vec![gavel_ami::model::CrewPattern::parse("701")],
        services: Vec::new(),
        show_ends_after: Duration::from_secs(1800),
        topic_variable: Some("TOPIC_thursday".to_owned()),
    }
}

impl Core {
    /// Connects and waits until the first lists are in.
    pub(crate) fn connect(backend: Backend, port: u16) -> Self {
        let core = Self::start(backend, setup(port));
        core.until_up();
        core
    }

    /// Starts to connect.
    pub(crate) fn start(backend: Backend, setup: ClientSetup) -> Self {
        let pbx = PbxSetup { server: ServerName::new("main"), rooms: vec![room(backend)] };
        let (handle, driver) = client::client(setup, pbx, Restored::default());
        let (stop, stopped) = watch::channel(false);
        let told = Told::default();
        let collect = collect(handle.entries(), Arc::clone(&told));
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { tokio::join!(driver.run(stopped), collect) });
        });
        Self { handle, told, stop, thread: Some(thread), next: Mutex::new(1) }
    }

    /// What the core sees right now.
    pub(crate) fn room(&self) -> Arc<RoomSnapshot> {
        let room = self.handle.room(&RoomName::new("thursday")).expect("it is configured");
        room.borrow().clone()
    }

    /// Waits until the core sees it so.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, so: impl Fn(&RoomSnapshot) -> bool) -> Arc<RoomSnapshot> {
        self.within(PATIENCE, what, so)
    }

    /// Waits that long until the core sees it so.
    #[track_caller]
    pub(crate) fn within(
        &self,
        patience: Duration,
        what: &str,
        so: impl Fn(&RoomSnapshot) -> bool,
    ) -> Arc<RoomSnapshot> {
        until(patience, what, || Some(self.room()).filter(|room| so(room)))
    }

    /// Waits until there is a link and a list.
    #[track_caller]
    pub(crate) fn until_up(&self) {
        self.until("the link is up", |room| room.link == Link::Up);
    }

    /// Waits for that caller.
    #[track_caller]
    pub(crate) fn sees(&self, member: &Member) -> Participant {
        let so = |room: &RoomSnapshot| find(room, member).is_some();
        let room = self.until(&format!("the core sees {member:?}"), so);
        find(&room, member).expect("just seen").clone()
    }

    /// Gives an order, planned on what the core sees right now.
    pub(crate) fn order(&self, wish: Wish) -> OrderId {
        let mut next = self.next.lock().expect("no one panics in here");
        let id = OrderId(*next);
        *next += 1;
        let by = By { who: "Sam".to_owned(), place: "test".to_owned(), rank: 2 };
        let order = Order { id, by, wish, reason: None, epoch: self.room().epoch };
        self.handle.order(order).expect("the core is not busy");
        id
    }

    /// Gives an order and waits for its end.
    #[track_caller]
    pub(crate) fn act(&self, wish: Wish) -> Outcome {
        let id = self.order(wish);
        self.settled(id)
    }

    /// Waits for the end of an order.
    #[track_caller]
    pub(crate) fn settled(&self, id: OrderId) -> Outcome {
        until(Duration::from_secs(40), "the order settles", || {
            self.told(|entry| match &entry.what {
                What::Order { order, stage: Stage::Settled(outcome) } if order.id == id => {
                    Some(outcome.clone())
                }
                _ => None,
            })
            .pop()
        })
    }

    /// All entries so far that `pick` takes; at least those that the picture holds, which is shown before they are told.
    #[track_caller]
    pub(crate) fn told<T>(&self, pick: impl Fn(&Entry) -> Option<T>) -> Vec<T> {
        let shown = self.room().seq;
        let all = |told: &[(Instant, Arc<Entry>)]| told.last().map_or(0, |(_, entry)| entry.seq) >= shown;
        until(PATIENCE, "what is seen is told", || {
            all(&self.told.lock().expect("no one panics in here")).then_some(())
        });
        let told = self.told.lock().expect("no one panics in here");
        told.iter().filter_map(|(_, entry)| pick(entry)).collect()
    }

    /// How often each caller was told to have joined, by Uniqueid.
    pub(crate) fn joins(&self) -> Vec<String> {
        self.told(|entry| match (&entry.what, &entry.call) {
            (What::Joined { .. }, Some(call)) => Some(call.uniqueid.to_string()),
            _ => None,
        })
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the core's thread panicked");
        }
    }
}

/// That member as the core names calls.
pub(crate) fn call(member: &Member) -> CallId {
    CallId { server: ServerName::new("main"), uniqueid: member.uniqueid.as_str().into() }
}

/// That member on the core's picture.
pub(crate) fn find<'a>(room: &'a RoomSnapshot, member: &Member) -> Option<&'a Participant> {
    room.people.iter().find(|person| *person.call.uniqueid == *member.uniqueid)
}

async fn collect(mut entries: broadcast::Receiver<Arc<Entry>>, told: Told) {
    loop {
        match entries.recv().await {
            Ok(entry) => told.lock().expect("no one panics in here").push((Instant::now(), entry)),
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
