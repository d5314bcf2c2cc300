//! Which lists are asked for and whose turn it is; what they say is read in `lists`.
//!
//! Invariant: one list at a time per conference. Whoever asks while one runs gets the next: a guard must be younger
//! than its order.

use std::collections::VecDeque;
use std::time::Instant;

use super::At;
use super::room::Room;
use crate::dialect::{Application, Item};
use crate::model::OrderId;

/// So many lists of members are asked for at a time: Asterisk answers one after another, and orders must not wait for
/// the lists of a thousand rooms. Orders that need a list of their own do not wait either.
pub(super) const AT_ONCE: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) halls: Vec<(Application, Slot)>,
    pub(super) members: Vec<(At, Slot)>,
    /// Where each room's slots begin.
    pub(super) first: Vec<usize>,
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
    pub(super) first: bool,
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
        Self { halls: halls.collect(), members: parts.collect(), first, out: 0, queue: VecDeque::new() }
    }

    pub(super) fn reset(&mut self) {
        self.halls.iter_mut().for_each(|(_, slot)| *slot = Slot::default());
        self.members.iter_mut().for_each(|(_, slot)| *slot = Slot::default());
        self.out = 0;
        self.queue.clear();
    }

    pub(super) fn deadline(&self, logged_in: bool) -> Option<Instant> {
        let members = self.members.iter().filter_map(|(_, slot)| slot.next);
        let halls = self.halls.iter().filter_map(|(_, slot)| slot.next);
        logged_in.then(|| members.chain(halls).min()).flatten()
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
    pub(super) fn next(&mut self) -> Option<At> {
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

    pub(super) fn first_lists_are_in(&self) -> bool {
        let halls = self.halls.iter().all(|(_, slot)| !slot.first);
        halls && self.members.iter().all(|(_, slot)| !slot.first)
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
