//! The desk with a core, a disk and a network that the test plays. Time stands still unless everybody waits.

use std::sync::{Arc, Mutex};

use gavel_ami::Now;
use gavel_ami::model::{Already, Entry, Order, Outcome, RoomName, RoomSnapshot, Stage, What, Wish};
use gavel_chat::text::{Foreign, plain};
use gavel_chat::{
    Asker, Audience, Choice, Claim, Input, Invocation, Key, MessageRef, Partial, Post, Press, Ticket, UserId,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::bindings::*;
use super::*;
use crate::access::Rules;
use crate::board::View;
use crate::commands::Server;
use crate::desk::intents::Written;
use crate::fixtures::{self, call, look, snapshot};

struct FakeCore {
    orders: mpsc::UnboundedSender<(Order, Instant)>,
    busy: bool,
}

impl Exchange for FakeCore {
    fn order(&self, order: Order) -> Result<(), Busy> {
        #[allow(clippy::disallowed_methods, reason = "the test's own paused clock")]
        let now = Instant::now();
        self.orders.send((order, now)).unwrap();
        if self.busy { Err(Busy) } else { Ok(()) }
    }

    fn status(&self) -> Server {
        Server { name: ServerName::new("main"), up: true, since: fixtures::NOW, version: None, trouble: None }
    }
}

/// Writes at once, or never.
#[derive(Clone, Default)]
struct FakeDisk {
    broken: bool,
    settled: Arc<Mutex<Vec<OrderId>>>,
    cards: Arc<Mutex<Vec<MessageRef>>>,
}

impl Intents for FakeDisk {
    fn intend(&self, _: &ServerName, _: &Order, _: u64) -> Written {
        if self.broken { Box::pin(std::future::pending()) } else { Box::pin(std::future::ready(())) }
    }

    fn settle(&self, order: OrderId, _: &Outcome, _: u64) {
        self.settled.lock().unwrap().push(order);
    }

    fn card(&self, _: &PlaceId, _: &Key, message: &MessageRef) {
        self.cards.lock().unwrap().push(message.clone());
    }
}

struct Play {
    said: mpsc::Sender<Said>,
    heard: mpsc::Sender<Heard>,
    stop: watch::Sender<bool>,
    posts: mpsc::Receiver<Post>,
    orders: mpsc::UnboundedReceiver<(Order, Instant)>,
    disk: FakeDisk,
    began: Instant,
    run: JoinHandle<()>,
    snapshot: watch::Sender<Arc<RoomSnapshot>>,
}

#[allow(clippy::disallowed_methods, reason = "the test's own paused clock, and its one task")]
fn stage(disk: FakeDisk, busy: bool) -> Play {
    let (said, said_here) = mpsc::channel(16);
    let (heard, heard_here) = mpsc::channel(16);
    let (stop, stopped) = watch::channel(false);
    let (network, posts) = mpsc::channel(64);
    let (core, orders) = mpsc::unbounded_channel();
    let (keep, seen) = watch::channel(Arc::new(snapshot()));
    let room = RoomName::new("thursday");
    let place = |view| PlaceDesk { room: room.clone(), view, posts: network.clone() };
    let given = |role: &str| vec![role.to_owned()];
    let rules = Rules { cohost: given("chat:role:1"), screener: given("chat:role:2"), ..Rules::default() };
    let server = ServerName::new("main");
    let look = Arc::new(look(false));
    let bindings = Bindings {
        places: HashMap::from([
            (PlaceId::new("chat:crew"), place(View::Crew)),
            (PlaceId::new("chat:more"), place(View::Crew)),
            (PlaceId::new("chat:all"), place(View::Public)),
        ]),
        rooms: HashMap::from([(room, RoomDesk { server: server.clone(), snapshot: seen, look, rules })]),
        servers: HashMap::from([(server, Box::new(FakeCore { orders: core, busy }) as ServerDesk)]),
        networks: vec![],
    };
    let began = Instant::now();
    let clock = Clock::new(|| Now { mono: Instant::now().into_std(), wall: fixtures::NOW });
    let desk = Desk::new(bindings, Box::new(disk.clone()), clock, Zone::utc(), OrderId(50));
    let ears = Ears { said: said_here, heard: heard_here, stop: stopped };
    let run = tokio::spawn(desk.run(ears));
    Play { said, heard, stop, posts, orders, disk, began, run, snapshot: keep }
}

fn asker(claims: &[&str]) -> Asker {
    let claims = claims.iter().map(|&claim| Claim(claim.to_owned())).collect();
    Asker { user: UserId::new("chat:sam"), name: Foreign::name("Sam"), claims, trusted_device: None }
}

impl Play {
    async fn ask(&self, place: &str, claims: &[&str], input: Input) {
        let invocation =
            Invocation { ticket: Ticket(7), place: PlaceId::new(place), asker: asker(claims), input };
        self.said.send(Said { network: "chat", up: Up::Invoke(invocation) }).await.unwrap();
    }

    async fn type_in(&self, place: &str, words: &str) {
        self.ask(place, &["chat:role:1"], Input::Text(words.to_owned())).await;
    }

    async fn post(&mut self) -> Post {
        self.posts.recv().await.unwrap()
    }

    /// The next post's text, and whether it is the last word; it answers the ticket.
    async fn answer(&mut self) -> (String, bool) {
        let post = self.post().await;
        assert_eq!(post.answers, Some(Ticket(7)));
        (plain(&post.doc), post.last)
    }

    async fn ordered(&mut self) -> Order {
        self.orders.recv().await.unwrap().0
    }

    async fn tell(&self, order: &Order, stage: Stage) {
        let what = What::Order { order: Box::new(order.clone()), stage };
        let entry = Entry {
            seq: 41,
            at: fixtures::NOW,
            epoch: 2,
            room: None,
            call: None,
            number: None,
            what,
            by: Some(order.by.clone()),
            resync: false,
            caller: None,
        };
        self.heard.send(Heard::Entry(Arc::new(entry))).await.unwrap();
    }

    async fn complete(&self, place: &str, claims: &[&str], command: &str, typed: &str) -> Vec<Choice> {
        let (tell, told) = oneshot::channel();
        let text = |text: &str| text.to_owned();
        let partial = Partial {
            place: PlaceId::new(place),
            asker: asker(claims),
            command: text(command),
            slot: String::new(),
            typed: text(typed),
        };
        self.said.send(Said { network: "chat", up: Up::Complete(partial, tell) }).await.unwrap();
        told.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_answered_ordered_and_told() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.type_in("chat:crew", "mute 7").await;
    let first = stage.post().await;
    assert_eq!((plain(&first.doc).as_str(), first.last), ("Muting #7 Joel...", false));
    assert_eq!((first.answers, first.audience), (Some(Ticket(7)), Audience::Place));
    let order = stage.ordered().await;
    assert_eq!((order.id, order.epoch), (OrderId(50), 2));
    assert_eq!((order.by.who.as_str(), order.by.place.as_str(), order.by.rank), ("Sam", "chat:crew", 2));
    assert_eq!(order.wish, Wish::Mute { call: call(7), on: true });
    stage.tell(&order, Stage::Sent).await;
    stage.tell(&order, Stage::Settled(Outcome::Done)).await;
    let last = stage.post().await;
    assert_eq!((plain(&last.doc).as_str(), last.last), ("#7 Joel muted.", true));
    assert_eq!(last.key, first.key, "an edit, not another message");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_never_writes_delays_an_act_by_100_ms_and_its_answer_not_at_all() {
    let mut stage = stage(FakeDisk { broken: true, ..FakeDisk::default() }, false);
    for words in ["mute 7", "kick 3", "lock"] {
        stage.type_in("chat:crew", words).await;
    }
    for _ in 0..3 {
        assert!(!stage.answer().await.1);
    }
    assert_eq!(stage.began.elapsed(), Duration::ZERO);
    let wishes = [stage.ordered().await.wish, stage.ordered().await.wish, stage.ordered().await.wish];
    assert!(matches!(wishes, [Wish::Mute { .. }, Wish::Kick { .. }, Wish::Lock { .. }]), "in their order");
    let waited = stage.began.elapsed();
    assert!((Duration::from_millis(100)..Duration::from_millis(110)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn every_ticket_gets_a_last_word() {
    let mut stage = stage(FakeDisk::default(), false);
    for (words, answer) in [
        ("", "Type help for what you can do here."),
        ("mtue 7", "There is no \"mtue\". Did you mean mute?"),
        ("mute", "Usage: mute N.. or mute all"),
        ("kick 3 5 minutes", "Nothing done. Which one?\nkick 3: 5 minutes\nkick 3 5: minutes"),
        ("kick 9", "There is no #9."),
        ("kick joel", "That is #7 Joel. Say: kick 7"),
        ("topic", "There is no topic."),
    ] {
        stage.type_in("chat:crew", words).await;
        assert_eq!(stage.answer().await, (answer.to_owned(), true), "{words}");
    }
    stage.type_in("chat:all", "who 7").await;
    assert_eq!(stage.answer().await.0, "Ask in the crew's room.");
    stage.ask("chat:crew", &[], Input::Text("mute 7".to_owned())).await;
    let denied = stage.post().await;
    assert_eq!((plain(&denied.doc).as_str(), denied.audience), ("Co-hosts only.", Audience::Asker));
}

#[tokio::test(start_paused = true)]
async fn a_place_without_a_room_is_answered_nothing() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.type_in("chat:elsewhere", "mute 7").await;
    stage.type_in("chat:crew", "topic").await;
    assert_eq!(stage.post().await.place, PlaceId::new("chat:crew"));
    assert_eq!(stage.complete("chat:elsewhere", &["chat:role:1"], "", "").await, []);
}

#[tokio::test(start_paused = true)]
async fn two_of_the_crew_are_each_told_their_truth() {
    let mut stage = stage(FakeDisk::default(), false);
    for (place, words) in [("chat:crew", "mute 7"), ("chat:more", "mute 7"), ("chat:more", "unmute 7")] {
        stage.type_in(place, words).await;
        stage.answer().await;
    }
    let [sam, lee, dana] = [stage.ordered().await, stage.ordered().await, stage.ordered().await];
    let already = Already { by: Some(fixtures::by("Sam")), at: None, under_way: true };
    stage.tell(&lee, Stage::Settled(Outcome::Already(already))).await;
    assert_eq!(stage.answer().await.0, "#7 Joel: Sam is doing this already.");
    stage.tell(&sam, Stage::Settled(Outcome::Replaced(fixtures::by("Dana")))).await;
    let replaced = stage.post().await;
    assert_eq!(
        (replaced.place.as_str(), plain(&replaced.doc).as_str()),
        ("chat:crew", "#7 Joel: Dana ordered the opposite.")
    );
    stage.tell(&dana, Stage::Settled(Outcome::Done)).await;
    assert_eq!(stage.answer().await.0, "#7 Joel unmuted.");
}

#[tokio::test(start_paused = true)]
async fn a_core_that_takes_no_more_is_a_refusal() {
    let mut stage = stage(FakeDisk::default(), true);
    stage.type_in("chat:crew", "mute 7").await;
    stage.answer().await;
    assert_eq!(
        stage.answer().await,
        ("Too much is under way: ask again in a moment. Nothing was done.".to_owned(), true)
    );
    assert_eq!(*stage.disk.settled.lock().unwrap(), [OrderId(50)], "its intent does not stay open");
}

#[tokio::test(start_paused = true)]
async fn missed_entries_leave_nobody_waiting() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.type_in("chat:crew", "mute 7").await;
    stage.answer().await;
    stage.heard.send(Heard::Missed(ServerName::new("main"))).await.unwrap();
    assert_eq!(
        stage.answer().await,
        ("#7 Joel: the outcome was missed. Look at the roster.".to_owned(), true)
    );
    assert_eq!(stage.began.elapsed().as_secs(), 35);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_reaches_the_other_crew_places() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.type_in("chat:crew", "say Dana is late").await;
    let notice = stage.post().await;
    assert_eq!((notice.place.as_str(), plain(&notice.doc).as_str()), ("chat:more", "Sam says: Dana is late"));
    assert!(notice.answers.is_none() && notice.wake.is_empty());
    assert_eq!(stage.answer().await, ("Told 1 other place.".to_owned(), true));
}

#[tokio::test(start_paused = true)]
async fn who_may_not_gets_no_choices() {
    let stage = stage(FakeDisk::default(), false);
    let values = |choices: Vec<Choice>| choices.into_iter().map(|choice| choice.value).collect::<Vec<_>>();
    let cohost = &["chat:role:1"][..];
    assert_eq!(values(stage.complete("chat:crew", cohost, "mute", "").await), ["all", "1", "3", "7"]);
    assert_eq!(values(stage.complete("chat:crew", cohost, "kick", "jo").await), ["7"]);
    assert_eq!(values(stage.complete("chat:crew", cohost, "", "un").await), ["unmute", "unlock"]);
    assert_eq!(values(stage.complete("chat:crew", &[], "mute", "").await), [""; 0]);
    assert_eq!(values(stage.complete("chat:crew", &[], "", "").await), ["roster", "topic", "help"]);
    assert_eq!(
        values(stage.complete("chat:all", cohost, "who", "").await),
        [""; 0],
        "not where anybody reads"
    );
    let public = stage.complete("chat:all", cohost, "mute", "7").await;
    assert_eq!(public[0].label.as_str(), "7 no name");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_nobody_is_left_waiting() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.type_in("chat:crew", "kick 3").await;
    stage.type_in("chat:crew", "mute 7").await;
    stage.answer().await;
    stage.answer().await;
    let (kick, _) = (stage.ordered().await, stage.ordered().await);
    stage.stop.send(true).unwrap();
    stage.type_in("chat:crew", "mute 1").await;
    assert_eq!(stage.answer().await, ("gavel is ending. Nothing was done.".to_owned(), true));
    stage.tell(&kick, Stage::Settled(Outcome::Done)).await;
    assert_eq!(
        stage.answer().await,
        ("#3 Marta removed.".to_owned(), true),
        "what is settled meanwhile is told"
    );
    let (said, last) = stage.answer().await;
    assert_eq!(said, "Muting #7 Joel... gavel stops here; what became of it is told when it is back.");
    assert!(last);
    stage.run.await.unwrap();
    assert!(stage.began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn cards_are_kept() {
    let stage = stage(FakeDisk::default(), false);
    let up = Up::Sent { place: PlaceId::new("chat:crew"), key: Key::Roster, message: MessageRef::new("m1") };
    stage.said.send(Said { network: "chat", up }).await.unwrap();
    stage.complete("chat:crew", &[], "", "").await;
    assert_eq!(*stage.disk.cards.lock().unwrap(), [MessageRef::new("m1")]);
}

mod pressed;
mod signed;
