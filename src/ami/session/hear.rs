//! What the session makes of each frame: the login's answers, its own actions' answers, the items of its lists.

use super::event::Notice;
use super::flight::{MAX_ITEMS, MAX_LIST, Purpose};
use super::machine::Phase;
use super::{Ended, Expect, Reply, Session, Token, login, reply};
use crate::wire::{Action, Frame, Kind, MAX_FRAME};

impl Session {
    pub(super) fn banner(&mut self) {
        let Some(ami) = login::banner(self.decoder.frame()) else { return self.end(Ended::NotAsterisk) };
        self.greeting.ami = ami;
        match self.login.opening() {
            Ok((action, true)) => self.own.push_back((Purpose::Challenge, action)),
            Ok((action, false)) => self.own.push_back((Purpose::Login, action)),
            Err(e) => self.end(Ended::LoginRefused(e.to_string())),
        }
    }

    /// A whole frame; `true`: it is a live event.
    pub(super) fn frame(&mut self) -> bool {
        match self.decoder.frame().kind() {
            Kind::Event(b"FullyBooted") => self.fully_booted(),
            Kind::Event(_) if self.flight.is_listing() => !self.list_item() && self.is_live(),
            Kind::Event(_) => self.is_live(),
            Kind::Response(_) => {
                self.response();
                false
            }
            Kind::Other => {
                self.strange();
                false
            }
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::LoggingOff)
    }

    /// Neither an event nor an answer: foreign bytes that may have swallowed the packet behind them.
    fn strange(&mut self) {
        if self.is_live() {
            self.pending.push_back(Notice::Desynchronised("bytes that are no packet".to_owned()));
        }
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

    pub(super) fn ready(&mut self) {
        self.phase = Phase::Ready;
        self.pending.push_back(Notice::Ready(self.greeting.clone()));
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
            Purpose::Settings => self.settings(),
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
            self.pending.push_back(Notice::ListBegins { token });
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
        self.greeting.actions = login::actions(self.decoder.frame());
        if self.greeting.may("CoreSettings") {
            self.own.push_back((Purpose::Settings, Action::new("CoreSettings")));
        } else {
            self.known();
        }
    }

    fn settings(&mut self) {
        self.greeting.asterisk = self.decoder.frame().text("AsteriskVersion").map(|v| v.into_owned());
        self.known();
    }

    /// All that can be asked at this moment is known.
    fn known(&mut self) {
        if self.phase != Phase::LoggingIn {
            return;
        }
        if self.booted {
            self.ready();
        } else {
            self.phase = Phase::Booting { until: self.now + self.login.pace.booting };
        }
    }

    /// A frame is too long; what can be known of it is in its beginning.
    pub(super) fn oversized(&mut self) {
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

    pub(super) fn skipped(&mut self, bytes: u64) {
        if self.is_live() {
            self.desynchronised(format!(
                "a packet of {bytes} bytes, more than the {MAX_FRAME} that are read"
            ));
        }
    }
}

fn is_success(frame: Frame<'_>) -> bool {
    matches!(frame.kind(), Kind::Response(word) if word.eq_ignore_ascii_case(b"Success"))
}
