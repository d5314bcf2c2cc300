//! MeetMe: conferences whose users have numbers that are used again.
//!
//! Invariant: a hall is there as long as somebody is in it; its users' numbers are their places.

use std::collections::BTreeMap;
use std::time::Duration;

use super::channel::{Id, Seat};
use super::events::{or_unknown, whole};
use super::run::Flow;
use super::timers::Timer;
use super::{Moment, World};
use crate::class::Class;
use crate::packet::Draft;

/// A kicked user's thread looks up from the audio so much later.
const KICK: Moment = Duration::from_millis(15);

/// One conference.
#[derive(Clone, Debug)]
pub(crate) struct Hall {
    pub(crate) name: Vec<u8>,
    pub(crate) users: BTreeMap<u32, Attendee>,
    pub(crate) locked: bool,
    pub(crate) started: Moment,
    pub(crate) dynamic: bool,
    first: Vec<u8>,
}

/// Somebody in it.
#[derive(Clone, Debug)]
pub(crate) struct Attendee {
    pub(crate) id: Id,
    pub(crate) joined: Moment,
    pub(crate) admin: bool,
    pub(crate) marked: bool,
    pub(crate) listen_only: bool,
    pub(crate) talk_only: bool,
    pub(crate) monitored: bool,
    pub(crate) muted: bool,
    pub(crate) self_muted: bool,
    pub(crate) request: bool,
    /// `*` was pressed: the next key is for the menu.
    starred: bool,
    menu: bool,
}

/// Whom an act means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Usernum {
    All,
    One(u32),
}

impl Attendee {
    pub(crate) fn may_speak(&self) -> bool {
        !self.muted && !self.self_muted && !self.listen_only
    }
}

impl World {
    /// The application: in, or told why not.
    pub(super) fn join_hall(&mut self, id: Id, data: &[u8]) -> Flow {
        if !self.setup.meetme {
            return Flow::End(16);
        }
        let mut parts = data.split(|b| *b == b',');
        let name = parts.next().unwrap_or_default().to_vec();
        let options = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        let key = name.to_ascii_lowercase();
        let has = |option| options.contains(option);
        if self.halls.get(&key).is_some_and(|h| h.locked) && !has('a') {
            return self.refuse(id, "conf-locked");
        }
        let fresh = !self.halls.contains_key(&key);
        let now = self.now;
        let first = self.get(id).map(|c| c.uniqueid.clone()).unwrap_or_default();
        let hall = self.halls.entry(key.clone()).or_insert_with(|| Hall {
            name,
            users: BTreeMap::new(),
            locked: false,
            started: now,
            dynamic: has('d') || has('D'),
            first,
        });
        let user = hall.users.last_key_value().map_or(1, |(last, _)| last + 1);
        let attendee = Attendee {
            id,
            joined: now,
            admin: has('a'),
            marked: has('A'),
            listen_only: has('l'),
            talk_only: has('t'),
            monitored: has('T'),
            muted: false,
            self_muted: has('m'),
            request: false,
            starred: false,
            menu: has('s'),
        };
        hall.users.insert(user, attendee);
        self.turn(id);
        self.take_place(id, key, user, fresh);
        Flow::Wait
    }

    fn take_place(&mut self, id: Id, key: Vec<u8>, user: u32, fresh: bool) {
        let Some(hall) = self.halls.get(&key) else { return };
        let (name, first) = (hall.name.clone(), hall.first.clone());
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.seat = Some(Seat::Hall(key.clone(), user));
        }
        self.set_variable(Some(id), "MEETMEUNIQUEID", &first);
        if fresh {
            self.tell_device(&[b"meetme:", name.as_slice()].concat(), "INUSE");
        }
        self.tell_hall(id, &key, "MeetmeJoin", |draft| draft.num("User", user));
        if self.user_of(id).is_some_and(|u| u.self_muted) {
            self.tell_hall_status(id, &key, user, "MeetmeMute", true);
        }
        self.voice(id);
        self.measure(id);
    }

    /// Who is silent on arrival is taken for a talker for a second.
    fn measure(&mut self, id: Id) {
        let Some(channel) = self.get(id) else { return };
        if channel.voice.target || !self.user_of(id).is_some_and(|u| u.monitored && u.may_speak()) {
            return;
        }
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.voice.turn += 1;
        let turn = channel.voice.turn;
        self.later(Duration::from_millis(20), Timer::Voice(id, turn, true));
        self.later(Duration::from_millis(1020), Timer::Voice(id, turn, false));
    }

    fn user_of(&self, id: Id) -> Option<&Attendee> {
        let Some(Seat::Hall(key, user)) = self.get(id)?.seat.as_ref() else { return None };
        self.halls.get(key)?.users.get(user)
    }

    pub(super) fn leave_hall(&mut self, id: Id, key: &[u8], user: u32) {
        let seconds = self.seconds(key, user);
        self.tell_hall(id, key, "MeetmeLeave", |draft| {
            let draft = draft.num("User", user);
            draft.maybe("Duration", (seconds > 0).then(|| seconds.to_string()))
        });
        let Some(hall) = self.halls.get_mut(key) else { return };
        let before = hall.users.len();
        hall.users.remove(&user);
        let (left, name) = (hall.users.len(), hall.name.clone());
        if left == 0 {
            self.halls.remove(key);
            self.tell(Class::Call, |_| Draft::event("MeetmeEnd", Class::Call).kv("Meetme", &name));
            self.tell_device(&[b"meetme:", name.as_slice()].concat(), "NOT_INUSE");
        } else {
            self.tell_no_exit(before, left);
        }
        self.set_variable(Some(id), "MEETMESECS", seconds.to_string().as_bytes());
    }

    fn tell_no_exit(&mut self, before: usize, left: usize) {
        let (before, left) = (before.to_string(), left.to_string());
        let more: [(&str, &[u8]); 3] = [
            ("Message", b"CONFFLAG_MARKEDEXIT"),
            ("LastUsers", before.as_bytes()),
            ("Users", left.as_bytes()),
        ];
        self.tell_test("NOEXIT", ("app_meetme.c", "conf_run", "3658"), &more, false);
    }

    fn seconds(&self, key: &[u8], user: u32) -> u64 {
        let joined = self.halls.get(key).and_then(|h| h.users.get(&user)).map(|u| u.joined);
        // Asterisk counts by the seconds of the clock, from one to the next.
        joined.map_or(0, |joined| (self.wall_at(self.now) / 1000).saturating_sub(self.wall_at(joined) / 1000))
    }

    // What clients ask.

    pub(crate) fn halls(&self) -> impl Iterator<Item = &Hall> {
        self.halls.values()
    }

    pub(crate) fn hall(&self, name: &[u8]) -> Option<&Hall> {
        self.halls.get(&name.to_ascii_lowercase())
    }

    /// Mutes or unmutes; `false`: no such user. `all` spares admins.
    pub(crate) fn mute_user(&mut self, name: &[u8], who: Usernum, on: bool) -> bool {
        let key = name.to_ascii_lowercase();
        let Some(hall) = self.halls.get(&key) else { return false };
        let meant: Vec<u32> = match who {
            Usernum::One(user) => hall.users.get(&user).map(|_| user).into_iter().collect(),
            Usernum::All => hall.users.iter().filter(|(_, u)| !u.admin).map(|(n, _)| *n).collect(),
        };
        let found = !meant.is_empty();
        for user in meant {
            self.mute_attendee(&key, user, on);
        }
        found
    }

    fn mute_attendee(&mut self, key: &[u8], user: u32, on: bool) {
        let Some(attendee) = self.halls.get_mut(key).and_then(|h| h.users.get_mut(&user)) else { return };
        let (id, before) = (attendee.id, attendee.muted || attendee.self_muted);
        attendee.muted = on;
        if !on {
            attendee.self_muted = false;
        }
        let lowered = !on && std::mem::take(&mut attendee.request);
        if before != on {
            self.changes_voice(id, key, user, on);
        }
        if lowered {
            self.tell_hall_status(id, key, user, "MeetmeTalkRequest", false);
        }
    }

    /// Muted or unmuted: who talked is told to have ceased before they are told to be muted.
    fn changes_voice(&mut self, id: Id, key: &[u8], user: u32, muted: bool) {
        if muted && let Some(channel) = self.channels.get_mut(&id).filter(|c| c.voice.talking) {
            (channel.voice.talking, channel.voice.target) = (false, false);
            channel.voice.turn += 1;
            self.tell_hall_status(id, key, user, "MeetmeTalking", false);
        }
        self.tell_hall_status(id, key, user, "MeetmeMute", muted);
        self.voice(id);
    }

    /// Takes users out, a moment later. Says nothing of whether there were any.
    pub(crate) fn kick_user(&mut self, name: &[u8], who: Usernum) {
        let Some(hall) = self.hall(name) else { return };
        let ids: Vec<Id> = match who {
            Usernum::One(user) => hall.users.get(&user).map(|u| u.id).into_iter().collect(),
            Usernum::All => hall.users.values().map(|u| u.id).collect(),
        };
        for id in ids {
            self.later(KICK, Timer::Evict(id));
        }
    }

    pub(super) fn evicted(&mut self, id: Id) {
        if matches!(self.get(id).and_then(|c| c.seat.as_ref()), Some(Seat::Hall(..))) {
            self.leave(id, "");
            self.pause(id, Duration::ZERO);
        }
    }

    pub(crate) fn lock_hall(&mut self, name: &[u8], on: bool) {
        if let Some(hall) = self.halls.get_mut(&name.to_ascii_lowercase()) {
            hall.locked = on;
        }
    }

    /// `*1`: mute oneself, or no longer, which is not told of whom an admin muted too. `*2`: ask to talk, for the muted.
    pub(super) fn hall_key(&mut self, key: &[u8], user: u32, digit: u8) {
        let Some(attendee) = self.halls.get_mut(key).and_then(|h| h.users.get_mut(&user)) else { return };
        if !attendee.menu {
            return;
        }
        let starred = std::mem::replace(&mut attendee.starred, digit == b'*');
        let id = attendee.id;
        match digit {
            b'1' if starred => {
                attendee.self_muted = !attendee.self_muted;
                let (told, on) = (!attendee.muted, attendee.self_muted);
                if told {
                    self.changes_voice(id, key, user, on);
                }
            }
            b'2' if starred && !attendee.request && (attendee.muted || attendee.self_muted) => {
                attendee.request = true;
                self.tell_hall_status(id, key, user, "MeetmeTalkRequest", true);
            }
            _ => {}
        }
    }

    // How it is told.

    fn tell_hall(&mut self, id: Id, key: &[u8], name: &str, more: impl FnOnce(Draft) -> Draft) {
        let modern = self.modern();
        self.tell(Class::Call, |world| {
            let draft = Draft::event(name, Class::Call);
            let (Some(channel), Some(hall)) = (world.get(id), world.halls.get(key)) else { return draft };
            if modern {
                return more(whole(draft.kv("Meetme", &hall.name), channel));
            }
            let user = hall.users.iter().find(|(_, u)| u.id == id).map_or(0, |(n, _)| *n);
            let draft = draft.kv("Channel", &channel.name).kv("Uniqueid", &channel.uniqueid);
            let draft = draft.kv("Meetme", &hall.name).num("Usernum", user);
            let (number, caller) = if name == "MeetmeJoin" {
                ("CallerIDnum", "CallerIDname")
            } else {
                ("CallerIDNum", "CallerIDName")
            };
            let draft = draft.kv(number, or_unknown(&channel.caller.number));
            let draft = draft.kv(caller, or_unknown(&channel.caller.name));
            let draft = draft.kv("ConnectedLineNum", or_unknown(&channel.connected.number));
            let draft = draft.kv("ConnectedLineName", or_unknown(&channel.connected.name));
            if name == "MeetmeLeave" { draft.num("Duration", world.seconds(key, user)) } else { draft }
        });
    }

    /// An event with `Status`: mute, talking, request.
    pub(super) fn tell_hall_status(&mut self, id: Id, key: &[u8], user: u32, name: &str, on: bool) {
        let (modern, seconds) = (self.modern(), self.seconds(key, user));
        let status = if on { "on" } else { "off" };
        self.tell(Class::Call, |world| {
            let draft = Draft::event(name, Class::Call);
            let (Some(channel), Some(hall)) = (world.get(id), world.halls.get(key)) else { return draft };
            if !modern {
                let draft = draft.kv("Channel", &channel.name).kv("Uniqueid", &channel.uniqueid);
                return draft.kv("Meetme", &hall.name).num("Usernum", user).kv("Status", status);
            }
            let draft = whole(draft.kv("Meetme", &hall.name), channel).kv("Status", status);
            draft.num("User", user).maybe("Duration", (seconds > 0).then(|| seconds.to_string()))
        });
    }
}
