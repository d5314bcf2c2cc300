//! The session itself.

use std::collections::VecDeque;
use std::time::Instant;

use super::event::Notice;
use super::flight::{Flight, Purpose};
use super::{Ended, Expect, Login, Reply, SessionEvent, Token};
use crate::Now;
use crate::wire::{Action, Decoder, Frame, Step};

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
pub(super) enum Phase {
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
    pub(super) decoder: Decoder,
    pub(super) login: Login,
    /// What every ActionID of ours begins with.
    pub(super) prefix: String,
    pub(super) phase: Phase,
    pub(super) now: Instant,
    pub(super) started: Instant,
    /// When bytes came last.
    pub(super) heard: Instant,
    /// FullyBooted was seen.
    pub(super) booted: bool,
    pub(super) greeting: super::Greeting,
    pub(super) flight: Flight,
    /// Our own actions: they go before submitted ones.
    pub(super) own: VecDeque<(Purpose, Action)>,
    pub(super) waiting: VecDeque<(Token, Expect, Action)>,
    /// Told before the next frame is looked at.
    pub(super) pending: VecDeque<Notice>,
    pub(super) last_id: u64,
    pub(super) counters: Counters,
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
                return Some(event.into());
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
            Phase::LoggingIn if self.greeting.ami.is_empty() => Some(self.started + pace.banner),
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
    pub(super) fn id(&self, frame: Frame<'_>) -> Option<u64> {
        let id = frame.get("ActionID")?.strip_prefix(self.prefix.as_bytes())?;
        if !id.iter().all(u8::is_ascii_digit) {
            return None; // `parse` would also take a sign
        }
        std::str::from_utf8(id).ok()?.parse().ok()
    }

    pub(super) fn tell(&mut self, token: Token, reply: Reply) {
        self.pending.push_back(Notice::Reply { token, reply });
    }

    pub(super) fn desynchronised(&mut self, why: String) {
        self.flight.break_lists();
        self.pending.push_back(Notice::Desynchronised(why));
    }

    pub(super) fn end(&mut self, why: Ended) {
        self.closed();
        self.pending.push_back(Notice::Ended(why));
    }

    fn drop_waiting(&mut self) {
        for (token, ..) in std::mem::take(&mut self.waiting) {
            self.tell(token, Reply::NotSent);
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

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "torture.rs"]
mod torture;

#[cfg(test)]
#[path = "replay.rs"]
mod replay;
