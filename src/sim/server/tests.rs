//! gavel's own client against the server, on real sockets.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use gavel_ami::client::{Address, ClientSetup, Driver, Handle, Retry, client};
use gavel_ami::model::*;
use gavel_ami::session::{Pace, Secret};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::setup::{Files, Style};

const LONG: Duration = Duration::from_secs(20);

fn room() -> RoomName {
    RoomName::new("thursday")
}

fn setup(style: Style) -> Setup {
    Setup::new(style, Files::REHEARSAL).unwrap()
}

/// Somebody who calls from a trunk.
fn caller(context: &str, exten: &str, number: &str) -> NewCall {
    NewCall {
        endpoint: "trunk".into(),
        number: number.into(),
        name: b"O'Hara \"the\" Caller".to_vec(),
        context: context.into(),
        exten: exten.into(),
    }
}

/// gavel's client, logged in.
struct Gavel {
    handle: Handle,
    orders: u64,
    _stop: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Gavel {
    fn start(server: &Server) -> Self {
        Self::at(Address::Tcp { host: "127.0.0.1".into(), port: server.port() })
    }

    fn at(address: Address) -> Self {
        let room = RoomSetup {
            name: room(),
            conference: ConferenceName::new("200"),
            lobby: Some(ConferenceName::new("lobby")),
            kind: ConferenceKind::ConfBridge,
            crew: Vec::new(),
            services: Vec::new(),
            show_ends_after: LONG,
            topic_variable: None,
        };
        let pbx = PbxSetup { server: ServerName::new("main"), rooms: vec![room] };
        let setup = ClientSetup::new(address, "gavel", Secret::new("rehearsal")).unwrap();
        let retry = Retry { first: Duration::from_millis(20), ..Retry::default() };
        let pace = Pace { idle: Duration::from_secs(1), patience: Duration::from_secs(1), ..Pace::default() };
        let (handle, driver): (Handle, Driver) = client(setup.with(retry, pace), pbx, Restored::default());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run(stopped));
        Self { handle, orders: 0, _stop: stop, _tasks: tasks }
    }

    async fn picture(&self, what: &str, wanted: impl FnMut(&Arc<RoomSnapshot>) -> bool) -> Arc<RoomSnapshot> {
        let mut room = self.handle.room(&room()).unwrap();
        let found = timeout(LONG, room.wait_for(wanted)).await;
        found.unwrap_or_else(|_| panic!("not seen: {what}")).unwrap().clone()
    }

    async fn people(&self, count: usize) -> Arc<RoomSnapshot> {
        self.picture("people", |p| p.link == Link::Up && p.people.len() == count).await
    }

    /// Orders, and waits for how that ends.
    async fn order(&mut self, wish: Wish) -> Outcome {
        let mut entries = self.handle.entries();
        self.orders += 1;
        let id = OrderId(self.orders);
        let by = By { who: "Sam".into(), place: "test".into(), rank: 2 };
        let epoch = self.picture("a link", |p| p.link == Link::Up).await.epoch;
        self.handle.order(Order { id, by, wish, reason: None, epoch }).unwrap();
        loop {
            let entry = timeout(LONG, entries.recv()).await.expect("it never ends").unwrap();
            if let What::Order { order, stage: Stage::Settled(outcome), .. } = &entry.what
                && order.id == id
            {
                return outcome.clone();
            }
        }
    }

    /// Until gavel's picture is the server's truth.
    async fn agrees_with(&self, server: &Server) {
        let expected = pictured(server);
        self.picture(&format!("{expected:?}"), |p| p.link == Link::Up && seen(p) == expected).await;
    }
}

type Pictured = Vec<(String, bool, bool, bool)>;

fn pictured(server: &Server) -> Pictured {
    let truth = server.truth();
    let inside = |name: &str| truth.conference(name).map(|c| c.members.clone()).unwrap_or_default();
    let members = inside("200").into_iter().map(|m| (m.uniqueid, m.muted, m.waiting, false));
    let lobby = inside("lobby").into_iter().map(|m| (m.uniqueid, m.muted, m.waiting, true));
    let mut all: Pictured = members.chain(lobby).collect();
    all.sort();
    all
}

fn seen(picture: &RoomSnapshot) -> Pictured {
    let of = |p: &Participant| (p.call.uniqueid.to_string(), p.muted, p.waiting, p.lobby);
    let mut all: Pictured = picture.people.iter().map(of).collect();
    all.sort();
    all
}

async fn acts(style: Style) {
    let server = Server::start(setup(style)).unwrap();
    let mut gavel = Gavel::start(&server);
    for (context, number) in [("crew", "701"), ("conf", "1001"), ("conf", "1002")] {
        server.call(caller(context, "200", number));
    }
    let picture = gavel.people(3).await;
    assert_eq!(picture.people[1].caller.name.as_deref(), Some("O'Hara \"the\" Caller"));
    let call = picture.people[1].call.clone();

    assert_eq!(gavel.order(Wish::Mute { call: call.clone(), on: true }).await, Outcome::Done);
    assert!(server.truth().conference("200").unwrap().members[1].muted);
    gavel.agrees_with(&server).await;
    assert_eq!(gavel.order(Wish::Mute { call: call.clone(), on: false }).await, Outcome::Done);

    assert_eq!(gavel.order(Wish::Lock { room: room(), on: true }).await, Outcome::Done);
    assert!(server.truth().conference("200").unwrap().locked);
    server.call(caller("conf", "200", "1003"));

    assert_eq!(gavel.order(Wish::Kick { call }).await, Outcome::Done);
    gavel.people(2).await;
    let hangup = gavel.people(2).await.people[1].call.clone();
    assert_eq!(gavel.order(Wish::Hangup { call: hangup }).await, Outcome::Done);
    gavel.agrees_with(&server).await;
    assert_eq!(server.truth().conference("200").unwrap().members.len(), 1);
}

#[tokio::test]
async fn gavel_acts_on_22() {
    acts(Style::V22).await;
}

#[tokio::test]
async fn gavel_acts_on_16() {
    acts(Style::V16).await;
}

#[tokio::test]
async fn gavel_acts_on_11() {
    acts(Style::V11).await;
}

#[tokio::test]
async fn gavel_sees_who_moves_talks_and_waits() {
    let server = Server::start(setup(Style::V22)).unwrap();
    let gavel = Gavel::start(&server);
    let lobby = server.call(caller("conf", "lobby", "1001"));
    server.call(caller("waits", "200", "1002"));
    gavel.people(2).await;
    gavel.agrees_with(&server).await;
    let host = server.call(caller("crew", "200", "701"));
    gavel.picture("nobody waits", |p| p.people.len() == 3 && p.people.iter().all(|p| !p.waiting)).await;
    server.talk(host, true);
    gavel.picture("talking", |p| p.people.iter().any(|p| p.admin && p.talking.is_some())).await;
    server.talk(host, false);
    gavel.picture("silence", |p| p.people.iter().all(|p| p.talking.is_none())).await;
    server.hang_up(lobby);
    gavel.people(2).await;
}

#[tokio::test]
async fn gavel_logs_in_by_tls() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let mut setup = setup(Style::V22);
    setup.tls = Some((certificate.pem(), key.serialize_pem()));
    let server = Server::start(setup).unwrap();
    let ca = Some(certificate.pem().into_bytes());
    let port = server.tls_port().unwrap();
    let gavel = Gavel::at(Address::Tls { host: "localhost".into(), port, ca });
    server.call(caller("conf", "200", "1001"));
    gavel.people(1).await;
}

#[tokio::test]
async fn a_script_fills_the_room() {
    let mut setup = setup(Style::V22);
    setup.speed = 20.0;
    let server = Server::start(setup).unwrap();
    let gavel = Gavel::start(&server);
    server.play(Script::named("burst").unwrap());
    gavel.people(61).await;
    gavel.agrees_with(&server).await;
}
