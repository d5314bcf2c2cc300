//! Makes the parts and connects them. What is connected to what is decided here alone.

use std::collections::HashMap;
use std::io;

use gavel_ami::client::{self, Handle};
use gavel_ami::model::{OrderId, ServerName};
use gavel_chat::text::Zone;
use gavel_chat::{Key, MessageRef, Place, PlaceId, Post, UserId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::feed::{self, Sinks};
use super::places::{Opening, PlaceOpening, networks};
use super::rooms::{Core, Kept, RoomParts, rooms};
use crate::announcer::{Announcer, News, PlaceSetup, Verbosity};
use crate::board::{View, board};
use crate::clock::Clock;
use crate::desk::{Bindings, Desk, Ears, Heard, PlaceDesk, ServerDesk};
use crate::start::Start;
use crate::supervisor::{Ended, NetworkStatus, Pace, Said, Supervisor};

/// What waits for the desk, from all networks.
const SAID: usize = 256;
/// What waits for the desk or the announcer, from all cores.
const HEARD: usize = 1024;
/// What waits for a network.
const POSTS: usize = 256;

/// All tasks, by the order in which they end.
pub(super) struct Parts {
    pub(super) stops: Stops,
    pub(super) desk: JoinSet<()>,
    pub(super) networks: JoinSet<(&'static str, Ended)>,
    pub(super) cores: JoinSet<()>,
    pub(super) announcer: JoinSet<()>,
    /// The small tasks in between.
    pub(super) feeds: JoinSet<()>,
}

/// Tells each of them to end.
#[derive(Default)]
pub(super) struct Stops {
    pub(super) desk: watch::Sender<bool>,
    pub(super) announcer: watch::Sender<bool>,
    pub(super) networks: watch::Sender<bool>,
    pub(super) cores: watch::Sender<bool>,
}

/// Starts everything.
pub(super) fn wire(mut start: Start) -> io::Result<Parts> {
    let openings = networks(&start)?;
    let (desk, said) = mpsc::channel(SAID);
    let (orders, heard) = mpsc::channel(HEARD);
    let (news, told) = mpsc::channel(HEARD);
    let (clock, mark) = (start.clock.clone(), start.mark);
    let mut wiring = Wiring { parts: Parts::new(), clock, desk, orders, news, mark };

    let (servers, restored) = wiring.cores(&mut start);
    let rooms = rooms(&start.config, &servers);
    let store = start.opened.store.clone();
    wiring.parts.feeds.spawn(feed::health(store.health(), wiring.news.clone()));
    let mut bindings = Bindings::default();
    let mut places = Vec::new();
    for opening in openings {
        wiring.network(opening, &rooms, &start.opened.cards, &mut bindings, &mut places);
    }
    wiring.pictures(&rooms, &places);

    let zone = Zone::new(start.config.timezone.clone());
    let setups = rooms.iter().map(RoomParts::setup).collect();
    let announcer = Announcer::new(places, setups, restored, start.clock.clone(), zone.clone());
    let mut parts = wiring.parts;
    parts.announcer.spawn(announcer.run(told, parts.stops.announcer.subscribe()));
    bindings.rooms = rooms.into_iter().map(RoomParts::desk).collect();
    let core =
        |(name, handle): (ServerName, Handle)| (name.clone(), Box::new(Core { name, handle }) as ServerDesk);
    bindings.servers = servers.into_iter().map(core).collect();
    let desk = Desk::new(bindings, Box::new(Kept(store)), start.clock, zone, start.opened.next_order);
    parts.desk.spawn(desk.run(Ears { said, heard, stop: parts.stops.desk.subscribe() }));
    Ok(parts)
}

/// What everything is connected through.
struct Wiring {
    parts: Parts,
    clock: Clock,
    desk: mpsc::Sender<Said>,
    orders: mpsc::Sender<Heard>,
    news: mpsc::Sender<News>,
    mark: Option<&'static str>,
}

impl Wiring {
    /// One client for each Asterisk; with them the orders that an earlier run left open.
    fn cores(&mut self, start: &mut Start) -> (HashMap<ServerName, Handle>, Vec<OrderId>) {
        let store = start.opened.store.clone();
        let sinks = Sinks { store, desk: self.orders.clone(), announcer: self.news.clone() };
        let (mut servers, mut restored) = (HashMap::new(), Vec::new());
        for (name, asterisk) in &start.config.asterisks {
            let Some(login) = start.logins.remove(name) else { continue };
            let left = start.opened.restored(name);
            restored.extend(left.orders.iter().map(|order| order.id));
            let (handle, mut driver) = client::client(login, start.config.pbx_setup(asterisk), left);
            feed::start(&mut self.parts.feeds, name, (&handle, &mut driver), &sinks);
            self.parts.cores.spawn(driver.run(self.parts.stops.cores.subscribe()));
            servers.insert(name.clone(), handle);
        }
        (servers, restored)
    }

    /// One network with its places.
    fn network(
        &mut self,
        Opening { network, places: opened }: Opening,
        rooms: &[RoomParts],
        cards: &[(PlaceId, Key, MessageRef)],
        bindings: &mut Bindings,
        setups: &mut Vec<PlaceSetup>,
    ) {
        let name = network.name();
        let (posts, waiting) = mpsc::channel(POSTS);
        let (status, seen) =
            watch::channel(NetworkStatus { name, health: None, since: self.clock.now().wall });
        let mut places = Vec::new();
        for place in opened {
            let Some(room) = rooms.iter().find(|room| room.name == place.room) else { continue };
            places.push(self.place(&place, room, cards));
            let bound = PlaceDesk { room: place.room.clone(), view: place.view, posts: posts.clone() };
            bindings.places.insert(place.id.clone(), bound);
            setups.push(setup(place, name, room, (posts.clone(), self.orders.clone())));
        }
        self.parts.feeds.spawn(feed::network(seen.clone(), self.news.clone()));
        bindings.networks.push(seen);
        let supervisor = Supervisor {
            network,
            places,
            posts: waiting,
            desk: self.desk.clone(),
            status,
            stop: self.parts.stops.networks.subscribe(),
            pace: Pace::default(),
            clock: self.clock.clone(),
            mark: self.mark,
        };
        self.parts.networks.spawn(async move { (name, supervisor.run().await) });
    }

    /// A place with its board, which follows the room from now on.
    fn place(
        &mut self,
        place: &PlaceOpening,
        room: &RoomParts,
        cards: &[(PlaceId, Key, MessageRef)],
    ) -> Place {
        let (show, seen) = watch::channel(board(place.view, &room.look, &room.snapshot.borrow()));
        self.parts.feeds.spawn(feed::board(room.look.clone(), room.snapshot.clone(), place.view, show));
        let known = cards.iter().filter(|(id, ..)| *id == place.id);
        let known = known.map(|(_, key, message)| (key.clone(), message.clone())).collect();
        Place { id: place.id.clone(), board: seen, known }
    }

    /// Rooms of which somebody wants to hear who talks.
    fn pictures(&mut self, rooms: &[RoomParts], places: &[PlaceSetup]) {
        let full = |place: &PlaceSetup| place.verbosity == Verbosity::Full;
        for room in
            rooms.iter().filter(|room| places.iter().any(|place| place.room == room.name && full(place)))
        {
            self.parts.feeds.spawn(feed::pictures(room.snapshot.clone(), self.news.clone()));
        }
    }
}

impl Parts {
    fn new() -> Self {
        Self {
            stops: Stops::default(),
            desk: JoinSet::new(),
            announcer: JoinSet::new(),
            networks: JoinSet::new(),
            cores: JoinSet::new(),
            feeds: JoinSet::new(),
        }
    }
}

fn setup(
    place: PlaceOpening,
    network: &'static str,
    room: &RoomParts,
    (posts, desk): (mpsc::Sender<Post>, mpsc::Sender<Heard>),
) -> PlaceSetup {
    let PlaceOpening { id, room: name, view, verbosity } = place;
    // Alerts are the crew's: in public nobody is called by name.
    let here = |person: &&UserId| view == View::Crew && of_network(person, network);
    let duty = room.duty.iter().filter(here).cloned().collect();
    PlaceSetup { id, network, room: name, view, verbosity, per_minute: room.per_minute, duty, posts, desk }
}

/// A network can wake its own people alone.
fn of_network(person: &UserId, network: &str) -> bool {
    person.as_str().split(':').next() == Some(network)
}
