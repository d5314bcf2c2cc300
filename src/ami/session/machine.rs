//! The session itself.

use std::collections::VecDeque;
use std::time::Instant;

use super::flight::{Flight, MAX_ITEMS, MAX_LIST, Purpose};
use super::{Ended, Expect, Login, Reply, SessionEvent, Token, login, reply};
use crate::Now;
use crate::wire::{Action, Decoder, Frame, Kind, MAX_FRAME, Step};

/// So many actions may be unanswered; more wait here.
const WINDOW: usize = 32;
/// So many may wait; more are answered [`Reply::NotSent`].
const MAX_WAITING: usize = 1024;

/// What went through, for the operator.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Bytes received.
    pub bytes: u64,
    /// Frames received, responses and events.
    pub frames: u64,
    /// Frames skipped because they were too long.
    pub skipped: u64,
    /// Responses that belong to nothing that we wait for: late ones, and forged ones.
    pub unmatched: u64,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Phase {
    /// Until the answer to `ListCommands`.
    LoggingIn,
    /// All is known but whether Asterisk has finished starting.
    Booting {
        until: Instant,
    },
    Ready,
    LoggingOff,
    Over,
}

/// See the module. After each `receive`, `submit`, `logoff`, `closed` and `due`: `poll` until `None`, `transmit` what
/// there is, ask for the `deadline` again.
#[derive(Debug)]
pub struct Session {
    decoder: Decoder,
    login: Login,
    /// What every ActionID of ours begins with.
    prefix: String,
    phase: Phase,
    now: Instant,
    started: Instant,
    /// When bytes came last.
    heard: Instant,
    /// FullyBooted was seen.
    booted: bool,
    greeting: super::Greeting,
    flight: Flight,
    /// Our own actions: they go before submitted ones.
    own: VecDeque<(Purpose, Action)>,
    waiting: VecDeque<(Token, Expect, Action)>,
    /// Told before the next frame is looked at.
    pending: VecDeque<SessionEvent<'static>>,
    last_id: u64,
    counters: Counters,
}

impl Session {
    /// The session of a connection that was just made.
    pub fn new(now: Now, login: Login) -> Self {
        Self {
            decoder: Decoder::new(),
            prefix: format!("{:016x}-", login.nonce),
            login,
            phase: Phase::LoggingIn,
            now: now.mono,
            started: now.mono,
            heard: now.mono,
            booted: false,
            greeting: super::Greeting::default(),
            flight: Flight::new(now.mono),
            own: VecDeque::new(),
            waiting: VecDeque::new(),
            pending: VecDeque::new(),
            last_id: 0,
            counters: Counters::default(),
        }
    }

    /// Bytes from the socket, in any pieces. Memory is bounded by the largest piece and 64 KiB of an unfinished frame.
    pub fn receive(&mut self, now: Now, bytes: &[u8]) {
        self.now = now.mono;
        if self.phase == Phase::Over || bytes.is_empty() {
            return;
        }
        self.heard = now.mono;
        self.counters.bytes += bytes.len() as u64;
        self.decoder.push(bytes);
    }

    /// Asks for an action to be sent. At most 32 are unanswered at a time, the others wait their turn.
    pub fn submit(&mut self, now: Now, token: Token, expect: Expect, action: Action) {
        self.now = now.mono;
        if matches!(self.phase, Phase::LoggingOff | Phase::Over) || self.waiting.len() >= MAX_WAITING {
            return self.tell(token, Reply::NotSent);
        }
        self.waiting.push_back((token, expect, action));
    }

    /// Says goodbye; what still waits is not sent. Asterisk closes the connection then.
    pub fn logoff(&mut self, now: Now) {
        self.now = now.mono;
        if self.phase == Phase::Over {
            return;
        }
        self.phase = Phase::LoggingOff;
        self.drop_waiting();
        self.own.push_back((Purpose::Logoff, Action::new("Logoff")));
    }

    /// The connection is gone.
    pub fn closed(&mut self) {
        self.phase = Phase::Over;
        self.drop_waiting();
        self.own.clear();
        self.flight.clear();
    }

    /// The next bytes for the socket: one action. What was handed out counts as sent, so ask only when all before it
    /// was written.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        if self.phase == Phase::Over {
            return None;
        }
        if let Some((purpose, action)) = self.own.pop_front() {
            return Some(self.send(purpose, action));
        }
        // Behind an answer that is overdue nothing more is sent: if the link turns out to be dead, it is known of
        // everything that waits that it was not done.
        let overdue = self.flight.first().is_some_and(|f| f.told);
        if self.phase != Phase::Ready || overdue || self.flight.len() >= WINDOW {
            return None;
        }
        let (token, expect, action) = self.waiting.pop_front()?;
        Some(self.send(Purpose::Submitted { token, expect }, action))
    }

    /// The next thing to tell.
    #[must_use]
    pub fn poll(&mut self) -> Option<SessionEvent<'_>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.phase == Phase::Over {
                return None;
            }
            match self.decoder.step() {
                Step::Starved => return None,
                Step::Frame => {
                    self.counters.frames += 1;
                    if self.frame() {
                        break;
                    }
                }
                Step::Banner => self.banner(),
                Step::Oversized => self.oversized(),
                Step::Skipped(bytes) => self.skipped(bytes),
                Step::Hopeless if self.greeting.ami.is_empty() => self.end(Ended::NotAsterisk),
                Step::Hopeless => self.end(Ended::TooBig),
            }
        }
        Some(SessionEvent::Event(self.decoder.frame()))
    }

    /// When [`Self::due`] must be called next.
    pub fn deadline(&self) -> Option<Instant> {
        let pace = self.login.pace;
        match self.phase {
            Phase::Over => None,
            Phase::LoggingIn => Some(self.started + pace.login),
            Phase::Booting { until } => Some(until),
            Phase::Ready | Phase::LoggingOff => Some(match self.flight.first() {
                None if self.own.is_empty() => self.heard + pace.idle,
                None => self.heard + pace.idle + pace.patience, // not even written yet
                Some(f) if f.told => (self.heard + pace.blocked).min(self.flight.since + pace.unanswered),
                Some(f) if f.purpose == Purpose::Ping => (self.heard.max(self.flight.since) + pace.patience)
                    .min(self.flight.since + pace.unanswered),
                Some(_) => self.flight.since + pace.action,
            }),
        }
    }

    /// Time has passed.
    pub fn due(&mut self, now: Now) {
        self.now = now.mono;
        if self.deadline().is_none_or(|d| d > self.now) {
            return;
        }
        match self.phase {
            Phase::LoggingIn => self.end(Ended::LoginTimedOut),
            Phase::Booting { .. } => self.ready(),
            Phase::Ready | Phase::LoggingOff => self.overdue(),
            Phase::Over => {}
        }
    }

    /// What went through so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn send(&mut self, purpose: Purpose, action: Action) -> Vec<u8> {
        self.last_id += 1;
        self.flight.push(self.now, self.last_id, purpose);
        self.decoder.follows |= matches!(purpose, Purpose::Submitted { expect: Expect::Command, .. });
        action.encode(&format!("{}{}", self.prefix, self.last_id))
    }

    /// Our number in that frame's ActionID.
    fn id(&self, frame: Frame<'_>) -> Option<u64> {
        let id = frame.get("ActionID")?.strip_prefix(self.prefix.as_bytes())?;
        if !id.iter().all(u8::is_ascii_digit) {
            return None; // `parse` would also take a sign
        }
        std::str::from_utf8(id).ok()?.parse().ok()
    }

    fn tell(&mut self, token: Token, reply: Reply) {
        self.pending.push_back(SessionEvent::Reply { token, reply });
    }

    fn desynchronised(&mut self, why: String) {
        self.flight.break_lists();
        self.pending.push_back(SessionEvent::Desynchronised(why));
    }

    fn end(&mut self, why: Ended) {
        self.closed();
        self.pending.push_back(SessionEvent::Ended(why));
    }

    fn drop_waiting(&mut self) {
        for (token, ..) in std::mem::take(&mut self.waiting) {
            self.tell(token, Reply::NotSent);
        }
    }

    fn banner(&mut self) {
        let Some(ami) = login::banner(self.decoder.frame()) else { return self.end(Ended::NotAsterisk) };
        self.greeting.ami = ami;
        match self.login.opening() {
            Ok((action, true)) => self.own.push_back((Purpose::Challenge, action)),
            Ok((action, false)) => self.own.push_back((Purpose::Login, action)),
            Err(e) => self.end(Ended::LoginRefused(e.to_string())),
        }
    }

    /// A whole frame; `true`: it is a live event.
    fn frame(&mut self) -> bool {
        match self.decoder.frame().kind() {
            Kind::Event(b"FullyBooted") => self.fully_booted(),
            Kind::Event(_) if self.flight.is_listing() => !self.list_item() && self.is_live(),
            Kind::Event(_) => self.is_live(),
            Kind::Response(_) => {
                self.response();
                false
            }
            Kind::Other => false,
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::LoggingOff)
    }

    fn fully_booted(&mut self) -> bool {
        let late = !std::mem::replace(&mut self.booted, true);
        match self.phase {
            // What it could do was asked before its modules were there: ask again.
            Phase::Booting { .. } => self.ask_commands(),
            Phase::Ready if late => self.end(Ended::Booted),
            Phase::Ready => return true,
            _ => {}
        }
        false
    }

    fn ask_commands(&mut self) {
        self.phase = Phase::LoggingIn;
        self.own.push_back((Purpose::Commands, Action::new("ListCommands")));
    }

    fn ready(&mut self) {
        self.phase = Phase::Ready;
        self.pending.push_back(SessionEvent::Ready(self.greeting.clone()));
    }

    /// An event while a list comes in; `true`: it was of the list.
    fn list_item(&mut self) -> bool {
        let frame = self.decoder.frame();
        let Some(id) = self.id(frame) else { return false };
        let Some(sent) = self.flight.find(id) else { return false };
        let (Some(list), Purpose::Submitted { token, expect: Expect::List { complete } }) =
            (sent.list.as_mut(), sent.purpose)
        else {
            return false;
        };
        let Kind::Event(name) = frame.kind() else { return false };
        if reply::ends_list(name, complete, frame) {
            let told = sent.told;
            let reply = reply::listed(std::mem::take(&mut list.items), list.broken, frame);
            self.through(id);
            if !told {
                self.tell(token, reply);
            }
        } else if !sent.told {
            let whole = list.take(frame.to_owned());
            sent.told = !whole;
            if self.flight.first().is_some_and(|f| f.id == id) {
                self.flight.since = self.now; // it comes, if slowly
            }
            if !whole {
                self.tell(token, Reply::TooLong);
                self.desynchronised(format!("a list of more than {MAX_ITEMS} items or {MAX_LIST} bytes"));
            }
        }
        true
    }

    fn response(&mut self) {
        let frame = self.decoder.frame();
        let id = self.id(frame);
        let Some(sent) = id.and_then(|id| self.flight.find(id)) else {
            self.counters.unmatched += 1;
            return;
        };
        let (id, purpose, told, success) = (sent.id, sent.purpose, sent.told, is_success(frame));
        if let (true, Purpose::Submitted { token, expect: Expect::List { .. } }) = (success, purpose) {
            if sent.list.is_none() {
                self.list_begins(id, token, told);
            } else {
                self.counters.unmatched += 1;
            }
            return;
        }
        match purpose {
            Purpose::Submitted { token, expect } if !told => {
                let reply = reply::reply(expect, frame);
                self.tell(token, reply);
            }
            Purpose::Submitted { .. } | Purpose::Ping => {}
            Purpose::Challenge => self.challenged(success),
            Purpose::Login => self.logged_in(success),
            Purpose::Commands => self.greeted(),
            Purpose::Logoff => self.end(Ended::LoggedOff),
        }
        self.through(id);
    }

    /// Asterisk is through with that action.
    fn through(&mut self, id: u64) {
        self.flight.answered(self.now, id);
        self.decoder.follows =
            self.flight.holds(|p| matches!(p, Purpose::Submitted { expect: Expect::Command, .. }));
    }

    fn list_begins(&mut self, id: u64, token: Token, told: bool) {
        self.flight.list_begins(id);
        if !told {
            self.pending.push_back(SessionEvent::ListBegins { token });
        }
        if self.flight.first().is_some_and(|f| f.id == id) {
            self.flight.since = self.now;
        }
    }

    fn challenged(&mut self, success: bool) {
        let frame = self.decoder.frame();
        let Some(challenge) = frame.get("Challenge").filter(|_| success) else {
            return self.refused();
        };
        match self.login.answer(challenge) {
            Ok(action) => self.own.push_back((Purpose::Login, action)),
            Err(e) => self.end(Ended::LoginRefused(e.to_string())),
        }
    }

    fn logged_in(&mut self, success: bool) {
        if success { self.ask_commands() } else { self.refused() }
    }

    fn refused(&mut self) {
        let words = self.decoder.frame().text("Message").unwrap_or_default().into_owned();
        self.end(Ended::LoginRefused(words));
    }

    fn greeted(&mut self) {
        let ami = std::mem::take(&mut self.greeting.ami);
        self.greeting = login::greeting(ami, self.decoder.frame());
        if self.phase != Phase::LoggingIn {
            return;
        }
        if self.booted {
            self.ready()
        } else {
            self.phase = Phase::Booting { until: self.now + self.login.pace.booting }
        }
    }

    /// A frame is too long; what can be known of it is in its beginning.
    fn oversized(&mut self) {
        self.counters.skipped += 1;
        self.flight.break_lists();
        let frame = self.decoder.frame();
        let (Kind::Response(_), Some(id)) = (frame.kind(), self.id(frame)) else { return };
        let Some(sent) = self.flight.find(id) else { return };
        match sent.purpose {
            Purpose::Submitted { token, .. } if !sent.told => self.tell(token, Reply::TooLong),
            Purpose::Commands => self.greeted(),
            _ => {}
        }
        self.through(id);
    }

    fn skipped(&mut self, bytes: u64) {
        if self.is_live() {
            self.desynchronised(format!(
                "a packet of {bytes} bytes, more than the {MAX_FRAME} that are read"
            ));
        }
    }

    /// The first answer is overdue, or nothing was heard for long.
    fn overdue(&mut self) {
        let Some(first) = self.flight.first_mut() else {
            return if self.own.is_empty() { self.ping() } else { self.end(Ended::HalfOpen) };
        };
        if first.told || first.purpose == Purpose::Ping {
            let silent = self.now < self.flight.since + self.login.pace.unanswered;
            return self.end(if silent { Ended::HalfOpen } else { Ended::Unanswered });
        }
        first.told = true;
        if let Some(list) = &mut first.list {
            list.items = Vec::new();
        }
        match first.purpose {
            Purpose::Submitted { token, .. } => self.tell(token, Reply::TimedOut),
            _ => return self.end(Ended::HalfOpen),
        }
        // If it was the answer alone that was lost, the answer to a later action tells so.
        if self.own.is_empty() && !self.flight.holds(|p| *p == Purpose::Ping) {
            self.ping();
        }
    }

    fn ping(&mut self) {
        self.own.push_back((Purpose::Ping, Action::new("Ping")));
    }
}

fn is_success(frame: Frame<'_>) -> bool {
    matches!(frame.kind(), Kind::Response(word) if word.eq_ignore_ascii_case(b"Success"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "torture.rs"]
mod torture;
