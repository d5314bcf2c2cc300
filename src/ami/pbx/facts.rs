//! What Asterisk shows, by event or by list, becomes state, entries, and evidence for the orders in flight.
//!
//! An event is applied at once, also while a list runs. A difference that a list shows goes the same way; only that
//! somebody is gone proves nothing when a list says so.

use std::sync::Arc;

use super::census::GRACE;
use super::conference::Member;
use super::deeds::{Deed, Origin};
use super::room::{AIR, Arrival, Cause};
use super::{At, Pbx};
use crate::Now;
use crate::dialect::{self, Application, Fact, Seen, is_announcer};
use crate::model::{By, CallId, Caller, Claim, CrewPattern, OrderId, Outcome, PhoneNumber, What, Wish};
use crate::wire::{Frame, Kind};

/// So many rooms are looked through.
pub(super) const FEW: usize = 8;

/// Whence something is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    Event,
    List,
}

impl Pbx {
    pub(super) fn event(&mut self, now: Now, frame: Frame<'_>) {
        let Kind::Event(name) = frame.kind() else { return };
        if !self.is_listening() {
            return;
        }
        let spoken = |a: &Application| Some((*a, self.dialects.of(*a).fact(name, frame)?));
        let Some((of, fact)) = self.applications.iter().find_map(spoken) else { return };
        let at = fact.conference().and_then(|name| self.locate(of, name));
        match (fact, at) {
            (Fact::Talking { call, on, .. }, Some(at)) => self.talking(now, at, call, on),
            (Fact::Joined { frame, .. }, Some(at)) => self.join_event(now, at, frame),
            (Fact::Left { call, .. }, Some(at)) => self.left(now, at, call, Found::Event),
            (Fact::Muted { call, on, .. }, Some(at)) => {
                self.muted(now, at, call, on);
                if !on {
                    self.unhushed(now, at, call);
                }
            }
            (Fact::Hand { call, on, .. }, Some(at)) => self.hand(now, at, call, on),
            (Fact::Recording { on, .. }, Some(at)) => self.recording(now, at, on),
            (Fact::Ended { .. }, Some(at)) => self.conference_over(now, at),
            (Fact::Hungup { call }, _) => self.hung_up(now, call),
            (Fact::Stopping, _) => self.stopping(),
            (_, None) => {}
        }
    }

    /// The room's conference of that name. Where there are few, comparing is cheaper than hashing.
    fn locate(&self, application: Application, name: &[u8]) -> Option<At> {
        if self.rooms.len() > FEW {
            return self.places.get(&(application, name.to_ascii_lowercase())).copied();
        }
        let rooms = self.rooms.iter().enumerate().filter(|(_, r)| r.application == application);
        rooms.into_iter().find_map(|(room, r)| {
            let part = r.parts.iter().position(|c| c.is(name))?;
            Some(At { room, part })
        })
    }

    /// In which conference a call is.
    pub(super) fn find(&self, call: &CallId) -> Option<At> {
        if call.server != self.server {
            return None;
        }
        let home = self.homes.of(&call.uniqueid)?;
        let part = self.rooms.get(home).and_then(|r| r.part_of(&call.uniqueid));
        if let Some(part) = part {
            return Some(At { room: home, part });
        }
        let mut rooms = self.rooms.iter().enumerate();
        rooms.find_map(|(room, r)| Some(At { room, part: r.part_of(&call.uniqueid)? }))
    }

    fn call_id(&self, call: &str) -> CallId {
        CallId { server: self.server.clone(), uniqueid: call.into() }
    }

    fn join_event(&mut self, now: Now, at: At, frame: Frame<'_>) {
        let Some(seen) = self.dialect(at.room).seen(frame).filter(|s| !is_announcer(&s.channel)) else {
            return;
        };
        let Some(call) = seen.call else { return };
        self.lists.joined(at);
        let (call, member): (Arc<str>, _) = (call.into(), self.member(now, at, &seen));
        self.joined(now, at, &call, member);
    }

    pub(super) fn joined(&mut self, now: Now, at: At, call: &Arc<str>, member: Member) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        let overflown = conference.overflown;
        if !conference.join(call, member.clone()) {
            if conference.overflown && !overflown {
                let words = format!("conference {} has too many members", conference.name);
                self.out.entry(now, room.draft(None, What::Desynchronised(words)));
            }
            return;
        }
        self.homes.joined(call, at.room);
        let arrival = room.arrived(now, &mut self.out, call, &member);
        let spared = member.muted || member.caller.crew || room.is_service(call);
        if !member.vetted {
            self.list_soon(now, at);
        } else if at.part == AIR && arrival != Arrival::Restored && !spared {
            self.late_joiner(at, call);
        }
    }

    pub(super) fn left(&mut self, now: Now, at: At, call: &str, found: Found) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some((call, member)) = room.parts.get_mut(at.part).and_then(|c| c.leave(call)) else { return };
        self.homes.left(&call);
        if let (Found::Event, Some(conference)) = (found, room.parts.get_mut(at.part)) {
            conference.left_now(now.mono, call.clone());
        }
        let id = room.call(&call);
        let kicks: Vec<(OrderId, Cause)> = match found {
            Found::List => Vec::new(),
            Found::Event => self.removers(at, &id),
        };
        let cause = kicks.first().map(|(_, cause)| cause.clone()).unwrap_or_default();
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        room.departed(now, &mut self.out, &call, member.talking, cause);
        let gone = !room.people.contains_key(&call);
        for deed in self.deed_ids(&Claim::Seat(id.clone()), |d| d.at == Some(at)) {
            let outcome = if found == Found::Event { Outcome::Done } else { Outcome::Gone };
            self.settle_seat(now, deed, outcome);
        }
        if gone {
            self.call_left(now, &id);
        }
    }

    /// Whose orders may have made a call leave: kicks from that conference, and hangups, which are settled by their
    /// own event.
    fn removers(&self, at: At, id: &CallId) -> Vec<(OrderId, Cause)> {
        if self.deeds.is_empty() {
            return Vec::new();
        }
        let (seat, line) = (Claim::Seat(id.clone()), Claim::Line(id.clone()));
        let kicks = self.deeds.of(&seat).filter(|d| d.at == Some(at));
        let all = kicks.chain(self.deeds.of(&line)).filter(|d| d.may_explain());
        all.map(|d| {
            let cause = Cause { by: Some(d.order.by.clone()), reason: d.order.reason.clone() };
            (d.order.id, cause)
        })
        .collect()
    }

    /// What was meant for a call that has left for good has nobody to happen to.
    pub(super) fn call_left(&mut self, now: Now, id: &CallId) {
        if self.deeds.is_empty() {
            return;
        }
        for deed in self.deed_ids(&Claim::Voice(id.clone()), |_| true) {
            self.voice_gone(now, deed);
        }
        for deed in self.deed_ids(&Claim::Note(id.clone()), |_| true) {
            self.settle(now, deed, Outcome::Gone);
        }
    }

    pub(super) fn deed_ids(&self, claim: &Claim, wanted: impl Fn(&Deed) -> bool) -> Vec<OrderId> {
        if self.deeds.is_empty() {
            return Vec::new();
        }
        self.deeds.of(claim).filter(|d| wanted(d)).map(|d| d.order.id).collect()
    }

    pub(super) fn muted(&mut self, now: Now, at: At, call: &str, on: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        let Some(changed) = conference.mute(call, on) else { return };
        if on {
            // Asterisk says so too, some 20 ms later: until then a roster would show somebody muted who talks.
            self.hushed(now, at, call);
        }
        let call: Arc<str> = call.into();
        let ours = self.muters(at, &call, on);
        let first = ours.first().and_then(|id| self.deeds.get(*id));
        let (mut by, batch) = (first.map(|d| d.order.by.clone()), first.map(|d| d.origin));
        let trapped = if changed && ours.is_empty() { self.trap(at, &call, on) } else { None };
        if let Some(deed) = trapped.and_then(|id| self.deeds.get_mut(id)) {
            deed.trapped = true;
            by = Some(deed.order.by.clone());
        }
        if changed && let Some(room) = self.rooms.get_mut(at.room) {
            room.muted(now, &mut self.out, at.part, &call, on, by);
            if on && matches!(batch, Some(Origin::Child(_) | Origin::Core)) && room.standing.is_some() {
                room.answer_for(&mut self.out, &call, true);
            }
        }
        for deed in ours {
            self.settle(now, deed, Outcome::Done);
        }
        if let Some(deed) = trapped {
            self.set_right(now, at, &call, on, deed);
        }
    }

    /// Whose orders may have muted or unmuted a call.
    fn muters(&self, at: At, call: &Arc<str>, on: bool) -> Vec<OrderId> {
        if self.deeds.is_empty() {
            return Vec::new();
        }
        let claim = Claim::Voice(self.call_id(call));
        let wished = |d: &Deed| matches!(d.order.wish, Wish::Mute { on: o, .. } if o == on);
        self.deed_ids(&claim, |d| d.may_explain() && d.at == Some(at) && wished(d))
    }

    /// An act of ours that explains why this call, which nobody meant, was muted: ConfBridge mutes the first channel
    /// that begins with the name it is given, MeetMe whoever has the number by now.
    fn trap(&self, at: At, call: &str, on: bool) -> Option<OrderId> {
        if self.deeds.is_empty() {
            return None;
        }
        let member = self.room(at)?.parts.get(at.part)?.member(call)?;
        let hit = member.channel.as_bytes();
        let explains = |d: &&Deed| {
            let meant = d.channel.as_bytes();
            let begins = hit.get(..meant.len()).is_some_and(|head| head.eq_ignore_ascii_case(meant));
            let named = if d.slot.is_some() { d.slot == member.slot } else { begins && !meant.is_empty() };
            let mute = matches!(&d.order.wish, Wish::Mute { on: o, .. } if *o == on);
            mute && named && !d.trapped && d.at == Some(at) && d.may_explain()
        };
        self.deeds.iter().find(explains).map(|d| d.order.id)
    }

    /// Undoes what hit the wrong call, and says so.
    fn set_right(&mut self, now: Now, at: At, call: &Arc<str>, on: bool, deed: OrderId) {
        let Some(Wish::Mute { call: meant, .. }) = self.deeds.get(deed).map(|d| d.order.wish.clone()) else {
            return;
        };
        let Some(by) = self.deeds.get(deed).map(|d| d.order.by.clone()) else { return };
        let Some(room) = self.rooms.get(at.room) else { return };
        let id = room.call(call);
        let what = What::WrongCall { meant, muted: on };
        self.out.entry(now, room.draft(Some(call), what).by(Some(by.clone())));
        self.own_order(now, by, Wish::Mute { call: id, on: !on }, Origin::Core);
    }

    pub(super) fn talking(&mut self, now: Now, at: At, call: &str, on: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        let Some(before) = conference.talk(call, on, now.wall) else { return };
        if let (Some(since), Some(person)) = (before, room.people.get_mut(call)) {
            person.talked += now.wall.saturating_sub(since);
        }
        room.touched(call);
    }

    fn hushed(&mut self, now: Now, at: At, call: &str) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(before) = room.parts.get_mut(at.part).and_then(|c| c.hush(call, now)) else { return };
        if let (Some(since), Some(person)) = (before, room.people.get_mut(call)) {
            person.talked += now.wall.saturating_sub(since);
        }
        room.touched(call);
    }

    fn unhushed(&mut self, now: Now, at: At, call: &str) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        if room.parts.get_mut(at.part).is_some_and(|c| c.unhush(call, now)) {
            room.touched(call);
        }
    }

    pub(super) fn hand(&mut self, now: Now, at: At, call: &str, on: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        if room.parts.get_mut(at.part).is_some_and(|c| c.raise(call, on, now.wall)) {
            room.touched(call);
        }
    }

    pub(super) fn waiting(&mut self, now: Now, at: At, call: &Arc<str>, on: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        if let Some(conference) = room.parts.get_mut(at.part) {
            conference.wait(call, on);
            room.waiting(now, &mut self.out, call, on);
        }
    }

    pub(super) fn renamed(&mut self, at: At, call: &Arc<str>, member: Member) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        if let Some(person) = room.people.get_mut(call) {
            person.caller = member.caller.clone();
        }
        let spared = member.muted || member.caller.crew || room.is_service(call) || at.part != AIR;
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        let other = conference.member(call).is_some_and(|known| !known.is_named(&member));
        let vetted = conference.rename(call, member);
        if other {
            room.changed(call);
        }
        if vetted && !spared {
            self.late_joiner(at, call);
        }
    }

    pub(super) fn recording(&mut self, now: Now, at: At, on: bool) {
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        if conference.recording.is_some() == on {
            return;
        }
        conference.recording = on.then_some(now.wall);
        if at.part == AIR {
            room.turned();
            self.out.entry(now, room.draft(None, What::Recording(on)));
        }
    }

    fn hung_up(&mut self, now: Now, call: &str) {
        let mut left = false;
        if self.is_up() {
            // A leave that is held back is due soon: only there it can wait.
            for at in self.rooms.due_by(now.mono + GRACE) {
                let room = self.rooms.get_mut(at);
                left |= room.is_some_and(|room| room.hung_up(now, &mut self.out, call));
            }
        }
        if self.deeds.is_empty() {
            return;
        }
        let id = self.call_id(call);
        if left {
            self.call_left(now, &id);
        }
        for deed in self.deed_ids(&Claim::Line(id), Deed::is_out) {
            let ours = self.deeds.get(deed).is_some_and(Deed::may_explain);
            self.settle(now, deed, if ours { Outcome::Done } else { Outcome::Gone });
        }
    }

    pub(super) fn rooms_due(&mut self, now: Now) {
        if !self.is_up() {
            return;
        }
        for at in self.rooms.due_by(now.mono) {
            let Some(room) = self.rooms.get_mut(at) else { continue };
            let left = room.flush_leaving(now, &mut self.out, false);
            let ended = room.end_show(now, &mut self.out);
            for call in left {
                let id = self.call_id(&call);
                self.call_left(now, &id);
            }
            if ended {
                self.show_over(now, at);
            }
        }
    }

    /// Who of us locked or unlocked the door that a list shows so.
    pub(super) fn who_locked(&self, room: usize, on: bool) -> Option<By> {
        let door = Claim::Door(self.rooms.get(room)?.setup.name.clone());
        let ours = self.deeds.of(&door).filter(|d| d.may_explain());
        let mut ours = ours.filter(|d| matches!(d.order.wish, Wish::Lock { on: o, .. } if o == on));
        ours.next().map(|d| d.order.by.clone())
    }
}

pub(super) fn caller(crew: &[CrewPattern], seen: &Seen<'_>) -> Arc<Caller> {
    Arc::new(Caller {
        name: seen.name.as_ref().map(|name| name.clone().into_owned()),
        phone: PhoneNumber::new(seen.phone.clone()),
        tech: dialect::tech(&seen.channel),
        crew: seen.admin == Some(true) || dialect::is_crew(crew, &seen.channel, &seen.phone),
    })
}
