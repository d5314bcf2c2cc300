//! Jobs under way: their effects are done here, and what becomes of their orders comes back to them.

use std::time::Instant;

use gavel_ami::model::{Entry, Order, OrderId, Outcome, Refusal, ServerName, Stage, What, Wish};
use gavel_chat::text::Doc;
use gavel_chat::{Audience, Class, Invocation, Key, PlaceId, Post, Ticket};
use tracing::warn;

use super::bindings::Heard;
use super::job::{Effect, Input, Job, Sight, Step};
use super::{Busy, Desk};
use crate::access::Grant;
use crate::room::RoomView;

/// Ids above are the core's own.
const HIGHEST_ORDER: u64 = u64::MAX >> 1;
/// Set in the keys of notices that are the desk's, so that they are never the announcer's.
const NOTICE: u64 = 1 << 63;

/// A job, and where it is told.
pub(super) struct Running {
    job: Box<dyn Job>,
    place: PlaceId,
    ticket: Ticket,
    key: Key,
    grant: Grant,
    server: ServerName,
    /// The login that it was planned on.
    epoch: u64,
    given: usize,
    open: usize,
    /// What was said last, and whether it was the last word.
    said: (Doc, bool),
    pub(super) until: Option<Instant>,
}

impl Desk {
    pub(super) fn start(&mut self, invocation: &Invocation, grant: Grant, room: RoomView, job: Box<dyn Job>) {
        let Some(server) = self.server_of(&invocation.place).cloned() else { return };
        let key = self.key();
        let running = Running {
            job,
            place: invocation.place.clone(),
            ticket: invocation.ticket,
            key: key.clone(),
            grant,
            server,
            epoch: room.snapshot.epoch,
            given: 0,
            open: 0,
            said: (Doc::new(), false),
            until: None,
        };
        let Key::Answer(id) = key else { return };
        self.jobs.insert(id, running);
        self.step(id, Input::Start);
    }

    /// What a core tells.
    pub(super) fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Entry(entry) => {
                if let Entry { what: What::Order { order, stage }, .. } = &*entry {
                    self.learn(order.id, stage);
                }
            }
            Heard::Notice { place, notice, about } => self.notices.told(place, notice, about),
            Heard::Missed(server) => {
                warn!(%server, "entries were missed");
                let waits = |(id, running): (&u64, &Running)| {
                    (running.server == server && running.open > 0).then_some(*id)
                };
                let jobs: Vec<_> = self.jobs.iter().filter_map(waits).collect();
                jobs.into_iter().for_each(|id| self.step(id, Input::Missed));
            }
        }
    }

    fn learn(&mut self, order: OrderId, stage: &Stage) {
        let Some(&(id, index)) = self.orders.get(&order) else { return };
        if stage.is_end() {
            self.orders.remove(&order);
            if let Some(running) = self.jobs.get_mut(&id) {
                running.open = running.open.saturating_sub(1);
            }
        }
        self.step(id, Input::Order(index, stage));
    }

    /// The oldest order goes to its core.
    pub(super) fn release(&mut self) {
        let Some((server, order)) = self.pending.pop() else { return };
        let id = order.id;
        let given = self.bindings.servers.get(&server).map_or(Err(Busy), |core| core.order(order));
        if given == Err(Busy) {
            let outcome = Outcome::Refused(Refusal::Busy);
            self.store.settle(id, &outcome, self.clock.now().wall);
            self.learn(id, &Stage::Settled(outcome));
        }
    }

    /// Jobs whose moment has come.
    pub(super) fn due(&mut self) {
        let now = self.clock.now().mono;
        let due = |(id, running): (&u64, &mut Running)| {
            let due = running.until.is_some_and(|until| until <= now);
            running.until = running.until.filter(|_| !due);
            due.then_some(*id)
        };
        let due: Vec<_> = self.jobs.iter_mut().filter_map(due).collect();
        due.into_iter().for_each(|id| self.step(id, Input::Deadline));
    }

    fn step(&mut self, id: u64, input: Input<'_>) {
        let Some(running) = self.jobs.get_mut(&id) else { return };
        let Some((room, _)) = self.bindings.view(&running.place) else { return };
        let sight = Sight { now: self.clock.now(), room: &room, zone: &self.zone };
        let Step { effects, until, end } = running.job.step(sight, input);
        running.until = until.or(running.until);
        for effect in effects {
            match effect {
                Effect::Tell { doc, last } => self.tell(id, doc, last),
                Effect::Order { wish, reason } => self.order(id, wish, reason),
            }
        }
        if end {
            self.end(id);
        }
    }

    fn tell(&mut self, id: u64, doc: Doc, last: bool) {
        let Some(running) = self.jobs.get_mut(&id) else { return };
        running.said = (doc.clone(), last);
        self.bindings.post(running.post(doc, last));
    }

    /// The intent first; the order follows when it is written, or too late to wait for.
    fn order(&mut self, id: u64, wish: Wish, reason: Option<String>) {
        let Some(running) = self.jobs.get_mut(&id) else { return };
        let order_id = OrderId(self.next_order);
        self.next_order = (self.next_order + 1) & HIGHEST_ORDER;
        let order =
            Order { id: order_id, by: running.grant.by().clone(), wish, reason, epoch: running.epoch };
        self.orders.insert(order_id, (id, running.given));
        (running.given, running.open) = (running.given + 1, running.open + 1);
        let now = self.clock.now();
        let written = self.store.intend(&running.server, &order, now.wall);
        self.pending.push(now.mono, running.server.clone(), order, written);
    }

    /// The job is over; whatever it said last was its last word.
    fn end(&mut self, id: u64) {
        let Some(running) = self.jobs.remove(&id) else { return };
        self.orders.retain(|_, (job, _)| *job != id);
        let (doc, last) = running.said.clone();
        if !last {
            self.bindings.post(running.post(doc, true));
        }
    }

    /// The end of gavel: who still waits is told so.
    pub(super) fn part(&mut self) {
        for (_, running) in std::mem::take(&mut self.jobs) {
            let (said, last) = running.said.clone();
            if !last {
                let doc = said.say(" gavel stops here; what became of it is told when it is back.");
                self.bindings.post(running.post(doc, true));
            }
        }
    }

    /// A notice to the other places of the room's crew.
    pub(super) fn tell_others(&mut self, place: &PlaceId, notice: &Doc) {
        for other in self.bindings.others(place) {
            let Key::Answer(number) = self.key() else { continue };
            self.bindings.post(Post {
                key: Key::Notice(NOTICE | number),
                place: other,
                answers: None,
                audience: Audience::Place,
                class: Class::Notice,
                doc: notice.clone(),
                controls: Vec::new(),
                wake: Vec::new(),
                last: true,
            });
        }
    }

    /// A key that was never used before in this run.
    pub(super) fn key(&mut self) -> Key {
        self.next_key += 1;
        Key::Answer(self.next_key)
    }
}

impl Running {
    fn post(&self, doc: Doc, last: bool) -> Post {
        Post {
            key: self.key.clone(),
            place: self.place.clone(),
            answers: Some(self.ticket),
            audience: Audience::Place,
            class: Class::Answer,
            doc,
            controls: Vec::new(),
            wake: Vec::new(),
            last,
        }
    }
}

/// An answer to an invocation, as yet without controls.
pub(super) fn post(key: Key, invocation: &Invocation, doc: Doc, audience: Audience) -> Post {
    Post {
        key,
        place: invocation.place.clone(),
        answers: Some(invocation.ticket),
        audience,
        class: Class::Answer,
        doc,
        controls: Vec::new(),
        wake: Vec::new(),
        last: true,
    }
}
