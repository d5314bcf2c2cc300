//! A Discord that plays by its rules, and breaks down when it is told to; and a clock that leaps from event to event.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use gavel_chat::{Audience, Class, Key, Ticket};
use serde_json::{Value, json};

use super::super::*;

pub(super) const WALL: u64 = 1_800_000_000_000;
const SECOND: Duration = Duration::from_secs(1);

/// Discord, an outbox, and the calls between.
pub(super) struct Model {
    pub(super) now: Instant,
    pub(super) outbox: Outbox,
    flying: Vec<(Instant, Call, Result<Reply, Trouble>)>,
    pub(super) messages: BTreeMap<u64, Message>,
    nonces: BTreeMap<(u64, String), u64>,
    pub(super) interactions: BTreeMap<u64, Interaction>,
    recent: BTreeMap<(u64, bool), VecDeque<Instant>>,
    pub(super) provoked: u32,
    pub(super) calls: Vec<(Instant, Request)>,
    pub(super) told: Vec<Told>,
    pub(super) faults: Faults,
    next: u64,
}

/// What Discord does with each call.
pub(super) type Faults = Box<dyn FnMut(Instant, &Request) -> Act>;

/// What Discord does with a call.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// As it should, after so many milliseconds.
    Well(u64),
    /// Nothing, and says this after 50 ms.
    Not(Trouble),
    /// As it should, but says this.
    But(Trouble),
    /// As it should or nothing, and says nothing.
    Hang(bool),
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) channel: u64,
    pub(super) body: Value,
    /// Everybody sees it.
    pub(super) public: bool,
    pub(super) made: Instant,
    pub(super) pinned: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Interaction {
    pub(super) born: Instant,
    pub(super) channel: u64,
    panel: Option<u64>,
    pub(super) answer: Option<u64>,
    pub(super) answered: Option<Instant>,
}

impl Model {
    #[allow(clippy::disallowed_methods, reason = "where the test's own clock begins")]
    pub(super) fn new() -> Self {
        // Far enough from the machine's start that cards may be old.
        let now = Instant::now() + Duration::from_secs(100_000);
        Self {
            now,
            outbox: Outbox::new(7),
            flying: Vec::new(),
            messages: BTreeMap::new(),
            nonces: BTreeMap::new(),
            interactions: BTreeMap::new(),
            recent: BTreeMap::new(),
            provoked: 0,
            calls: Vec::new(),
            told: Vec::new(),
            faults: Box::new(|_, _| Act::Well(80)),
            next: 1000,
        }
    }

    /// Somebody asks.
    pub(super) fn open(&mut self, id: u64, channel: u64, panel: Option<u64>) {
        let born = self.now - Duration::from_millis(100);
        let interaction = Interaction { born, channel, panel, answer: None, answered: None };
        self.interactions.insert(id, interaction);
        let token = Secret::new(&id.to_string());
        self.outbox.opened(self.now, Opened { ticket: Ticket(id), id, token, channel, panel, born });
    }

    pub(super) fn post(&mut self, key: Key, channel: u64, class: Class, words: &str) {
        let body = body(words);
        let letter = Letter { key, channel, answers: None, audience: Audience::Place, class, body };
        self.outbox.post(self.now, letter);
    }

    pub(super) fn answer(&mut self, id: u64, channel: u64, audience: Audience, words: &str) {
        let (key, body) = (Key::Answer(id), body(words));
        let letter = Letter { key, channel, answers: Some(Ticket(id)), audience, class: Class::Answer, body };
        self.outbox.post(self.now, letter);
    }

    pub(super) fn card(&mut self, channel: u64, words: &str) {
        self.outbox.card(self.now, channel, body(words));
    }

    /// Lets so much time pass.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            while let Some(call) = self.outbox.poll(self.now) {
                self.take(call);
            }
            while let Some(told) = self.outbox.told() {
                self.told.push(told);
            }
            let answer = self.flying.iter().map(|(at, ..)| *at).min();
            let due = self.outbox.deadline(self.now);
            assert!(due.is_none_or(|due| due > self.now), "polled, and still due");
            let Some(next) = answer.into_iter().chain(due).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.hear();
        }
        self.now = end;
    }

    /// What everybody reads in a channel.
    pub(super) fn seen(&self, channel: u64) -> Vec<&str> {
        let here = self.messages.values().filter(|m| m.channel == channel && m.public);
        here.map(|message| words(&message.body)).collect()
    }

    /// What the asker reads.
    pub(super) fn reply(&self, id: u64) -> Option<&Message> {
        self.messages.get(&self.interactions.get(&id)?.answer?)
    }

    fn hear(&mut self) {
        let due: Vec<_> = self.flying.extract_if(.., |(at, ..)| *at <= self.now).collect();
        for (_, call, result) in due {
            self.outbox.answered(self.now, call.id, result);
        }
    }

    fn take(&mut self, call: Call) {
        self.one_at_a_time(&call.request);
        self.calls.push((self.now, call.request.clone()));
        let act = (self.faults)(self.now, &call.request);
        let soon = self.now + Duration::from_millis(50);
        let (at, result) = match act {
            Act::Well(after) => (self.now + Duration::from_millis(after), self.serve(&call.request)),
            Act::Not(trouble) => (soon, Err(trouble)),
            Act::But(trouble) => {
                let _ = self.serve(&call.request);
                (soon, Err(trouble))
            }
            Act::Hang(done) => {
                if done {
                    let _ = self.serve(&call.request);
                }
                (self.now + call.within, Err(Trouble::TimedOut))
            }
        };
        let late = at > self.now + call.within;
        let timed_out = (self.now + call.within, Err(Trouble::TimedOut));
        let (at, result) = if late { timed_out } else { (at, result) };
        self.flying.push((at, call, result));
    }

    fn one_at_a_time(&self, request: &Request) {
        let same = self.flying.iter().any(|(_, call, _)| lane(&call.request) == lane(request));
        assert!(!same, "two at once: {request:?}");
    }

    fn serve(&mut self, request: &Request) -> Result<Reply, Trouble> {
        match request {
            Request::Callback { interaction, body, .. } => self.callback(*interaction, body),
            Request::EditReply { token, body } => self.edit_reply(token, body),
            Request::Create { channel, body } => self.create(*channel, body),
            Request::Edit { channel, message, body } => {
                self.spend(*channel, false)?;
                let now = self.now;
                let found = self.messages.get_mut(message).ok_or(Trouble::Gone)?;
                if now >= found.made + 3600 * SECOND {
                    return Err(Trouble::TooOld);
                }
                found.body = body.clone();
                Ok(id(*message))
            }
            Request::Delete { channel, message } => {
                self.spend(*channel, false)?;
                self.messages.remove(message).map(|_| Reply::default()).ok_or(Trouble::Gone)
            }
            Request::Pin { message, .. } => {
                self.messages.get_mut(message).ok_or(Trouble::Gone)?.pinned = true;
                Ok(Reply::default())
            }
        }
    }

    fn callback(&mut self, interaction: u64, callback: &Value) -> Result<Reply, Trouble> {
        let now = self.now;
        let asked = self.interactions.get(&interaction).cloned().ok_or(Trouble::UnknownInteraction)?;
        if asked.answered.is_some() {
            return Err(Trouble::Acknowledged);
        }
        if now >= asked.born + 3 * SECOND {
            return Err(Trouble::UnknownInteraction);
        }
        let data = callback.get("data").cloned().unwrap_or(Value::Null);
        let public = data["flags"].as_u64().unwrap_or(0) & 64 == 0;
        let message = match callback["type"].as_u64() {
            Some(4 | 5) => self.insert(asked.channel, data, public),
            Some(6) => asked.panel.expect("a panel"),
            Some(7) => {
                let panel = asked.panel.expect("a panel");
                self.messages.get_mut(&panel).expect("the panel").body = data;
                panel
            }
            other => panic!("{other:?}"),
        };
        let found = self.interactions.get_mut(&interaction).expect("it is there");
        (found.answer, found.answered) = (Some(message), Some(now));
        Ok(id(message))
    }

    fn edit_reply(&mut self, token: &Secret, body: &Value) -> Result<Reply, Trouble> {
        let asked = self.interactions.get(&token.reveal().parse().expect("a number")).expect("known");
        if self.now >= asked.born + 900 * SECOND {
            return Err(Trouble::Expired);
        }
        let message = asked.answer.ok_or(Trouble::Gone)?;
        self.messages.get_mut(&message).ok_or(Trouble::Gone)?.body = body.clone();
        Ok(id(message))
    }

    fn create(&mut self, channel: u64, body: &Value) -> Result<Reply, Trouble> {
        self.spend(channel, true)?;
        assert_eq!(body["enforce_nonce"], true);
        let nonce = (channel, body["nonce"].as_str().expect("a nonce").to_owned());
        if let Some(message) = self.nonces.get(&nonce) {
            return Ok(id(*message));
        }
        let message = self.insert(channel, body.clone(), true);
        self.nonces.insert(nonce, message);
        Ok(id(message))
    }

    /// One more message; by hand too.
    pub(super) fn insert(&mut self, channel: u64, body: Value, public: bool) -> u64 {
        self.next += 1;
        self.messages.insert(self.next, Message { channel, body, public, made: self.now, pinned: false });
        self.next
    }

    /// Five of a kind in five seconds.
    fn spend(&mut self, channel: u64, new: bool) -> Result<(), Trouble> {
        let recent = self.recent.entry((channel, new)).or_default();
        recent.retain(|at| *at + 5 * SECOND > self.now);
        if recent.len() >= 5 {
            self.provoked += 1;
            return Err(Trouble::Limited { after: 5 * SECOND, global: false });
        }
        recent.push_back(self.now);
        Ok(())
    }
}

/// The writer that a call is of.
fn lane(request: &Request) -> String {
    match request {
        Request::Callback { token, .. } | Request::EditReply { token, .. } => token.reveal().to_owned(),
        Request::Create { channel, .. }
        | Request::Edit { channel, .. }
        | Request::Delete { channel, .. }
        | Request::Pin { channel, .. } => format!("channel {channel}"),
    }
}

pub(super) fn body(words: &str) -> Value {
    json!({ "content": words, "allowed_mentions": { "parse": [] } })
}

pub(super) fn words(body: &Value) -> &str {
    body["content"].as_str().unwrap_or("")
}

fn id(message: u64) -> Reply {
    Reply { message: Some(message), date: None }
}
