//! Everything that the account writes, through one paced writer: pure, the time is an argument.
//!
//! A post is named by place and key; a second one with the same name is an edit, and the latest wins while it waits. At
//! most one request is under way. Who goes first is said by the class; what one place has to say while it must wait
//! becomes one message. An attempt whose fate is unknown is made again with the same transaction id *and the same
//! content*, so that it neither doubles nor hides what came later.
//! Invariant: nothing waits that is not bounded, and nothing is due before the server's own `retry_after`.

mod budget;
mod letter;
#[cfg(test)]
mod tests;
mod turn;
mod unit;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use gavel_chat::{Class, Fault, Key, MessageRef, PlaceId};
use serde_json::Value;

use budget::Budget;
pub(crate) use letter::{Call, Chore, Letter, Name, Request, Told, Trouble};
use turn::{AT_ONCE, Work};
use unit::{Part, Tried, Unit};

/// Messages that can still be edited, those that wait with them.
const UNITS: usize = 1024;
/// Messages that wait.
const WAITING: usize = 128;
/// The pause after a failure, doubled each time.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// A room that refuses us is tried again after this.
const REFUSED: Duration = Duration::from_secs(60);

/// The writer.
#[derive(Debug)]
pub(crate) struct Outbox {
    units: BTreeMap<u64, Unit>,
    named: HashMap<(PlaceId, Name), u64>,
    chores: VecDeque<(PlaceId, Chore)>,
    next: u64,
    flying: Option<Flying>,
    budget: Budget,
    answered: HashMap<PlaceId, VecDeque<Instant>>,
    pause: Duration,
    paused: Option<Instant>,
    shut: HashMap<PlaceId, Instant>,
    closed: HashSet<PlaceId>,
    /// Where a card was taken away: the next one is another.
    renewed: HashSet<PlaceId>,
    told: VecDeque<Told>,
    /// When somebody was last answered.
    asked: Option<Instant>,
    /// Begins every transaction id: no two runs share one.
    run: String,
}

#[derive(Clone, Debug)]
enum Flying {
    Unit(u64),
    Chore(PlaceId, Chore),
}

impl Outbox {
    /// `run` is never the same again; cards alone have the same transaction id in every run. `free`: an earlier run
    /// found no limit.
    pub(crate) fn new(now: Instant, run: String, free: bool) -> Self {
        Self {
            units: BTreeMap::new(),
            named: HashMap::new(),
            chores: VecDeque::new(),
            next: 0,
            flying: None,
            budget: Budget::new(now, free),
            answered: HashMap::new(),
            pause: PAUSE.0,
            paused: None,
            shut: HashMap::new(),
            closed: HashSet::new(),
            renewed: HashSet::new(),
            told: VecDeque::new(),
            asked: None,
            run,
        }
    }

    /// A message of an earlier run: what comes under its name edits it.
    pub(crate) fn know(&mut self, place: &PlaceId, key: Key, event: String) {
        let class = if key == Key::Roster { Class::Card } else { Class::Notice };
        let unit = Unit { event: Some(event), ..Unit::blank(place.clone(), class) };
        let id = self.keep(unit);
        self.named.insert((place.clone(), Name::Post(key)), id);
    }

    /// Which post a message is.
    pub(crate) fn post_of(&self, event: &str) -> Option<Key> {
        let (id, _) = self.units.iter().rev().find(|(_, unit)| unit.event.as_deref() == Some(event))?;
        let mut keys = self.named.iter().filter(|(_, unit)| *unit == id).map(|((_, name), _)| name);
        match (keys.next(), keys.next()) {
            (Some(Name::Post(key)), None) => Some(key.clone()),
            // Of several in one message nobody can say which is meant.
            _ => None,
        }
    }

    /// The message that shows a post.
    pub(crate) fn event_of(&self, place: &PlaceId, key: &Key) -> Option<String> {
        let id = self.named.get(&(place.clone(), Name::Post(key.clone())))?;
        self.units.get(id)?.event.clone()
    }

    /// Somebody took a message of ours away: what comes under its name is a new one.
    pub(crate) fn forget(&mut self, event: &str) {
        let gone = self.units.iter().find(|(_, unit)| unit.event.as_deref() == Some(event));
        if let Some((id, place)) = gone.map(|(id, unit)| (*id, unit.place.clone())) {
            self.renewed.insert(place);
            self.remove(id);
        }
    }

    /// Something is to be said.
    pub(crate) fn post(&mut self, now: Instant, letter: Letter) {
        let Letter { place, name, class, doc, last, wake, reply } = letter;
        let part = Part { name: name.clone(), doc, last, wake };
        if class == Class::Answer {
            self.asked = Some(now);
        }
        let at = (place.clone(), name);
        if let Some(unit) = self.named.get(&at).and_then(|id| self.units.get_mut(id)) {
            return unit.update(now, part);
        }
        let fold = !self.budget.free() || self.paused.is_some() || self.closed.contains(&place);
        let flying = self.flying_unit();
        let open = |(id, unit): &(&u64, &mut Unit)| {
            Some(**id) != flying && unit.takes(&place, class, reply.as_ref())
        };
        let id = match self.units.iter_mut().rev().find(open).filter(|_| fold) {
            Some((id, unit)) => {
                if let Some(surplus) = unit.add(part) {
                    self.named.remove(&(place, surplus));
                }
                *id
            }
            None => {
                self.keep(Unit { parts: vec![part], dirty: Some(now), reply, ..Unit::blank(place, class) })
            }
        };
        self.named.insert(at, id);
        self.bound();
    }

    /// Something is to be done; the latest of its kind wins.
    pub(crate) fn chore(&mut self, place: &PlaceId, chore: Chore) {
        let kind = std::mem::discriminant(&chore);
        self.chores.retain(|(at, other)| at != place || std::mem::discriminant(other) != kind);
        self.chores.push_back((place.clone(), chore));
    }

    /// Nothing can be said there for now: what is to be said waits.
    pub(crate) fn close(&mut self, place: &PlaceId) {
        self.closed.insert(place.clone());
    }

    /// A room let us in, or gave us rights.
    pub(crate) fn open(&mut self, place: &PlaceId) {
        if self.closed.remove(place) {
            self.shut.remove(place);
        }
    }

    /// The request that is due.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Call> {
        if self.flying.is_some() {
            return None;
        }
        let (_, work) = self
            .ready(now)
            .into_iter()
            .filter(|(at, _)| *at <= now)
            .min_by_key(|(_, work)| work.rank(now))?;
        self.budget.spend(now);
        Some(match work {
            Work::Chore => {
                let (place, chore) = self.chores.pop_front()?;
                self.flying = Some(Flying::Chore(place.clone(), chore.clone()));
                Call { place, request: Request::Chore(chore) }
            }
            Work::Unit { id, .. } => self.send(id)?,
        })
    }

    /// When [`Outbox::poll`] has something.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        if self.flying.is_some() {
            return None;
        }
        self.ready(now).into_iter().map(|(at, _)| at).min()
    }

    /// What became of the request: the event's id.
    pub(crate) fn answered(&mut self, now: Instant, result: Result<String, Trouble>) {
        let Some(flying) = self.flying.take() else { return };
        match result {
            Ok(event) => {
                self.budget.taken();
                (self.pause, self.paused) = (PAUSE.0, None);
                if let Flying::Unit(id) = flying {
                    self.sent(now, id, event);
                }
            }
            Err(Trouble::Limited(after)) => {
                self.budget.refused(now, after);
                self.again(flying, false);
            }
            Err(Trouble::Away(_)) => {
                self.paused = Some(now + self.pause);
                self.pause = (self.pause * 2).min(PAUSE.1);
                self.again(flying, true);
            }
            Err(Trouble::Forbidden(why)) => self.shut(now, flying, why),
            Err(Trouble::Refused(why)) => {
                if let Flying::Unit(id) = flying {
                    self.fail(id, &Fault::GaveUp(why));
                }
            }
        }
    }

    /// The server's limit as far as it is known: the time between two events, or that there is none.
    pub(crate) fn limit(&self) -> Option<Option<Duration>> {
        self.budget.met()
    }

    /// What the bot is to be told.
    pub(crate) fn told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    fn send(&mut self, id: u64) -> Option<Call> {
        let txn = match self.units.get(&id)? {
            // The same in every run: a card that was sent when we were killed is not sent twice.
            Unit { class: Class::Card, event: None, place, .. } if !self.renewed.contains(place) => {
                format!("gavel-card-{place}")
            }
            _ => {
                self.next += 1;
                format!("gavel-{}-{}", self.run, self.next)
            }
        };
        let unit = self.units.get_mut(&id)?;
        let tried = unit.tried.get_or_insert(Tried { txn, content: Value::Null, unclear: false });
        if tried.content.is_null() {
            let content = unit.content();
            unit.tried = unit.tried.take().map(|tried| Tried { content, ..tried });
        }
        let Tried { txn, content, .. } = unit.tried.clone()?;
        self.flying = Some(Flying::Unit(id));
        Some(Call { place: unit.place.clone(), request: Request::Send { txn, content } })
    }

    fn sent(&mut self, now: Instant, id: u64, event: String) {
        let Some(unit) = self.units.get_mut(&id) else { return };
        let first = unit.event.is_none();
        let sent = unit.tried.take().map(|tried| tried.content);
        let same = sent == Some(unit.content());
        if first {
            unit.event = Some(event);
        }
        unit.sent = Some(now);
        unit.dirty = if same { None } else { Some(now) };
        let (place, message) = (unit.place.clone(), unit.event.clone().unwrap_or_default());
        if unit.class == Class::Answer {
            let times = self.answered.entry(place.clone()).or_default();
            times.push_back(now);
            times.drain(..times.len().saturating_sub(AT_ONCE));
        }
        let message = MessageRef::new(message);
        self.told.extend(unit.keys().map(|key| Told::Sent {
            place: place.clone(),
            key,
            message: message.clone(),
        }));
    }

    /// It will be tried again: as it was if it may have arrived, else as it then is.
    fn again(&mut self, flying: Flying, unclear: bool) {
        if let Flying::Unit(id) = &flying
            && let Some(unit) = self.units.get_mut(id)
            && let Some(tried) = &mut unit.tried
        {
            tried.unclear |= unclear;
            unit.tried = unit.tried.take().filter(|tried| tried.unclear);
        }
        if let Flying::Chore(place, chore) = flying {
            let kind = std::mem::discriminant(&chore);
            if !self.chores.iter().any(|(at, other)| *at == place && std::mem::discriminant(other) == kind) {
                self.chores.push_front((place, chore));
            }
        }
    }

    fn shut(&mut self, now: Instant, flying: Flying, why: String) {
        let id = match flying {
            Flying::Unit(id) => id,
            // Rights for this are a matter of their own.
            Flying::Chore(..) => return,
        };
        let Some(place) = self.units.get(&id).map(|unit| unit.place.clone()) else { return };
        self.shut.insert(place.clone(), now + REFUSED);
        let fault = Fault::Remedy(why);
        let waiting: Vec<_> = self
            .units
            .iter()
            .filter(|(_, unit)| unit.place == place && unit.dirty.is_some())
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            self.fail(id, &fault);
        }
    }

    fn fail(&mut self, id: u64, fault: &Fault) {
        let Some(unit) = self.units.get_mut(&id) else { return };
        (unit.dirty, unit.tried) = (None, None);
        let place = unit.place.clone();
        self.told.extend(unit.keys().map(|key| Told::Failed {
            place: place.clone(),
            key,
            fault: fault.clone(),
        }));
        // What was never there is posted anew by what comes later.
        if unit.event.is_none() {
            self.remove(id);
        }
    }

    fn flying_unit(&self) -> Option<u64> {
        match self.flying {
            Some(Flying::Unit(id)) => Some(id),
            _ => None,
        }
    }

    fn keep(&mut self, unit: Unit) -> u64 {
        self.next += 1;
        self.units.insert(self.next, unit);
        self.next
    }

    /// Old messages are forgotten, but for those that live long; so is the oldest that waits when too many do.
    fn bound(&mut self) {
        if self.units.len() > UNITS {
            let long: HashSet<u64> =
                self.named.iter().filter(|((_, name), _)| long_lived(name)).map(|(_, id)| *id).collect();
            let old = self.units.iter().find(|(id, unit)| unit.dirty.is_none() && !long.contains(id));
            if let Some(id) = old.map(|(id, _)| *id) {
                self.remove(id);
            }
        }
        let flying = self.flying_unit();
        let waiting = self.units.iter().filter(|(_, unit)| unit.dirty.is_some());
        if waiting.clone().count() > WAITING {
            let oldest = waiting
                .filter(|(id, _)| Some(**id) != flying)
                .max_by_key(|(id, unit)| (unit.class, u64::MAX - **id));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.fail(id, &Fault::GaveUp("too much waits already".to_owned()));
            }
        }
    }

    fn remove(&mut self, id: u64) {
        self.units.remove(&id);
        self.named.retain(|_, unit| *unit != id);
    }
}

fn long_lived(name: &Name) -> bool {
    matches!(name, Name::Post(Key::Roster | Key::Thing(_)))
}
