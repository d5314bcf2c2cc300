//! A network that does block its thread, as an SDK may for any reason: gavel's own adapter for Discord, which freezes at
//! a word, beside a client of Asterisk and a task that ticks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gavel::clock::Clock;
use gavel::supervisor::{Ended, NetworkStatus, Pace, Said, Supervisor};
use gavel_ami::client::{Address, ClientSetup, Handle, client};
use gavel_ami::model::*;
use gavel_ami::session::Secret;
use gavel_chat::text::Zone;
use gavel_chat::{Adapter, Board, Freshness, Health, Link, Network, Place, PublicView, Running, Up};
use gavel_discord::{Discord, Reach, Settings, Token, place};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::SOON;
use crate::clock::timed;
use crate::guild::{COHOST, CREW, Radio};
use crate::show::{asterisk, caller};

/// From the freeze on.
const BACK: Duration = Duration::from_secs(60);

/// Discord, whose adapter stands still at a word.
struct Freezes {
    discord: Discord,
    word: Arc<Word>,
}

#[derive(Default)]
struct Word {
    given: Notify,
    holds: AtomicBool,
}

impl Word {
    fn freeze(&self) {
        self.holds.store(true, Ordering::SeqCst);
        self.given.notify_one();
    }

    fn thaw(&self) {
        self.holds.store(false, Ordering::SeqCst);
    }

    async fn obeyed(&self) {
        loop {
            self.given.notified().await;
            while self.holds.load(Ordering::SeqCst) {
                std::hint::spin_loop();
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Network for Freezes {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn open(&self) -> Box<dyn Adapter> {
        Box::new(Run { adapter: self.discord.open(), word: self.word.clone() })
    }
}

struct Run {
    adapter: Box<dyn Adapter>,
    word: Arc<Word>,
}

impl Adapter for Run {
    fn run(self: Box<Self>, link: Link) -> Running {
        let Self { adapter, word } = *self;
        Box::pin(async move {
            tokio::select! {
                ended = adapter.run(link) => ended,
                () = word.obeyed() => Ok(()),
            }
        })
    }
}

/// All of it on one runtime, but the network.
struct House {
    handle: Handle,
    word: Arc<Word>,
    said: mpsc::Receiver<Said>,
    status: watch::Receiver<NetworkStatus>,
    ticks: watch::Receiver<Duration>,
    supervisor: tokio::task::JoinHandle<Ended>,
    orders: u64,
    _tasks: JoinSet<()>,
    _ends: (watch::Sender<bool>, watch::Sender<Board>, mpsc::Sender<gavel_chat::Post>),
}

#[allow(clippy::disallowed_methods, reason = "the tasks of a test")]
fn house(radio: &Radio, port: u16, pace: Pace) -> House {
    let address = Address::Tcp { host: "127.0.0.1".into(), port };
    let setup = ClientSetup::new(address, "gavel", Secret::new("rehearsal")).expect("it can be sent");
    let room = RoomSetup {
        name: RoomName::new("200"),
        conference: ConferenceName::new("200"),
        lobby: None,
        kind: ConferenceKind::ConfBridge,
        crew: Vec::new(),
        services: Vec::new(),
        show_ends_after: Duration::from_secs(1800),
        topic_variable: None,
    };
    let pbx = PbxSetup { server: ServerName::new("main"), rooms: vec![room] };
    let (handle, driver) = client(setup, pbx, Restored::default());
    let (stop, stopped) = watch::channel(false);
    let (late, ticks) = watch::channel(Duration::ZERO);
    let mut tasks = JoinSet::new();
    tasks.spawn(driver.run(stopped.clone()));
    tasks.spawn(tick(late));

    let address = radio.discord.address();
    let discord = Discord::new(Settings {
        token: Token::new(&radio.token()),
        group: None,
        zone: Zone::utc(),
        reach: Some(Reach { address, ca: radio.discord.ca_pem().as_bytes().to_vec() }),
    });
    let word = Arc::<Word>::default();
    let (board, view) = watch::channel(nothing());
    let (posts, waiting) = mpsc::channel(8);
    let (desk, said) = mpsc::channel(64);
    let (health, status) = watch::channel(NetworkStatus { name: "discord", health: None, since: 0 });
    let supervisor = Supervisor {
        network: Arc::new(Freezes { discord, word: word.clone() }),
        places: vec![Place { id: place(CREW), board: view, known: Vec::new() }],
        posts: waiting,
        desk,
        status: health,
        stop: stopped,
        pace,
        clock: Clock::system(),
        mark: None,
    };
    let supervisor = tokio::spawn(supervisor.run());
    House {
        handle,
        word,
        said,
        status,
        ticks,
        supervisor,
        orders: 0,
        _tasks: tasks,
        _ends: (stop, board, posts),
    }
}

async fn tick(worst: watch::Sender<Duration>) {
    const EVERY: Duration = Duration::from_millis(100);
    loop {
        let due = Instant::now() + EVERY;
        tokio::time::sleep(EVERY).await;
        worst.send_if_modified(|worst| {
            *worst = due.elapsed().max(*worst);
            false
        });
    }
}

fn nothing() -> Board {
    let (title, fresh) = ("Thursday Line".to_owned(), Freshness::Live);
    let people = Vec::new();
    let view = PublicView { seq: 0, title, fresh, topic: None, locked: false, streaming: None, people };
    Board::Public(Arc::new(view))
}

impl House {
    async fn is(&mut self, what: &str, patience: Duration, so: impl Fn(&Option<Health>) -> bool) {
        let wait = self.status.wait_for(|status| so(&status.health));
        assert!(timeout(patience, wait).await.is_ok(), "not within {patience:?}: {what}");
    }

    /// Mutes the one caller, or lets them speak.
    async fn mutes(&mut self, on: bool) -> Duration {
        let mut room = self.handle.room(&RoomName::new("200")).expect("it is configured");
        let wait = room.wait_for(|room| !room.people.is_empty());
        let call = timeout(SOON, wait).await.expect("in time").expect("it lives").people[0].call.clone();
        self.orders += 1;
        let by = By { who: "Sam".into(), place: "console".into(), rank: 2 };
        let wish = Wish::Mute { call, on };
        let asked = Instant::now();
        let epoch = room.borrow().epoch;
        let order = Order { id: OrderId(self.orders), by, wish, reason: None, epoch };
        assert!(self.handle.order(order).is_ok(), "there is room for one");
        let wait = room.wait_for(|room| room.people.iter().all(|one| one.muted == on));
        assert!(timeout(SOON, wait).await.is_ok(), "the phone does as it is told");
        asked.elapsed()
    }
}

fn contained(pace: Pace) {
    let (sim, radio) = (asterisk(), Radio::start());
    sim.call(caller(1001, b"Marta"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut house = house(&radio, sim.port(), pace);
        house.is("up", SOON, |health| *health == Some(Health::Up)).await;
        house.mutes(true).await;
        radio.open("Thursday Line: ");

        let froze = Instant::now();
        house.word.freeze();
        let lost = radio.member(COHOST).slash(CREW, "mute", &[("callers", "1")]).expect("it is offered");
        let mut on = false;
        while !matches!(house.status.borrow().health, Some(Health::Down(_))) {
            let took = house.mutes(on).await;
            assert!(took < Duration::from_secs(2), "{took:?} to the phone and back");
            assert!(froze.elapsed() < Duration::from_secs(6), "not told to be down");
            on = !on;
        }
        println!("down after {:?}", froze.elapsed());
        house.is("back", BACK.saturating_sub(froze.elapsed()), |health| *health == Some(Health::Up)).await;
        println!("back after {:?}", froze.elapsed());
        house.mutes(true).await;
        let new = radio.member(COHOST).slash(CREW, "mute", &[("callers", "1")]).expect("it is offered");
        let heard = heard(&mut house.said).await;

        // The one that was frozen wakes up: it says nothing any more, and what it was asked is not done.
        house.word.thaw();
        let goes = radio.discord.gateway().until(|counts| counts.live == 1, SOON);
        assert!(goes.is_ok(), "{goes:?}");
        assert!(lost.interaction().answer.is_none());
        assert_eq!(heard, new.id().0);
        assert!(house.said.try_recv().is_err(), "nobody is heard twice");
        assert!(!house.supervisor.is_finished());
        let worst = *house.ticks.borrow();
        println!("{worst:?} late at most");
        assert!(worst < Duration::from_secs(2), "{worst:?} late");
    });
    runtime.shutdown_background();
}

/// The ticket of the next one who wants something.
async fn heard(said: &mut mpsc::Receiver<Said>) -> u64 {
    loop {
        let next = timeout(SOON, said.recv()).await.expect("in time").expect("it lives");
        if let Up::Invoke(invocation) = next.up {
            return invocation.ticket.0;
        }
    }
}

/// A new one opens after 45 s where nobody waits for tests.
#[test]
fn a_blocked_thread_is_replaced() {
    timed(|| contained(Pace { replace: Duration::from_secs(2), ..Pace::default() }));
}

#[test]
#[ignore = "long"]
fn a_blocked_thread_is_replaced_within_a_minute() {
    timed(|| contained(Pace::default()));
}
