//! One Asterisk: the state of its conferences, and the orders in flight. Pure: what comes in is what a session tells,
//! orders, and the time; what goes out leaves by [`Pbx::poll`] and [`Pbx::changes`].
//!
//! Invariants: Asterisk is the truth (after a list, state equals the list); an order is called done only after the
//! evidence for that very call; nothing is sent twice; a number names one call in a show.

mod acts;
mod answers;
mod census;
mod conference;
mod deeds;
mod facts;
mod halls;
mod ledger;
mod link;
mod lists;
mod outbox;
mod room;
mod schedule;
mod settle;
mod show;
mod snapshot;
mod standing;
#[cfg(test)]
mod tests;
mod uniqueid;

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use self::deeds::Deeds;
use self::link::State;
use self::outbox::Outbox;
use self::room::Room;
use self::schedule::Lists;
pub use self::snapshot::Change;
use crate::Now;
use crate::dialect::{Application, Dialect, Dialects};
use crate::model::{Entry, LedgerRow, Order, OrderId, PbxSetup, Restored, RoomSnapshot, ServerName};
use crate::session::{Ended, Expect, Greeting, SessionEvent, Token};
use crate::wire::Action;

/// What the core wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Give it to the session.
    Submit {
        /// Comes back with the answer.
        token: Token,
        /// What the answer looks like.
        expect: Expect,
        /// What is to be sent.
        action: Action,
    },
    /// Tell it to whoever reads entries.
    Entry(Arc<Entry>),
    /// Write it down.
    Ledger(LedgerRow),
}

/// See the module.
pub struct Pbx {
    server: ServerName,
    rooms: Vec<Room>,
    /// The rooms' conferences, by their names in small letters.
    places: HashMap<(Application, Vec<u8>), At>,
    /// The rooms that have a lobby.
    lobbies: Vec<usize>,
    /// Rooms that an event changed since the pictures were taken last.
    noted: Vec<usize>,
    /// Something else than an event happened: any room may have changed.
    scan: bool,
    /// When the next thing is due, too early at worst; the outer `None`: to be found out.
    next: Cell<Option<Option<Instant>>>,
    speaking: fn(&Greeting) -> Dialects,
    dialects: Dialects,
    /// Those of the rooms, at least one.
    applications: Vec<Application>,
    greeting: Greeting,
    state: State,
    lists: Lists,
    errands: HashMap<Token, Errand>,
    deeds: Deeds,
    queue: VecDeque<standing::Queued>,
    out: Outbox,
    /// When Asterisk itself was started, in its own words.
    startup: Option<Arc<str>>,
}

/// What an answer belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Errand {
    Startup,
    Halls(Application),
    Members(At),
    Channels(At),
    Act(OrderId),
    /// Nobody waits for it.
    Quiet,
}

/// One of a room's conferences.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct At {
    room: usize,
    part: usize,
}

impl Pbx {
    /// A core that knows what an earlier one left, and has not seen Asterisk yet.
    pub fn new(now: Now, setup: PbxSetup, restored: Restored) -> Self {
        Self::speaking(now, setup, restored, Dialects::speaking)
    }

    fn speaking(now: Now, setup: PbxSetup, restored: Restored, speaking: fn(&Greeting) -> Dialects) -> Self {
        let server = setup.server;
        let rooms: Vec<Room> = setup.rooms.into_iter().map(|r| Room::new(server.clone(), r)).collect();
        let mut applications: Vec<Application> = rooms.iter().map(|r| r.application).collect();
        applications.sort_unstable();
        applications.dedup();
        if applications.is_empty() {
            applications.push(Application::ConfBridge);
        }
        let mut places = HashMap::new();
        for (room, r) in rooms.iter().enumerate() {
            for (part, conference) in r.parts.iter().enumerate() {
                let name = conference.name.as_str().as_bytes().to_ascii_lowercase();
                places.entry((r.application, name)).or_insert(At { room, part });
            }
        }
        let lobbies = rooms.iter().enumerate().filter(|(_, r)| r.parts.len() > 1);
        let mut pbx = Self {
            server,
            places,
            lobbies: lobbies.map(|(at, _)| at).collect(),
            noted: Vec::new(),
            scan: true,
            next: Cell::new(None),
            lists: Lists::new(&rooms, &applications),
            rooms,
            speaking,
            dialects: speaking(&Greeting::default()),
            applications,
            greeting: Greeting::default(),
            state: State::new(now),
            errands: HashMap::new(),
            deeds: Deeds::default(),
            queue: VecDeque::new(),
            out: Outbox::new(restored.seq, restored.epoch),
            startup: None,
        };
        pbx.restore(now, restored);
        pbx
    }

    /// Takes what the session tells.
    pub fn session(&mut self, now: Now, event: SessionEvent<'_>) {
        if let SessionEvent::Event(frame) = event {
            return self.event(now, frame);
        }
        self.unsure();
        match event {
            SessionEvent::Event(_) => {}
            SessionEvent::Ready(greeting) => self.ready(now, greeting),
            SessionEvent::ListBegins { token } => self.list_begins(token),
            SessionEvent::Reply { token, reply } => self.replied(now, token, reply),
            SessionEvent::Desynchronised(words) => self.desynchronised(now, words),
            SessionEvent::Ended(Ended::LoginRefused(words)) => self.refused(now, words),
            SessionEvent::Ended(ended) => self.lost(now, &ended.to_string()),
        }
        self.work(now);
    }

    /// The connection is gone, or never came to be. Telling it again changes nothing.
    pub fn lost(&mut self, now: Now, reason: &str) {
        self.unsure();
        self.down(now, reason);
    }

    /// Takes an order. What becomes of it comes out as entries; one id is done once.
    pub fn order(&mut self, now: Now, order: Order) {
        self.unsure();
        if order.id.0 & deeds::OWN != 0 {
            tracing::warn!(id = order.id.0, "an order with an id of the core's own was dropped");
        } else if self.deeds.first_time(order.id) {
            self.start(now, order, deeds::Origin::Person);
            self.work(now);
        }
    }

    /// When [`Self::due`] is to be called, at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let known = self.next.get().unwrap_or_else(|| {
            let up = self.is_up();
            let rooms = self.rooms.iter().filter_map(|r| r.deadline(up)).min();
            let lists = self.lists.deadline(self.is_logged_in());
            [rooms, lists, self.deeds.deadline()].into_iter().flatten().min()
        });
        self.next.set(Some(known));
        known
    }

    /// Anything may have changed.
    fn unsure(&mut self) {
        self.scan = true;
        self.next.set(None);
    }

    /// Something is due then.
    fn sooner(&self, due: Instant) {
        if let Some(next) = self.next.get() {
            self.next.set(Some(Some(next.map_or(due, |next| next.min(due)))));
        }
    }

    /// An event changed this room at most: a server with thousands of rooms must not be looked through for each.
    fn note(&mut self, at: usize) {
        let Some(room) = self.rooms.get(at) else { return };
        if let Some(due) = room.deadline(self.is_up()) {
            self.sooner(due);
        }
        if room.stale.is_any() && !self.scan && self.noted.last() != Some(&at) {
            self.noted.push(at);
        }
    }

    /// Time went on.
    pub fn due(&mut self, now: Now) {
        self.unsure();
        self.deeds_due(now);
        self.lists_due(now);
        self.rooms_due(now);
        self.work(now);
    }

    /// What the core wants done, in order. Drain it after every input.
    #[must_use]
    pub fn poll(&mut self) -> Option<Output> {
        let next = self.out.pop();
        if next.is_none() && std::mem::take(&mut self.out.rows_lost) {
            self.ledger().into_iter().for_each(|row| self.out.row(row));
            return self.out.pop();
        }
        next
    }

    /// Hands out the rooms that changed since the last call, or all of them, in order, the first time. Call it once
    /// per drained read.
    pub fn changes(&mut self, now: Now, mut take: impl FnMut(Change<'_>)) {
        let (seq, epoch, link) = (self.out.seq, self.out.epoch, self.state.link());
        let mut noted = std::mem::take(&mut self.noted);
        if std::mem::take(&mut self.scan) {
            noted = (0..self.rooms.len()).collect();
        }
        for at in noted.drain(..) {
            if let Some(room) = self.rooms.get_mut(at).filter(|room| room.stale.is_any()) {
                take(Change { room, at, now, seq, epoch, link });
            }
        }
        self.noted = noted;
    }

    /// New pictures of the rooms that changed, where none are kept. As [`Self::changes`].
    pub fn drawn(&mut self, now: Now) -> Vec<Arc<RoomSnapshot>> {
        let mut drawn = Vec::new();
        self.changes(now, |change| drawn.push(Arc::new(change.draw())));
        drawn
    }

    /// What follows from every input but a plain event: single acts of a batch go out, losses are told.
    fn work(&mut self, now: Now) {
        self.pump(now);
        self.ask_on(now);
        if std::mem::take(&mut self.out.entries_lost) {
            self.desynchronised(now, "more happened than could be told".to_owned());
        }
    }

    /// What a room's application is told and says. `Application::ConfBridge` stands in where there is no room.
    fn dialect(&self, room: usize) -> &dyn Dialect {
        self.dialects.of(self.rooms.get(room).map_or(Application::ConfBridge, |r| r.application))
    }

    fn room(&self, at: At) -> Option<&Room> {
        self.rooms.get(at.room)
    }
}
