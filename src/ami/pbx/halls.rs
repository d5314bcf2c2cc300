//! The list of conferences: locks, rooms muted by phone, and where a list of members does not fit any more.

use super::lists::{POLL, Which};
use super::room::AIR;
use super::{At, Pbx};
use crate::Now;
use crate::wire::OwnedFrame;

impl Pbx {
    pub(super) fn halls_listed(&mut self, now: Now, items: &[OwnedFrame]) {
        for at in self.lists.conferences() {
            self.hall_listed(now, at, items);
        }
        self.list_done(now, Which::Halls, POLL);
        self.check_late(now);
    }

    fn hall_listed(&mut self, now: Now, at: At, items: &[OwnedFrame]) {
        let Some(conference) = self.room(at).and_then(|r| r.parts.get(at.part)) else { return };
        let halls = items.iter().filter_map(|item| self.dialect.hall(item.view()));
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

    fn door(&mut self, now: Now, at: At, locked: bool, muted: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
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
