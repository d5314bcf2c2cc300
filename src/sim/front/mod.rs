//! One client of the manager interface: bytes in, bytes out, by version. No sockets, no clock.
//!
//! Leaves the world to `world`. Invariants: requests are handled one after another, and nothing behind a request that
//! takes its time; nobody hears a class that they may not read or did not ask for; answers come before the events that
//! the request caused.

mod actions;
mod calls;
mod command;
mod confbridge;
mod core;
mod login;
mod meetme;
mod request;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::class::Classes;
use crate::packet::{Draft, Packet};
use crate::world::{Moment, Ticket, World};

pub(crate) use request::Request;
use request::{Input, Parser};

/// What a client asked of the server itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wish {
    Stop,
    Restart,
}

/// So many requests may wait behind a slow one; a client that sends more is cut off.
const MAX_BACKLOG: usize = 10_000;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// Nobody yet, until then.
    Strange(Moment),
    /// Somebody.
    Known,
    /// A refused login is answered with a delay, and then the connection ends.
    Refusing(Moment),
    Over,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Front {
    serial: u64,
    peer: SocketAddr,
    local: SocketAddr,
    phase: Phase,
    user: String,
    read: Classes,
    write: Classes,
    asked: Classes,
    parser: Parser,
    backlog: VecDeque<Input>,
    challenge: Option<String>,
    /// The origination that everything else waits for, and who is to be answered.
    blocked: Option<(Ticket, Option<Vec<u8>>)>,
    refusal: Vec<u8>,
    since: u64,
    serial_originations: u64,
    out: Vec<u8>,
    pub(crate) wish: Option<Wish>,
}

impl Front {
    /// A connection that was just accepted: the banner is its first word.
    pub(crate) fn new(world: &World, serial: u64, peer: SocketAddr, local: SocketAddr) -> Self {
        Self {
            serial,
            peer,
            local,
            phase: Phase::Strange(world.now + world.setup.auth_timeout),
            user: String::new(),
            read: Classes::default(),
            write: Classes::default(),
            asked: Classes::default(),
            parser: Parser::default(),
            backlog: VecDeque::new(),
            challenge: None,
            blocked: None,
            refusal: Vec::new(),
            since: world.wall(),
            serial_originations: 0,
            out: format!("Asterisk Call Manager/{}\r\n", world.style().ami()).into_bytes(),
            wish: None,
        }
    }

    /// Bytes from the client; [`Self::step`] handles what they ask.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.parser.feed(bytes, &mut self.backlog);
        if self.backlog.len() > MAX_BACKLOG {
            self.phase = Phase::Over;
        }
    }

    /// Handles one request; `false`: there is none that can be handled now.
    pub(crate) fn step(&mut self, world: &mut World) -> bool {
        if self.blocked.is_some() || matches!(self.phase, Phase::Over | Phase::Refusing(_)) {
            return false;
        }
        match self.backlog.pop_front() {
            Some(Input::Request(request)) => self.handle(world, &request),
            Some(Input::Wrong(words)) => self.say("Error", &Request::default(), words),
            None => return false,
        }
        true
    }

    /// What the client hears.
    pub(crate) fn hears(&self) -> Classes {
        if self.phase == Phase::Known { self.read.both(self.asked) } else { Classes::default() }
    }

    pub(crate) fn hear(&mut self, packet: &Packet) {
        if self.hears().has(packet.class) {
            self.out.extend_from_slice(&packet.bytes);
        }
    }

    /// A synchronous origination ended; `true`: it was ours.
    pub(crate) fn originated(&mut self, ticket: Ticket, done: bool) -> bool {
        let Some((_, id)) = self.blocked.take_if(|(mine, _)| *mine == ticket) else { return false };
        let (word, text) =
            if done { ("Success", "Originate successfully queued") } else { ("Error", "Originate failed") };
        let draft = Draft::response(word).maybe("ActionID", id);
        self.send(draft.kv("Message", text));
        true
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        match self.phase {
            Phase::Strange(at) | Phase::Refusing(at) => Some(at),
            Phase::Known | Phase::Over => None,
        }
    }

    pub(crate) fn due(&mut self, now: Moment) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        let refusal = std::mem::take(&mut self.refusal);
        self.out.extend(refusal);
        self.phase = Phase::Over;
    }

    /// The bytes for the client so far.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The connection is to be closed, once all bytes are written.
    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Said once at the end of the server, to who hears it.
    pub(crate) fn shut_down(&mut self, restart: bool) {
        if self.hears().has(crate::class::Class::System) {
            let draft = Draft::event("Shutdown", crate::class::Class::System).kv("Shutdown", "Cleanly");
            self.send(draft.kv("Restart", if restart { "True" } else { "False" }));
        }
    }

    fn send(&mut self, draft: Draft) {
        self.out.extend(draft.done());
    }

    /// `Response:` with its message.
    fn say(&mut self, word: &str, request: &Request, text: &str) {
        self.send(Draft::response(word).maybe("ActionID", request.id()).kv("Message", text));
    }

    fn done(&mut self, request: &Request, text: &str) {
        self.say("Success", request, text);
    }

    fn fail(&mut self, request: &Request, text: &str) {
        self.say("Error", request, text);
    }

    /// A whole list: its answer, its items, its end.
    fn list(&mut self, world: &World, request: &Request, text: &str, items: Vec<Vec<u8>>, end: &str) {
        self.list_with(world, request, text, items, end, |draft, _| draft);
    }

    fn list_with(
        &mut self,
        world: &World,
        request: &Request,
        text: &str,
        items: Vec<Vec<u8>>,
        end: &str,
        more: impl FnOnce(Draft, usize) -> Draft,
    ) {
        let modern = world.style().modern();
        let word = if modern { "EventList" } else { "Eventlist" };
        let draft = Draft::response("Success").maybe("ActionID", request.id()).kv(word, "start");
        self.send(draft.kv("Message", text));
        let count = items.len();
        items.into_iter().for_each(|item| self.out.extend(item));
        let draft = Draft::item(end);
        if modern {
            let draft = draft.maybe("ActionID", request.id()).kv("EventList", "Complete");
            self.send(more(draft.num("ListItems", count), count));
        } else {
            let draft = draft.kv("EventList", "Complete").num("ListItems", count);
            self.send(draft.maybe("ActionID", request.id()));
        }
    }
}

/// How long a refused login waits for its answer.
const REFUSAL: Moment = Duration::from_secs(1);
