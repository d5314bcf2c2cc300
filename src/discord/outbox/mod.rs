//! What goes to Discord, in which order, how fast, and what becomes of it when Discord does not take it.
//!
//! It owns what waits and which message is which post; it makes no call itself: [`Outbox::poll`] says which to make
//! now, [`Outbox::answered`] hears what came of it. Time is an argument.
//! Invariant: each channel has one call under way at most, each interaction one, and none of them waits for another.

mod body;
mod card;
mod channel;
mod pace;
mod queue;
mod reply;
mod say;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use gavel_chat::{Audience, Fault, Key, Ticket};
use serde_json::Value;

use channel::Channel;
use pace::Gate;
use reply::{EDIT, Fate, Lane};

pub(crate) use say::{Call, CallId, Letter, Opened, Reply, Request, Secret, Told, Trouble};

/// Discord takes 50 calls a second of a bot, first answers not counted.
const A_SECOND: usize = 40;
/// Interactions that are remembered; each for a quarter of an hour at most.
const TICKETS: usize = 1024;
/// Failures one after another before anybody hears of them.
const DOUBTED: u32 = 3;
/// How long a second process with the same token is spoken of.
const DOUBLE: Duration = Duration::from_secs(600);
/// Discord's ids begin to count here (Unix ms).
const EPOCH: u64 = 1_420_070_400_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Outbox {
    seed: u64,
    nonces: u64,
    calls: u64,
    tickets: BTreeMap<Ticket, Lane>,
    channels: BTreeMap<u64, Channel>,
    flying: BTreeMap<CallId, Who>,
    pace: Gate,
    global: Option<Instant>,
    double: Option<Instant>,
    wrong: String,
    told: VecDeque<Told>,
}

/// Whose call it is.
#[derive(Clone, Copy, Debug)]
enum Who {
    Ticket(Ticket),
    Channel(u64),
}

impl Outbox {
    /// An empty one. `seed` must be another one in each run (the time of its start is), so that Discord takes no
    /// message for one of an earlier run.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            nonces: 0,
            calls: 0,
            tickets: BTreeMap::new(),
            channels: BTreeMap::new(),
            flying: BTreeMap::new(),
            pace: Gate::new(Duration::from_secs(1)),
            global: None,
            double: None,
            wrong: String::new(),
            told: VecDeque::new(),
        }
    }

    /// A message of an earlier run that is still ours. `wall` (Unix ms, Discord's clock) tells how old it is.
    pub(crate) fn known(&mut self, now: Instant, wall: u64, channel: u64, key: Key, message: u64) {
        let age = wall.saturating_sub((message >> 22).saturating_add(EPOCH));
        if message != 0 {
            self.channel(channel).known(now, Duration::from_millis(age), key, message);
        }
    }

    /// Somebody waits for an answer from now on. Without a letter within a second it is deferred.
    pub(crate) fn opened(&mut self, now: Instant, opened: Opened) {
        self.tickets.insert(opened.ticket, Lane::new(now, opened));
        if self.tickets.len() > TICKETS {
            let idle =
                self.tickets.iter().find(|(_, lane)| lane.idle()).or_else(|| self.tickets.iter().next());
            if let Some(oldest) = idle.map(|(ticket, _)| *ticket) {
                self.close(now, oldest, "too many commands wait for Discord");
                self.tickets.remove(&oldest);
            }
        }
    }

    /// Something is to be shown. The latest of a key wins.
    pub(crate) fn post(&mut self, now: Instant, letter: Letter) {
        let Letter { key, channel, answers, audience, class, body } = letter;
        if key == Key::Roster {
            return self.card(now, channel, body);
        }
        let lane = answers.and_then(|ticket| self.tickets.get_mut(&ticket));
        let lane = lane.filter(|lane| lane.post.as_ref().is_none_or(|(owner, ..)| *owner == key));
        let mut audience = audience;
        if let Some(lane) = lane {
            audience = lane.post.get_or_insert((key.clone(), audience, class)).1;
            if lane.put(body.clone()) {
                return;
            }
        }
        match audience {
            Audience::Place => {
                let mut told = Vec::new();
                self.channel(channel).post(now, key, class, body, &mut told);
                self.told.extend(told);
            }
            Audience::Asker => self.gave_up(channel, key, "Discord cannot show it to the asker any more"),
        }
    }

    /// The card of this channel is to be this (the same as a letter with [`Key::Roster`]).
    pub(crate) fn card(&mut self, now: Instant, channel: u64, body: Value) {
        self.channel(channel).card(now, body);
    }

    /// READY or RESUMED: cards are drawn again, and whatever was given up for a while is tried at once.
    pub(crate) fn again(&mut self, now: Instant) {
        self.channels.values_mut().for_each(|channel| channel.again(now));
        self.tickets.values_mut().for_each(Lane::again);
    }

    /// The next call to make now; ask until there is none.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Call> {
        self.expire(now);
        self.tell_health(now);
        if let Some(call) = self.poll_tickets(now, true) {
            return Some(call);
        }
        if self.free().is_some_and(|at| at > now) {
            return None;
        }
        self.poll_tickets(now, false).or_else(|| self.poll_channels(now))
    }

    /// What came of a call.
    pub(crate) fn answered(&mut self, now: Instant, id: CallId, result: Result<Reply, Trouble>) {
        if let Err(Trouble::Limited { after, global: true }) = &result {
            self.global = self.global.max(Some(now + *after));
        }
        match self.flying.remove(&id) {
            Some(Who::Channel(id)) => {
                let mut told = Vec::new();
                self.channel(id).answered(now, result, &mut told);
                self.told.extend(told);
            }
            Some(Who::Ticket(ticket)) => self.ticket_answered(now, ticket, result),
            None => {}
        }
        self.tell_health(now);
    }

    /// When to poll again if nothing happens before.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let free = self.free();
        let tickets = self.tickets.values().filter_map(|lane| {
            let due = lane.due()?;
            Some(if lane.first() { due } else { due.max(free.unwrap_or(due)) })
        });
        let channels = self.channels.values().filter_map(|channel| channel.due(now));
        let channels = channels.map(|due| due.max(free.unwrap_or(due)));
        tickets.chain(channels).chain(self.double.map(|since| since + DOUBLE)).min()
    }

    /// The next thing that the bot must hear.
    pub(crate) fn told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    fn channel(&mut self, id: u64) -> &mut Channel {
        self.channels.entry(id).or_insert_with(|| Channel::new(id))
    }

    /// From when on calls other than first answers are free to go.
    fn free(&self) -> Option<Instant> {
        self.global.max(self.pace.opens(A_SECOND))
    }

    fn poll_tickets(&mut self, now: Instant, first: bool) -> Option<Call> {
        let lanes = self.tickets.iter_mut().filter(|(_, lane)| lane.first() == first);
        let found = lanes.map(|(ticket, lane)| (*ticket, lane.poll(now)));
        let (ticket, (request, within)) = found.filter_map(|(ticket, call)| Some((ticket, call?))).next()?;
        Some(self.call(now, Who::Ticket(ticket), request, within))
    }

    fn poll_channels(&mut self, now: Instant) -> Option<Call> {
        let (seed, nonces) = (self.seed, &mut self.nonces);
        let mut told = Vec::new();
        let mut nonce = || {
            *nonces += 1;
            format!("{seed:x}.{nonces:x}")
        };
        let lanes = self.channels.iter_mut();
        let mut found =
            lanes.filter_map(|(id, channel)| Some((*id, channel.poll(now, &mut nonce, &mut told)?)));
        let found = found.next();
        self.told.extend(told);
        found.map(|(id, request)| self.call(now, Who::Channel(id), request, EDIT))
    }

    fn call(&mut self, now: Instant, who: Who, request: Request, within: Duration) -> Call {
        // Counted as it begins: fifty of these may be under way at once.
        if !matches!(request, Request::Callback { .. }) {
            self.pace.count(now);
        }
        self.calls += 1;
        let id = CallId(self.calls);
        self.flying.insert(id, who);
        Call { id, request, within }
    }

    fn ticket_answered(&mut self, now: Instant, ticket: Ticket, result: Result<Reply, Trouble>) {
        let Some(lane) = self.tickets.get_mut(&ticket) else { return };
        let fate = lane.answered(now, result);
        let (channel, post) = (lane.channel(), lane.post.clone());
        let why = match fate {
            Fate::Quiet => return,
            Fate::Shown(message) => {
                let sent = post.map(|(key, ..)| Told::Sent { channel, key, message });
                return self.told.extend(sent);
            }
            Fate::Refused(words) => {
                let words = format!("Discord refused the form of an answer: {words}");
                return if let Some((key, ..)) = post {
                    self.gave_up(channel, key, &words)
                };
            }
            Fate::Double => {
                self.double = Some(now);
                "another process answered with gavel's token"
            }
            Fate::Lost => "Discord took no answer in time",
            Fate::Deleted => "the answer was deleted",
            Fate::Expired => "Discord takes no more edits of it",
        };
        self.close(now, ticket, why);
    }

    /// Interactions whose token is too old.
    fn expire(&mut self, now: Instant) {
        let expired = self.tickets.iter().filter(|(_, lane)| lane.expired(now));
        let expired: Vec<_> = expired.map(|(ticket, _)| *ticket).collect();
        for ticket in expired {
            self.close(now, ticket, "Discord takes no more edits of it");
            self.tickets.remove(&ticket);
        }
    }

    /// What an interaction can say no more is the channel's business, if everybody may see it.
    fn close(&mut self, now: Instant, ticket: Ticket, why: &str) {
        let Some(lane) = self.tickets.get_mut(&ticket) else { return };
        let (rest, channel) = (lane.close(), lane.channel());
        let Some((key, audience, class)) = lane.post.clone() else { return };
        if let Some(message) = rest.message {
            self.channel(channel).adopt(key.clone(), message);
        }
        match (rest.unsaid, audience) {
            (Some(body), Audience::Place) => {
                let mut told = Vec::new();
                self.channel(channel).post(now, key, class, body, &mut told);
                self.told.extend(told);
            }
            (Some(_), Audience::Asker) => self.gave_up(channel, key, why),
            (None, _) => {}
        }
    }

    fn gave_up(&mut self, channel: u64, key: Key, why: &str) {
        self.told.push_back(Told::Failed { channel, key, fault: Fault::GaveUp(why.to_owned()) });
    }

    /// Says what is wrong when that changes.
    fn tell_health(&mut self, now: Instant) {
        self.double = self.double.filter(|since| now < *since + DOUBLE);
        let mut wrong: Vec<&str> = self.channels.values().filter_map(Channel::wrong).collect();
        if self.double.is_some() {
            wrong.push(
                "another process uses gavel's token at Discord: stop it, or reset the token in the Developer Portal \
                 (Bot, Reset Token)",
            );
        }
        let fails = self.channels.values().map(Channel::fails).chain(self.tickets.values().map(Lane::fails));
        if fails.max().is_some_and(|fails| fails >= DOUBTED) {
            wrong.push("Discord fails, or does not answer; gavel goes on trying");
        }
        let wrong = wrong.join("; ");
        if wrong != self.wrong {
            self.told.push_back(if wrong.is_empty() { Told::Fine } else { Told::Degraded(wrong.clone()) });
            self.wrong = wrong;
        }
    }
}
