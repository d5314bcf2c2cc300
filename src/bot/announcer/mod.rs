//! Tells the places what happened: entries become notices, within each place's budget.
//!
//! One task owns what was told. Invariants: a notice is left out in the place whose own answer tells it; after a lost
//! link one line tells the differences, never each of them; who lags behind the core takes its picture, says what is
//! different, and goes on.

mod notice;
mod place;
mod room;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gavel_ami::model::{
    Differences, Entry, LinkChange, Order, OrderId, Outcome, RoomName, RoomSnapshot, ServerName, Stage, What,
    Wish,
};
use gavel_chat::Health;
use gavel_chat::text::{Doc, Foreign, Zone, lasting};
use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::board::View;
use crate::clock::Clock;
use crate::desk::job::Sight;
use crate::desk::phrase::{Item, Told, name, outcome};
use crate::store::StoreHealth;
use crate::supervisor::NetworkStatus;
use crate::wait::{stopped, until};
use notice::{Notice, alarm, first_link, urgent};
use place::Place;
use room::Room;

pub use notice::notice;
pub use place::{PlaceSetup, Verbosity};
pub use room::RoomSetup;

/// What the announcer hears.
#[derive(Clone, Debug)]
pub enum News {
    /// Something happened.
    Entry(ServerName, Arc<Entry>),
    /// Entries of this server were missed.
    Missed(ServerName),
    /// A room looks different: for those who want to hear who talks.
    Picture(Arc<RoomSnapshot>),
    /// A network is well, or not.
    Network(NetworkStatus),
    /// The state file is well, or not.
    Store(StoreHealth),
}

/// All that the announcer is made of; [`Announcer::run`] is its life.
pub struct Announcer {
    places: Vec<Place>,
    rooms: HashMap<RoomName, Room>,
    /// Orders of an earlier run: nobody's answer tells what becomes of them.
    restored: HashSet<OrderId>,
    /// Servers whose login was refused, and that was told.
    refused: HashSet<ServerName>,
    /// Servers that were there since gavel was started.
    met: HashSet<ServerName>,
    /// Servers that were not there yet, and that was told.
    missing: HashSet<ServerName>,
    /// Networks that were told to be down, since when.
    down: HashMap<&'static str, u64>,
    /// The state file was told to be in trouble.
    trouble: bool,
    clock: Clock,
    zone: Zone,
}

impl Announcer {
    /// An announcer for these places and rooms; `restored` are the orders that an earlier run left open.
    pub fn new(
        places: Vec<PlaceSetup>,
        rooms: Vec<RoomSetup>,
        restored: impl IntoIterator<Item = OrderId>,
        clock: Clock,
        zone: Zone,
    ) -> Self {
        // Never a number of an earlier run: somebody may still reply to what that one told.
        let first = clock.now().wall;
        Self {
            places: places.into_iter().map(|place| Place::new(place, first)).collect(),
            rooms: rooms.into_iter().map(|room| (room.name.clone(), Room::new(room))).collect(),
            restored: restored.into_iter().collect(),
            refused: HashSet::new(),
            met: HashSet::new(),
            missing: HashSet::new(),
            down: HashMap::new(),
            trouble: false,
            clock,
            zone,
        }
    }

    /// Tells until it is told to stop; then it says what still waits.
    pub async fn run(mut self, mut news: mpsc::Receiver<News>, mut stop: watch::Receiver<bool>) {
        loop {
            let deadline = self.places.iter().filter_map(Place::deadline).min();
            tokio::select! {
                biased;
                Some(news) = news.recv() => self.hear(news),
                () = until(deadline) => self.due(),
                () = stopped(&mut stop) => break,
                else => break,
            }
        }
        let now = self.clock.now().mono;
        self.places.iter_mut().for_each(|place| place.flush(now));
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Entry(server, entry) => self.entry(&server, &entry),
            News::Missed(server) => self.missed(&server),
            News::Picture(picture) => self.talk(&picture),
            News::Network(status) => self.network(&status),
            News::Store(health) => self.store(&health),
        }
    }

    fn due(&mut self) {
        let now = self.clock.now().mono;
        self.places.iter_mut().for_each(|place| place.due(now));
    }

    fn entry(&mut self, server: &ServerName, entry: &Entry) {
        match &entry.what {
            What::Order { order, stage: Stage::Settled(outcome) } => self.settled(entry, order, outcome),
            What::Order { .. } => {}
            What::Link(change) => self.link(server, entry, change),
            What::Desynchronised(_) => self.of_server(server, entry),
            _ => self.of_room(entry),
        }
    }

    /// One line about an entry of a room, in its places.
    fn of_room(&mut self, entry: &Entry) {
        let now = self.clock.now().mono;
        let Some(room) = entry.room.as_ref().and_then(|room| self.rooms.get_mut(room)) else { return };
        if !room.learn(now, entry) {
            return;
        }
        let by = entry.by.as_ref().map(|by| by.place.as_str());
        for place in self.places.iter_mut().filter(|place| place.setup.room == room.setup.name) {
            let setup = &place.setup;
            if by == Some(setup.id.as_str()) {
                continue; // its own answer tells it
            }
            let told = notice(entry, setup.view, &room.setup.look, &setup.room, &self.zone);
            told.into_iter().for_each(|told| place.offer(now, told));
        }
    }

    /// One line about a server, in the crew's places of all its rooms.
    fn of_server(&mut self, server: &ServerName, entry: &Entry) {
        let now = self.clock.now().mono;
        for place in &mut self.places {
            let Some(room) = self.rooms.get(&place.setup.room).filter(|room| room.setup.server == *server)
            else {
                continue;
            };
            let told = notice(entry, place.setup.view, &room.setup.look, &place.setup.room, &self.zone);
            told.into_iter().for_each(|told| place.offer(now, told));
        }
    }

    /// A refused login is tried again and again, and told once. What was never there can't be lost.
    fn link(&mut self, server: &ServerName, entry: &Entry, change: &LinkChange) {
        match change {
            LinkChange::Refused { .. } if !self.refused.insert(server.clone()) => {}
            LinkChange::Down { .. } if !self.met.contains(server) => {
                if self.missing.insert(server.clone()) {
                    self.tell_of(server, |_| first_link(false, Differences::default()));
                }
            }
            LinkChange::Up { differences, .. } => {
                self.refused.remove(server);
                self.met.insert(server.clone());
                if !self.missing.remove(server) {
                    return self.of_server(server, entry);
                }
                let found =
                    |room: &RoomName| differences.iter().find(|(of, _)| of == room).map(|(_, found)| *found);
                self.tell_of(server, |room| first_link(true, found(room).unwrap_or_default()));
            }
            LinkChange::Refused { .. } | LinkChange::Down { .. } => self.of_server(server, entry),
        }
    }

    /// The same kind of line in the crew's places of all rooms of a server.
    fn tell_of(&mut self, server: &ServerName, line: impl Fn(&RoomName) -> Notice) {
        let now = self.clock.now().mono;
        let rooms = &self.rooms;
        let here = |place: &&mut Place| {
            let room = rooms.get(&place.setup.room);
            place.setup.view == View::Crew && room.is_some_and(|room| room.setup.server == *server)
        };
        self.places.iter_mut().filter(here).for_each(|place| place.offer(now, line(&place.setup.room)));
    }

    /// What became of an order that an earlier run gave: its answer is long gone.
    fn settled(&mut self, entry: &Entry, order: &Order, end: &Outcome) {
        if !self.restored.remove(&order.id) {
            return;
        }
        // A call that nobody knows any more is in no room: then it was that of the place where it was asked.
        let asked = || self.places.iter().find(|place| place.setup.id.as_str() == order.by.place);
        let room = entry.room.as_ref().or_else(|| asked().map(|place| &place.setup.room));
        let Some(room) = room.and_then(|room| self.rooms.get(room)) else { return };
        let view = room.view();
        let sight = Sight { now: self.clock.now(), room: &view, zone: &self.zone };
        let who = entry.number.zip(entry.caller.as_ref()).map(|(number, caller)| view.person(number, caller));
        let item = Item { wish: order.wish.clone(), number: entry.number, who: who.unwrap_or_default() };
        let told = outcome(sight, &Told::Settled(end.clone()), &[&item], order.reason.as_deref(), true);
        let doc = Doc::from("Asked by ").foreign(&name(&order.by)).say(" before gavel was restarted: ");
        let doc =
            if item.number.is_none() && is_about_a_call(&order.wish) { doc.say("a caller: ") } else { doc };
        let room = room.setup.name.clone();
        self.tell_crew(|place| place.setup.room == room, &urgent(doc.then(told)));
    }

    /// Entries were lost: the pictures hold them all.
    fn missed(&mut self, server: &ServerName) {
        warn!(%server, "entries were missed, telling the differences");
        let now = self.clock.now().mono;
        for room in self.rooms.values_mut().filter(|room| room.setup.server == *server) {
            let Some((crew, public)) = room.catch_up() else { continue };
            for place in self.places.iter_mut().filter(|place| place.setup.room == room.setup.name) {
                let told = if place.setup.view == View::Crew { &crew } else { &public };
                place.offer(now, told.clone());
            }
        }
    }

    fn talk(&mut self, picture: &Arc<RoomSnapshot>) {
        let now = self.clock.now().mono;
        let Some(room) = self.rooms.get_mut(&picture.room) else { return };
        for notice in room.talk(picture) {
            let full = |place: &&mut Place| {
                place.setup.room == picture.room && place.setup.verbosity == Verbosity::Full
            };
            for place in self.places.iter_mut().filter(full).filter(|place| place.setup.view == View::Crew) {
                place.offer(now, notice.clone());
            }
        }
    }

    /// A network that is gone is told in the others.
    fn network(&mut self, status: &NetworkStatus) {
        let (network, since) = (status.name, status.since);
        let notice = match &status.health {
            Some(Health::Down(why)) if !self.down.contains_key(network) => {
                self.down.insert(network, since);
                let doc = Doc::new().strong(format!("{network} is down since {}", self.zone.second(since)));
                alarm(doc.say(": ").foreign(&Foreign::text(why)).say(". Nobody there sees or does anything."))
            }
            Some(Health::Up | Health::Degraded(_)) => {
                let Some(down) = self.down.remove(network) else { return };
                urgent(
                    Doc::new()
                        .strong(format!("{network} is back after {}.", lasting(since.saturating_sub(down)))),
                )
            }
            Some(Health::Down(_)) | None => return,
        };
        self.tell_crew(|place| place.setup.network != network, &notice);
    }

    /// Trouble with the state file is told once, and its end.
    fn store(&mut self, health: &StoreHealth) {
        let notice = match health {
            StoreHealth::Failing { trouble, .. } | StoreHealth::Off { trouble } if !self.trouble => {
                self.trouble = true;
                let words =
                    " The phones are fine; what happens now may be forgotten when gavel is restarted.";
                alarm(Doc::new().strong(trouble.crew()).say(words))
            }
            StoreHealth::Good { missed } if self.trouble => {
                self.trouble = false;
                let lost = if *missed == 0 {
                    String::new()
                } else {
                    format!(" {missed} lines of the log were lost.")
                };
                urgent(Doc::new().say(format!("gavel's state is written again.{lost}")))
            }
            _ => return,
        };
        self.tell_crew(|_| true, &notice);
    }

    fn tell_crew(&mut self, which: impl Fn(&Place) -> bool, notice: &Notice) {
        let now = self.clock.now().mono;
        for place in self.places.iter_mut().filter(|place| place.setup.view == View::Crew && which(place)) {
            place.offer(now, notice.clone());
        }
    }
}

fn is_about_a_call(wish: &Wish) -> bool {
    matches!(wish, Wish::Mute { .. } | Wish::Kick { .. } | Wish::Hangup { .. } | Wish::Note { .. })
}
