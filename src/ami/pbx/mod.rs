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
mod homes;
mod ledger;
mod link;
mod lists;
mod many;
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

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use self::deeds::Deeds;
use self::homes::Homes;
use self::link::State;
use self::many::Many;
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
    rooms: Many<Room>,
    /// The rooms' conferences, by their names in small letters.
    places: HashMap<(Application, Vec<u8>), At>,
    homes: Homes,
    /// Rooms that changed since the pictures were taken last.
    noted: Vec<usize>,
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
        let mut pbx = Self {
            server,
            places,
            homes: Homes::default(),
            noted: Vec::new(),
            lists: Lists::new(&rooms, &applications),
            rooms: Many::new(rooms),
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
        pbx.note();
        pbx
    }

    /// Takes what the session tells.
    pub fn session(&mut self, now: Now, event: SessionEvent<'_>) {
        match event {
            SessionEvent::Event(frame) => self.event(now, frame),
            SessionEvent::Ready(greeting) => self.ready(now, greeting),
            SessionEvent::ListBegins { token } => self.list_begins(token),
            SessionEvent::Reply { token, reply } => self.replied(now, token, reply),
            SessionEvent::Desynchronised(words) => self.desynchronised(now, words),
            SessionEvent::Ended(Ended::LoginRefused(words)) => self.refused(now, words),
            SessionEvent::Ended(ended) => self.lost(now, &ended.to_string()),
        }
        self.work(now);
        self.note();
    }

    /// The connection is gone, or never came to be. Telling it again changes nothing.
    pub fn lost(&mut self, now: Now, reason: &str) {
        self.down(now, reason);
        self.note();
    }

    /// Takes an order. What becomes of it comes out as entries; one id is done once.
    pub fn order(&mut self, now: Now, order: Order) {
        if order.id.0 & deeds::OWN != 0 {
            tracing::warn!(id = order.id.0, "an order with an id of the core's own was dropped");
        } else if self.deeds.first_time(order.id) {
            self.start(now, order, deeds::Origin::Person);
            self.work(now);
            self.note();
        }
    }

    /// When [`Self::due`] is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let rooms = self.rooms.next().filter(|_| self.is_up());
        let lists = self.lists.next().filter(|_| self.is_logged_in());
        [rooms, lists, self.deeds.deadline()].into_iter().flatten().min()
    }

    /// What this input changed is shown, and due when it is now.
    fn note(&mut self) {
        let noted = &mut self.noted;
        self.rooms.seen(|at, room| {
            if room.stale.first_told() {
                noted.push(at);
            }
        });
        self.lists.seen();
    }

    /// Time went on.
    pub fn due(&mut self, now: Now) {
        self.deeds_due(now);
        self.lists_due(now);
        self.rooms_due(now);
        self.work(now);
        self.note();
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
        for at in self.noted.drain(..) {
            if let Some(room) = self.rooms.get_mut(at) {
                take(Change { room, at, now, seq, epoch, link });
            }
        }
    }

    /// New pictures of the rooms that changed, where none are kept. As [`Self::changes`].
    pub fn drawn(&mut self, now: Now) -> Vec<Arc<RoomSnapshot>> {
        let mut drawn = Vec::new();
        self.changes(now, |change| drawn.push(Arc::new(change.draw())));
        drawn
    }

    /// What follows from every input: single acts of a batch go out, lists whose turn it is, losses are told.
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
