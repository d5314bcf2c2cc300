use std::path::PathBuf;
use std::time::Duration;

use gavel_ami::Now;
use gavel_ami::model::{Caller, Differences, PhoneNumber, Refusal, ServiceKind, Tech};
use gavel_chat::text::plain;
use gavel_chat::{Class, Key, PlaceId, Post, UserId};
use tokio::time::Instant as Paused;

use super::*;
use crate::desk::Heard;
use crate::fixtures::{NOW, by, call, caller, look, person, snapshot};
use crate::store::{Trouble, TroubleKind};

fn room() -> RoomName {
    RoomName::new("thursday")
}

fn server() -> ServerName {
    ServerName::new("main")
}

fn bare(what: What) -> Entry {
    Entry {
        seq: 41,
        at: NOW,
        epoch: 2,
        room: Some(room()),
        call: None,
        number: None,
        what,
        by: None,
        resync: false,
        caller: None,
    }
}

/// Something about caller 12.
fn of(name: &str, what: What) -> Entry {
    Entry { call: Some(call(12)), number: Some(12), caller: Some(caller(name)), ..bare(what) }
}

fn done_by(who: &str, entry: Entry) -> Entry {
    Entry { by: Some(by(who)), ..entry }
}

fn joined() -> What {
    What::Joined { muted: false, waiting: false, count: 5 }
}

fn left(removed: bool, reason: Option<&str>) -> What {
    What::Left { after: 360_000, removed, reason: reason.map(str::to_owned), count: 4 }
}

fn up(after: Option<u64>, restarted: bool, left: u32, joined: u32) -> What {
    let found = Differences { left, joined, changed: 0, count: 5 };
    What::Link(LinkChange::Up { after, restarted, differences: vec![(room(), found)] })
}

fn order(id: u64, wish: Wish, end: Outcome) -> What {
    let order = Order { id: OrderId(id), by: by("Sam"), wish, reason: None, epoch: 1 };
    What::Order { order: Box::new(order), stage: Stage::Settled(end) }
}

#[test]
fn what_is_said_to_whom() {
    let skinny = Caller {
        name: Some("\u{1b}[31m@everyone\r\nforged".to_owned()),
        phone: PhoneNumber::default(),
        tech: Tech::Other("Skinny".into()),
        crew: true,
    };
    let down = LinkChange::Down { reason: "closed".to_owned() };
    let refused = LinkChange::Refused { reason: "Authentication failed".to_owned() };
    let entries = [
        of("Marta", joined()),
        of("+44 113 496 0017", joined()),
        of("", What::Joined { muted: true, waiting: true, count: 1 }),
        Entry { caller: Some(Arc::new(skinny)), ..of("", joined()) },
        of("Marta", left(false, None)),
        done_by("Sam", of("Marta", left(true, Some("noise")))),
        of("Marta", left(true, None)),
        done_by("Sam", of("Joel", What::Muted(true))),
        of("Joel", What::Muted(true)),
        of("Joel", What::Muted(false)),
        done_by("Dana", bare(What::Locked(true))),
        bare(What::Locked(true)),
        bare(What::Locked(false)),
        done_by("Dana", bare(What::Topic(Some("night buses".to_owned())))),
        done_by("Dana", bare(What::Topic(None))),
        done_by("Sam", of("Marta", What::Note(Some("refund".to_owned())))),
        done_by("Sam", of("Marta", What::Note(None))),
        done_by("Dana", bare(What::MuteAll(true))),
        done_by("Dana", bare(What::MuteAll(false))),
        bare(What::MuteAll(false)),
        bare(What::Recording(true)),
        bare(What::Service { kind: ServiceKind::Stream, on: true }),
        bare(What::Service { kind: ServiceKind::Music, on: false }),
        bare(What::ShowBegan(6)),
        bare(What::ShowEnded(6)),
        of("Joel", What::Waiting(true)),
        of("Joel", What::WrongCall { meant: call(3), muted: true }),
        bare(What::Link(down)),
        bare(What::Link(refused)),
        bare(up(None, false, 0, 3)),
        bare(up(Some(14_000), false, 2, 1)),
        bare(up(Some(14_000), false, 0, 0)),
        bare(up(Some(20_000), true, 8, 8)),
        bare(What::Desynchronised("64 KiB skipped".to_owned())),
    ];
    let say = |entry: &Entry, view, names| {
        let told = notice(entry, view, &look(names), &room(), &Zone::utc());
        told.map_or_else(|| "-".to_owned(), |told| plain(&told.change.doc))
    };
    let lines = entries.iter().map(|entry| {
        let views = [(View::Crew, false), (View::Public, false), (View::Public, true)];
        views.map(|(view, names)| say(entry, view, names)).join(" | ")
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
#12 Marta joined (SIP, ends 17). 5 in the room. | A caller joined. 5 in the room. | Marta joined. 5 in the room.
#12 no name, ends 17 joined (SIP). 5 in the room. | A caller joined. 5 in the room. | A caller joined. 5 in the room.
#12 no name, ends 17 joined (SIP), waits for a host. 1 in the room. | A caller joined. 1 in the room. | A caller joined. 1 in the room.
#12 [31m@everyone forged joined (Skinny, crew). 5 in the room. | A caller joined. 5 in the room. | [31m@everyone forged joined. 5 in the room.
#12 Marta left after 6 min. | A caller left. 4 in the room. | Marta left. 4 in the room.
#12 Marta removed by Sam: noise. | - | -
#12 Marta removed. | - | -
#12 Joel muted by Sam. | - | -
#12 Joel muted by phone. | - | -
#12 Joel unmuted by phone. | - | -
Room locked by Dana. | - | -
Room locked (by phone). | - | -
Room unlocked (by phone). | - | -
Topic: night buses (Dana). | Topic: night buses. | Topic: night buses.
Topic cleared (Dana). | - | -
Note on #12 Marta: refund (Sam). | - | -
Note on #12 Marta cleared (Sam). | - | -
All but the crew are muted by Dana; late callers too. | - | -
Mute all ended by Dana. | - | -
Mute all has ended: callers may speak. | - | -
Recording. | - | -
The stream is in the room. | - | -
Music left the room. | - | -
- | - | -
The show is over: numbers begin again. | - | -
- | - | -
#12 Joel was muted in another's place: Asterisk mixed them up. It is being undone. | - | -
Lost Asterisk 20:41:24. What you see may be old. | - | -
Asterisk refuses gavel's login: Authentication failed. It is tried again now and then. | - | -
- | - | -
Asterisk back after 14 s. 2 left, 1 joined meanwhile. | - | -
Asterisk back after 14 s. Nothing changed meanwhile. | - | -
Asterisk was restarted, back after 20 s. 8 left, 8 joined meanwhile. | - | -
Some of Asterisk's news was lost: the room is listed again. | - | -
");
}

struct Play {
    news: mpsc::Sender<News>,
    posts: mpsc::Receiver<Post>,
    stop: watch::Sender<bool>,
    picture: watch::Sender<Arc<RoomSnapshot>>,
    desk: mpsc::Receiver<Heard>,
    run: tokio::task::JoinHandle<()>,
}

/// Crew places `sam-room`, `quiet` (of another network), `full`; a public one, `all`.
#[allow(clippy::disallowed_methods, reason = "the test's own paused clock, and its one task")]
fn play() -> Play {
    let (news, heard) = mpsc::channel(512);
    let (network, posts) = mpsc::channel(512);
    let (told, desk) = mpsc::channel(512);
    let (stop, stopped) = watch::channel(false);
    let (picture, seen) = watch::channel(Arc::new(snapshot()));
    let place = |id: &str, network_name, view, verbosity| PlaceSetup {
        id: PlaceId::new(id),
        network: network_name,
        room: room(),
        view,
        verbosity,
        per_minute: 6,
        duty: if network_name == "other" { vec![UserId::new("other:sam")] } else { vec![] },
        posts: network.clone(),
        desk: told.clone(),
    };
    let places = vec![
        place("sam-room", "chat", View::Crew, Verbosity::Normal),
        place("quiet", "other", View::Crew, Verbosity::Quiet),
        place("full", "chat", View::Crew, Verbosity::Full),
        place("all", "chat", View::Public, Verbosity::Normal),
    ];
    let rooms =
        vec![RoomSetup { name: room(), server: server(), look: Arc::new(look(false)), snapshot: seen }];
    let clock = Clock::new(|| Now { mono: Paused::now().into_std(), wall: NOW });
    let announcer = Announcer::new(places, rooms, [OrderId(7), OrderId(8)], clock, Zone::utc());
    Play { news, posts, stop, picture, desk, run: tokio::spawn(announcer.run(heard, stopped)) }
}

impl Play {
    async fn tell(&self, entry: Entry) {
        self.news.send(News::Entry(server(), Arc::new(entry))).await.unwrap();
    }

    /// Everything that is posted until the end, as "place: text", edits with a "~".
    async fn end(mut self) -> Vec<String> {
        self.stop.send(true).unwrap();
        self.run.await.unwrap();
        let mut known = HashSet::new();
        let mut told = Vec::new();
        while let Ok(post) = self.posts.try_recv() {
            assert!(post.answers.is_none());
            assert!(post.wake.is_empty() || post.class == Class::Alert && post.place.as_str() == "quiet");
            let edit = if known.insert((post.place.clone(), post.key.clone())) { "" } else { "~" };
            told.push(format!("{edit}{}: {}", post.place, plain(&post.doc)));
        }
        told
    }

    async fn next(&mut self) -> Post {
        self.posts.recv().await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn the_place_whose_answer_tells_it_is_left_out() {
    let play = play();
    play.tell(done_by("Sam", of("Joel", What::Muted(true)))).await;
    play.tell(of("Marta", joined())).await;
    assert_eq!(
        play.end().await,
        [
            "full: #12 Joel muted by Sam.",
            "sam-room: #12 Marta joined (SIP, ends 17). 5 in the room.",
            "full: #12 Marta joined (SIP, ends 17). 5 in the room.",
            "all: A caller joined. 5 in the room.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_desk_is_told_whom_each_notice_is_about() {
    let mut play = play();
    let mut of_marta = of("Marta", joined());
    of_marta.call = Some(call(12));
    play.tell(of_marta.clone()).await;
    play.tell(of_marta.clone()).await;
    play.tell(bare(What::Link(LinkChange::Refused { reason: String::new() }))).await;
    for number in 13..=18 {
        let (number, call) = (Some(number), Some(call(number)));
        play.tell(Entry { number, call, ..of_marta.clone() }).await;
    }
    play.stop.send(true).unwrap();
    (&mut play.run).await.unwrap();
    let mut told = Vec::new();
    while let Ok(heard) = play.desk.try_recv() {
        let Heard::Notice { place, notice, about } = heard else { panic!("{heard:?}") };
        if place.as_str() == "sam-room" {
            told.push((notice - NOW, about));
        }
    }
    let of = |number| Some((number, call(number)));
    assert_eq!(told, [(0, of(12)), (1, of(12)), (2, None), (3, of(13)), (3, None)]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_is_one_line_and_so_is_its_return() {
    let play = play();
    play.tell(bare(up(None, false, 0, 3))).await;
    play.tell(bare(What::Link(LinkChange::Down { reason: String::new() }))).await;
    for _ in 0..2 {
        play.tell(Entry { resync: true, ..of("Marta", left(false, None)) }).await;
    }
    play.tell(Entry { resync: true, ..of("Ali", joined()) }).await;
    play.tell(Entry { resync: true, ..bare(What::MuteAll(false)) }).await;
    play.tell(bare(up(Some(14_000), false, 2, 1))).await;
    let told = play.end().await;
    let of_place = |id: &str| told.iter().filter_map(|line| line.strip_prefix(id)).collect::<Vec<_>>();
    let expected = [
        ": Lost Asterisk 20:41:24. What you see may be old.",
        ": Mute all has ended: callers may speak.",
        ": Asterisk back after 14 s. 2 left, 1 joined meanwhile.",
    ];
    assert_eq!(of_place("sam-room"), expected);
    assert_eq!(of_place("quiet"), expected, "urgent enough for the quiet ones");
    assert_eq!(of_place("all"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_must_act_on_wakes_who_is_on_duty() {
    let mut play = play();
    play.tell(bare(up(None, false, 0, 3))).await;
    play.tell(bare(What::Link(LinkChange::Down { reason: String::new() }))).await;
    play.tell(bare(up(Some(14_000), false, 0, 0))).await;
    let mut woken = Vec::new();
    for _ in 0..6 {
        let post = play.next().await;
        if post.place.as_str() == "quiet" {
            woken.push((plain(&post.doc), post.wake));
        }
    }
    let sam = vec![UserId::new("other:sam")];
    let lost = "Lost Asterisk 20:41:24. What you see may be old.".to_owned();
    let back = "Asterisk back after 14 s. Nothing changed meanwhile.".to_owned();
    assert_eq!(woken, [(lost, sam), (back, vec![])], "good news wakes nobody");
}

#[tokio::test(start_paused = true)]
async fn what_was_never_there_is_not_lost() {
    let play = play();
    let down = || bare(What::Link(LinkChange::Down { reason: String::new() }));
    for entry in [down(), down(), bare(up(None, false, 0, 3)), down()] {
        play.tell(entry).await;
    }
    let told: Vec<_> = play.end().await.into_iter().filter(|line| line.starts_with("quiet")).collect();
    assert_eq!(
        told,
        [
            "quiet: Asterisk can't be reached yet. gavel goes on trying; status says why.",
            "quiet: Asterisk is there now. 5 in the room.",
            "quiet: Lost Asterisk 20:41:24. What you see may be old.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_once_until_it_works() {
    let play = play();
    let refused = || bare(What::Link(LinkChange::Refused { reason: "no".to_owned() }));
    for entry in [refused(), refused(), bare(up(Some(1000), false, 0, 0)), refused()] {
        play.tell(entry).await;
    }
    let told = play.end().await;
    assert_eq!(told.iter().filter(|line| line.starts_with("quiet: Asterisk refuses")).count(), 2, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn two_hundred_joins_are_six_messages_at_most() {
    let play = play();
    for number in 1..=200 {
        let entry = Entry { number: Some(number), call: Some(call(number)), ..of("Marta", joined()) };
        play.tell(entry).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let told = play.end().await;
    let fresh = told.iter().filter(|line| line.starts_with("sam-room: ")).count();
    assert!((1..=6).contains(&fresh), "{fresh}");
    let last = told.iter().rfind(|line| line.starts_with("~sam-room: ")).unwrap();
    assert!(last.contains("#200"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_mute_all_is_one_line_and_not_one_per_caller() {
    let play = play();
    let dana = |entry| done_by("Dana", entry);
    play.tell(dana(bare(What::MuteAll(true)))).await;
    for _ in 0..9 {
        play.tell(dana(of("Joel", What::Muted(true)))).await;
    }
    play.tell(done_by("Lee", of("Joel", What::Muted(false)))).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    play.tell(dana(of("Late", What::Muted(true)))).await;
    play.tell(dana(bare(What::MuteAll(false)))).await;
    play.tell(dana(of("Joel", What::Muted(false)))).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    play.tell(dana(of("Joel", What::Muted(false)))).await;
    let told: Vec<_> = play.end().await.into_iter().filter(|line| line.starts_with("sam-room")).collect();
    assert_eq!(
        told,
        [
            "sam-room: All but the crew are muted by Dana; late callers too.",
            "sam-room: #12 Joel unmuted by Lee.",
            "sam-room: Mute all ended by Dana.",
            "sam-room: #12 Joel unmuted by Dana.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn who_lags_tells_the_difference_and_goes_on() {
    let play = play();
    let mut later = snapshot();
    later.people.remove(1);
    later.people.extend([person(20, "Ali"), person(21, "Bea")]);
    later.seq = 90;
    play.picture.send_replace(Arc::new(later));
    play.news.send(News::Missed(server())).await.unwrap();
    play.tell(Entry { seq: 90, ..of("Bea", joined()) }).await;
    play.tell(Entry { seq: 91, ..of("Cem", joined()) }).await;
    play.news.send(News::Missed(ServerName::new("other"))).await.unwrap();
    let told: Vec<_> = play.end().await.into_iter().filter(|line| !line.starts_with("full")).collect();
    assert_eq!(
        told,
        [
            "sam-room: Much happened at once: 1 left, 2 joined. 4 in the room.",
            "quiet: Much happened at once: 1 left, 2 joined. 4 in the room.",
            "all: 1 left, 2 joined. 4 in the room.",
            "sam-room: #12 Cem joined (SIP, ends 17). 5 in the room.",
            "all: A caller joined. 5 in the room.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_ordered_is_told_when_it_is_settled() {
    let mut play = play();
    let kick = || Wish::Kick { call: call(12) };
    play.tell(of("Joel", order(7, kick(), Outcome::Done))).await;
    play.tell(of("Joel", order(7, kick(), Outcome::Done))).await;
    play.tell(of("Joel", order(99, kick(), Outcome::Done))).await;
    let refused = Outcome::Refused(Refusal::NotSent);
    play.tell(Entry { room: None, ..bare(order(8, Wish::Lock { room: room(), on: true }, refused)) }).await;
    let first = play.next().await;
    assert_eq!(first.class, Class::Alert);
    assert_eq!(plain(&first.doc), "Asked by Sam before gavel was restarted: #12 Joel removed.");
    let told = play.end().await;
    assert_eq!(told.len(), 5, "two orders, three crew places: {told:?}");
    assert!(
        told[2].ends_with("The link to Asterisk was lost before anything was sent. Nothing was done."),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_network_is_told_in_the_others() {
    let play = play();
    let status = |health, since| News::Network(NetworkStatus { name: "chat", health, since });
    let down = || Some(Health::Down("it froze".to_owned()));
    for news in [
        status(None, NOW),
        status(Some(Health::Up), NOW),
        status(down(), NOW),
        status(None, NOW + 1000),
        status(down(), NOW + 2000),
        status(Some(Health::Up), NOW + 14_000),
    ] {
        play.news.send(news).await.unwrap();
    }
    assert_eq!(
        play.end().await,
        [
            "quiet: chat is down since 20:41:24: it froze. Nobody there sees or does anything.",
            "quiet: chat is back after 14 s.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn trouble_with_the_state_is_told_once() {
    let play = play();
    let trouble =
        || Trouble { kind: TroubleKind::Full, path: PathBuf::from("/x/gavel.db"), detail: String::new() };
    let failing = |since| News::Store(StoreHealth::Failing { since, trouble: trouble() });
    for news in [
        News::Store(StoreHealth::Good { missed: 0 }),
        failing(NOW),
        failing(NOW + 2000),
        News::Store(StoreHealth::Good { missed: 3 }),
    ] {
        play.news.send(news).await.unwrap();
    }
    let told: Vec<_> = play.end().await.into_iter().filter(|line| line.starts_with("quiet")).collect();
    assert_eq!(
        told,
        [
            "quiet: The disk for gavel's state is full. The phones are fine; what happens now may be forgotten when gavel is restarted.",
            "quiet: gavel's state is written again. 3 lines of the log were lost.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn who_talks_is_told_where_it_is_wanted() {
    let play = play();
    let mut talking = snapshot();
    talking.people[2].talking = Some(NOW);
    for picture in [snapshot(), talking.clone(), talking, snapshot()] {
        play.news.send(News::Picture(Arc::new(picture))).await.unwrap();
    }
    assert_eq!(play.end().await, ["full: #7 Joel talks."]);
}

#[tokio::test(start_paused = true)]
async fn notices_have_keys_of_their_own() {
    let mut play = play();
    play.tell(of("Marta", joined())).await;
    let post = play.next().await;
    assert_eq!((post.key, post.class), (Key::Notice(NOW), Class::Notice));
}
