//! From an order to an action on its way: may it be done, is it so already, who wishes the opposite, must a list come
//! first?
//!
//! Invariant: nothing is told as replaced, and nothing is sent, for an order that cannot be sent itself.

use std::sync::Arc;

use super::deeds::{Deed, LINGER, Origin, PATIENCE, Phase, UNANSWERED};
use super::room::AIR;
use super::schedule::{Waiter, Which};
use super::{At, Errand, Pbx};
use crate::Now;
use crate::dialect::{Act, Evidence, Target};
use crate::model::{
    Already, CallId, ConferenceKind, KickBy, Order, OrderId, Outcome, Refusal, RoomName, RoomSetup, Stage,
    Wish,
};
use crate::session::Expect;
use crate::wire::{Action, ActionError, HeaderValue};
use std::time::Duration;

/// The channel variable that a caller's note is written to.
const NOTE: &str = "topic";
/// The longest topic or note, in bytes: with its header a line must stay below 1000.
const MAX_TEXT: usize = 900;

/// What sending a wish takes, as the world is now.
#[derive(Debug)]
pub(super) struct Plan {
    at: Option<At>,
    channel: Arc<str>,
    slot: Option<u32>,
    evidence: Evidence,
    /// How long the evidence may take.
    patience: Duration,
    guard: bool,
    /// `None`: there is nothing to send, it is our own state alone.
    action: Option<Action>,
}

impl Pbx {
    pub(super) fn start(&mut self, now: Now, order: Order, origin: Origin) {
        match self.admit(now, &order) {
            Err(outcome) => self.conclude(now, &order, origin, outcome),
            Ok(plan) => self.begin(now, order, origin, plan),
        }
    }

    fn admit(&mut self, now: Now, order: &Order) -> Result<Plan, Outcome> {
        if let Some(stale) = self.staleness() {
            return Err(Outcome::Refused(stale));
        }
        if order.epoch != self.out.epoch {
            return Err(Outcome::Refused(Refusal::Outdated));
        }
        let plan = self.plan(&order.wish)?;
        if let Some(first) = self.deeds.rival(&order.wish) {
            let by = first.order.by.clone();
            if first.order.wish == order.wish {
                return Err(Outcome::Already(Already { by: Some(by), at: None, under_way: true }));
            }
            if by.rank > order.by.rank && first.born + super::deeds::RANK_HOLDS > now.mono {
                return Err(Outcome::Refused(Refusal::Outranked(by)));
            }
        } else if let Some(already) = self.already(&order.wish, plan.evidence) {
            return Err(Outcome::Already(already));
        }
        if let Some(by) = self.deeds.outranked(now.mono, order) {
            return Err(Outcome::Refused(Refusal::Outranked(by)));
        }
        if self.deeds.is_full() { Err(Outcome::Refused(Refusal::Busy)) } else { Ok(plan) }
    }

    /// What is so already. Never said of what is polled (the lock; who is muted on Asterisk 11): such acts are sent,
    /// they do no harm.
    fn already(&self, wish: &Wish, evidence: Evidence) -> Option<Already> {
        match wish {
            Wish::Mute { call, on } if evidence == Evidence::Event => {
                let at = self.find(call)?;
                let member = self.room(at)?.parts.get(at.part)?.member(&call.uniqueid)?;
                let voice = self.room(at)?.people.get(&call.uniqueid).and_then(|p| p.voice.clone());
                let (by, at) = voice.map_or((None, None), |v| (v.by, Some(v.at)));
                (member.muted == *on).then_some(Already { by, at, under_way: false })
            }
            Wish::MuteAll { room, on } => self.stands_already(self.room_index(room)?, *on),
            _ => None,
        }
    }

    pub(super) fn room_index(&self, name: &RoomName) -> Option<usize> {
        self.rooms.iter().position(|r| r.setup.name == *name)
    }

    fn plan(&self, wish: &Wish) -> Result<Plan, Outcome> {
        match wish {
            Wish::Mute { call, on } => self.plan_call(call, |target| Act::Mute { target, on: *on }),
            Wish::Kick { call } => {
                let by = self.kick_by(call);
                self.plan_call(call, |target| Act::Kick { target, by })
            }
            Wish::Hangup { call } => self.plan_call(call, |target| Act::Hangup { target }),
            Wish::Note { call, text } => {
                let value = fitting(text.as_deref())?;
                self.plan_call(call, |t| Act::Set { channel: Some(t.channel), variable: NOTE, value })
            }
            Wish::Lock { room, on } => {
                self.plan_room(room, |setup| Some(Act::Lock { conference: &setup.conference, on: *on }))
            }
            Wish::MuteAll { room, on } => {
                // Nobody is meant yet: this only asks whether the user may.
                let plan = self.plan_room(room, |setup| {
                    let conference = &setup.conference;
                    let target = Target { conference, call: "-", channel: "-", slot: Some(0), last: false };
                    Some(Act::Mute { target, on: *on })
                })?;
                Ok(Plan { action: None, guard: false, ..plan })
            }
            Wish::Topic { room, text } => {
                let value = fitting(text.as_deref())?;
                self.plan_room(room, |setup| {
                    let variable = setup.topic_variable.as_deref()?;
                    Some(Act::Set { channel: None, variable, value })
                })
            }
        }
    }

    fn plan_call<'a>(
        &'a self,
        call: &'a CallId,
        act: impl Fn(Target<'a>) -> Act<'a>,
    ) -> Result<Plan, Outcome> {
        let at = self.find(call).ok_or(Outcome::Gone)?;
        let (target, channel) = self.target(at, call).ok_or(Outcome::Gone)?;
        let (act, slot, dialect) = (act(target), target.slot, self.dialect(at.room));
        let (evidence, patience, guard) =
            (dialect.evidence(&act), dialect.patience(&act), dialect.guard(&act));
        let action = Some(self.sendable(at.room, &act)?);
        Ok(Plan { at: Some(at), channel, slot, evidence, patience, guard, action })
    }

    /// How the room of a call wants its people removed.
    fn kick_by(&self, call: &CallId) -> Option<KickBy> {
        match self.room(self.find(call)?)?.setup.kind {
            ConferenceKind::MeetMe { kick_by } => kick_by,
            ConferenceKind::ConfBridge => None,
        }
    }

    /// For the room as a whole, which is its conference, not its lobby. Without an act it is our own state alone.
    fn plan_room<'a>(
        &'a self,
        name: &RoomName,
        act: impl Fn(&'a RoomSetup) -> Option<Act<'a>>,
    ) -> Result<Plan, Outcome> {
        let room = self.room_index(name).ok_or(Outcome::Refused(Refusal::NoSuchRoom))?;
        let act = self.rooms.get(room).and_then(|r| act(&r.setup));
        let evidence = act.as_ref().map_or(Evidence::Answer, |act| self.dialect(room).evidence(act));
        let action = act.map(|act| self.sendable(room, &act)).transpose()?;
        let (at, channel) = (Some(At { room, part: AIR }), "".into());
        Ok(Plan { at, channel, slot: None, evidence, patience: PATIENCE, guard: false, action })
    }

    fn target<'a>(&'a self, at: At, call: &'a CallId) -> Option<(Target<'a>, Arc<str>)> {
        let conference = self.room(at)?.parts.get(at.part)?;
        let member = conference.member(&call.uniqueid)?;
        let target = Target {
            conference: &conference.name,
            call: &call.uniqueid,
            channel: &member.channel,
            slot: member.slot,
            last: member.slot.is_some() && conference.members().all(|(_, other)| other.slot <= member.slot),
        };
        Some((target, member.channel.clone()))
    }

    /// The action for an act, if it can be written and this user may use it.
    fn sendable(&self, room: usize, act: &Act<'_>) -> Result<Action, Outcome> {
        let action =
            self.dialect(room).action(act).map_err(|e| Outcome::Refused(Refusal::BadText(e.to_string())))?;
        if self.greeting.may(action.name()) { Ok(action) } else { Err(self.forbidden(room, action.name())) }
    }

    pub(super) fn forbidden(&self, room: usize, action: &str) -> Outcome {
        let right = self.dialect(room).right(action).map(str::to_owned);
        Outcome::Refused(Refusal::Forbidden { action: action.to_owned(), right })
    }

    fn begin(&mut self, now: Now, order: Order, origin: Origin, plan: Plan) {
        self.replace_rivals(now, &order);
        match (&order.wish, plan.guard, plan.at) {
            (Wish::MuteAll { on, .. }, _, Some(at)) => {
                let on = *on;
                self.stand(now, order, at.room, on);
            }
            (_, true, Some(at)) => {
                let (id, due) = (order.id, now.mono + PATIENCE);
                self.tell_stage(now, &order, origin, Stage::Guarding);
                self.deeds.insert(deed(now, order, origin, &plan, Phase::Guarding, Some(due)));
                self.ask(now, Which::Members(at), Some(Waiter::Guard(id)));
            }
            _ => self.send(now, order, origin, plan),
        }
    }

    /// An opposite order takes the place of the first: one that was not sent never is, one that was is told, and
    /// stays for its event.
    fn replace_rivals(&mut self, now: Now, order: &Order) {
        while let Some(rival) = self.deeds.rival(&order.wish) {
            let (id, phase) = (rival.order.id, rival.phase);
            let outcome = Outcome::Replaced(order.by.clone());
            if matches!(phase, Phase::Guarding | Phase::Batch { .. }) {
                self.settle(now, id, outcome);
                continue;
            }
            let (first, origin) = (rival.order.clone(), rival.origin);
            if let Some(rival) = self.deeds.get_mut(id) {
                (rival.phase, rival.due) = (Phase::Outbid, Some(now.mono + LINGER));
            }
            self.conclude(now, &first, origin, outcome);
        }
    }

    fn send(&mut self, now: Now, order: Order, origin: Origin, mut plan: Plan) {
        let id = order.id;
        let Some(action) = plan.action.take() else {
            self.apply_own(now, &order);
            return self.conclude(now, &order, origin, Outcome::Done);
        };
        let name = action.name();
        let expect = if action.name() == "Command" { Expect::Command } else { Expect::Response };
        self.submit(Errand::Act(id), expect, action);
        self.tell_stage(now, &order, origin, Stage::Sent);
        let due = Some(now.mono + UNANSWERED);
        let deed = deed(now, order, origin, &plan, Phase::Sent, due);
        self.deeds.insert(Deed { action: name, ..deed });
    }

    /// The list that had to come first is in: the world is fresh, and the act is planned anew.
    pub(super) fn guarded(&mut self, now: Now, id: OrderId) {
        if self.deeds.get(id).is_none_or(|d| d.phase != Phase::Guarding) {
            return;
        }
        let Some(deed) = self.deeds.remove(id) else { return };
        match self.plan(&deed.order.wish) {
            Err(outcome) => self.conclude(now, &deed.order, deed.origin, outcome),
            Ok(plan) => self.send(now, deed.order, deed.origin, plan),
        }
    }

    /// The list that had to come first did not come.
    pub(super) fn unguarded(&mut self, now: Now, id: OrderId) {
        if self.deeds.get(id).is_some_and(|d| d.phase == Phase::Guarding) {
            self.settle(now, id, Outcome::Refused(Refusal::NoList));
        }
    }
}

fn deed(
    now: Now,
    order: Order,
    origin: Origin,
    plan: &Plan,
    phase: Phase,
    due: Option<std::time::Instant>,
) -> Deed {
    Deed {
        order,
        origin,
        phase,
        due,
        born: now.mono,
        at: plan.at,
        channel: plan.channel.clone(),
        slot: plan.slot,
        action: "",
        evidence: plan.evidence,
        patience: plan.patience,
        trapped: false,
    }
}

/// A text as it is kept and sent. Asterisk drops leading blanks, so they are not kept either.
pub(super) fn tidy(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn fitting(text: Option<&str>) -> Result<&str, Outcome> {
    let text = tidy(text).unwrap_or_default();
    let bad = |error: &ActionError| Outcome::Refused(Refusal::BadText(error.to_string()));
    HeaderValue::parse(text).map_err(|error| bad(&error))?;
    if text.len() > MAX_TEXT {
        return Err(bad(&ActionError::TooLong { header: "Value", length: text.len() }));
    }
    Ok(text)
}
