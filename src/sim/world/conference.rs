//! ConfBridge: rooms, their members, and everything that is done to them.
//!
//! Invariant: a room is there as long as somebody is in it; its counts are those of its members.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::channel::{Channel, Id, Seat, Spot};
use super::events::whole;
use super::run::{Flow, SOON};
use super::timers::Timer;
use super::{Moment, World};
use crate::class::Class;
use crate::packet::Draft;
use crate::setup::{BridgeProfile, UserProfile};

/// The longest name of a conference: what comes behind is cut.
const MAX_CONFERENCE: usize = 79;
/// Most peers that BRIDGEPEER names.
const MAX_PEERS: usize = 10;
/// How long "this conference is locked" takes to say.
const REFUSAL: Moment = Duration::from_millis(1760);

const APP: &str = "app_confbridge.c";

/// One conference.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) name: Vec<u8>,
    bridge: String,
    pub(crate) members: BTreeMap<u64, Seated>,
    /// Where each channel sits.
    seats: BTreeMap<Id, u64>,
    pub(crate) locked: bool,
    pub(crate) recording: Option<String>,
    pub(crate) marked: usize,
    waiting: usize,
    state: &'static str,
    pub(crate) profile: String,
    bridge_profile: BridgeProfile,
    announcer: u32,
    video: Video,
}

/// Whose picture all see.
#[derive(Clone, Debug, Default)]
struct Video {
    single: bool,
    source: Option<Vec<u8>>,
    /// It left and nobody was told yet.
    lost: Option<Vec<u8>>,
}

/// Somebody in it.
#[derive(Clone, Debug)]
pub(crate) struct Seated {
    pub(crate) id: Id,
    pub(crate) profile: Arc<UserProfile>,
    pub(crate) profile_name: String,
    pub(crate) muted: bool,
    pub(crate) waiting: bool,
}

/// Whom an act means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who<'a> {
    All,
    Participants,
    One(&'a [u8]),
}

/// How an act ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Word {
    Done,
    NoRooms,
    NoRoom,
    NoChannel,
    AlreadyRecording,
    NotRecording,
}

impl Room {
    /// Members and the announcer, and the recorder while it records.
    fn channels(&self) -> usize {
        self.members.len() + 1 + usize::from(self.recording.is_some())
    }

    fn settle(&self) -> &'static str {
        let active = self.members.len() - self.waiting;
        match (self.marked, active, self.waiting) {
            (0, 0, 0) => "EMPTY",
            (0, 0, _) => "INACTIVE",
            (0, 1, _) => "SINGLE",
            (0, ..) => "MULTI",
            (_, 1, _) => "SINGLE_MARKED",
            _ => "MULTI_MARKED",
        }
    }
}

/// What all events about a room hold. `count`: the channels in its bridge.
fn bridge(draft: Draft, room: &Room, count: usize) -> Draft {
    let single = room.video.single;
    let draft = draft.kv("BridgeUniqueid", &room.bridge).kv("BridgeType", "base");
    let draft = draft.kv("BridgeTechnology", "softmix").kv("BridgeCreator", "ConfBridge");
    let draft = draft.kv("BridgeName", &room.name).num("BridgeNumChannels", count);
    draft.kv("BridgeVideoSourceMode", if single { "single" } else { "none" })
}

impl World {
    /// The application: in, or told why not.
    pub(super) fn join_room(&mut self, id: Id, data: &[u8]) -> Flow {
        let mut parts = data.split(|b| *b == b',').map(|p| String::from_utf8_lossy(p).into_owned());
        let name = data.split(|b| *b == b',').next().unwrap_or_default();
        let name = name.get(..MAX_CONFERENCE).unwrap_or(name).to_vec();
        let mut or_default = |default: &str| parts.next().filter(|p| !p.is_empty()).unwrap_or(default.into());
        or_default("");
        let (bridge_profile, profile_name) = (or_default("default_bridge"), or_default("default_user"));
        let menu = or_default("");
        let profile = self.setup.profiles.get(&profile_name).cloned().unwrap_or_default();
        let key = name.to_ascii_lowercase();
        if let Some(file) = self.refusal(&key, &bridge_profile, &profile) {
            return self.refuse(id, file);
        }
        if !self.rooms.contains_key(&key) {
            self.open_room(&key, name, bridge_profile);
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.menu = menu;
        }
        self.turn(id);
        self.sit_down(id, &key, profile, profile_name);
        Flow::Wait
    }

    fn refusal(&self, key: &[u8], profile: &str, user: &UserProfile) -> Option<&'static str> {
        let limit = self.setup.bridges.get(profile).and_then(|b| b.max_members);
        let room = self.rooms.get(key)?;
        let full = limit.is_some_and(|limit| room.members.len() >= limit);
        match (user.admin, room.locked, full) {
            (true, ..) => None,
            (_, true, _) => Some("conf-locked"),
            (_, _, true) => Some("confbridge-conf-full"),
            _ => None,
        }
    }

    pub(super) fn refuse(&mut self, id: Id, file: &str) -> Flow {
        self.tell_playback(id, file.as_bytes());
        let turn = self.turn(id);
        self.later(REFUSAL, Timer::Refused(id, turn));
        Flow::Wait
    }

    /// The refused caller heard why.
    pub(super) fn refused(&mut self, id: Id, turn: u64) {
        let Some(channel) = self.get(id).filter(|c| c.turn == turn) else { return };
        if channel.app.eq_ignore_ascii_case("ConfBridge") {
            self.set_variable(Some(id), "CONFBRIDGE_RESULT", b"FAILED");
        }
        self.end(id, 0);
    }

    fn open_room(&mut self, key: &[u8], name: Vec<u8>, profile: String) {
        let announcer = self.serials.unreal;
        self.serials.unreal += 1;
        self.serials.channel += 2; // the announcer's two halves, which no event shows
        let bridge = self.uuid();
        let room = Room {
            name,
            bridge,
            members: BTreeMap::new(),
            seats: BTreeMap::new(),
            locked: false,
            recording: None,
            marked: 0,
            waiting: 0,
            state: "EMPTY",
            bridge_profile: self.setup.bridges.get(&profile).cloned().unwrap_or_default(),
            profile,
            announcer,
            video: Video::default(),
        };
        self.rooms.insert(key.to_vec(), room);
        self.tell_bridge(key, "BridgeCreate", 0);
        self.tell_room(key, "ConfbridgeStart", 1);
        self.tell_device(&[b"confbridge:", self.room_name(key).as_slice()].concat(), "INUSE");
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.rng.u64(..), self.rng.u64(..));
        let (c, d) = (a >> 32, b >> 48);
        format!(
            "{c:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            (a >> 16) & 0xffff,
            a & 0xfff,
            d & 0xfff,
            b & 0xffff_ffff_ffff
        )
    }

    fn room_name(&self, key: &[u8]) -> Vec<u8> {
        self.rooms.get(key).map(|r| r.name.clone()).unwrap_or_default()
    }

    fn sit_down(&mut self, id: Id, key: &[u8], profile: UserProfile, profile_name: String) {
        self.serials.seat += 1;
        let seat = self.serials.seat;
        let Some(room) = self.rooms.get_mut(key) else { return };
        let waiting = profile.wait_marked && !profile.marked && room.marked == 0;
        let (muted, marked) = (profile.start_muted, profile.marked);
        let seated = Seated { id, profile: Arc::new(profile), profile_name, muted, waiting };
        room.members.insert(seat, seated);
        room.seats.insert(id, seat);
        room.marked += usize::from(marked);
        room.waiting += usize::from(waiting);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.seat = Some(Seat::Room(key.to_vec(), seat));
        }
        if marked {
            self.let_wait(key, false);
        }
        self.tell_state(key);
        self.tell_mute_update(id, key, muted || waiting);
        let count = self.rooms.get(key).map_or(0, Room::channels);
        self.tell_in_bridge(id, key, "BridgeEnter", count);
        self.tell_lost_video(key);
        self.tell_peers(key);
        self.tell_join(id, key, muted);
        if self.get(id).is_some_and(Channel::is_sip) {
            self.tell_media_learnt(id);
        }
        self.voice(id);
    }

    /// The marked users came, or the last one left: those who wait for them do, or no longer do.
    fn let_wait(&mut self, key: &[u8], wait: bool) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let mut changed = Vec::new();
        for member in room.members.values_mut().filter(|m| m.profile.wait_marked && !m.profile.marked) {
            if member.waiting != wait {
                member.waiting = wait;
                changed.push(member.id);
            }
        }
        room.waiting = if wait { changed.len() } else { 0 };
        for id in changed {
            self.voice(id);
        }
    }

    /// Out of the room; `result` is what the dialplan is told.
    pub(super) fn leave_room(&mut self, id: Id, key: &[u8], seat: u64, result: &str) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let count = room.channels();
        let admin = room.members.get(&seat).is_some_and(|m| m.profile.admin);
        self.tell_leave(id, key, admin);
        let Some(room) = self.rooms.get_mut(key) else { return };
        let Some(gone) = room.members.remove(&seat) else { return };
        room.seats.remove(&id);
        room.marked -= usize::from(gone.profile.marked);
        room.waiting -= usize::from(gone.waiting);
        let last_marked = gone.profile.marked && room.marked == 0;
        self.tell_varset_if(id, "BRIDGEPEER", b"");
        self.tell_in_bridge(id, key, "BridgeLeave", count - 1);
        self.forget_video(id, key);
        self.set_variable(Some(id), "CONFBRIDGE_RESULT", result.as_bytes());
        if last_marked {
            self.let_wait(key, true);
        }
        self.tell_state(key);
        self.tell_peers(key);
        if self.rooms.get(key).is_some_and(|r| r.members.is_empty()) {
            self.close_room(key);
        } else if last_marked {
            self.end_with_marked(key);
        }
    }

    fn end_with_marked(&mut self, key: &[u8]) {
        let Some(room) = self.rooms.get(key) else { return };
        let ids: Vec<Id> = room.members.values().filter(|m| m.profile.end_marked).map(|m| m.id).collect();
        for id in ids {
            self.throw_out(id, "KICKED");
        }
    }

    fn close_room(&mut self, key: &[u8]) {
        self.tell_room(key, "ConfbridgeEnd", 1);
        self.tell_bridge(key, "BridgeDestroy", 0);
        let Some(room) = self.rooms.remove(key) else { return };
        self.tell_device(&[b"confbridge:", room.name.as_slice()].concat(), "NOT_INUSE");
        for _ in 0..2 {
            self.tell_device(&[b"CBAnn/", room.name.as_slice()].concat(), "UNKNOWN");
        }
    }

    /// Out, and on with the dialplan.
    fn throw_out(&mut self, id: Id, result: &str) {
        self.go_home(id);
        self.leave(id, result);
        self.pause(id, Duration::ZERO);
    }

    // What clients ask.

    pub(crate) fn room(&self, name: &[u8]) -> Result<&Room, Word> {
        if self.rooms.is_empty() {
            return Err(Word::NoRooms);
        }
        self.rooms.get(&name.to_ascii_lowercase()).ok_or(Word::NoRoom)
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// Mutes or unmutes. One channel is meant by any beginning of its name; the first one that fits is taken.
    pub(crate) fn mute(&mut self, name: &[u8], who: Who<'_>, on: bool) -> Word {
        let ids = match self.meant(name, who, true) {
            Ok(ids) => ids,
            Err(word) => return word,
        };
        let key = name.to_ascii_lowercase();
        for id in ids {
            self.mute_one(id, &key, on);
        }
        Word::Done
    }

    pub(crate) fn kick(&mut self, name: &[u8], who: Who<'_>) -> Word {
        match self.meant(name, who, false) {
            Ok(ids) => ids.into_iter().for_each(|id| self.kick_soon(id)),
            Err(word) => return word,
        }
        Word::Done
    }

    fn kick_soon(&mut self, id: Id) {
        if let Some(Seat::Room(_, seat)) = self.get(id).and_then(|c| c.seat.as_ref()) {
            let seat = *seat;
            self.later(SOON, Timer::KickOut(id, seat));
        }
    }

    pub(super) fn kicked(&mut self, id: Id, from: u64) {
        if matches!(self.get(id).and_then(|c| c.seat.as_ref()), Some(Seat::Room(_, seat)) if *seat == from) {
            self.throw_out(id, "KICKED");
        }
    }

    fn meant(&self, name: &[u8], who: Who<'_>, prefix: bool) -> Result<Vec<Id>, Word> {
        let room = self.room(name)?;
        let Who::One(channel) = who else {
            let meant = room.members.values().filter(|m| who == Who::All || !m.profile.admin);
            return Ok(meant.map(|m| m.id).collect());
        };
        let exact = self.by_name.get(&channel.to_ascii_lowercase()).filter(|id| room.seats.contains_key(id));
        if let Some(id) = exact {
            return Ok(vec![*id]);
        }
        let fits = |m: &&Seated| {
            let name = self.get(m.id).map(|c| c.name.as_slice()).unwrap_or_default();
            name.get(..channel.len()).is_some_and(|head| head.eq_ignore_ascii_case(channel))
        };
        let found = room.members.values().find(fits).filter(|_| prefix).map(|m| m.id);
        found.map(|id| vec![id]).ok_or(Word::NoChannel)
    }

    fn mute_one(&mut self, id: Id, key: &[u8], on: bool) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let Some(member) = room.seats.get(&id).and_then(|seat| room.members.get_mut(seat)) else { return };
        member.muted = on;
        let (admin, profile) = (member.profile.admin, room.profile.clone());
        self.tell_mute_update(id, key, on);
        let name = self.get(id).map(|c| c.name.clone()).unwrap_or_default();
        let word: &[u8] = if on { b" muted" } else { b" unmuted" };
        let message = [b"participant ", name.as_slice(), word].concat();
        let more: [(&str, &[u8]); 3] =
            [("Message", &message), ("Conference", profile.as_bytes()), ("Channel", &name)];
        self.tell_test("CONF_MUTE", (APP, "generic_mute_unmute_user", "1456"), &more, false);
        if self.modern() {
            let event = if on { "ConfbridgeMute" } else { "ConfbridgeUnmute" };
            self.tell_member(id, key, event, |draft| draft.flag("Admin", admin));
        }
        self.voice(id);
    }

    pub(crate) fn lock(&mut self, name: &[u8], on: bool) -> Word {
        if let Err(word) = self.room(name) {
            return word;
        }
        let Some(room) = self.rooms.get_mut(&name.to_ascii_lowercase()) else { return Word::NoRoom };
        room.locked = on;
        let profile = room.profile.clone();
        let message: &[u8] = if on { b"conference locked" } else { b"conference unlocked" };
        let more = [("Message", message), ("Conference", profile.as_bytes())];
        self.tell_test("CONF_LOCK", (APP, "generic_lock_unlock_helper", "3657"), &more, false);
        Word::Done
    }

    pub(crate) fn record(&mut self, name: &[u8], file: Option<&str>) -> Word {
        let wall = self.wall() / 1000;
        if let Err(word) = self.room(name) {
            return word;
        }
        let key = name.to_ascii_lowercase();
        let Some(room) = self.rooms.get_mut(&key) else { return Word::NoRoom };
        if room.recording.is_some() {
            return Word::AlreadyRecording;
        }
        let usual = "/var/spool/asterisk/monitor/confrec.wav";
        let file = file.or(room.bridge_profile.record_file.as_deref()).unwrap_or(usual);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        room.recording = Some(format!("{stem}-{wall}"));
        let profile = room.profile.clone();
        let more: [(&str, &[u8]); 2] =
            [("Message", b"started conference recording channel"), ("Conference", profile.as_bytes())];
        self.tell_test("CONF_START_RECORD", (APP, "conf_start_record", "1041"), &more, false);
        self.tell_recording(&key, "ConfbridgeRecord");
        Word::Done
    }

    pub(crate) fn stop_recording(&mut self, name: &[u8]) -> Word {
        if let Err(word) = self.room(name) {
            return word;
        }
        let key = name.to_ascii_lowercase();
        let Some(room) = self.rooms.get(&key) else { return Word::NoRoom };
        let (profile, Some(file)) = (room.profile.clone(), room.recording.clone()) else {
            return Word::NotRecording;
        };
        let more: [(&str, &[u8]); 2] =
            [("Message", b"stopped conference recording channel"), ("Conference", profile.as_bytes())];
        self.tell_test("CONF_STOP_RECORD", (APP, "conf_stop_record", "969"), &more, false);
        self.tell_recording(&key, "ConfbridgeStopRecord");
        if let Some(room) = self.rooms.get_mut(&key) {
            room.recording = None;
        }
        let place = ("app_mixmonitor.c", "mixmonitor_thread", "971");
        self.tell_test("MIXMONITOR_END", place, &[("File", file.as_bytes())], false);
        Word::Done
    }

    pub(crate) fn single_video(&mut self, name: &[u8], channel: &[u8]) -> Word {
        let id = match self.meant(name, Who::One(channel), true) {
            Ok(ids) => ids.first().copied().unwrap_or_default(),
            Err(word) => return word,
        };
        let uniqueid = self.get(id).map(|c| c.uniqueid.clone()).unwrap_or_default();
        let key = name.to_ascii_lowercase();
        let Some(room) = self.rooms.get_mut(&key) else { return Word::NoRoom };
        let before = room.video.source.replace(uniqueid.clone());
        room.video.single = true;
        self.tell_video(&key, Some(&uniqueid), &before.unwrap_or_default());
        Word::Done
    }

    /// A key on a member's phone.
    pub(super) fn room_key(&mut self, id: Id, key: &[u8], seat: u64, digit: u8) {
        let Some(member) = self.rooms.get(key).and_then(|r| r.members.get(&seat)) else { return };
        let (muted, admin) = (member.muted, member.profile.admin);
        let menu = self.get(id).map(|c| c.menu.clone()).unwrap_or_default();
        let actions = self.setup.menus.get(&menu).and_then(|m| m.get(&char::from(digit).to_string()));
        let Some(action) = actions.cloned() else { return };
        let name = self.room_name(key);
        match action.split('(').next().unwrap_or_default().trim() {
            "toggle_mute" => self.mute_one(id, key, !muted),
            "admin_toggle_conference_lock" if admin => {
                let locked = self.rooms.get(key).is_some_and(|r| r.locked);
                self.lock(&name, !locked);
            }
            "leave_conference" => self.throw_out(id, "DTMF"),
            "dialplan_exec" => {
                let target = action.split_once('(').map_or("", |(_, t)| t.trim_end_matches(')'));
                self.exec_menu(id, target);
            }
            _ => {}
        }
        let place = ("bridge_channel.c", "testsuite_notify_feature_success", "1654");
        self.tell_test("FEATURE_DETECTION", place, &[("Result", b"success"), ("Feature", b"unknown")], false);
    }

    /// Runs an extension at once, without leaving the conference.
    fn exec_menu(&mut self, id: Id, target: &str) {
        let parts: Vec<&str> = target.split(',').map(str::trim).collect();
        let [context, exten, priority] = *parts.as_slice() else { return };
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let (app, data) = (channel.app.clone(), channel.data.clone());
        channel.home = channel.home.take().or(Some(channel.spot.clone()));
        let first = priority.parse().unwrap_or(1);
        for priority in first..first + 100 {
            let Some(step) = self.setup.dialplan.step(context, exten, priority).cloned() else { break };
            self.put(id, Spot::new(context, exten, priority));
            let data = self.expand(id, step.data.as_bytes());
            self.enter_app(id, &step.app, &data);
            if step.app.eq_ignore_ascii_case("Return") || self.application(id, &step.app, &data) != Flow::Next
            {
                break;
            }
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            (channel.app, channel.data) = (app, data);
        }
    }

    pub(super) fn is_admin(&self, id: Id) -> bool {
        let Some(Seat::Room(key, seat)) = self.get(id).and_then(|c| c.seat.as_ref()) else { return false };
        self.rooms.get(key).and_then(|r| r.members.get(seat)).is_some_and(|m| m.profile.admin)
    }

    // How it is told.

    fn tell_room(&mut self, key: &[u8], name: &str, count: usize) {
        let modern = self.modern();
        self.tell(Class::Call, |world| {
            let draft = Draft::event(name, Class::Call);
            let Some(room) = world.rooms.get(key) else { return draft };
            let draft = draft.kv("Conference", &room.name);
            if modern { bridge(draft, room, count) } else { draft }
        });
    }

    fn tell_recording(&mut self, key: &[u8], name: &str) {
        let count = self.rooms.get(key).map_or(0, Room::channels);
        if self.modern() {
            self.tell_room(key, name, count);
        }
    }

    fn tell_bridge(&mut self, key: &[u8], name: &str, count: usize) {
        if self.modern() {
            self.tell(Class::Call, |world| {
                let draft = Draft::event(name, Class::Call);
                world.rooms.get(key).map_or(draft.clone(), |room| bridge(draft, room, count))
            });
        }
    }

    fn tell_in_bridge(&mut self, id: Id, key: &[u8], name: &str, count: usize) {
        if self.modern() {
            self.tell(Class::Call, |world| {
                let draft = Draft::event(name, Class::Call);
                let (Some(channel), Some(room)) = (world.get(id), world.rooms.get(key)) else { return draft };
                let source = room.video.source.as_ref().filter(|_| name == "BridgeLeave");
                whole(bridge(draft, room, count).maybe("BridgeVideoSource", source), channel)
            });
        }
    }

    /// An event about a member: conference, bridge, snapshot, then what it adds.
    pub(super) fn tell_member(&mut self, id: Id, key: &[u8], name: &str, more: impl FnOnce(Draft) -> Draft) {
        self.tell(Class::Call, |world| {
            let draft = Draft::event(name, Class::Call);
            let (Some(channel), Some(room)) = (world.get(id), world.rooms.get(key)) else { return draft };
            let draft = bridge(draft.kv("Conference", &room.name), room, room.channels());
            let source = room.video.source.as_ref().filter(|_| name == "ConfbridgeLeave");
            more(whole(draft.maybe("BridgeVideoSource", source), channel))
        });
    }

    fn tell_old(&mut self, id: Id, key: &[u8], name: &str) {
        self.tell(Class::Call, |world| {
            let draft = Draft::event(name, Class::Call);
            let (Some(channel), Some(room)) = (world.get(id), world.rooms.get(key)) else { return draft };
            let draft = draft.kv("Channel", &channel.name).kv("Uniqueid", &channel.uniqueid);
            let draft = draft.kv("Conference", &room.name).kv("CallerIDnum", &channel.caller.number);
            draft.kv("CallerIDname", &channel.caller.name)
        });
    }

    fn tell_join(&mut self, id: Id, key: &[u8], muted: bool) {
        if !self.modern() {
            return self.tell_old(id, key, "ConfbridgeJoin");
        }
        let admin = self.is_admin(id);
        self.tell_member(id, key, "ConfbridgeJoin", |draft| draft.flag("Admin", admin).flag("Muted", muted));
    }

    fn tell_leave(&mut self, id: Id, key: &[u8], admin: bool) {
        if !self.modern() {
            return self.tell_old(id, key, "ConfbridgeLeave");
        }
        self.tell_member(id, key, "ConfbridgeLeave", |draft| draft.flag("Admin", admin));
    }

    fn tell_state(&mut self, key: &[u8]) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let (before, now) = (room.state, room.settle());
        if before == now {
            return;
        }
        room.state = now;
        let name = room.name.clone();
        let place = ("confbridge/conf_state.c", "conf_change_state", "80");
        let more: [(&str, &[u8]); 3] =
            [("Conference", &name), ("OldState", before.as_bytes()), ("NewState", now.as_bytes())];
        self.tell_test("CONF_CHANGE_STATE", place, &more, true);
    }

    fn tell_mute_update(&mut self, id: Id, key: &[u8], muted: bool) {
        let profile = self.rooms.get(key).map(|r| r.profile.clone()).unwrap_or_default();
        let name = self.get(id).map(|c| c.name.clone()).unwrap_or_default();
        let mode: &[u8] = if muted { b"muted" } else { b"unmuted" };
        let more: [(&str, &[u8]); 3] =
            [("Mode", mode), ("Conference", profile.as_bytes()), ("Channel", &name)];
        self.tell_test("CONF_MUTE_UPDATE", (APP, "conf_update_user_mute", "1437"), &more, false);
    }

    fn tell_varset_if(&mut self, id: Id, name: &str, value: &[u8]) {
        if self.heard.has(Class::Dialplan) {
            self.tell_varset(Some(id), name, value);
        }
    }

    /// Every member's BRIDGEPEER: as many events as members, which is why nobody should read class `dialplan`.
    fn tell_peers(&mut self, key: &[u8]) {
        if !self.heard.has(Class::Dialplan) {
            return;
        }
        let Some(room) = self.rooms.get(key) else { return };
        let announcer =
            [b"CBAnn/", room.name.as_slice(), format!("-{:08x};2", room.announcer).as_bytes()].concat();
        let ids: Vec<Id> = room.members.values().map(|m| m.id).collect();
        let first: Vec<Id> = ids.iter().copied().take(MAX_PEERS + 1).collect();
        for id in &ids {
            let names = first.iter().filter(|other| *other != id).filter_map(|other| self.get(*other));
            let names = names.map(|c| c.name.as_slice()).take(MAX_PEERS - 1);
            let value =
                std::iter::once(announcer.as_slice()).chain(names).collect::<Vec<_>>().join(&b","[..]);
            self.tell_varset(Some(*id), "BRIDGEPEER", &value);
        }
    }

    fn tell_video(&mut self, key: &[u8], source: Option<&[u8]>, before: &[u8]) {
        if self.modern() {
            self.tell(Class::Call, |world| {
                let draft = Draft::event("BridgeVideoSourceUpdate", Class::Call);
                let Some(room) = world.rooms.get(key) else { return draft };
                let draft = bridge(draft, room, room.channels()).maybe("BridgeVideoSource", source);
                draft.kv("BridgePreviousVideoSource", before)
            });
        }
    }

    fn forget_video(&mut self, id: Id, key: &[u8]) {
        let uniqueid = self.get(id).map(|c| c.uniqueid.clone());
        let Some(room) = self.rooms.get_mut(key) else { return };
        if room.video.source.is_some() && room.video.source == uniqueid {
            room.video.lost = room.video.source.take();
        }
    }

    fn tell_lost_video(&mut self, key: &[u8]) {
        let lost = self.rooms.get_mut(key).and_then(|r| r.video.lost.take());
        if let Some(lost) = lost {
            self.tell_video(key, None, &lost);
        }
    }
}

impl Room {
    /// The Uniqueid of its bridge.
    pub(crate) fn bridge(&self) -> &str {
        &self.bridge
    }

    /// The announcer's channel, without its half.
    pub(crate) fn announcer(&self) -> Vec<u8> {
        [b"CBAnn/", self.name.as_slice(), format!("-{:08x}", self.announcer).as_bytes()].concat()
    }
}
