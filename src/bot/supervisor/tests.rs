//! Real threads, with shortened times: a thread that spins cannot be told from one that is slow but by its beat.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use gavel_ami::Now;
use gavel_chat::text::Foreign;
use gavel_chat::{Adapter, Asker, Board, Input, Link, PublicView, Refused, Running, Ticket, UserId};

use super::*;

/// What an incarnation does once it is connected.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    /// Shows posts until it is told to stop.
    Work,
    /// Spins until the test lets it go.
    Freeze,
    Panic,
    EndWell,
    Remedy,
    Lost,
    /// Asks twice, then works.
    Ask,
    /// Ignores its being told to stop.
    Deaf,
}

/// A network whose incarnations do, one after another, what the script says; the last deed goes on.
struct Fake {
    script: Vec<Deed>,
    opened: AtomicUsize,
    spin: Arc<AtomicBool>,
    shown: Arc<Mutex<Vec<String>>>,
    late: Arc<Mutex<Vec<Result<(), Refused>>>>,
}

impl Fake {
    fn new(script: &[Deed]) -> Arc<Self> {
        Arc::new(Self {
            script: script.to_vec(),
            opened: AtomicUsize::new(0),
            spin: Arc::new(AtomicBool::new(true)),
            shown: Arc::default(),
            late: Arc::default(),
        })
    }
}

impl Network for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn open(&self) -> Box<dyn Adapter> {
        let turn = self.opened.fetch_add(1, Ordering::SeqCst);
        let deed = *self.script.get(turn).or(self.script.last()).unwrap();
        Box::new(Run { deed, spin: self.spin.clone(), shown: self.shown.clone(), late: self.late.clone() })
    }
}

struct Run {
    deed: Deed,
    spin: Arc<AtomicBool>,
    shown: Arc<Mutex<Vec<String>>>,
    late: Arc<Mutex<Vec<Result<(), Refused>>>>,
}

impl Adapter for Run {
    fn run(self: Box<Self>, mut link: Link) -> Running {
        Box::pin(async move {
            let up = link.uplink();
            up.health(Health::Up).unwrap();
            match self.deed {
                Deed::Work => {}
                Deed::Freeze => {
                    while self.spin.load(Ordering::Relaxed) {
                        std::thread::yield_now();
                    }
                    self.late.lock().unwrap().push(up.health(Health::Up));
                    return Ok(());
                }
                Deed::Panic => panic!("as an SDK does"),
                Deed::EndWell => return Ok(()),
                Deed::Remedy => return Err(AdapterError::Remedy("the token is wrong".to_owned())),
                Deed::Lost => return Err(AdapterError::Lost("closed".to_owned())),
                Deed::Ask => (up.invoke(ask()).unwrap(), up.invoke(ask()).unwrap()).0,
                Deed::Deaf => std::future::pending().await,
            }
            while let Some(post) = link.next().await {
                self.shown.lock().unwrap().push(format!("{:?} {:?}", post.key, post.answers));
                up.sent(post.place, post.key, MessageRef::new("m1")).unwrap();
            }
            Ok(())
        })
    }
}

/// A supervisor at work, and all that it talks to.
struct Stage {
    network: Arc<Fake>,
    _posts: mpsc::Sender<Post>,
    said: mpsc::Receiver<Said>,
    status: watch::Receiver<NetworkStatus>,
    stop: watch::Sender<bool>,
    run: tokio::task::JoinHandle<Ended>,
    _board: watch::Sender<Board>,
}

fn stage(script: &[Deed]) -> Stage {
    stage_at(fast(), script)
}

#[allow(clippy::disallowed_methods, reason = "the clock and the tasks of a test")]
fn stage_at(pace: Pace, script: &[Deed]) -> Stage {
    let network = Fake::new(script);
    let (posts, waiting) = mpsc::channel(8);
    let (desk, said) = mpsc::channel(1);
    let (status, seen) = watch::channel(NetworkStatus { name: "fake", health: None, since: 0 });
    let (stop, stopped) = watch::channel(false);
    let (board, view) = watch::channel(nothing());
    let supervisor = Supervisor {
        network: network.clone(),
        places: vec![Place { id: PlaceId::new("fake"), board: view, known: Vec::new() }],
        posts: waiting,
        desk,
        status,
        stop: stopped,
        pace,
        clock: Clock::new(|| Now { mono: Instant::now(), wall: 1000 }),
        mark: Some("TEST"),
    };
    let run = tokio::spawn(supervisor.run());
    Stage { network, _posts: posts, said, status: seen, stop, run, _board: board }
}

fn fast() -> Pace {
    let ms = Duration::from_millis;
    Pace {
        beat: ms(20),
        silent: ms(300),
        grace: ms(150),
        replace: ms(300),
        backoff: (ms(10), ms(40)),
        settled: Duration::from_secs(60),
        last_posts: ms(5000),
        stop: ms(1000),
    }
}

fn nothing() -> Board {
    let fresh = gavel_chat::Freshness::Never { since: 0 };
    let people = Vec::new();
    let title = String::new();
    Board::Public(Arc::new(PublicView {
        seq: 0,
        title,
        fresh,
        topic: None,
        locked: false,
        streaming: None,
        people,
    }))
}

fn ask() -> Invocation {
    let asker = Asker {
        user: UserId::new("u"),
        name: Foreign::name("Sam"),
        claims: Vec::new(),
        trusted_device: None,
    };
    Invocation {
        ticket: Ticket(7),
        place: PlaceId::new("fake"),
        asker,
        input: Input::Text("roster".to_owned()),
    }
}

impl Stage {
    /// Waits until the network's health is such.
    async fn until(&mut self, health: impl Fn(&Option<Health>) -> bool) -> Option<Health> {
        let wait = self.status.wait_for(|status| health(&status.health));
        timeout(Duration::from_secs(20), wait).await.expect("in time").unwrap().health.clone()
    }

    async fn ended(self) -> Ended {
        timeout(Duration::from_secs(20), self.run).await.expect("in time").unwrap()
    }
}

fn is_down(health: &Option<Health>) -> bool {
    matches!(health, Some(Health::Down(_)))
}

fn is_up(health: &Option<Health>) -> bool {
    *health == Some(Health::Up)
}

#[tokio::test]
async fn a_frozen_one_is_declared_down_fenced_and_replaced() {
    let mut frozen = stage(&[Deed::Freeze, Deed::Work]);
    let mut other = stage(&[Deed::Work]);
    assert_eq!(frozen.until(is_down).await, Some(Health::Down("it froze".to_owned())));
    frozen.until(is_up).await;
    assert_eq!(frozen.network.opened.load(Ordering::SeqCst), 2, "while the first still spins");
    other.until(is_up).await;
    assert_eq!(other.network.opened.load(Ordering::SeqCst), 1, "nobody else was disturbed");

    frozen.network.spin.store(false, Ordering::Relaxed);
    let late = frozen.network.late.clone();
    let woken = async {
        while late.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), woken).await.expect("it wakes");
    assert_eq!(*late.lock().unwrap(), [Err(Refused::Revoked)], "what wakes late can say nothing");
    frozen.stop.send(true).unwrap();
    assert_eq!(frozen.ended().await, Ended::Stopped);
}

#[tokio::test]
async fn a_second_frozen_one_ends_the_process() {
    let stage = stage(&[Deed::Freeze, Deed::Freeze, Deed::Work]);
    let (network, spin) = (stage.network.clone(), stage.network.spin.clone());
    assert_eq!(stage.ended().await, Ended::Stuck);
    assert_eq!(network.opened.load(Ordering::SeqCst), 2);
    spin.store(false, Ordering::Relaxed);
}

#[tokio::test]
async fn one_whose_freeze_ends_is_replaced_at_once() {
    let long = Pace { replace: Duration::from_secs(600), ..fast() };
    let mut stage = stage_at(long, &[Deed::Freeze, Deed::Work]);
    stage.until(is_down).await;
    stage.network.spin.store(false, Ordering::Relaxed);
    stage.until(is_up).await;
    assert_eq!(stage.network.opened.load(Ordering::SeqCst), 2);
    stage.stop.send(true).unwrap();
    assert_eq!(stage.ended().await, Ended::Stopped);
}

#[tokio::test]
async fn panics_and_losses_are_opened_again() {
    let mut stage = stage(&[Deed::Panic, Deed::Lost, Deed::Work]);
    let opened = stage.network.clone();
    stage.until(|health| is_up(health) && opened.opened.load(Ordering::SeqCst) == 3).await;
    stage.stop.send(true).unwrap();
    assert_eq!(stage.ended().await, Ended::Stopped);
}

#[tokio::test]
async fn an_end_is_the_end_and_a_remedy_waits_for_a_person() {
    assert_eq!(stage(&[Deed::EndWell]).ended().await, Ended::Over);
    let mut stage = stage(&[Deed::Remedy]);
    assert_eq!(stage.until(is_down).await, Some(Health::Down("the token is wrong".to_owned())));
    stage.stop.send(true).unwrap();
    let network = stage.network.clone();
    assert_eq!(stage.ended().await, Ended::Stopped);
    assert_eq!(network.opened.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_asks_a_full_desk_is_answered() {
    let mut stage = stage(&[Deed::Ask]);
    let shown = stage.network.shown.clone();
    let answered = async {
        while shown.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), answered).await.expect("the second has no room");
    assert!(shown.lock().unwrap()[0].contains("Ticket(7)"), "{shown:?}");
    let first = stage.said.try_recv().unwrap();
    assert!(matches!(first.up, Up::Invoke(Invocation { ticket: Ticket(7), .. })), "{first:?}");
    stage.stop.send(true).unwrap();
    assert_eq!(stage.ended().await, Ended::Stopped);
}

#[tokio::test]
async fn one_that_does_not_stop_is_left_in_time() {
    let mut stage = stage(&[Deed::Deaf]);
    stage.until(is_up).await;
    stage.stop.send(true).unwrap();
    assert_eq!(stage.ended().await, Ended::Stopped);
}

#[tokio::test]
async fn the_card_of_one_incarnation_is_known_to_the_next() {
    let mut supervisor_places = vec![Place {
        id: PlaceId::new("fake"),
        board: watch::channel(nothing()).1,
        known: vec![(Key::Roster, MessageRef::new("old"))],
    }];
    let (_, posts) = mpsc::channel(1);
    let mut supervisor = Supervisor {
        network: Fake::new(&[Deed::Work]),
        places: std::mem::take(&mut supervisor_places),
        posts,
        desk: mpsc::channel(1).0,
        status: watch::channel(NetworkStatus { name: "fake", health: None, since: 0 }).0,
        stop: watch::channel(false).1,
        pace: fast(),
        clock: Clock::system(),
        mark: None,
    };
    supervisor.remember(&PlaceId::new("fake"), &Key::Roster, &MessageRef::new("new"));
    supervisor.remember(&PlaceId::new("fake"), &Key::Answer(1), &MessageRef::new("gone"));
    assert_eq!(supervisor.places[0].known, [(Key::Roster, MessageRef::new("new"))]);
}

#[test]
fn a_mark_is_put_on_once() {
    let title = Doc::new().strong("TEST: Thursday Line").say(": 3 in the room.");
    assert_eq!(marked("TEST", title.clone()), title);
    let foreign = Doc::new().foreign(&Foreign::text("TEST: I am the host"));
    for doc in [foreign, Doc::from("Room locked."), Doc::new()] {
        assert_eq!(marked("TEST", doc.clone()), Doc::new().strong("TEST").say(": ").then(doc));
    }
}
