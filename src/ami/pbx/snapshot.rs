//! The picture of a room for others.

use super::census::DEPARTED_FOR;
use super::room::{AIR, Room};
use crate::Now;
use crate::model::{Link, Participant, RoomSnapshot, Service, Since};

impl Room {
    /// The room as of entry `seq`.
    pub(super) fn snapshot(&self, now: Now, seq: u64, epoch: u64, link: Link) -> RoomSnapshot {
        let air = self.parts.get(AIR);
        let (people, services) = self.members();
        RoomSnapshot {
            room: self.setup.name.clone(),
            server: self.server.clone(),
            conference: self.setup.conference.clone(),
            seq,
            epoch,
            link,
            show: self.show.number,
            version: self.version,
            locked: air.is_some_and(|c| c.locked),
            muted: air.is_some_and(|c| c.muted),
            recording: air.and_then(|c| c.recording).map(|at| Since { at, by: None }),
            topic: self.topic.clone(),
            mute_all: self.standing.clone(),
            people,
            services,
            departed: self.departed.iter().filter(|d| d.at + DEPARTED_FOR >= now.wall).cloned().collect(),
        }
    }

    fn members(&self) -> (Vec<Participant>, Vec<Service>) {
        let (mut people, mut services) = (Vec::new(), Vec::new());
        for (part, conference) in self.parts.iter().enumerate() {
            for (uniqueid, member) in conference.members() {
                let Some(person) = self.people.get(uniqueid) else { continue };
                if part > AIR && self.part_of(uniqueid) != Some(part) {
                    continue; // a list during a move may show both
                }
                if let Some(kind) = person.service {
                    let (call, channel) = (self.call(uniqueid), member.channel.clone());
                    services.push(Service { kind, call, channel, since: person.joined });
                } else if let Some(number) = person.number {
                    people.push((number, part, uniqueid, member, person));
                }
            }
        }
        // Sorted while they are small.
        people.sort_unstable_by_key(|(number, ..)| *number);
        services.sort_unstable_by(|a, b| a.call.cmp(&b.call));
        let people = people.into_iter().map(|(number, part, uniqueid, member, person)| Participant {
            number,
            call: self.call(uniqueid),
            channel: member.channel.clone(),
            caller: person.caller.clone(),
            admin: member.admin,
            muted: member.muted,
            voice: person.voice.clone(),
            talking: member.talking,
            talked: person.talked,
            waiting: member.waiting,
            hand: member.hand,
            lobby: part > AIR,
            joined: person.joined,
            note: self.show.binding(uniqueid).and_then(|b| b.note.as_deref().cloned()),
        });
        (people.collect(), services)
    }
}
