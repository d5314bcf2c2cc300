//! Who is heard to talk: sound from the far end, a place in a conference that may speak, and the detection's delays.

use std::time::Duration;

use super::channel::{Id, Seat};
use super::timers::Timer;
use super::{Moment, World};
use crate::class::Class;
use crate::packet::Draft;

/// From the first sound to the event.
const ON: Moment = Duration::from_millis(20);
/// From a mute to the event.
const MUTED: Moment = Duration::from_millis(17);
/// MeetMe's silence.
const MEETME_SILENCE: Moment = Duration::from_secs(1);

impl World {
    /// Something changed that decides whether the channel is heard: its sound, its mute, its place.
    pub(super) fn voice(&mut self, id: Id) {
        let Some(channel) = self.get(id) else { return };
        let (sound, before) = (channel.sound, channel.voice);
        let Some((may, silence)) = self.may_speak(id) else { return };
        let target = sound && may;
        let hasten = !may && before.talking;
        if target == before.target && !hasten {
            return;
        }
        let delay = match (target, may) {
            (true, _) => ON,
            (false, false) => MUTED,
            (false, true) => silence,
        };
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.voice.target = target;
        channel.voice.turn += 1;
        let turn = channel.voice.turn;
        self.later(delay, Timer::Voice(id, turn, target));
    }

    /// Whether it may speak where it sits, and how long silence must last to be one; `None`: nobody measures.
    fn may_speak(&self, id: Id) -> Option<(bool, Moment)> {
        match self.get(id)?.seat.as_ref()? {
            Seat::Room(key, seat) => {
                let member = self.rooms.get(key)?.members.get(seat)?;
                let may = !member.muted && !member.waiting;
                member.profile.talk_events.then_some((may, member.profile.silence))
            }
            Seat::Hall(key, user) => {
                let user = self.halls.get(key)?.users.get(user)?;
                user.monitored.then_some((user.may_speak(), MEETME_SILENCE))
            }
        }
    }

    /// The detection has made up its mind.
    pub(super) fn detected(&mut self, id: Id, turn: u64, on: bool) {
        let Some(channel) = self.channels.get_mut(&id).filter(|c| c.voice.turn == turn) else { return };
        if channel.voice.talking == on {
            return;
        }
        channel.voice.talking = on;
        match channel.seat.clone() {
            Some(Seat::Room(key, _)) => self.tell_talking(id, &key, on),
            Some(Seat::Hall(key, user)) => self.tell_hall_status(id, &key, user, "MeetmeTalking", on),
            None => {}
        }
    }

    fn tell_talking(&mut self, id: Id, key: &[u8], on: bool) {
        let status = if on { "on" } else { "off" };
        if self.modern() {
            let admin = self.is_admin(id);
            return self.tell_member(id, key, "ConfbridgeTalking", |draft| {
                draft.kv("TalkingStatus", status).flag("Admin", admin)
            });
        }
        self.tell(Class::Call, |world| {
            let draft = Draft::event("ConfbridgeTalking", Class::Call);
            let (Some(channel), Some(room)) = (world.get(id), world.rooms.get(key)) else { return draft };
            let draft = draft.kv("Channel", &channel.name).kv("Uniqueid", &channel.uniqueid);
            draft.kv("Conference", &room.name).kv("TalkingStatus", status)
        });
    }
}
