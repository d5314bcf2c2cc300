//! The list of conferences: locks, rooms muted by phone, and where a list of members does not fit any more.

use super::lists::{POLL, Which};
use super::room::AIR;
use super::{At, Pbx};
use crate::Now;
use crate::dialect::{Application, Item};

impl Pbx {
    pub(super) fn halls_listed(&mut self, now: Now, application: Application, items: &[Item]) {
        for at in self.conferences_of(application) {
            self.hall_listed(now, at, items);
        }
        self.list_done(now, Which::Halls(application), POLL);
        self.check_late(now);
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

    fn hall_listed(&mut self, now: Now, at: At, items: &[Item]) {
        let Some(conference) = self.room(at).and_then(|r| r.parts.get(at.part)) else { return };
        let halls = items.iter().filter_map(|item| self.dialect(at.room).hall(item));
        let hall = halls.into_iter().find(|hall| conference.is(hall.conference));
        let (known, waits) = (conference.len(), conference.members().any(|(_, m)| m.waiting));
        let Some(hall) = hall else {
            if known > 0 && self.is_up() {
                self.ask(now, Which::Members(at), None);
            } else if known == 0 {
                self.conference_over(now, at);
            }
            return;
        };
        let (parties, marked, locked, muted) = (hall.parties, hall.marked, hall.locked, hall.muted);
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
            room.touched();
        }
        if other_door && at.part == AIR {
            let by = self.who_locked(at.room, locked);
            if let Some(room) = self.rooms.get_mut(at.room) {
                room.locked(now, &mut self.out, locked, by);
            }
        }
    }
}
