//! Which lists are asked for and whose turn it is; what they say is read in `lists`.
//!
//! Invariant: one list at a time per conference. Whoever asks while one runs gets the next: a guard must be younger
//! than its order.

use std::collections::VecDeque;
use std::time::Instant;

use super::At;
use super::many::{Due, Many};
use super::room::Room;
use crate::dialect::{Application, Item};
use crate::model::OrderId;

/// So many lists of members are asked for at a time: Asterisk answers one after another, and orders must not wait for
/// the lists of a thousand rooms. Orders that need a list of their own do not wait either.
pub(super) const AT_ONCE: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Lists {
    halls: Vec<(Application, Slot)>,
    members: Many<(At, Slot)>,
    /// Where each room's slots begin.
    first: Vec<usize>,
    /// First lists of this login that are still to come.
    missing: usize,
    /// Lists of members that are asked for.
    pub(super) out: usize,
    /// And those that wait for them.
    pub(super) queue: VecDeque<At>,
}

/// Who waits for a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Waiter {
    /// An order that may be sent only after it.
    Guard(OrderId),
    /// An order that it may prove.
    Check(OrderId),
}

/// Which list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Which {
    Halls(Application),
    Members(At),
}

/// One of the lists.
#[derive(Debug, Default)]
pub(super) struct Slot {
    running: bool,
    /// It counts as running, but is still in the queue.
    pub(super) queued: bool,
    wanted: bool,
    now: Vec<Waiter>,
    then: Vec<Waiter>,
    pub(super) next: Option<Instant>,
    /// The first of this login is still to come.
    first: bool,
    /// That it fails was told.
    pub(super) told: bool,
    /// Items that wait for the list of channels to tell whose they are.
    pub(super) held: Vec<Item>,
    /// Marked users, as the list of conferences last said.
    pub(super) marked: u32,
    /// Somebody joined by an event since the last list: only a list says who waits.
    pub(super) joined: bool,
}

impl Lists {
    pub(super) fn new(rooms: &[Room], applications: &[Application]) -> Self {
        let parts = rooms
            .iter()
            .enumerate()
            .flat_map(|(room, r)| (0..r.parts.len()).map(move |part| (At { room, part }, Slot::default())));
        let halls = applications.iter().map(|a| (*a, Slot::default()));
        let begin = |at: &mut usize, room: &Room| Some(std::mem::replace(at, *at + room.parts.len()));
        let first = rooms.iter().scan(0, begin).collect();
        let (halls, members) = (halls.collect(), Many::new(parts.collect()));
        Self { halls, members, first, missing: 0, out: 0, queue: VecDeque::new() }
    }

    pub(super) fn reset(&mut self) {
        self.halls.iter_mut().for_each(|(_, slot)| *slot = Slot::default());
        self.members.iter_mut().for_each(|(_, slot)| *slot = Slot::default());
        (self.out, self.missing) = (0, 0);
        self.queue.clear();
    }

    /// When the next one is to be asked for.
    pub(super) fn next(&self) -> Option<Instant> {
        self.halls.iter().filter_map(|(_, slot)| slot.next).chain(self.members.next()).min()
    }

    /// Which are to be asked for by now.
    pub(super) fn due(&self, now: Instant) -> Vec<Which> {
        let ripe = |(_, slot): &&(Application, Slot)| slot.next.is_some_and(|next| next <= now);
        let halls = self.halls.iter().filter(ripe).map(|(application, _)| Which::Halls(*application));
        let members = self.members.due_by(now).into_iter().filter_map(|at| self.members.get(at));
        halls.chain(members.map(|(at, _)| Which::Members(*at))).collect()
    }

    pub(super) fn seen(&mut self) {
        self.members.seen(|_, _| {});
    }

    /// A login: the first of each is to come.
    pub(super) fn begin(&mut self) {
        let slots = self.halls.iter_mut().map(|(_, slot)| slot);
        slots.chain(self.members.iter_mut().map(|(_, slot)| slot)).for_each(|slot| slot.first = true);
        self.missing = self.halls.len() + self.members.len();
    }

    /// It came; it is the first of it at most once.
    pub(super) fn came(&mut self, which: Which) {
        let first = self.slot(which).is_some_and(|slot| std::mem::take(&mut slot.first));
        self.missing -= usize::from(first);
    }

    pub(super) fn joined(&mut self, at: At) {
        if let Some(slot) = self.slot(Which::Members(at)) {
            slot.joined = true;
        }
    }

    pub(super) fn conferences(&self) -> Vec<At> {
        self.members.iter().map(|(at, _)| *at).collect()
    }

    pub(super) fn all(&self) -> Vec<Which> {
        let halls = self.halls.iter().map(|(application, _)| Which::Halls(*application));
        halls.chain(self.members.iter().map(|(at, _)| Which::Members(*at))).collect()
    }

    pub(super) fn slot(&mut self, which: Which) -> Option<&mut Slot> {
        match which {
            Which::Halls(of) => self.halls.iter_mut().find(|(a, _)| *a == of).map(|(_, slot)| slot),
            Which::Members(at) => {
                let place = self.first.get(at.room)? + at.part;
                self.members.get_mut(place).filter(|(a, _)| *a == at).map(|(_, slot)| slot)
            }
        }
    }

    /// The next one whose turn it is.
    pub(super) fn turn(&mut self) -> Option<At> {
        while self.out < AT_ONCE {
            let at = self.queue.pop_front()?;
            // Somebody may have been in a hurry: it is not in the queue any more.
            if self.slot(Which::Members(at)).is_some_and(|slot| std::mem::take(&mut slot.queued)) {
                return Some(at);
            }
        }
        None
    }

    pub(super) fn ended(&mut self, which: Which) {
        if matches!(which, Which::Members(_)) {
            self.out = self.out.saturating_sub(1);
        }
    }

    #[cfg(test)]
    pub(super) fn looks(&self) -> usize {
        self.members.looks()
    }

    pub(super) fn first_lists_are_in(&self) -> bool {
        self.missing == 0
    }
}

impl Due for (At, Slot) {
    fn due(&self) -> Option<Instant> {
        self.1.next
    }
}

impl Slot {
    /// Whether it is to be asked for now.
    pub(super) fn ask(&mut self, waiter: Option<Waiter>) -> bool {
        if self.queued {
            self.now.extend(waiter);
            self.queued = waiter.is_none();
            return !self.queued;
        }
        if self.running {
            self.wanted = true;
            self.then.extend(waiter);
            return false;
        }
        (self.running, self.next, self.joined) = (true, None, false);
        self.now.extend(waiter);
        true
    }

    /// To be asked for at `due`, if not sooner. One that runs may be too old: then again right after it.
    pub(super) fn hurry(&mut self, due: Instant) {
        if self.running {
            self.wanted = true;
        } else {
            self.next = Some(self.next.map_or(due, |next| next.min(due)));
        }
    }

    /// Who waited for it, and whether the next one is wanted at once.
    pub(super) fn finish(&mut self, next: Instant) -> (Vec<Waiter>, bool) {
        self.running = false;
        self.held = Vec::new();
        self.next = Some(next);
        let waited = std::mem::replace(&mut self.now, std::mem::take(&mut self.then));
        (waited, std::mem::take(&mut self.wanted))
    }
}
