//! What managers and keys do to a room: mute, kick, lock, record, whose picture is shown, menus.

use super::super::World;
use super::super::channel::{Id, Seat, Spot};
use super::super::run::{Flow, SOON};
use super::super::timers::Timer;
use super::{APP, Room, Seated, Who, Word};

impl World {
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

    pub(in crate::world) fn kicked(&mut self, id: Id, from: u64) {
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

    pub(in crate::world) fn is_admin(&self, id: Id) -> bool {
        let Some(Seat::Room(key, seat)) = self.get(id).and_then(|c| c.seat.as_ref()) else { return false };
        self.rooms.get(key).and_then(|r| r.members.get(seat)).is_some_and(|m| m.profile.admin)
    }

    /// A key on a member's phone.
    pub(in crate::world) fn room_key(&mut self, id: Id, key: &[u8], seat: u64, digit: u8) {
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
}
