//! What the dialplan's applications do, but for conferences.

use std::time::Duration;

use super::channel::{Caller, Id, Spot, State};
use super::run::Flow;
use super::timers::Timer;
use super::{Moment, World};
use crate::setup::Style;

/// `Answer` waits for the first sound from the other end.
const FIRST_SOUND: Moment = Duration::from_millis(20);

/// A key is held so long.
pub(super) const KEY: Moment = Duration::from_millis(100);

impl World {
    pub(super) fn application(&mut self, id: Id, app: &str, data: &[u8]) -> Flow {
        let text = String::from_utf8_lossy(data).into_owned();
        match app.to_ascii_lowercase().as_str() {
            "answer" => {
                if !self.answer(id) {
                    return Flow::Next;
                }
                self.pause(id, FIRST_SOUND);
                Flow::Wait
            }
            "wait" | "waitexten" => {
                self.pause(id, seconds(&text));
                Flow::Wait
            }
            "playtones" => {
                self.play_tones(id, &text);
                Flow::Next
            }
            "stopplaytones" => {
                self.stop_tones(id);
                Flow::Next
            }
            "hangup" => Flow::End(text.trim().parse().unwrap_or(16)),
            "busy" => self.give_up(id, State::Busy, 17),
            "congestion" => self.give_up(id, State::Busy, 34),
            "ringing" => {
                self.ring(id);
                Flow::Next
            }
            "musiconhold" => self.music(id),
            "playback" | "background" => {
                self.tell_playback(id, data);
                self.pause(id, Duration::from_secs(2));
                Flow::Wait
            }
            "userevent" => {
                self.user_event(id, data);
                Flow::Next
            }
            "set" => {
                self.set(id, data);
                Flow::Next
            }
            "gosub" => self.gosub(id, &text),
            "return" => self.go_back(id),
            "goto" => self.go_to(id, &text),
            "gotoif" => {
                let (condition, targets) = text.split_once('?').unwrap_or((&text, ""));
                let (yes, no) = targets.split_once(':').unwrap_or((targets, ""));
                let target = if is_true(condition) { yes } else { no };
                if target.is_empty() { Flow::Next } else { self.go_to(id, target) }
            }
            "execif" => self.exec_if(id, data),
            "senddtmf" => self.send_dtmf(id, &text),
            "confbridge" => self.join_room(id, data),
            "meetme" => self.join_hall(id, data),
            "noop" | "verbose" => Flow::Next,
            _ => Flow::End(16),
        }
    }

    fn exec_if(&mut self, id: Id, data: &[u8]) -> Flow {
        let (condition, calls) = split(data, b"?");
        let (yes, no) = split(calls, b"):");
        let call = if is_true(&String::from_utf8_lossy(condition)) { yes } else { no };
        let (app, data) = split(call, b"(");
        if app.is_empty() {
            return Flow::Next;
        }
        let app = String::from_utf8_lossy(app).trim().to_owned();
        self.application(id, &app, data.strip_suffix(b")").unwrap_or(data))
    }

    fn go_to(&mut self, id: Id, target: &str) -> Flow {
        let Some(spot) = self.target(id, target) else { return Flow::End(16) };
        self.put(id, spot);
        Flow::Stay
    }

    /// `[[context,]extension,]priority`, by number or label.
    fn target(&self, id: Id, target: &str) -> Option<Spot> {
        let here = &self.get(id)?.spot;
        let parts: Vec<&str> = target.split(',').map(str::trim).collect();
        let (context, exten, priority) = match *parts.as_slice() {
            [priority] => (here.context.as_str(), here.exten.as_str(), priority),
            [exten, priority] => (here.context.as_str(), exten, priority),
            [context, exten, priority, ..] => (context, exten, priority),
            [] => return None,
        };
        let priority = self.setup.dialplan.priority(context, exten, priority)?;
        Some(Spot::new(context, exten, priority))
    }

    fn gosub(&mut self, id: Id, text: &str) -> Flow {
        let (target, arguments) = text.split_once('(').unwrap_or((text, ""));
        let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
        let Some(spot) = self.target(id, target) else { return Flow::End(16) };
        let Some(channel) = self.channels.get_mut(&id) else { return Flow::Wait };
        let back = Spot { priority: channel.spot.priority + 1, ..channel.spot.clone() };
        let given = arguments.split(',').filter(|a| !arguments.is_empty() || !a.is_empty()).enumerate();
        let mut hidden = Vec::new();
        for (n, argument) in given {
            let name = format!("ARG{}", n + 1);
            let before = channel.variables.insert(name.clone(), argument.as_bytes().to_vec());
            hidden.push((name, before));
        }
        channel.callers.push(Caller { spot: back, hidden });
        channel.spot = spot;
        Flow::Stay
    }

    fn go_back(&mut self, id: Id) -> Flow {
        let Some(channel) = self.channels.get_mut(&id) else { return Flow::Wait };
        let Some(caller) = channel.callers.pop() else { return Flow::End(16) };
        for (name, before) in caller.hidden {
            match before {
                Some(value) => channel.variables.insert(name, value),
                None => channel.variables.remove(&name),
            };
        }
        channel.spot = caller.spot;
        Flow::Stay
    }

    fn ring(&mut self, id: Id) {
        let Some(peer) = self.get(id).and_then(|c| c.peer) else { return };
        let Some(channel) = self.channels.get_mut(&peer).filter(|c| c.state == State::Down) else { return };
        channel.state = State::Ringing;
        self.tell_newstate(peer);
        self.tell_dial(peer, "DialState", ("DialStatus", b"RINGING"));
    }

    /// Busy or congested: who called is told, the channel hangs on for as long as that takes.
    fn give_up(&mut self, id: Id, state: State, cause: u32) -> Flow {
        let Some(peer) = self.get(id).map(|c| c.peer) else { return Flow::Wait };
        let dialling = peer.filter(|peer| self.dials.contains_key(peer));
        // On 22 the congestion is told before the state.
        let early = cause == 34 && self.style() == Style::V22;
        if let (Some(peer), true) = (dialling, early) {
            self.dial_given_up(peer, cause);
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.state = state;
        }
        self.tell_newstate(id);
        if let (Some(peer), false) = (dialling, early) {
            self.dial_given_up(peer, cause);
        }
        Flow::End(cause)
    }

    fn music(&mut self, id: Id) -> Flow {
        self.turn(id);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.music = true;
        }
        self.tell_music(id, true);
        Flow::Wait
    }

    pub(super) fn tell_playback(&mut self, id: Id, file: &[u8]) {
        let Some(name) = self.get(id).map(|c| c.name.clone()) else { return };
        let more: [(&str, &[u8]); 2] = [("Message", file), ("Channel", &name)];
        self.tell_test("PLAYBACK", ("file.c", "ast_streamfile", "1377"), &more, false);
    }

    /// `Name,Header: value,...`; quotes and backslashes are for Asterisk's own splitting.
    fn user_event(&mut self, id: Id, data: &[u8]) {
        let mut parts = arguments(data).into_iter();
        let name = parts.next().unwrap_or_default();
        let body: Vec<Vec<u8>> = parts.collect();
        self.tell_user_event(id, &name, &body);
    }

    fn play_tones(&mut self, id: Id, text: &str) {
        let part = |word: &str| {
            let (tone, time) = word.trim_start_matches('!').split_once('/').unwrap_or((word, "0"));
            (tone != "0", time.parse().unwrap_or(0))
        };
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.tones = text.split(',').map(part).collect();
        channel.tone_turn += 1;
        let turn = channel.tone_turn;
        self.tone(id, turn, 0);
    }

    fn stop_tones(&mut self, id: Id) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.tones.clear();
        channel.tone_turn += 1;
        if let Some(peer) = channel.peer {
            self.sound(peer, false);
        }
    }

    /// The part of the tones that begins now.
    pub(super) fn tone(&mut self, id: Id, turn: u64, at: usize) {
        let Some(channel) = self.get(id).filter(|c| c.tone_turn == turn) else { return };
        let peer = channel.peer;
        let count = channel.tones.len();
        let Some(&(on, time)) = channel.tones.get(at) else { return };
        let once = count == 1 && !on;
        if let Some(peer) = peer {
            self.sound(peer, on);
        }
        if time > 0 && !once {
            self.later(Duration::from_millis(time), Timer::Tone(id, turn, (at + 1) % count));
        }
    }

    /// `w` among the digits is half a second, `W` a whole one.
    fn send_dtmf(&mut self, id: Id, digits: &str) -> Flow {
        let peer = self.get(id).and_then(|c| c.peer);
        let (mut after, mut first) = (KEY * 2, true);
        for key in digits.bytes().filter(u8::is_ascii_graphic) {
            match (key, peer) {
                (b'w', _) => after += Duration::from_millis(500),
                (b'W', _) => after += Duration::from_secs(1),
                (key, peer) => {
                    if let Some(peer) = peer {
                        self.later(after, Timer::Release(peer, key));
                    }
                    if let Some(peer) = peer.filter(|_| first) {
                        self.tell_dtmf(peer, key, None);
                    }
                    (after, first) = (after + KEY * 2, false);
                }
            }
        }
        self.pause(id, after + Duration::from_millis(250));
        Flow::Wait
    }

    fn set(&mut self, id: Id, data: &[u8]) {
        let at = data.iter().position(|b| *b == b'=').unwrap_or(data.len());
        let (name, value) = data.split_at(at);
        let value = value.get(1..).unwrap_or_default().to_vec();
        let name = String::from_utf8_lossy(name).trim().to_owned();
        self.set_variable(Some(id), &name, &value);
    }
}

/// Splits at commas that no backslash or quote protects, and takes both away.
fn arguments(data: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let mut quoted = false;
    let mut bytes = data.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => part.extend(bytes.next()),
            b'"' => quoted = !quoted,
            b',' if !quoted => parts.push(std::mem::take(&mut part)),
            byte => part.push(byte),
        }
    }
    parts.push(part);
    parts
}

/// What stands before the mark and behind it.
fn split<'a>(text: &'a [u8], mark: &[u8]) -> (&'a [u8], &'a [u8]) {
    match memchr::memmem::find(text, mark) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + mark.len()..).unwrap_or_default()),
        None => (text, &[]),
    }
}

fn is_true(condition: &str) -> bool {
    !["", "0"].contains(&condition.trim())
}

fn seconds(text: &str) -> Moment {
    let word = text.split(',').next().unwrap_or_default().trim();
    let seconds = word.parse::<f64>().unwrap_or(0.0).clamp(0.0, 1e8);
    Duration::from_secs_f64(seconds)
}
