//! From Asterisk's answer to the end of an order: evidence, patience, what is told.
//!
//! Invariant: an order is called done only by its own evidence. A list can show that a call is gone, never that we
//! removed it.

use super::Pbx;
use super::acts::tidy;
use super::answers::{complaint, error_of};
use super::deeds::{Deed, LINGER, Origin, Phase, STRAY};
use super::outbox::Draft;
use super::room::{AIR, Room};
use super::schedule::{Waiter, Which};
use crate::Now;
use crate::dialect::{Evidence, Verdict};
use crate::model::{CallId, LedgerRow, Note, Order, OrderId, Outcome, Refusal, Stage, Topic, What, Wish};
use crate::session::Reply;

/// A list has 5 s to come.
const LIST: std::time::Duration = std::time::Duration::from_secs(6);

impl Pbx {
    /// Asterisk answered an act.
    pub(super) fn answered(&mut self, now: Now, id: OrderId, reply: &Reply) {
        let Some(deed) = self.deeds.get(id) else { return };
        let words = match reply {
            Reply::Response(frame) => error_of(frame),
            Reply::Command { ok, lines } => complaint(*ok, lines),
            Reply::NotSent => return self.settle(now, id, Outcome::Refused(Refusal::NotSent)),
            _ => return self.unanswered(now, id),
        };
        match words {
            Some(words) => {
                let outcome = self.verdict(deed, words);
                self.settle(now, id, outcome);
            }
            None if deed.phase == Phase::Sent => self.granted(now, id),
            None if deed.phase == Phase::Stray => self.astray(now, id, STRAY),
            None => {}
        }
    }

    fn verdict(&self, deed: &Deed, words: String) -> Outcome {
        let room = deed.at.map_or(0, |at| at.room);
        match self.dialect(room).verdict(&words) {
            Verdict::Gone => Outcome::Gone,
            Verdict::Forbidden => self.forbidden(room, deed.action),
            Verdict::Refused => Outcome::Refused(Refusal::Asterisk(words)),
        }
    }

    /// Asterisk said yes, which proves nothing but of what has no other evidence.
    fn granted(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get_mut(id) else { return };
        match deed.evidence {
            Evidence::Event => (deed.phase, deed.due) = (Phase::Answered, Some(now.mono + deed.patience)),
            Evidence::Members | Evidence::Halls => self.look(now, id),
            Evidence::Answer => {
                let order = deed.order.clone();
                self.apply_own(now, &order);
                self.settle(now, id, Outcome::Done);
            }
        }
    }

    /// No answer in time: it may have been done, or be done yet.
    fn unanswered(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get_mut(id).filter(|d| d.phase == Phase::Sent) else { return };
        (deed.phase, deed.due) = (Phase::Late, Some(now.mono + LINGER));
        let (order, origin) = (deed.order.clone(), deed.origin);
        self.tell_stage(now, &order, origin, Stage::Unknown);
        self.ask_for(now, id);
    }

    /// Asks for the list that will prove or disprove an act.
    fn look(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get_mut(id) else { return };
        (deed.phase, deed.due) = (Phase::Checking, Some(now.mono + LIST));
        self.ask_for(now, id);
    }

    fn ask_for(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get(id) else { return };
        let which = match &deed.order.wish {
            Wish::Lock { .. } => {
                deed.at.and_then(|at| self.rooms.get(at.room)).map(|r| Which::Halls(r.application))
            }
            Wish::Mute { .. } | Wish::Kick { .. } => deed.at.map(Which::Members),
            _ => None,
        };
        if let Some(which) = which {
            self.ask(now, which, Some(Waiter::Check(id)));
        }
    }

    /// The list that was asked for is in, or will not come.
    pub(super) fn check(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get(id) else { return };
        let (phase, wish) = (deed.phase, deed.order.wish.clone());
        if !matches!(phase, Phase::Checking | Phase::Late) {
            return;
        }
        if self.level(&wish) == Some(true) {
            self.settle(now, id, listed(&wish));
        } else if phase == Phase::Checking {
            self.late(now, id);
        }
    }

    /// A list may be the evidence that orders about the same wait for, late.
    pub(super) fn check_late(&mut self, now: Now, about: impl Fn(&Deed) -> bool) {
        if self.deeds.is_empty() {
            return;
        }
        let late = self.deeds.iter().filter(|d| d.phase == Phase::Late && about(d)).map(|d| d.order.id);
        for id in late.collect::<Vec<_>>() {
            self.check(now, id);
        }
    }

    fn late(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get_mut(id) else { return };
        (deed.phase, deed.due) = (Phase::Late, Some(now.mono + LINGER));
        let (order, origin) = (deed.order.clone(), deed.origin);
        self.tell_stage(now, &order, origin, Stage::NotYet);
    }

    pub(super) fn deeds_due(&mut self, now: Now) {
        for id in self.deeds.ripe(now.mono) {
            let Some(deed) = self.deeds.get_mut(id) else { continue };
            match deed.phase {
                Phase::Sent => self.unanswered(now, id),
                Phase::Answered if matches!(deed.order.wish, Wish::Mute { .. } | Wish::Kick { .. }) => {
                    self.look(now, id);
                }
                Phase::Answered | Phase::Checking => self.late(now, id),
                Phase::Guarding => self.settle(now, id, Outcome::Refused(Refusal::NoList)),
                Phase::Late | Phase::Outbid | Phase::Stray => self.settle(now, id, Outcome::NeverSeen),
                Phase::Batch { .. } => {
                    deed.due = None;
                    let (order, origin) = (deed.order.clone(), deed.origin);
                    self.tell_stage(now, &order, origin, Stage::NotYet);
                }
                Phase::Lost => deed.due = None,
            }
        }
    }

    /// What the world shows of a wish; `None`: that it has nobody to be true of.
    pub(super) fn level(&self, wish: &Wish) -> Option<bool> {
        let present = |call: &CallId| self.find(call);
        match wish {
            Wish::Mute { call, on } => {
                let at = present(call)?;
                Some(self.room(at)?.parts.get(at.part)?.member(&call.uniqueid)?.muted == *on)
            }
            Wish::Kick { call } => Some(present(call).is_none()),
            Wish::Hangup { call } | Wish::Note { call, .. } => present(call).map(|_| false),
            Wish::Lock { room, .. } if !self.dialect(self.room_index(room)?).tells_locks() => Some(false),
            Wish::Lock { room, on } => {
                Some(self.rooms.get(self.room_index(room)?)?.parts.get(AIR)?.locked == *on)
            }
            Wish::MuteAll { room, on } => Some(self.batch(self.room_index(room)?, *on).is_empty()),
            Wish::Topic { .. } => Some(false),
        }
    }

    /// A kick from the seat that was left.
    pub(super) fn settle_seat(&mut self, now: Now, id: OrderId, outcome: Outcome) {
        match self.deeds.get(id).map(|d| d.phase) {
            Some(Phase::Guarding | Phase::Sent) => self.settle(now, id, Outcome::Gone),
            Some(Phase::Lost) | None => {}
            Some(_) => self.settle(now, id, outcome),
        }
    }

    pub(super) fn settle(&mut self, now: Now, id: OrderId, outcome: Outcome) {
        let Some(deed) = self.deeds.remove(id) else { return };
        if matches!(deed.phase, Phase::Outbid | Phase::Stray) {
            return;
        }
        if outcome == Outcome::Done && deed.origin == Origin::Person {
            self.deeds.done(&deed);
        }
        self.conclude(now, &deed.order, deed.origin, outcome);
    }

    /// The call of an act has left. One that is on its way by number stays for a while: it may hit the next who has it.
    pub(super) fn voice_gone(&mut self, now: Now, id: OrderId) {
        let Some(deed) = self.deeds.get(id) else { return };
        let (order, origin, phase) = (deed.order.clone(), deed.origin, deed.phase);
        match phase {
            Phase::Sent if deed.slot.is_some() => self.astray(now, id, LINGER),
            Phase::Answered if deed.slot.is_some() => self.astray(now, id, STRAY),
            Phase::Stray => return,
            _ => return self.settle(now, id, Outcome::Gone),
        }
        self.conclude(now, &order, origin, Outcome::Gone);
    }

    fn astray(&mut self, now: Now, id: OrderId, time: std::time::Duration) {
        if let Some(deed) = self.deeds.get_mut(id) {
            (deed.phase, deed.due) = (Phase::Stray, Some(now.mono + time));
        }
    }

    /// Tells the end of an order to whoever waits for it.
    pub(super) fn conclude(&mut self, now: Now, order: &Order, origin: Origin, outcome: Outcome) {
        match origin {
            Origin::Person => self.tell(now, order, Stage::Settled(outcome)),
            Origin::Child(parent) => self.child_done(now, parent, &outcome),
            Origin::Core => {}
        }
    }

    pub(super) fn tell_stage(&mut self, now: Now, order: &Order, origin: Origin, stage: Stage) {
        if origin == Origin::Person {
            self.tell(now, order, stage);
        }
    }

    pub(super) fn tell(&mut self, now: Now, order: &Order, stage: Stage) {
        let (room, call) = match &order.wish {
            Wish::Mute { call, .. }
            | Wish::Kick { call }
            | Wish::Hangup { call }
            | Wish::Note { call, .. } => (self.room_of(call), Some(call)),
            Wish::Lock { room, .. } | Wish::MuteAll { room, .. } | Wish::Topic { room, .. } => {
                (self.room_index(room).and_then(|at| self.rooms.get(at)), None)
            }
        };
        let what = What::Order { order: Box::new(order.clone()), stage };
        let draft = match room {
            Some(room) => room.draft(call.map(|c| &c.uniqueid), what),
            None => Draft { call: call.cloned(), ..Draft::new(what) },
        };
        self.out.entry(now, draft.by(Some(order.by.clone())));
    }

    /// The room that a call is in, or was in.
    fn room_of(&self, call: &CallId) -> Option<&Room> {
        let known = |r: &&Room| r.server == call.server && r.show.binding(&call.uniqueid).is_some();
        self.find(call).and_then(|at| self.room(at)).or_else(|| self.rooms.iter().find(known))
    }

    /// What is our own state changes with the evidence.
    pub(super) fn apply_own(&mut self, now: Now, order: &Order) {
        let by = order.by.clone();
        match &order.wish {
            Wish::Topic { room, text } => {
                let topic = tidy(text.as_deref()).map(str::to_owned);
                let topic = topic.map(|text| Topic { text, by: by.clone(), at: now.wall });
                if let Some(room) = self.room_index(room).and_then(|at| self.rooms.get_mut(at)) {
                    room.set_topic(now, &mut self.out, topic, Some(by));
                }
            }
            Wish::Note { call, text } => self.set_note(now, call, tidy(text.as_deref()), order),
            _ => {}
        }
    }

    fn set_note(&mut self, now: Now, call: &CallId, text: Option<&str>, order: &Order) {
        let note = text.map(|text| Note { text: text.to_owned(), by: order.by.clone(), at: now.wall });
        let Some(room) = self.find(call).and_then(|at| self.rooms.get_mut(at.room)) else { return };
        room.show.set_note(&call.uniqueid, note.clone());
        room.changed(&call.uniqueid);
        self.out.row(LedgerRow::Note { room: room.setup.name.clone(), call: call.clone(), note });
        let what = What::Note(text.map(str::to_owned));
        self.out.entry(now, room.draft(Some(&call.uniqueid), what).by(Some(order.by.clone())));
    }
}

/// What a list that shows a wish fulfilled proves.
pub(super) fn listed(wish: &Wish) -> Outcome {
    if matches!(wish, Wish::Kick { .. }) { Outcome::Gone } else { Outcome::Done }
}
