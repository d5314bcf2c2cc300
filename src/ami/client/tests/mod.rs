//! The client on real sockets, against a scripted server.

mod server;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::server::{LONG, Peer, Server};
use super::*;
use crate::model::*;
use crate::session::{Pace, Secret};

const MS: Duration = Duration::from_millis(1);

fn room() -> RoomName {
    RoomName::new("thursday")
}

fn pbx() -> PbxSetup {
    let room = RoomSetup {
        name: room(),
        conference: ConferenceName::new("200"),
        lobby: None,
        kind: ConferenceKind::ConfBridge,
        crew: Vec::new(),
        services: Vec::new(),
        show_ends_after: LONG,
        topic_variable: Some("TOPIC".into()),
    };
    PbxSetup { server: ServerName::new("main"), rooms: vec![room] }
}

fn setup(port: u16) -> ClientSetup {
    let address = Address::Tcp { host: "127.0.0.1".into(), port };
    let retry = Retry { first: 10 * MS, refused: 200 * MS, ..Retry::default() };
    ClientSetup::new(address, "bot", Secret::new("botsecret")).unwrap().with(retry, Pace::default())
}

/// A running client.
struct Client {
    handle: Handle,
    ledger: mpsc::Receiver<LedgerFeed>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Client {
    fn start(setup: ClientSetup) -> Self {
        let (handle, mut driver) = client(setup, pbx(), Restored::default());
        let ledger = driver.ledger().unwrap();
        assert!(driver.ledger().is_none());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run(stopped));
        Self { handle, ledger, stop, tasks }
    }

    async fn status(&self, wanted: impl FnMut(&LinkStatus) -> bool) -> LinkStatus {
        timeout(LONG, self.handle.status().wait_for(wanted)).await.expect("no such status").unwrap().clone()
    }

    async fn picture(&self, wanted: impl FnMut(&Arc<RoomSnapshot>) -> bool) -> Arc<RoomSnapshot> {
        let mut room = self.handle.room(&room()).unwrap();
        timeout(LONG, room.wait_for(wanted)).await.expect("no such picture").unwrap().clone()
    }

    async fn up(&self) -> Arc<RoomSnapshot> {
        self.picture(|p| p.link == Link::Up).await
    }

    async fn end(mut self) {
        self.stop.send_replace(true);
        timeout(LONG, self.tasks.join_next()).await.expect("it does not stop").unwrap().unwrap();
    }
}

fn joined(n: u32) -> String {
    format!(
        "ConfbridgeJoin\r\nConference: 200\r\nChannel: PJSIP/c-{n:08x}\r\nCallerIDNum: 7{n}\r\nCallerIDName: C{n}\r\n\
         Uniqueid: 1795392890.{n}\r\nAdmin: No\r\nMuted: No"
    )
}

fn talking(n: u32, on: bool) -> String {
    let on = if on { "on" } else { "off" };
    format!(
        "ConfbridgeTalking\r\nConference: 200\r\nChannel: PJSIP/c-{n:08x}\r\nUniqueid: 1795392890.{n}\r\n\
         TalkingStatus: {on}\r\nAdmin: No"
    )
}

fn order(id: u64, epoch: u64, wish: Wish) -> Order {
    let by = By { who: "Sam".into(), place: "test".into(), rank: 1 };
    Order { id: OrderId(id), by, wish, reason: None, epoch }
}

async fn outcome(entries: &mut broadcast::Receiver<Arc<Entry>>, id: u64) -> Outcome {
    loop {
        let entry = timeout(LONG, entries.recv()).await.expect("no outcome").unwrap();
        if let What::Order { order, stage: Stage::Settled(outcome) } = &entry.what
            && order.id.0 == id
        {
            return outcome.clone();
        }
    }
}

#[tokio::test]
async fn what_happens_is_seen_before_it_is_told() {
    let server = Server::start().await;
    let client = Client::start(setup(server.port()));
    let mut entries = client.handle.entries();
    let mut peer = server.accept().await;
    let first = peer.run(client.up()).await;
    assert_eq!((first.epoch, first.people.len()), (1, 0));
    let status = client.status(|s| s.connected).await;
    assert_eq!((status.ami.as_deref(), status.epoch, status.reconnects), (Some("11.0.0"), 1, 0));
    peer.event(&joined(1)).await;
    let room = client.handle.room(&room()).unwrap();
    peer.serve(async {
        loop {
            let entry = entries.recv().await.unwrap();
            assert!(room.borrow().seq >= entry.seq);
            if matches!(entry.what, What::Joined { .. }) {
                return;
            }
        }
    })
    .await;
    assert_eq!(room.borrow().people[0].caller.name.as_deref(), Some("C1"));
    client.stop.send_replace(true);
    while peer.answer().await {}
    assert!(peer.asked.iter().all(|a| a.view().get("Secret").is_none()), "by challenge on an open link");
    client.end().await;
}

#[tokio::test]
async fn dropped_mid_frame_is_lost_and_found_with_a_new_epoch() {
    let server = Server::start().await;
    let client = Client::start(setup(server.port()));
    let mut peer = server.accept().await;
    peer.run(client.up()).await;
    peer.event(&joined(1)).await;
    peer.serve(client.picture(|p| p.people.len() == 1)).await;
    peer.say("Event: ConfbridgeLeave\r\nConference: 2").await;
    drop(peer);
    let lost = client.picture(|p| p.link != Link::Up).await;
    assert!(matches!(lost.link, Link::Stale { .. }), "{:?}", lost.link);
    let status = client.status(|s| !s.connected).await;
    assert_eq!(status.error.as_deref(), Some("Asterisk closed the connection"));
    let mut peer = server.accept().await;
    let again = peer.run(client.up()).await;
    assert_eq!((again.epoch, again.people.len()), (2, 0), "the list knows that the one who was in is gone");
    let status = client.status(|s| s.connected).await;
    assert_eq!((status.epoch, status.reconnects), (2, 1));
    client.end().await;
}

#[tokio::test]
async fn a_link_that_is_lost_after_each_login_is_not_hammered() {
    let server = Server::start().await;
    let client = Client::start(setup(server.port()));
    let begun = now();
    for epoch in 1..=5 {
        let mut peer = server.accept().await;
        peer.run(client.status(|s| s.connected && s.epoch == epoch)).await;
    }
    assert!(
        begun.elapsed() >= 75 * MS,
        "10 + 20 + 40 + 80 ms, a quarter less at most: {:?}",
        begun.elapsed()
    );
    client.end().await;
}

#[tokio::test]
async fn a_silent_server_is_noticed_and_left() {
    let server = Server::start().await;
    let pace =
        Pace { idle: 500 * MS, patience: 500 * MS, action: 1000 * MS, blocked: 2000 * MS, ..Pace::default() };
    let calm = setup(server.port());
    let retry = calm.retry;
    let client = Client::start(calm.with(retry, pace));
    let mut peer = server.accept().await;
    peer.run(client.up()).await;
    let mut second = server.accept().await;
    assert_eq!(client.status(|s| !s.connected).await.error.as_deref(), Some("the link fell silent"));
    second.run(client.up()).await;
    drop(peer);
    client.end().await;
}

#[tokio::test]
async fn a_silent_port_is_not_waited_for_long() {
    let server = Server::start().await;
    let calm = setup(server.port());
    let retry = calm.retry;
    let client = Client::start(calm.with(retry, Pace { banner: 500 * MS, ..Pace::default() }));
    let silent = server.accept().await;
    server.accept().await.run(client.up()).await;
    drop(silent);
    client.end().await;
}

#[tokio::test]
async fn a_refused_login_is_tried_again_seldom() {
    let server = Server::start().await;
    let begun = now();
    let client = Client::start(setup(server.port()));
    let mut entries = client.handle.entries();
    let refuse = async |mut peer: Peer| {
        peer.say("Asterisk Call Manager/11.0.0\r\n").await;
        let challenge = peer.action().await.unwrap();
        peer.respond(&challenge, "Success\r\nChallenge: 1").await;
        let login = peer.action().await.unwrap();
        peer.respond(&login, "Error\r\nMessage: Authentication failed").await;
    };
    refuse(server.accept().await).await;
    let status = client.status(|s| s.error.is_some()).await;
    assert_eq!(status.error.as_deref(), Some("the login was refused: Authentication failed"));
    let second = server.accept().await;
    assert!(begun.elapsed() >= 150 * MS, "200 ms, a quarter less at most: {:?}", begun.elapsed());
    refuse(second).await;
    server.accept().await.run(client.up()).await;
    let told: Vec<_> = std::iter::from_fn(|| entries.try_recv().ok()).map(|e| e.what.clone()).collect();
    let What::Link(LinkChange::Refused { reason }) = &told[0] else { panic!("{told:?}") };
    assert_eq!(reason, "Authentication failed");
    assert!(matches!(told[1..], [What::Link(LinkChange::Up { .. }), ..]), "told once: {told:?}");
    client.end().await;
}

#[tokio::test]
async fn an_order_that_would_inject_reaches_no_socket() {
    let server = Server::start().await;
    let client = Client::start(setup(server.port()));
    let mut entries = client.handle.entries();
    let mut peer = server.accept().await;
    let epoch = peer.run(client.up()).await.epoch;
    let evil = ["x\r\n\r\nAction: Originate\r\n".to_owned(), "x\0".into(), "x".repeat(1001)];
    for (n, text) in evil.into_iter().enumerate() {
        let wish = Wish::Topic { room: room(), text: Some(text) };
        client.handle.order(order(n as u64, epoch, wish)).unwrap();
        let outcome = peer.serve(outcome(&mut entries, n as u64)).await;
        assert!(matches!(outcome, Outcome::Refused(Refusal::BadText(_))), "{outcome:?}");
    }
    let wish = Wish::Topic { room: room(), text: Some("fine".into()) };
    client.handle.order(order(9, epoch, wish)).unwrap();
    peer.serve(async {
        assert_eq!(outcome(&mut entries, 9).await, Outcome::Done);
        tokio::task::yield_now().await;
    })
    .await;
    client.stop.send_replace(true);
    while peer.answer().await {}
    let set: Vec<_> = peer.asked.iter().filter(|a| a.view().get("Action") == Some(b"Setvar")).collect();
    assert_eq!(set.len(), 1);
    assert_eq!(set[0].view().get("Value"), Some(&b"fine"[..]));
    client.end().await;
}

#[tokio::test]
async fn a_subscriber_that_stalls_lags_alone() {
    let server = Server::start().await;
    let client = Client::start(setup(server.port()));
    let mut stalled = client.handle.entries();
    let mut peer = server.accept().await;
    peer.run(client.up()).await;
    // 25 000 who come and go: as many entries, none of them read.
    let mut burst = String::new();
    for n in 1..=25_000 {
        let leave = joined(n).replace("ConfbridgeJoin", "ConfbridgeLeave");
        burst += &format!("Event: {}\r\n\r\nEvent: {leave}\r\n\r\n", joined(n));
    }
    burst += &format!("Event: {}\r\n\r\nEvent: {}\r\n\r\n", joined(30_000), talking(30_000, true));
    let (send, seen) = (peer.say(&burst), client.picture(|p| p.people.iter().any(|c| c.talking.is_some())));
    let ((), picture) = tokio::join!(send, seen);
    assert_eq!(picture.people.len(), 1);
    assert_eq!(picture.people[0].number, 25_001, "none was missed");
    let status = client.status(|s| s.counters.frames > 50_000).await;
    assert_eq!(status.desynchronised, 0);
    let Err(broadcast::error::RecvError::Lagged(_)) = stalled.recv().await else {
        panic!("it cannot have all")
    };
    let mut last = 0;
    while let Ok(entry) = stalled.try_recv() {
        last = entry.seq;
    }
    assert!(last >= picture.seq, "and goes on with what the picture holds");
    client.end().await;
}

#[tokio::test]
async fn a_keeper_of_the_ledger_that_falls_behind_gets_all_of_it() {
    let server = Server::start().await;
    let mut client = Client::start(setup(server.port()));
    let mut peer = server.accept().await;
    peer.run(client.up()).await;
    let burst: String = (1..=2000).map(|n| format!("Event: {}\r\n\r\n", joined(n))).collect();
    let (send, seen) = (peer.say(&burst), client.picture(|p| p.people.len() == 2000));
    tokio::join!(send, seen);
    let mut kept = Vec::new();
    let all = async {
        while let Some(feed) = client.ledger.recv().await {
            match feed {
                LedgerFeed::Row(row) => kept.push(row),
                LedgerFeed::Whole(rows) => {
                    kept = rows;
                    return;
                }
            }
        }
    };
    peer.serve(all).await;
    assert_eq!(kept.iter().filter(|r| matches!(r, LedgerRow::Number { .. })).count(), 2000);
    client.end().await;
}

#[tokio::test]
async fn stopping_says_goodbye_and_waits_a_second_at_most() {
    let server = Server::start().await;
    let client = Client::start(setup(server.port()));
    let mut peer = server.accept().await;
    peer.run(client.up()).await;
    let begun = now();
    client.stop.send_replace(true);
    let ((), asked) = tokio::join!(client.end(), async {
        while let Some(asked) = peer.action().await {
            if asked.view().get("Action") == Some(b"Logoff") {
                return true; // and no answer
            }
        }
        false
    });
    assert!(asked && begun.elapsed() < 3 * Duration::from_secs(1));
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_connection() {
    let server = Server::start().await;
    let port = server.port();
    drop(server);
    let client = Client::start(setup(port));
    let status = client.status(|s| s.error.is_some()).await;
    assert!(status.error.unwrap().contains("cannot be reached"), "the address and the system's words");
    let begun = now();
    client.end().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn orders_are_bounded_and_refused_without_a_link() {
    let server = Server::start().await;
    let (handle, driver) = client(setup(server.port()), pbx(), Restored::default());
    let mut entries = handle.entries();
    let wish = || Wish::Lock { room: room(), on: true };
    let taken = (0..1000).take_while(|n| handle.order(order(*n, 0, wish())).is_ok()).count();
    assert_eq!(taken, 256);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(driver.run(stopped));
    assert!(matches!(outcome(&mut entries, 0).await, Outcome::Refused(Refusal::Stale { .. })));
    stop.send_replace(true);
    tasks.join_next().await.unwrap().unwrap();
    assert_eq!(handle.order(order(2000, 0, wish())), Err(Busy), "nobody takes them any more");
}

#[tokio::test]
async fn a_probe_tells_what_is_there() {
    let server = Server::start().await;
    let asked = async {
        let mut peer = server.accept().await;
        peer.say("Asterisk Call Manager/5.0.4\r\n").await;
        loop {
            // MeetMe is not there, ConfBridge may not be asked.
            let Some(asked) = peer.action().await else { return };
            let answer = match asked.view().get("Action").unwrap() {
                b"Challenge" => "Success\r\nChallenge: 1",
                b"ListCommands" => {
                    "Success\r\nPing: x  (Priv: <none>)\r\nCoreSettings: x  (Priv: system,reporting,all)"
                }
                b"CoreSettings" => "Success\r\nAsteriskVersion: 16.28.0",
                b"ConfbridgeListRooms" => "Error\r\nMessage: Permission denied",
                b"MeetmeListRooms" => {
                    "Error\r\nMessage: Invalid/unknown command: MeetmeListRooms. Use Action: x"
                }
                b"Logoff" => "Goodbye",
                _ => "Success",
            };
            peer.respond(&asked, answer).await;
        }
    };
    let pace = Pace { booting: 10 * MS, ..Pace::default() };
    let (report, ()) = tokio::join!(probe(setup(server.port()).with(Retry::default(), pace)), asked);
    let report = report.unwrap();
    assert_eq!((report.ami.as_str(), report.asterisk.as_deref()), ("5.0.4", Some("16.28.0")));
    assert_eq!((report.confbridge, report.meetme), (Presence::Forbidden, Presence::Unknown));
    assert_eq!(report.actions["CoreSettings"], "system,reporting,all");
}

#[allow(clippy::disallowed_methods, reason = "these tests measure how long the client takes")]
fn now() -> Instant {
    Instant::now()
}
