//! The actions of ConfBridge.

use super::{Front, Request};
use crate::setup::Style;
use crate::world::{Who, Word, World};

impl Front {
    pub(super) fn confbridge(&mut self, world: &mut World, request: &Request, name: &str) {
        if name == "ConfbridgeListRooms" {
            return self.list_rooms(world, request);
        }
        let conference = request.get("Conference").to_vec();
        if conference.is_empty() {
            return self.fail(request, "No Conference name provided.");
        }
        match name {
            "ConfbridgeList" => self.list_members(world, request, &conference),
            "ConfbridgeMute" => self.mute_members(world, request, &conference, true),
            "ConfbridgeUnmute" => self.mute_members(world, request, &conference, false),
            "ConfbridgeKick" => self.kick_members(world, request, &conference),
            "ConfbridgeLock" => self.answer_word(request, world.lock(&conference, true), "Conference locked"),
            "ConfbridgeUnlock" => {
                self.answer_word(request, world.lock(&conference, false), "Conference unlocked")
            }
            "ConfbridgeStartRecord" => {
                let file = request.text("RecordFile");
                let word = world.record(&conference, Some(file.as_str()).filter(|f| !f.is_empty()));
                self.answer_word(request, word, "Conference Recording Started.");
            }
            "ConfbridgeStopRecord" => {
                self.answer_word(request, world.stop_recording(&conference), "Conference Recording Stopped.");
            }
            _ => {
                let word = world.single_video(&conference, request.get("Channel"));
                self.answer_word(request, word, "Conference single video source set.");
            }
        }
    }

    fn answer_word(&mut self, request: &Request, word: Word, done: &str) {
        let text = match word {
            Word::Done => return self.done(request, done),
            Word::NoRooms => "No active conferences.",
            Word::NoRoom => "No Conference by that name found.",
            Word::NoChannel => "No Channel by that name found in Conference.",
            Word::AlreadyRecording => "Conference is already being recorded.",
            Word::NotRecording => "Internal error while stopping recording.",
        };
        self.fail(request, text);
    }

    fn list_rooms(&mut self, world: &World, request: &Request) {
        let items = world.rooms_items(request.id());
        if items.is_empty() {
            return self.answer_word(request, Word::NoRooms, "");
        }
        self.list(world, request, "Confbridge conferences will follow", items, "ConfbridgeListRoomsComplete");
    }

    fn list_members(&mut self, world: &World, request: &Request, conference: &[u8]) {
        match world.room(conference) {
            Ok(room) => {
                let items = world.room_items(room, request.id());
                self.list(
                    world,
                    request,
                    "Confbridge user list will follow",
                    items,
                    "ConfbridgeListComplete",
                );
            }
            Err(word) => self.answer_word(request, word, ""),
        }
    }

    fn mute_members(&mut self, world: &mut World, request: &Request, conference: &[u8], on: bool) {
        let channel = request.get("Channel");
        if channel.is_empty() {
            return self.fail(request, "No channel name provided.");
        }
        let word = world.mute(conference, who(world, channel), on);
        self.answer_word(request, word, if on { "User muted" } else { "User unmuted" });
    }

    fn kick_members(&mut self, world: &mut World, request: &Request, conference: &[u8]) {
        let channel = request.get("Channel");
        let who = who(world, channel);
        let word = world.kick(conference, who);
        if word == Word::NoChannel && channel.is_empty() {
            return self.fail(request, "No channel name provided.");
        }
        let all = who == Who::All;
        self.answer_word(request, word, if all { "All participants kicked" } else { "User kicked" });
    }
}

/// Whom a `Channel` header means; 11 knows single channels only.
fn who<'a>(world: &World, channel: &'a [u8]) -> Who<'a> {
    match channel {
        _ if world.style() == Style::V11 => Who::One(channel),
        channel if channel.eq_ignore_ascii_case(b"all") => Who::All,
        channel if channel.eq_ignore_ascii_case(b"participants") => Who::Participants,
        channel => Who::One(channel),
    }
}
