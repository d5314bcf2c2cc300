//! Who comes and goes: arrivals, departures, moves between conference and lobby, numbers, the beginning and the end of
//! a show.
//!
//! Invariant: a call that moves between conference and lobby is told neither as a leave nor as a join. Its leave is
//! held back until it joins the other one, hangs up, or [`GRACE`] is over. Nobody is numbered before the first lists
//! of a login are in, so that those who are there already are numbered in the order in which they called.

use std::sync::Arc;
use std::time::Duration;

use super::conference::{Conference, MAX_MEMBERS, Member};
use super::outbox::{Draft, Outbox};
use super::room::{AIR, Arrival, Cause, Leaving, Person, Room};
use super::uniqueid;
use crate::Now;
use crate::dialect;
use crate::model::{Departed, LedgerRow, What};

/// How long a leave waits for the join that makes it a move. A redirect takes some milliseconds.
pub(super) const GRACE: Duration = Duration::from_millis(500);
/// How many of those who left are remembered.
const DEPARTED: usize = 50;

impl Room {
    /// A member who was just taken into one of the conferences.
    pub(super) fn arrived(
        &mut self,
        now: Now,
        out: &mut Outbox,
        call: &Arc<str>,
        member: &Member,
    ) -> Arrival {
        let back = self.leaving.iter().position(|l| l.call == *call);
        if let Some(at) = back {
            self.leaving.swap_remove(at);
        }
        self.changed(call);
        if self.people.contains_key(call) {
            return Arrival::Moved;
        }
        let known = self.show.binding(call).map(|b| b.joined);
        let person = Person {
            number: None,
            service: dialect::service(&self.setup.services, &member.channel),
            caller: member.caller.clone(),
            // Found by a list: in since it was answered is nearer to the truth than in since we looked.
            joined: known.or(member.answered).unwrap_or(now.wall),
            talked: 0,
            voice: None,
        };
        self.people.insert(call.clone(), person);
        if out.resync {
            self.arrivals.push(call.clone());
        } else {
            self.tell_arrival(now, out, call);
        }
        if known.is_some() && out.resync { Arrival::Restored } else { Arrival::New }
    }

    /// A member who just left one of the conferences. `held`: the leave may yet turn out to be a move.
    pub(super) fn departed(
        &mut self,
        now: Now,
        out: &mut Outbox,
        call: &Arc<str>,
        talking: Option<u64>,
        cause: Cause,
    ) {
        self.changed(call);
        if let (Some(since), Some(person)) = (talking, self.people.get_mut(call)) {
            person.talked += now.wall.saturating_sub(since);
        }
        if self.part_of(call).is_some() {
            return;
        }
        if let Some(at) = self.arrivals.iter().position(|c| c == call) {
            self.arrivals.swap_remove(at);
            self.people.remove(call);
            return;
        }
        let leaving = Leaving { call: call.clone(), due: now.mono + GRACE, at: now.wall, cause };
        if self.parts.len() > 1 && leaving.cause.by.is_none() && self.leaving.len() < MAX_MEMBERS {
            self.leaving.push(leaving);
        } else {
            self.tell_departure(now, out, leaving);
        }
    }

    /// The channel is gone: a leave of it that waits is no move. `true` if there was one.
    pub(super) fn hung_up(&mut self, now: Now, out: &mut Outbox, call: &str) -> bool {
        let Some(at) = self.leaving.iter().position(|l| &*l.call == call) else { return false };
        let leaving = self.leaving.swap_remove(at);
        self.tell_departure(now, out, leaving);
        true
    }

    /// Tells of the leaves that turned out to be no moves; of all of them once the first lists are in.
    pub(super) fn flush_leaving(&mut self, now: Now, out: &mut Outbox, all: bool) -> Vec<Arc<str>> {
        let (ripe, held) =
            std::mem::take(&mut self.leaving).into_iter().partition(|l| all || l.due <= now.mono);
        self.leaving = held;
        let ripe: Vec<Leaving> = ripe;
        let calls = ripe.iter().map(|l| l.call.clone()).collect();
        for leaving in ripe {
            self.tell_departure(now, out, leaving);
        }
        calls
    }

    /// Numbers and tells of those who came while the first lists were not in, in the order in which they called.
    pub(super) fn flush_arrivals(&mut self, now: Now, out: &mut Outbox) {
        let mut calls = std::mem::take(&mut self.arrivals);
        calls.sort_by_cached_key(uniqueid::order);
        for call in calls {
            self.tell_arrival(now, out, &call);
        }
        if self.count == 0 {
            self.note_empty(now, out, now.wall);
        }
        let gone = self.by_all.iter().filter(|call| !self.people.contains_key(*call)).cloned();
        for call in gone.collect::<Vec<_>>() {
            self.answer_for(out, &call, false);
        }
    }

    /// Ends the show if the room was empty long enough. `true` if it ended.
    pub(super) fn end_show(&mut self, now: Now, out: &mut Outbox) -> bool {
        if self.show_due.is_none_or(|due| due > now.mono) {
            return false;
        }
        self.show_due = None;
        let room = self.setup.name.clone();
        self.show.end();
        self.departed.clear();
        self.by_all.clear();
        out.row(LedgerRow::Unbind { room: room.clone() });
        out.row(self.show.row(&room));
        if self.standing.is_some() {
            self.stand(now, out, None, None);
        }
        self.overturned();
        out.entry(now, self.draft(None, What::ShowEnded(self.show.number)));
        true
    }

    fn tell_arrival(&mut self, now: Now, out: &mut Outbox, call: &Arc<str>) {
        let Some(part) = self.part_of(call) else { return };
        let member = self.parts.get(part).and_then(|c| c.member(call));
        let (muted, waiting) = member.map_or((false, false), |m| (m.muted, m.waiting));
        if let Some(kind) = self.people.get(call).and_then(|p| p.service) {
            return out.entry(now, self.draft(Some(call), What::Service { kind, on: true }));
        }
        self.number(now, out, call);
        self.count += 1;
        self.tally.joined += u32::from(out.resync);
        let count = self.present();
        out.entry(now, self.draft(Some(call), What::Joined { muted, waiting, count }));
    }

    /// How many are in the conference itself, as the roster counts them: neither services nor those in the lobby.
    pub(super) fn present(&self) -> u32 {
        let lobby: usize = self.parts.iter().skip(AIR + 1).map(Conference::len).sum();
        self.count.saturating_sub(u32::try_from(lobby).unwrap_or(u32::MAX))
    }

    fn number(&mut self, now: Now, out: &mut Outbox, call: &Arc<str>) {
        let room = self.setup.name.clone();
        let (running, was_empty) = (self.show.runs(), self.show.empty_since.take().is_some());
        self.show_due = None;
        let joined = self.people.get(call).map_or(now.wall, |p| p.joined);
        let (number, fresh) = self.show.number(call, joined);
        if let Some(person) = self.people.get_mut(call) {
            person.number = Some(number);
        }
        if !running {
            out.entry(now, self.draft(None, What::ShowBegan(self.show.number)));
        }
        if fresh || was_empty {
            // Before the number itself: the highest one given must be known even if that row is lost.
            out.row(self.show.row(&room));
        }
        if fresh {
            out.row(LedgerRow::Number { room, call: self.call(call), number, joined });
            let people = &self.people;
            self.show.prune(|call| people.contains_key(call));
        }
    }

    fn tell_departure(&mut self, now: Now, out: &mut Outbox, leaving: Leaving) {
        let Leaving { call, at, cause, .. } = leaving;
        self.answer_for(out, &call, false);
        let about = self.draft(Some(&call), What::Muted(false));
        let Some(person) = self.people.remove(&call) else { return };
        self.changed(&call);
        if let Some(kind) = person.service {
            self.stale.all();
            return out.entry(now, Draft { what: What::Service { kind, on: false }, ..about }.by(cause.by));
        }
        self.count = self.count.saturating_sub(1);
        self.tally.left += u32::from(out.resync);
        let (after, removed, count) = (at.saturating_sub(person.joined), cause.by.is_some(), self.present());
        let what = What::Left { after, removed, reason: cause.reason, count };
        out.entry(now, Draft { what, by: cause.by.clone(), ..about });
        if let Some(number) = person.number {
            let call = self.call(&call);
            self.departed.push_back(Departed { number, call, caller: person.caller, at, by: cause.by });
            self.stale.left();
        }
        while self.departed.len() > DEPARTED {
            self.departed.pop_front();
        }
        if self.count == 0 && !out.resync {
            self.note_empty(now, out, at);
        }
    }

    /// The room is empty since `at`, if nothing better is known.
    fn note_empty(&mut self, now: Now, out: &mut Outbox, at: u64) {
        if !self.show.runs() {
            return;
        }
        if self.show.empty_since.is_none() {
            self.show.empty_since = Some(at);
            out.row(self.show.row(&self.setup.name));
        }
        let empty = now.wall.saturating_sub(self.show.empty_since.unwrap_or(now.wall));
        let left = self.setup.show_ends_after.saturating_sub(Duration::from_millis(empty));
        self.show_due = Some(now.mono + left);
    }
}
