//! Mute-all: a standing order for late joiners, and single acts in a window for those who are there.
//!
//! Invariant: at most [`WINDOW`] of our own acts are on their way, so that an order of somebody's never waits for
//! more; whoever ends it unmutes only those whom it muted. Asterisk's own `all` and `participants` are never sent:
//! they are not "all but crew", they block the connection, and 11 lacks them.

use std::sync::Arc;

use super::conference::MAX_MEMBERS;
use super::deeds::{Deed, Origin, PATIENCE, Phase};
use super::room::AIR;
use super::{At, Pbx};
use crate::Now;
use crate::dialect::Evidence;
use crate::model::{Already, By, Order, OrderId, Outcome, Refusal, Since, Stage, Wish};

/// So many acts of our own are on their way at once.
const WINDOW: usize = 16;

/// A single act that waits for its turn.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    room: usize,
    call: Arc<str>,
    on: bool,
    by: By,
    origin: Origin,
}

impl Pbx {
    /// Whether a mute-all changes nothing.
    pub(super) fn stands_already(&self, room: usize, on: bool) -> Option<Already> {
        let standing = self.rooms.get(room)?.standing.as_ref();
        if standing.is_some() != on || !self.batch(room, on).is_empty() {
            return None;
        }
        let (by, at) = standing.map_or((None, None), |s| (s.by.clone(), Some(s.at)));
        Some(Already { by, at, under_way: false })
    }

    /// Whom a mute-all, or its end, would change now.
    pub(super) fn batch(&self, index: usize, on: bool) -> Vec<Arc<str>> {
        let Some(room) = self.rooms.get(index) else { return Vec::new() };
        let Some(conference) = room.parts.get(AIR) else { return Vec::new() };
        let meant = conference.members().filter(|(call, member)| {
            let spared = member.caller.crew || room.is_service(call);
            member.muted != on && if on { !spared } else { room.by_all.contains(*call) }
        });
        let mut calls: Vec<Arc<str>> = meant.map(|(call, _)| call.clone()).collect();
        calls.extend(self.opposites(index, on).filter(|call| conference.member(call).is_some()));
        calls.sort_by_key(|call| room.people.get(call).and_then(|p| p.number));
        calls.dedup();
        calls
    }

    /// Whom an act of our own is about to turn the other way: the world does not show it yet.
    fn opposites(&self, room: usize, on: bool) -> impl Iterator<Item = Arc<str>> {
        let ours = self.deeds.iter().filter(move |d| {
            d.origin != Origin::Person && d.is_active() && d.at == Some(At { room, part: AIR })
        });
        ours.filter_map(move |d| match &d.order.wish {
            Wish::Mute { call, on: o } if *o != on => Some(call.uniqueid.clone()),
            _ => None,
        })
    }

    pub(super) fn stand(&mut self, now: Now, order: Order, room: usize, on: bool) {
        self.queue.retain(|q| q.room != room);
        let calls = self.batch(room, on);
        let (id, by) = (order.id, order.by.clone());
        let Some(ours) = self.rooms.get_mut(room) else { return };
        let standing = on.then(|| Since { at: now.wall, by: Some(by.clone()) });
        ours.stand(now, &mut self.out, standing, Some(by.clone()));
        if calls.is_empty() {
            return self.tell(now, &order, Stage::Settled(Outcome::Done));
        }
        self.tell(now, &order, Stage::Sent);
        self.deeds.insert(Deed {
            order,
            origin: Origin::Person,
            phase: Phase::Batch { left: calls.len() as u32, missed: 0 },
            due: Some(now.mono + PATIENCE),
            born: now.mono,
            at: Some(At { room, part: AIR }),
            channel: "".into(),
            slot: None,
            action: "",
            evidence: Evidence::Answer,
            patience: PATIENCE,
            trapped: false,
        });
        let origin = Origin::Child(id);
        self.queue.extend(calls.into_iter().map(|call| Queued { room, call, on, by: by.clone(), origin }));
    }

    /// Somebody joined a room in which mute-all stands.
    pub(super) fn late_joiner(&mut self, at: At, call: &Arc<str>) {
        if self.queue.len() >= MAX_MEMBERS {
            return; // nobody answers: the members could not all be there any more
        }
        let Some(standing) = self.room(at).and_then(|r| r.standing.as_ref()) else { return };
        let Some(by) = standing.by.clone() else { return };
        let (room, call, origin) = (at.room, call.clone(), Origin::Core);
        self.queue.push_back(Queued { room, call, on: true, by, origin });
    }

    /// Sends what waits, as far as the window allows.
    pub(super) fn pump(&mut self, now: Now) {
        if self.queue.is_empty() || !self.is_up() {
            return;
        }
        let waits = |d: &&Deed| {
            d.origin != Origin::Person
                && matches!(d.phase, Phase::Guarding | Phase::Sent | Phase::Answered | Phase::Checking)
        };
        let mut free = WINDOW.saturating_sub(self.deeds.iter().filter(waits).count());
        while free > 0 {
            let Some(queued) = self.queue.pop_front() else { return };
            if let Some(wish) = self.still_wanted(&queued) {
                self.own_order(now, queued.by, wish, queued.origin);
                free -= 1;
            } else if let Origin::Child(parent) = queued.origin {
                self.child_done(now, parent, &Outcome::Gone);
            }
        }
    }

    fn still_wanted(&self, queued: &Queued) -> Option<Wish> {
        let room = self.rooms.get(queued.room)?;
        let member = room.parts.get(AIR)?.member(&queued.call)?;
        let wish = Wish::Mute { call: room.call(&queued.call), on: queued.on };
        let opposed = self.deeds.rival(&wish).is_some_and(|rival| rival.order.wish != wish);
        (member.muted != queued.on || opposed).then_some(wish)
    }

    /// An order of the core's own.
    pub(super) fn own_order(&mut self, now: Now, by: By, wish: Wish, origin: Origin) {
        let (id, epoch) = (self.deeds.own_id(), self.out.epoch);
        self.start(now, Order { id, by, wish, reason: None, epoch }, origin);
    }

    /// One act of a batch ended.
    pub(super) fn child_done(&mut self, now: Now, parent: OrderId, outcome: &Outcome) {
        let vain = !matches!(
            outcome,
            Outcome::Done
                | Outcome::Already(_)
                | Outcome::Gone
                | Outcome::Replaced(_)
                | Outcome::Refused(Refusal::Outranked(_))
        );
        let Some(deed) = self.deeds.get_mut(parent) else { return };
        let Phase::Batch { left, missed } = &mut deed.phase else { return };
        *left = left.saturating_sub(1);
        *missed += u32::from(vain);
        let (left, missed) = (*left, *missed);
        if left == 0 {
            let outcome = if missed == 0 { Outcome::Done } else { Outcome::NeverSeen };
            self.settle(now, parent, outcome);
        } else if deed.due.is_some() {
            deed.due = Some(now.mono + PATIENCE);
        }
    }

    /// The show ended: nothing of it stands any more.
    pub(super) fn show_over(&mut self, now: Now, room: usize) {
        self.queue.retain(|q| q.room != room);
        let Some(ours) = self.rooms.get_mut(room) else { return };
        if ours.topic.is_some() {
            ours.set_topic(now, &mut self.out, None, None);
            self.write_topic(room);
        }
    }
}
