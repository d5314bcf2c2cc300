//! One channel: its writer, one call at a time.
//!
//! It owns what waits for the channel and its card; interactions are answered elsewhere and wait for none of it.
//! Answers go first, then alerts, then notices, then the card; a card that has waited for its time goes before notices,
//! or a busy room would never see one.
//! Invariant: a fault delays what it concerns and nothing else: a limit of new messages no edit, and the reverse.

use std::time::{Duration, Instant};

use gavel_chat::{Class, Fault, Key};
use serde_json::Value;

use super::body::{SILENT, flagged, with_nonce};
use super::card::{self, Card};
use super::pace::{Gate, Pause};
use super::queue::{Lines, Nonce, Queue, Waiting};
use super::reply::SPAN;
use super::say::{Reply, Request, Told, Trouble};
use crate::remedy::{Concern, concern};

/// What Discord takes of either kind in [`SPAN`]: not documented, seen.
const MOST: usize = 5;
/// The new messages of those who may wait: the last one is kept for answers.
const LESS: usize = 4;
/// The edits of notices: the card needs the others.
const LEAST: usize = 2;
/// What a person must remedy is tried again so often.
const REMEDIED: Duration = Duration::from_secs(300);
/// A card whose form is refused is tried again, with other words, so often.
const REFORMED: Duration = Duration::from_secs(60);

/// One channel.
#[derive(Debug)]
pub(super) struct Channel {
    id: u64,
    queue: Queue,
    lines: Lines,
    card: Card,
    card_nonce: Nonce,
    card_words: Option<String>,
    swept: Vec<u64>,
    creates: Gate,
    edits: Gate,
    pause: Pause,
    blocked: Option<Blocked>,
    busy: Option<Act>,
    shed: u64,
}

#[derive(Debug)]
struct Blocked {
    until: Instant,
    words: String,
}

/// What is under way.
#[derive(Debug)]
enum Act {
    Letter { letter: Waiting, over: Option<u64> },
    Card { body: Value, over: Option<u64> },
    Sweep(u64),
    Pin(u64),
}

/// What could be done next.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Pick {
    Letter(Key),
    Card,
    Pin,
    Sweep,
}

impl Channel {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            queue: Queue::default(),
            lines: Lines::default(),
            card: Card::default(),
            card_nonce: Nonce::default(),
            card_words: None,
            swept: Vec::new(),
            creates: Gate::new(SPAN),
            edits: Gate::new(SPAN),
            pause: Pause::default(),
            blocked: None,
            busy: None,
            shed: 0,
        }
    }

    /// A message of an earlier run.
    pub(super) fn known(&mut self, now: Instant, age: Duration, key: Key, message: u64) {
        if key != Key::Roster {
            self.lines.set(key, message, None);
        } else if let Some(older) = self.card.known(now, age, message) {
            card::sweep(&mut self.swept, older);
        }
    }

    /// An answer that this channel goes on with.
    pub(super) fn adopt(&mut self, key: Key, message: u64) {
        self.lines.set(key, message, None);
    }

    pub(super) fn post(&mut self, now: Instant, key: Key, class: Class, body: Value, told: &mut Vec<Told>) {
        let under_way = matches!(&self.busy, Some(Act::Letter { letter, .. }) if letter.key == key);
        let waits = self.queue.iter().any(|waiting| waiting.key == key);
        if waits || under_way || !self.lines.shows(&key, &body) {
            self.queue.put(now, key, class, body);
            self.make_room(now, told);
        }
    }

    pub(super) fn card(&mut self, now: Instant, body: Value) {
        self.card.put(now, body);
    }

    /// Whatever is left alone for a while is tried at once, and the card is drawn again.
    pub(super) fn again(&mut self, now: Instant) {
        self.pause.at_once();
        self.card.again(now);
        if let Some(blocked) = &mut self.blocked {
            blocked.until = now;
        }
    }

    /// What is wrong, in words for the operator.
    pub(super) fn wrong(&self) -> Option<&str> {
        self.blocked.as_ref().map(|blocked| blocked.words.as_str())
    }

    pub(super) fn fails(&self) -> u32 {
        self.pause.fails()
    }

    /// When [`Channel::poll`] has something to say.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        if self.busy.is_some() {
            return None;
        }
        let soonest = self.picks(now).into_iter().map(|(due, ..)| due).min()?;
        Some(soonest.max(self.rests().unwrap_or(soonest)))
    }

    /// The next call. `nonce` makes a new one.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        nonce: impl FnMut() -> String,
        told: &mut Vec<Told>,
    ) -> Option<Request> {
        if self.busy.is_some() || self.rests().is_some_and(|until| until > now) {
            return None;
        }
        self.make_room(now, told);
        let ready = self.picks(now).into_iter().filter(|(due, ..)| *due <= now);
        let (.., pick) = ready.min_by_key(|(_, rank, turn, _)| (*rank, *turn))?;
        let act = self.begin(now, pick, nonce)?;
        let request = self.request(&act);
        self.busy = Some(act);
        Some(request)
    }

    /// What came of the call.
    pub(super) fn answered(&mut self, now: Instant, result: Result<Reply, Trouble>, told: &mut Vec<Told>) {
        let Some(act) = self.busy.take() else { return };
        let new = matches!(act, Act::Letter { over: None, .. } | Act::Card { over: None, .. });
        let gate = if new { &mut self.creates } else { &mut self.edits };
        gate.count(now);
        // A new message whose id is not told is one that may be there.
        match result {
            Ok(reply) if new && reply.message.is_none() => self.unwell(now, act, &Trouble::TimedOut),
            Ok(reply) => self.done(now, act, reply, told),
            Err(Trouble::Limited { after, .. }) => {
                gate.close(now + after);
                self.back(now, act, false);
            }
            Err(trouble) if trouble.passes() => self.unwell(now, act, &trouble),
            Err(Trouble::Gone) => self.gone(now, act, told),
            Err(Trouble::TooOld) => self.too_old(now, act, told),
            Err(Trouble::Refused { status, code, words }) => {
                self.refused(now, act, concern(self.id, status, code, &words), told);
            }
            Err(other) => self.refused(now, act, Concern::Form(other.to_string()), told),
        }
    }

    fn rests(&self) -> Option<Instant> {
        self.pause.until().max(self.blocked.as_ref().map(|blocked| blocked.until))
    }

    /// All that could be done, each with when, its rank and its turn.
    fn picks(&self, now: Instant) -> Vec<(Instant, u8, u64, Pick)> {
        let mut picks: Vec<_> = self.queue.iter().map(|letter| self.letter(letter)).collect();
        if let Some((due, overdue)) = self.card.due() {
            let new = self.card.message(now).is_none();
            let gate = if new { &self.creates } else { &self.edits };
            let due = due.max(gate.opens(MOST).unwrap_or(due));
            picks.push((due, if overdue <= now { 2 } else { 5 }, 0, Pick::Card));
        }
        let rest = |pick, rank| (self.edits.opens(LESS).unwrap_or(now), rank, 0, pick);
        picks.extend(self.card.pin().map(|_| rest(Pick::Pin, 6)));
        picks.extend(self.swept.first().map(|_| rest(Pick::Sweep, 7)));
        picks
    }

    fn letter(&self, letter: &Waiting) -> (Instant, u8, u64, Pick) {
        let edit = self.lines.message(&letter.key).is_some();
        let gate = if edit { &self.edits } else { &self.creates };
        let (rank, most) = match letter.class {
            Class::Answer => (0, MOST),
            Class::Alert => (1, MOST),
            Class::Notice => (3, if edit { LEAST } else { LESS }),
            Class::Card => (4, if edit { LEAST } else { LESS }),
        };
        let due = letter.since.max(gate.opens(most).unwrap_or(letter.since));
        (due, rank, letter.turn, Pick::Letter(letter.key.clone()))
    }

    fn begin(&mut self, now: Instant, pick: Pick, mut nonce: impl FnMut() -> String) -> Option<Act> {
        Some(match pick {
            Pick::Letter(key) => {
                let mut letter = self.queue.take(&key)?;
                let over = self.lines.message(&key);
                if over.is_none() {
                    letter.nonce.text.get_or_insert_with(&mut nonce);
                }
                Act::Letter { letter, over }
            }
            Pick::Card => {
                let (over, body) = self.card.write(now)?;
                if over.is_none() {
                    self.card_nonce.text.get_or_insert_with(&mut nonce);
                }
                Act::Card { body, over }
            }
            Pick::Pin => Act::Pin(self.card.pin()?),
            Pick::Sweep => Act::Sweep(*self.swept.first()?),
        })
    }

    fn request(&self, act: &Act) -> Request {
        let channel = self.id;
        let write = |over: Option<u64>, body: &Value, nonce: &Nonce| match over {
            Some(message) => Request::Edit { channel, message, body: body.clone() },
            None => Request::Create { channel, body: with_nonce(body.clone(), nonce.text.as_deref()) },
        };
        match act {
            Act::Letter { letter, over } => write(*over, &letter.body, &letter.nonce),
            Act::Card { body, over: None } => write(None, &flagged(body.clone(), SILENT), &self.card_nonce),
            Act::Card { body, over } => write(*over, body, &self.card_nonce),
            Act::Sweep(message) => Request::Delete { channel, message: *message },
            Act::Pin(message) => Request::Pin { channel, message: *message },
        }
    }

    fn done(&mut self, now: Instant, act: Act, reply: Reply, told: &mut Vec<Told>) {
        let channel = self.id;
        self.pause.over();
        self.blocked = None;
        if self.shed > 0 {
            told.push(Told::Shed { channel, count: std::mem::take(&mut self.shed) });
        }
        match act {
            Act::Letter { letter, over } => {
                let Some(message) = over.or(reply.message) else { return };
                let Waiting { key, class, body, nonce, .. } = letter;
                let sure = over.is_some() || nonce.sure(&body);
                self.lines.set(key.clone(), message, sure.then(|| body.clone()));
                let newer =
                    self.queue.iter().find(|waiting| waiting.key == key).map(|newer| newer.body == body);
                match newer {
                    None if !sure => self.queue.put(now, key.clone(), class, body),
                    Some(true) if sure => drop(self.queue.take(&key)),
                    _ => {}
                }
                told.push(Told::Sent { channel, key, message });
            }
            Act::Card { body, over } => {
                let Some(message) = over.or(reply.message) else { return };
                let sure = over.is_some() || self.card_nonce.sure(&body);
                if over.is_none() {
                    self.card_nonce = Nonce::default();
                }
                self.card_words = None;
                if let Some(before) = self.card.written(now, message, &body, sure) {
                    card::sweep(&mut self.swept, before);
                }
                told.push(Told::Sent { channel, key: Key::Roster, message });
            }
            Act::Sweep(message) => self.swept.retain(|swept| *swept != message),
            Act::Pin(_) => self.card.pinned(),
        }
    }

    /// Discord does not work: the same again, later.
    fn unwell(&mut self, now: Instant, act: Act, trouble: &Trouble) {
        self.pause.failed(now);
        self.back(now, act, trouble.unclear());
    }

    /// It is still to be said; it may have been.
    fn back(&mut self, now: Instant, act: Act, maybe: bool) {
        match act {
            Act::Letter { mut letter, over } => {
                letter.nonce.tried(maybe && over.is_none(), &letter.body);
                self.queue.back(letter);
            }
            Act::Card { body, over } => {
                self.card_nonce.tried(maybe && over.is_none(), &body);
                self.card.failed(now);
            }
            Act::Sweep(_) | Act::Pin(_) => {}
        }
    }

    /// Somebody deleted the message: there is a new one then.
    fn gone(&mut self, now: Instant, act: Act, told: &mut Vec<Told>) {
        match act {
            Act::Letter { letter, over: Some(_) } => {
                self.lines.forget(&letter.key);
                self.queue.back(letter);
            }
            Act::Card { over: Some(_), .. } => self.card.gone(now),
            Act::Sweep(message) => self.swept.retain(|swept| *swept != message),
            Act::Pin(_) => self.card.pinned(),
            act => self.refused(now, act, Concern::Form("no message was made".to_owned()), told),
        }
    }

    /// There is a new message then, and the old one is deleted: it says what is no longer so.
    fn too_old(&mut self, now: Instant, act: Act, told: &mut Vec<Told>) {
        match act {
            Act::Letter { letter, over: Some(message) } => {
                self.lines.forget(&letter.key);
                card::sweep(&mut self.swept, message);
                self.queue.back(letter);
            }
            Act::Card { over: Some(_), .. } => self.card.too_old(now),
            act => self.refused(now, act, Concern::Form("too old for an edit".to_owned()), told),
        }
    }

    fn refused(&mut self, now: Instant, act: Act, concern: Concern, told: &mut Vec<Told>) {
        let channel = self.id;
        let key = match &act {
            Act::Letter { letter, .. } => letter.key.clone(),
            Act::Card { .. } => Key::Roster,
            // Nobody misses these: a card is pinned where the bot may.
            Act::Pin(_) => return self.card.pinned(),
            Act::Sweep(message) => return self.swept.retain(|swept| swept != message),
        };
        let (fault, words) = match concern {
            Concern::Channel(words) => {
                let known = self.blocked.as_ref().is_some_and(|blocked| blocked.words == words);
                self.blocked = Some(Blocked { until: now + REMEDIED, words: words.clone() });
                self.back(now, act, false);
                if !known {
                    told.push(Told::Failed { channel, key, fault: Fault::Remedy(words) });
                }
                return;
            }
            Concern::Post(words) => (Fault::Remedy(words.clone()), words),
            Concern::Form(words) => (Fault::GaveUp(words.clone()), words),
        };
        if let Act::Card { body, .. } = act {
            self.card.refused(now + REFORMED, &body);
            if self.card_words.as_ref() == Some(&words) {
                return;
            }
            self.card_words = Some(words);
        }
        told.push(Told::Failed { channel, key, fault });
    }

    fn make_room(&mut self, now: Instant, told: &mut Vec<Told>) {
        let lines = &self.lines;
        let (shed, lost) = self.queue.shed(now, |key| lines.message(key).is_none());
        self.shed += shed;
        let fault = || Fault::GaveUp("too much waits for Discord".to_owned());
        told.extend(lost.into_iter().map(|key| Told::Failed { channel: self.id, key, fault: fault() }));
    }
}

impl Nonce {
    /// One try more, if it may have arrived. Of several Discord keeps the first that did.
    fn tried(&mut self, maybe: bool, body: &Value) {
        // Two that differ are as unknown as a hundred.
        if maybe && self.tried.len() < 2 && !self.tried.contains(body) {
            self.tried.push(body.clone());
        }
    }
}
