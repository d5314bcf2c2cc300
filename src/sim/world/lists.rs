//! List items as the versions show them. Leaves the answers around them to the front.

use super::World;
use super::channel::{Channel, Seat};
use super::conference::{Room, Seated};
use super::events::{or_unknown, whole};
use super::hall::{Attendee, Hall};
use crate::packet::Draft;
use crate::setup::Style;

/// `Event: NAME` and the id line, which Asterisk builds in a buffer of its own: what does not fit is lost, the line's
/// end first.
fn begin(name: &str, id: Option<&[u8]>, buffer: usize) -> Draft {
    let Some(id) = id else { return Draft::item(name) };
    let line = [b"ActionID: ", id, b"\r\n"].concat();
    Draft::item(name).raw(line.get(..buffer - 1).unwrap_or(&line))
}

impl World {
    pub(crate) fn room_items(&self, room: &Room, id: Option<&[u8]>) -> Vec<Vec<u8>> {
        let items = room.members.values().filter_map(|m| Some((m, self.get(m.id)?)));
        items.map(|(member, channel)| self.room_item(room, member, channel, id)).collect()
    }

    fn room_item(&self, room: &Room, member: &Seated, channel: &Channel, id: Option<&[u8]>) -> Vec<u8> {
        let profile = &member.profile;
        let draft = begin("ConfbridgeList", id, 80).kv("Conference", &room.name);
        if self.style() == Style::V11 {
            let draft =
                draft.kv("CallerIDNum", &channel.caller.number).kv("CallerIDName", &channel.caller.name);
            let draft = draft.kv("Channel", &channel.name).flag("Admin", profile.admin);
            return draft.flag("MarkedUser", profile.marked).flag("Muted", member.muted).done();
        }
        let draft = draft.flag("Admin", profile.admin).flag("MarkedUser", profile.marked);
        let draft = draft.flag("WaitMarked", profile.wait_marked).flag("EndMarked", profile.end_marked);
        let draft = if self.style() == Style::V22 { draft.flag("EndMarkedAny", false) } else { draft };
        let draft = draft.flag("Waiting", member.waiting).flag("Muted", member.muted);
        let answered = channel.answered.map_or(0, |at| self.now.saturating_sub(at).as_secs());
        let draft = draft.flag("Talking", channel.voice.talking).num("AnsweredTime", answered);
        whole(draft, channel).done()
    }

    pub(crate) fn rooms_items(&self, id: Option<&[u8]>) -> Vec<Vec<u8>> {
        let item = |room: &Room| {
            let draft = begin("ConfbridgeListRooms", id, 512).kv("Conference", &room.name);
            let draft = draft.num("Parties", room.members.len()).num("Marked", room.marked);
            let draft = draft.flag("Locked", room.locked);
            if self.modern() { draft.flag("Muted", false).done() } else { draft.done() }
        };
        self.rooms().map(item).collect()
    }

    pub(crate) fn hall_items(&self, hall: &Hall, id: Option<&[u8]>) -> Vec<Vec<u8>> {
        let items = hall.users.iter().filter_map(|(n, user)| Some((*n, user, self.get(user.id)?)));
        items.map(|(n, user, channel)| hall_item(hall, n, user, channel, id)).collect()
    }

    pub(crate) fn halls_items(&self, id: Option<&[u8]>) -> Vec<Vec<u8>> {
        let item = |hall: &Hall| {
            let draft = begin("MeetmeListRooms", id, 80).kv("Conference", &hall.name);
            let draft = draft.num("Parties", hall.users.len()).kv("Marked", marked(hall));
            let draft = draft.kv("Activity", clock(self.activity(hall)));
            let draft = draft.kv("Creation", if hall.dynamic { "Dynamic" } else { "Static" });
            draft.flag("Locked", hall.locked).done()
        };
        self.halls().map(item).collect()
    }

    /// For how many seconds it has been going on.
    pub(crate) fn activity(&self, hall: &Hall) -> u64 {
        (self.wall_at(self.now) / 1000).saturating_sub(self.wall_at(hall.started) / 1000)
    }

    pub(crate) fn channel_items(&self, id: Option<&[u8]>) -> Vec<Vec<u8>> {
        self.channels().map(|channel| self.channel_item(channel, id)).collect()
    }

    fn channel_item(&self, channel: &Channel, id: Option<&[u8]>) -> Vec<u8> {
        let draft = begin("CoreShowChannel", id, 256);
        let duration = clock(self.now.saturating_sub(channel.created).as_secs());
        if self.modern() {
            let draft = whole(draft, channel).kv("Application", &channel.app);
            let draft = draft.kv("ApplicationData", &channel.data).kv("Duration", duration);
            return draft.kv("BridgeId", self.bridge_of(channel)).done();
        }
        let draft = draft.kv("Channel", &channel.name).kv("UniqueID", &channel.uniqueid);
        let draft = draft.kv("Context", &channel.spot.context).kv("Extension", &channel.spot.exten);
        let draft = draft.num("Priority", channel.spot.priority).kv("ChannelState", channel.state.number());
        let draft = draft.kv("ChannelStateDesc", channel.state.word()).kv("Application", &channel.app);
        let draft = draft.kv("ApplicationData", &channel.data).kv("CallerIDnum", &channel.caller.number);
        let draft = draft.kv("CallerIDname", &channel.caller.name);
        let draft = draft.kv("ConnectedLineNum", &channel.connected.number);
        let draft = draft.kv("ConnectedLineName", &channel.connected.name).kv("Duration", duration);
        draft.kv("AccountCode", "").kv("BridgedChannel", "").kv("BridgedUniqueID", "").done()
    }

    /// The bridge that a channel is in, or nothing.
    pub(crate) fn bridge_of(&self, channel: &Channel) -> String {
        let Some(Seat::Room(key, _)) = &channel.seat else { return String::new() };
        self.rooms.get(key).map(|r| r.bridge().to_owned()).unwrap_or_default()
    }

    pub(crate) fn status_item(&self, channel: &Channel, id: Option<&[u8]>) -> Vec<u8> {
        let sip = channel.is_sip();
        let draft = whole(Draft::item("Status").kv("Privilege", "Call"), channel);
        let kind = String::from_utf8_lossy(&channel.name).split('/').next().unwrap_or_default().to_owned();
        let draft = draft.kv("Type", kind).kv("DNID", if sip { &channel.spot.exten } else { "" });
        let draft = draft.kv("EffectiveConnectedLineNum", or_unknown(&channel.connected.number));
        let draft = draft.kv("EffectiveConnectedLineName", or_unknown(&channel.connected.name));
        let draft = draft.kv("TimeToHangup", "0").kv("BridgeID", self.bridge_of(channel));
        let draft = draft.kv("Application", &channel.app).kv("Data", &channel.data);
        let draft = draft.kv("Nativeformats", if sip { "(ulaw)" } else { "(slin)" }).kv("Readformat", "slin");
        let read = if sip { "(ulaw@8000)->(slin@8000)" } else { "" };
        let draft = draft.kv("Readtrans", read).kv("Writeformat", "slin");
        let write = if sip { "(slin@8000)->(ulaw@8000)" } else { "" };
        let draft = draft.kv("Writetrans", write).kv("Callgroup", "0").kv("Pickupgroup", "0");
        let seconds = self.now.saturating_sub(channel.created).as_secs();
        draft.num("Seconds", seconds).maybe("ActionID", id).done()
    }
}

fn hall_item(hall: &Hall, number: u32, user: &Attendee, channel: &Channel, id: Option<&[u8]>) -> Vec<u8> {
    let name = |name: &[u8]| if name.is_empty() { b"<no name>".to_vec() } else { name.to_vec() };
    let draft = begin("MeetmeList", id, 80).kv("Conference", &hall.name).num("UserNumber", number);
    let draft = draft.kv("CallerIDNum", or_unknown(&channel.caller.number));
    let draft = draft.kv("CallerIDName", name(&channel.caller.name));
    let draft = draft.kv("ConnectedLineNum", or_unknown(&channel.connected.number));
    let draft = draft.kv("ConnectedLineName", name(&channel.connected.name));
    let draft = draft.kv("Channel", &channel.name).flag("Admin", user.admin);
    let role = match (user.listen_only, user.talk_only) {
        (true, _) => "Listen only",
        (_, true) => "Talk only",
        _ => "Talk and listen",
    };
    let muted = match (user.muted, user.self_muted) {
        (true, _) => "By admin",
        (_, true) => "By self",
        _ => "No",
    };
    let talking = match (user.may_speak() && user.monitored, channel.voice.talking) {
        (false, _) => "Not monitored",
        (_, true) => "Yes",
        _ => "No",
    };
    let draft = draft.kv("Role", role).flag("MarkedUser", user.marked);
    draft.kv("Muted", muted).kv("Talking", talking).done()
}

/// How many are marked, as MeetMe shows it.
pub(crate) fn marked(hall: &Hall) -> String {
    match hall.users.values().filter(|u| u.marked).count() {
        0 => "N/A".to_owned(),
        some => format!("{some:04}"),
    }
}

/// `hh:mm:ss`.
pub(crate) fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
