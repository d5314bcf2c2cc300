//! One message of ours: what it says now, what was sent of it, and when it may be sent again.
//!
//! Several posts may share a message: then each is a paragraph of it, and stays editable as itself.

use std::time::{Duration, Instant};

use gavel_chat::text::Doc;
use gavel_chat::{Class, Key, PlaceId};
use serde_json::Value;

use super::Name;
use crate::message::{self, Reply};

/// Posts in one message.
const PARTS: usize = 64;
/// An answer that is not the last word waits so long for the last word: with a limit, and without.
const HOLD: (Duration, Duration) = (Duration::from_millis(700), Duration::from_millis(200));
/// Between edits of one message: a card's always; others' with a limit, and without.
const CARD: Duration = Duration::from_secs(5);
const EDIT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(1));
const ANSWER_EDIT: (Duration, Duration) = (Duration::from_millis(1500), Duration::ZERO);

/// One message.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) place: PlaceId,
    pub(super) class: Class,
    pub(super) parts: Vec<Part>,
    /// Older posts for which there was no room.
    pub(super) dropped: u32,
    pub(super) reply: Option<Reply>,
    /// The event that it is, once it was sent.
    pub(super) event: Option<String>,
    /// Says something else than what was sent, since.
    pub(super) dirty: Option<Instant>,
    /// When something of it was last taken.
    pub(super) sent: Option<Instant>,
    /// What was tried and may or may not have arrived: it is tried again as it was.
    pub(super) tried: Option<Tried>,
}

/// One post in it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: Name,
    pub(super) doc: Doc,
    pub(super) last: bool,
    pub(super) wake: Vec<String>,
}

/// An attempt.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) txn: String,
    pub(super) content: Value,
    /// It may have arrived.
    pub(super) unclear: bool,
}

impl Unit {
    /// It says nothing yet.
    pub(super) fn blank(place: PlaceId, class: Class) -> Self {
        Self {
            place,
            class,
            parts: Vec::new(),
            dropped: 0,
            reply: None,
            event: None,
            dirty: None,
            sent: None,
            tried: None,
        }
    }

    /// The bot's posts in it.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.parts.iter().filter_map(|part| match &part.name {
            Name::Post(key) => Some(key.clone()),
            Name::Own(_) => None,
        })
    }

    /// Another post can be a part of it: not sent, not tried, room left.
    pub(super) fn takes(&self, place: &PlaceId, class: Class, reply: Option<&Reply>) -> bool {
        let thread = |reply: Option<&Reply>| reply.and_then(|reply| reply.thread.clone());
        self.event.is_none()
            && self.tried.is_none()
            && self.place == *place
            && self.class == class
            && matches!(class, Class::Answer | Class::Notice)
            && thread(self.reply.as_ref()) == thread(reply)
    }

    /// Another post becomes a part of it.
    pub(super) fn add(&mut self, part: Part) -> Option<Name> {
        // What answers several people is a reply to none.
        self.reply = self.reply.take().and_then(Reply::only_thread);
        self.parts.push(part);
        let surplus = self.parts.len() > PARTS;
        surplus.then(|| {
            self.dropped += 1;
            self.parts.remove(0).name
        })
    }

    /// A post that is a part of it says something else.
    pub(super) fn update(&mut self, now: Instant, part: Part) {
        match self.parts.iter_mut().find(|other| other.name == part.name) {
            Some(known) if known.doc == part.doc => known.last = part.last,
            Some(known) => {
                *known = part;
                self.dirty.get_or_insert(now);
            }
            None => {
                self.parts.push(part);
                self.dirty.get_or_insert(now);
            }
        }
    }

    /// When it may be sent by its own measure.
    pub(super) fn due(&self, free: bool) -> Option<Instant> {
        let since = self.dirty?;
        if self.tried.is_some() {
            return Some(since);
        }
        let pick = |(limited, without): (Duration, Duration)| if free { without } else { limited };
        let Some(sent) = self.sent else {
            let done = self.parts.iter().all(|part| part.last);
            let hold = self.class == Class::Answer && !done;
            return Some(if hold { since + pick(HOLD) } else { since });
        };
        let pace = match self.class {
            Class::Card => CARD,
            Class::Answer => pick(ANSWER_EDIT),
            Class::Alert | Class::Notice => pick(EDIT),
        };
        Some(since.max(sent + pace))
    }

    /// What it is to be sent as now.
    pub(super) fn content(&self) -> Value {
        let mut doc = Doc::new();
        if self.dropped > 0 {
            doc = doc.say(format!("{} earlier lines are left out.", self.dropped)).line();
        }
        for (i, part) in self.parts.iter().enumerate() {
            doc = if i > 0 { doc.line() } else { doc }.then(part.doc.clone());
        }
        let wake: Vec<_> = self.parts.iter().flat_map(|part| part.wake.iter().map(String::as_str)).collect();
        let content = message::content(&doc, self.class, &wake, self.reply.as_ref());
        match &self.event {
            Some(event) => message::edit(content, event),
            None => content,
        }
    }
}
