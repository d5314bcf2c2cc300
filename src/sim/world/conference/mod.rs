//! ConfBridge: rooms, their members, and everything that is done to them.
//!
//! Invariant: a room is there as long as somebody is in it; its counts are those of its members.

mod acts;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::channel::{Channel, Id, Seat};
use super::run::Flow;
use super::timers::Timer;
use super::{Moment, World};
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
