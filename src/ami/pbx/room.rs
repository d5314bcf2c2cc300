//! One room: a conference and its lobby as people see them. Turns what the conferences show into entries, numbers
//! and ledger rows. Knows nothing of orders: who caused what is told to it.
//!
//! Invariant: a call that moves between conference and lobby is told neither as a leave nor as a join. Its leave is
//! held back until it joins the other one, hangs up, or [`GRACE`] is over. Nobody is numbered before the first lists
//! of a login are in, so that those who are there already are numbered in the order in which they called.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::conference::{Conference, Member};
use super::outbox::{Draft, Outbox};
use super::show::Show;
use super::uniqueid;
use crate::Now;
use crate::dialect;
use crate::model::{
    By, CallId, Caller, Departed, Differences, LedgerRow, RoomSetup, ServerName, ServiceKind, Since, Topic,
    What,
};

/// How long a leave waits for the join that makes it a move. A redirect takes some milliseconds.
const GRACE: Duration = Duration::from_millis(500);
/// How many of those who left are remembered, and for how long (milliseconds).
const DEPARTED: usize = 50;
const DEPARTED_FOR: u64 = 3_600_000;
/// The place of the conference itself among a room's parts; the lobby, if any, is next.
pub(super) const AIR: usize = 0;

/// See the module.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) setup: RoomSetup,
    pub(super) server: ServerName,
    pub(super) parts: Vec<Conference>,
    pub(super) show: Show,
    pub(super) topic: Option<Topic>,
    pub(super) standing: Option<Since>,
    /// Whom the standing mute-all muted.
    pub(super) by_all: HashSet<Arc<str>>,
    pub(super) people: HashMap<Arc<str>, Person>,
    pub(super) departed: VecDeque<Departed>,
    pub(super) version: u32,
    pub(super) dirty: bool,
    /// What is different since the last login.
    pub(super) tally: Differences,
    arrivals: Vec<Arc<str>>,
    leaving: Vec<Leaving>,
    count: u32,
    show_due: Option<Instant>,
}

/// One call in the room, in conference or lobby.
#[derive(Debug)]
pub(super) struct Person {
    /// `None` for services, and for those who are not told of yet.
    pub(super) number: Option<u32>,
    pub(super) service: Option<ServiceKind>,
    pub(super) caller: Arc<Caller>,
    pub(super) joined: u64,
    pub(super) talked: u64,
    pub(super) voice: Option<Since>,
}

#[derive(Debug)]
struct Leaving {
    call: Arc<str>,
    due: Instant,
    at: u64,
    cause: Cause,
}

/// Whose order removed a call, if any did.
#[derive(Clone, Debug, Default)]
pub(super) struct Cause {
    pub(super) by: Option<By>,
    pub(super) reason: Option<String>,
}

/// What a join was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arrival {
    /// New to the room.
    New,
    /// From the room's other conference.
    Moved,
    /// There before gavel was: it has a number from then.
    Restored,
}

impl Room {
    pub(super) fn new(server: ServerName, setup: RoomSetup) -> Self {
        let parts =
            std::iter::once(&setup.conference).chain(&setup.lobby).cloned().map(Conference::new).collect();
        Self {
            setup,
            server,
            parts,
            show: Show::default(),
            topic: None,
            standing: None,
            by_all: HashSet::new(),
            people: HashMap::new(),
            departed: VecDeque::new(),
            version: 0,
            dirty: true,
            tally: Differences::default(),
            arrivals: Vec::new(),
            leaving: Vec::new(),
            count: 0,
            show_due: None,
        }
    }

    pub(super) fn call(&self, uniqueid: &Arc<str>) -> CallId {
        CallId { server: self.server.clone(), uniqueid: uniqueid.clone() }
    }

    /// In which of the room's conferences a call is: the conference before the lobby, should a list show both.
    pub(super) fn part_of(&self, call: &str) -> Option<usize> {
        self.parts.iter().position(|c| c.member(call).is_some())
    }

    pub(super) fn is_service(&self, call: &str) -> bool {
        self.people.get(call).is_some_and(|p| p.service.is_some())
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The picture changed.
    pub(super) fn touched(&mut self) {
        self.dirty = true;
    }

    /// What can be acted on changed.
    pub(super) fn changed(&mut self) {
        self.dirty = true;
        self.version = self.version.wrapping_add(1);
    }

    /// An entry about the room, or about a call in it.
    pub(super) fn draft(&self, call: Option<&Arc<str>>, what: What) -> Draft {
        let person = call.and_then(|c| self.people.get(c));
        Draft {
            room: Some(self.setup.name.clone()),
            call: call.map(|c| self.call(c)),
            number: person
                .and_then(|p| p.number)
                .or_else(|| call.and_then(|c| self.show.binding(c)).map(|b| b.number)),
            caller: person.map(|p| p.caller.clone()),
            by: None,
            what,
        }
    }

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
        self.changed();
        if self.people.contains_key(call) {
            return Arrival::Moved;
        }
        let known = self.show.binding(call).map(|b| b.joined);
        let person = Person {
            number: None,
            service: dialect::service(&self.setup.services, &member.channel),
            caller: member.caller.clone(),
            joined: known.unwrap_or(now.wall),
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
        self.changed();
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
        if self.parts.len() > 1 && leaving.cause.by.is_none() {
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
    }

    /// A member was muted or unmuted. Of those who are not told of yet, their arrival will tell.
    pub(super) fn muted(
        &mut self,
        now: Now,
        out: &mut Outbox,
        part: usize,
        call: &Arc<str>,
        on: bool,
        by: Option<By>,
    ) {
        self.changed();
        if self.part_of(call) != Some(part) {
            return;
        }
        let Some(person) = self.people.get_mut(call) else { return };
        person.voice = Some(Since { at: now.wall, by: by.clone() });
        if person.number.is_some() {
            self.tally.changed += u32::from(out.resync);
            out.entry(now, self.draft(Some(call), What::Muted(on)).by(by));
        }
        if !on {
            self.answer_for(out, call, false);
        }
    }

    pub(super) fn waiting(&mut self, now: Now, out: &mut Outbox, call: &Arc<str>, on: bool) {
        self.changed();
        if self.people.get(call).is_some_and(|p| p.number.is_some()) {
            self.tally.changed += u32::from(out.resync);
            out.entry(now, self.draft(Some(call), What::Waiting(on)));
        }
    }

    /// The door of the room's conference.
    pub(super) fn locked(&mut self, now: Now, out: &mut Outbox, on: bool, by: Option<By>) {
        self.changed();
        self.tally.changed += u32::from(out.resync);
        out.entry(now, self.draft(None, What::Locked(on)).by(by));
    }

    /// Whether the standing mute-all answers for a call being muted.
    pub(super) fn answer_for(&mut self, out: &mut Outbox, call: &Arc<str>, on: bool) {
        let changed = if on { self.by_all.insert(call.clone()) } else { self.by_all.remove(call) };
        if changed {
            out.row(LedgerRow::MutedByAll { room: self.setup.name.clone(), call: self.call(call), on });
        }
    }

    pub(super) fn stand(&mut self, now: Now, out: &mut Outbox, standing: Option<Since>, by: Option<By>) {
        self.changed();
        let on = standing.is_some();
        self.standing = standing;
        out.row(LedgerRow::MuteAll { room: self.setup.name.clone(), standing: self.standing.clone() });
        out.entry(now, self.draft(None, What::MuteAll(on)).by(by));
    }

    pub(super) fn set_topic(&mut self, now: Now, out: &mut Outbox, topic: Option<Topic>, by: Option<By>) {
        self.changed();
        self.topic = topic;
        out.row(LedgerRow::Topic { room: self.setup.name.clone(), topic: self.topic.clone() });
        let text = self.topic.as_ref().map(|t| t.text.clone());
        out.entry(now, self.draft(None, What::Topic(text)).by(by));
    }

    /// The next moment at which something becomes true by itself.
    pub(super) fn deadline(&self, up: bool) -> Option<Instant> {
        let leaving = self.leaving.iter().map(|l| l.due).min();
        up.then(|| leaving.into_iter().chain(self.show_due).min()).flatten()
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
        self.changed();
        out.entry(now, self.draft(None, What::ShowEnded(self.show.number)));
        true
    }

    /// Asterisk was restarted: all calls are gone, the show goes on.
    pub(super) fn unbind(&mut self, now: Now, out: &mut Outbox) {
        for part in 0..self.parts.len() {
            let Some(conference) = self.parts.get_mut(part) else { continue };
            let calls: Vec<Arc<str>> = conference.members().map(|(call, _)| call.clone()).collect();
            for call in calls {
                let gone = self.parts.get_mut(part).and_then(|c| c.leave(&call));
                if let Some((call, member)) = gone {
                    self.departed(now, out, &call, member.talking, Cause::default());
                }
            }
        }
        self.flush_leaving(now, out, true);
        self.by_all.clear();
        self.show.unbind();
        if self.show.number > 0 {
            out.row(self.show.row(&self.setup.name));
        }
        out.row(LedgerRow::Unbind { room: self.setup.name.clone() });
        if self.standing.is_some() {
            self.stand(now, out, None, None);
        }
    }

    /// Nobody knows any more who talks.
    pub(super) fn silence(&mut self, now: Now) {
        for conference in &mut self.parts {
            let talkers: Vec<Arc<str>> =
                conference.members().filter(|(_, m)| m.talking.is_some()).map(|(c, _)| c.clone()).collect();
            for call in talkers {
                if let (Some(Some(since)), Some(person)) =
                    (conference.talk(&call, false, now.wall), self.people.get_mut(&call))
                {
                    person.talked += now.wall.saturating_sub(since);
                }
            }
        }
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
        let count = self.count;
        out.entry(now, self.draft(Some(call), What::Joined { muted, waiting, count }));
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
        if !running || was_empty {
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
        self.changed();
        if let Some(kind) = person.service {
            return out.entry(now, Draft { what: What::Service { kind, on: false }, ..about }.by(cause.by));
        }
        self.count = self.count.saturating_sub(1);
        self.tally.left += u32::from(out.resync);
        let (after, removed, count) = (at.saturating_sub(person.joined), cause.by.is_some(), self.count);
        let what = What::Left { after, removed, reason: cause.reason, count };
        out.entry(now, Draft { what, by: cause.by.clone(), ..about });
        if let Some(number) = person.number {
            let call = self.call(&call);
            self.departed.push_back(Departed { number, call, caller: person.caller, at, by: cause.by });
        }
        while self.departed.len() > DEPARTED
            || self.departed.front().is_some_and(|d| d.at + DEPARTED_FOR < now.wall)
        {
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
