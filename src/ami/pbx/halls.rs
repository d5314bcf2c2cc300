//! The list of conferences: locks, rooms muted by phone, and where a list of members does not fit any more.

use std::collections::HashMap;

use super::lists::POLL;
use super::room::AIR;
use super::schedule::Which;
use super::{At, Pbx};
use crate::Now;
use crate::dialect::{Application, Item};
use crate::model::Wish;

/// What the list of conferences says of one.
#[derive(Clone, Copy, Debug)]
struct Known {
    parties: u32,
    marked: u32,
    locked: Option<bool>,
    muted: bool,
}

impl Pbx {
    pub(super) fn halls_listed(&mut self, now: Now, application: Application, items: &[Item]) {
        let dialect = self.dialects.of(application);
        let halls = items.iter().filter_map(|item| dialect.hall(item));
        // The first of a name is meant: later ones must not take its place.
        let mut by_name: HashMap<Vec<u8>, Known> = HashMap::new();
        for hall in halls {
            by_name.entry(hall.conference.to_ascii_lowercase()).or_insert(Known {
                parties: hall.parties,
                marked: hall.marked,
                locked: hall.locked,
                muted: hall.muted,
            });
        }
        for at in self.conferences_of(application) {
            self.hall_listed(now, at, &by_name);
        }
        self.list_done(now, Which::Halls(application), POLL);
        self.check_late(now, |deed| matches!(deed.order.wish, Wish::Lock { .. }));
    }

    /// This user can't have that list: members are listed once more where somebody joined.
    pub(super) fn halls_unlisted(&mut self, now: Now, application: Application) {
        for at in self.conferences_of(application) {
            let joined = self.lists.slot(Which::Members(at)).is_some_and(|slot| slot.joined);
            if joined && self.is_up() {
                self.ask(now, Which::Members(at), None);
            }
        }
        self.list_done(now, Which::Halls(application), POLL);
    }

    fn conferences_of(&self, application: Application) -> Vec<At> {
        let ours = |at: &At| self.rooms.get(at.room).is_some_and(|r| r.application == application);
        self.lists.conferences().into_iter().filter(ours).collect()
    }

    fn hall_listed(&mut self, now: Now, at: At, halls: &HashMap<Vec<u8>, Known>) {
        let Some(conference) = self.room(at).and_then(|r| r.parts.get(at.part)) else { return };
        let hall = halls.get(&conference.name.as_str().as_bytes().to_ascii_lowercase());
        let (known, waits) = (conference.len(), conference.members().any(|(_, m)| m.waiting));
        let Some(hall) = hall else {
            if known > 0 && self.is_up() {
                self.ask(now, Which::Members(at), None);
            } else if known == 0 {
                self.conference_over(now, at);
            }
            return;
        };
        let Known { parties, marked, locked, muted } = *hall;
        let Some(slot) = self.lists.slot(Which::Members(at)) else { return };
        let odd = parties as usize != known || slot.marked != marked || slot.joined || waits;
        slot.marked = marked;
        if odd && self.is_up() {
            self.ask(now, Which::Members(at), None);
        }
        self.door(now, at, locked, muted);
    }

    fn door(&mut self, now: Now, at: At, locked: Option<bool>, muted: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        let locked = locked.unwrap_or(conference.locked);
        let other_door = std::mem::replace(&mut conference.locked, locked) != locked;
        if std::mem::replace(&mut conference.muted, muted) != muted {
            room.stale.frame();
        }
        if other_door && at.part == AIR {
            let by = self.who_locked(at.room, locked);
            if let Some(room) = self.rooms.get_mut(at.room) {
                room.locked(now, &mut self.out, locked, by);
            }
        }
    }
}
