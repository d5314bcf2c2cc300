//! How events about rooms look, by version.

use super::super::World;
use super::super::channel::Id;
use super::super::events::whole;
use super::{APP, MAX_PEERS, Room};
use crate::class::Class;
use crate::packet::Draft;

/// What all events about a room hold. `count`: the channels in its bridge.
fn bridge(draft: Draft, room: &Room, count: usize) -> Draft {
    let single = room.video.single;
    let draft = draft.kv("BridgeUniqueid", &room.bridge).kv("BridgeType", "base");
    let draft = draft.kv("BridgeTechnology", "softmix").kv("BridgeCreator", "ConfBridge");
    let draft = draft.kv("BridgeName", &room.name).num("BridgeNumChannels", count);
    draft.kv("BridgeVideoSourceMode", if single { "single" } else { "none" })
}

impl World {
    pub(super) fn tell_room(&mut self, key: &[u8], name: &str, count: usize) {
        let modern = self.modern();
        self.tell(Class::Call, |world| {
            let draft = Draft::event(name, Class::Call);
            let Some(room) = world.rooms.get(key) else { return draft };
            let draft = draft.kv("Conference", &room.name);
            if modern { bridge(draft, room, count) } else { draft }
        });
    }

    pub(super) fn tell_recording(&mut self, key: &[u8], name: &str) {
        let count = self.rooms.get(key).map_or(0, Room::channels);
        if self.modern() {
            self.tell_room(key, name, count);
        }
    }

    pub(super) fn tell_bridge(&mut self, key: &[u8], name: &str, count: usize) {
        if self.modern() {
            self.tell(Class::Call, |world| {
                let draft = Draft::event(name, Class::Call);
                world.rooms.get(key).map_or(draft.clone(), |room| bridge(draft, room, count))
            });
        }
    }

    pub(super) fn tell_in_bridge(&mut self, id: Id, key: &[u8], name: &str, count: usize) {
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
    pub(in crate::world) fn tell_member(
        &mut self,
        id: Id,
        key: &[u8],
        name: &str,
        more: impl FnOnce(Draft) -> Draft,
    ) {
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

    pub(super) fn tell_join(&mut self, id: Id, key: &[u8], muted: bool) {
        if !self.modern() {
            return self.tell_old(id, key, "ConfbridgeJoin");
        }
        let admin = self.is_admin(id);
        self.tell_member(id, key, "ConfbridgeJoin", |draft| draft.flag("Admin", admin).flag("Muted", muted));
    }

    pub(super) fn tell_leave(&mut self, id: Id, key: &[u8], admin: bool) {
        if !self.modern() {
            return self.tell_old(id, key, "ConfbridgeLeave");
        }
        self.tell_member(id, key, "ConfbridgeLeave", |draft| draft.flag("Admin", admin));
    }

    pub(super) fn tell_state(&mut self, key: &[u8]) {
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

    pub(super) fn tell_mute_update(&mut self, id: Id, key: &[u8], muted: bool) {
        let profile = self.rooms.get(key).map(|r| r.profile.clone()).unwrap_or_default();
        let name = self.get(id).map(|c| c.name.clone()).unwrap_or_default();
        let mode: &[u8] = if muted { b"muted" } else { b"unmuted" };
        let more: [(&str, &[u8]); 3] =
            [("Mode", mode), ("Conference", profile.as_bytes()), ("Channel", &name)];
        self.tell_test("CONF_MUTE_UPDATE", (APP, "conf_update_user_mute", "1437"), &more, false);
    }

    pub(super) fn tell_varset_if(&mut self, id: Id, name: &str, value: &[u8]) {
        if self.heard.has(Class::Dialplan) {
            self.tell_varset(Some(id), name, value);
        }
    }

    /// Every member's BRIDGEPEER: as many events as members, which is why nobody should read class `dialplan`.
    pub(super) fn tell_peers(&mut self, key: &[u8]) {
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

    pub(super) fn tell_video(&mut self, key: &[u8], source: Option<&[u8]>, before: &[u8]) {
        if self.modern() {
            self.tell(Class::Call, |world| {
                let draft = Draft::event("BridgeVideoSourceUpdate", Class::Call);
                let Some(room) = world.rooms.get(key) else { return draft };
                let draft = bridge(draft, room, room.channels()).maybe("BridgeVideoSource", source);
                draft.kv("BridgePreviousVideoSource", before)
            });
        }
    }

    pub(super) fn forget_video(&mut self, id: Id, key: &[u8]) {
        let uniqueid = self.get(id).map(|c| c.uniqueid.clone());
        let Some(room) = self.rooms.get_mut(key) else { return };
        if room.video.source.is_some() && room.video.source == uniqueid {
            room.video.lost = room.video.source.take();
        }
    }

    pub(super) fn tell_lost_video(&mut self, key: &[u8]) {
        let lost = self.rooms.get_mut(key).and_then(|r| r.video.lost.take());
        if let Some(lost) = lost {
            self.tell_video(key, None, &lost);
        }
    }
}
