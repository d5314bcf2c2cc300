//! The desk: takes what people say on all networks, binds it to a room, authorises, plans, and runs the jobs that come
//! of it.
//!
//! One task owns all of it. What it waits for is never a disk, a network or Asterisk: an invocation's first answer
//! leaves before anything else is done about it, and an order leaves for the core when its intent is on the disk or
//! `intents::PATIENCE` is over. Invariant: every ticket gets a post with `last`, except in places that are bound to
//! no room, and for reactions that mean nothing or are not their author's to make.

mod bindings;
mod complete;
mod intake;
mod intents;
pub mod job;
mod notices;
pub mod orders;
mod panel;
pub mod phrase;
mod press;
mod questions;
mod signs;
#[cfg(test)]
mod tests;
mod work;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use gavel_ami::model::{OrderId, ServerName};
use gavel_chat::text::Zone;
use gavel_chat::{PlaceId, Up};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::supervisor::Said;
use crate::wait::{stopped, until};
use intents::Pending;
use notices::Notices;
use questions::Questions;
use work::Running;

pub use bindings::{Bindings, Busy, Exchange, Heard, PlaceDesk, RoomDesk, ServerDesk};
pub use intents::{Intents, Written};

/// When gavel stops, orders under way have so long to be settled.
const DRAIN: Duration = Duration::from_millis(1500);

/// All that the desk is made of; [`Desk::run`] is its life.
pub struct Desk {
    bindings: Bindings,
    store: Box<dyn Intents>,
    clock: Clock,
    zone: Zone,
    next_order: u64,
    next_key: u64,
    jobs: BTreeMap<u64, Running>,
    /// Which job, and which of its orders.
    orders: HashMap<OrderId, (u64, usize)>,
    pending: Pending,
    unbound: HashSet<PlaceId>,
    questions: Questions,
    notices: Notices,
}

/// Where the desk hears from.
pub struct Ears {
    /// What people say.
    pub said: mpsc::Receiver<Said>,
    /// What became of orders.
    pub heard: mpsc::Receiver<Heard>,
    /// `true`: end.
    pub stop: watch::Receiver<bool>,
}

impl Desk {
    /// A desk for these places and rooms. `first` is the first id for orders, higher than any of an earlier run.
    pub fn new(
        bindings: Bindings,
        store: Box<dyn Intents>,
        clock: Clock,
        zone: Zone,
        first: OrderId,
    ) -> Self {
        let wall = clock.now().wall;
        Self {
            bindings,
            store,
            clock,
            zone,
            next_order: first.0,
            // Never a key of an earlier run: its messages may still be on their way.
            next_key: wall,
            jobs: BTreeMap::new(),
            orders: HashMap::new(),
            pending: Pending::default(),
            unbound: HashSet::new(),
            questions: Questions::default(),
            notices: Notices::default(),
        }
    }

    /// Works until it is told to stop; then waits a little for what is under way, and says of the rest that it is not
    /// known.
    pub async fn run(mut self, mut ears: Ears) {
        loop {
            let deadline = self.deadline();
            tokio::select! {
                biased;
                () = stopped(&mut ears.stop) => break,
                Some(heard) = ears.heard.recv() => self.hear(heard),
                () = self.pending.front() => self.release(),
                () = until(deadline) => self.due(),
                Some(said) = ears.said.recv() => self.attend(said),
                else => break,
            }
        }
        let _ = timeout(DRAIN, self.drain(&mut ears)).await;
        while let Ok(said) = ears.said.try_recv() {
            self.turn_away(said);
        }
        self.part();
    }

    /// Only what is under way goes on.
    async fn drain(&mut self, ears: &mut Ears) {
        while !self.orders.is_empty() {
            tokio::select! {
                biased;
                Some(heard) = ears.heard.recv() => self.hear(heard),
                () = self.pending.front() => self.release(),
                Some(said) = ears.said.recv() => self.turn_away(said),
                else => break,
            }
        }
    }

    fn attend(&mut self, said: Said) {
        let Said { network, up } = said;
        match up {
            Up::Invoke(invocation) => self.invoked(invocation),
            Up::Complete(partial, answer) => drop(answer.send(self.complete(&partial))),
            Up::Sent { place, key, message } => self.store.card(&place, &key, &message),
            Up::Failed { place, key, fault } => {
                warn!(network, %place, ?key, ?fault, "a post could not be shown")
            }
            // The supervisor keeps these to itself.
            Up::Health(_) | Up::Beat => {}
        }
    }

    /// The next moment at which a job wants to be woken.
    fn deadline(&self) -> Option<std::time::Instant> {
        self.jobs.values().filter_map(|running| running.until).min()
    }

    /// A place that nobody bound: it gets no answer, and the log is told once.
    fn stranger(&mut self, place: &PlaceId) {
        const REMEMBERED: usize = 1000;
        if self.unbound.len() < REMEMBERED && self.unbound.insert(place.clone()) {
            info!(%place, "is bound to no room, what is said there is ignored");
        }
    }

    fn server_of(&self, place: &PlaceId) -> Option<&ServerName> {
        let room = &self.bindings.places.get(place)?.room;
        self.bindings.rooms.get(room).map(|room| &room.server)
    }
}
