//! The pictures of rooms for others, and how they are kept up to date.
//!
//! Invariant: a picture that is brought up to date equals one that is drawn anew (builds with debug assertions compare
//! them each time). What did not change is not looked at: a server with a hundred thousand participants does not fit
//! into the caches, and drawing a room of 50 for each event would cost more than all the rest.

use std::sync::Arc;

use super::conference::Member;
use super::room::{AIR, Person, Room};
use crate::Now;
use crate::model::{Departed, Link, Participant, RoomSnapshot, Service, Since};

/// How long those who left are shown (milliseconds).
const DEPARTED_FOR: u64 = 3_600_000;

/// What of the last picture is no longer true.
#[derive(Debug)]
pub(super) struct Stale {
    any: bool,
    /// That anything is was told.
    told: bool,
    /// Anything may be.
    all: bool,
    /// These people are.
    calls: Vec<Arc<str>>,
    /// So many have left.
    left: usize,
}

/// Whether a call is in the lobby, and how the conference has it.
type Seat<'a> = (bool, &'a Member);

/// A room that changed. Taking its picture clears that.
#[must_use]
#[derive(Debug)]
pub struct Change<'a> {
    pub(super) room: &'a mut Room,
    pub(super) at: usize,
    pub(super) now: Now,
    pub(super) seq: u64,
    pub(super) epoch: u64,
    pub(super) link: Link,
}

impl Stale {
    /// As nobody has a picture yet.
    pub(super) fn new() -> Self {
        Self { any: true, told: false, all: true, calls: Vec::new(), left: 0 }
    }

    /// Whether anything is that was not told.
    pub(super) fn first_told(&mut self) -> bool {
        self.any && !std::mem::replace(&mut self.told, true)
    }

    /// What is not about people.
    pub(super) fn frame(&mut self) {
        self.any = true;
    }

    pub(super) fn all(&mut self) {
        (self.any, self.all) = (true, true);
    }

    /// One of so many people.
    pub(super) fn call(&mut self, call: impl Into<Arc<str>>, of: usize) {
        self.any = true;
        if self.all {
            return;
        }
        self.calls.push(call.into());
        self.all = self.calls.len() > of / 2 + 1; // then it is as cheap to draw them all
    }

    pub(super) fn left(&mut self) {
        self.any = true;
        self.left += 1;
    }

    fn clear(&mut self) {
        (self.any, self.told, self.all, self.left) = (false, false, false, 0);
        self.calls.clear();
    }
}

impl Change<'_> {
    /// Which of [`PbxSetup::rooms`](crate::model::PbxSetup::rooms).
    pub fn at(&self) -> usize {
        self.at
    }

    /// A new picture.
    pub fn draw(self) -> RoomSnapshot {
        self.room.forget_departed(self.now.wall);
        self.room.stale.clear();
        self.whole()
    }

    /// Brings the picture up to date that the last change of this room made. Where nobody else holds it, only what
    /// changed is touched; else it is copied first.
    pub fn refresh(self, picture: &mut Arc<RoomSnapshot>) {
        self.room.forget_departed(self.now.wall);
        if self.room.stale.all || !self.amend(picture) {
            *picture = Arc::new(self.whole());
        }
        debug_assert_eq!(**picture, self.whole(), "not what would be drawn");
        self.room.stale.clear();
    }

    /// `false`: it has to be drawn.
    fn amend(&self, picture: &mut Arc<RoomSnapshot>) -> bool {
        let picture = Arc::make_mut(picture);
        self.frame(picture);
        self.room.departures(&mut picture.departed);
        self.room.stale.calls.iter().all(|call| self.room.place(call, &mut picture.people))
    }

    fn whole(&self) -> RoomSnapshot {
        let room = &self.room;
        let mut picture = RoomSnapshot {
            room: room.setup.name.clone(),
            server: room.server.clone(),
            conference: room.setup.conference.clone(),
            seq: self.seq,
            epoch: self.epoch,
            link: self.link,
            show: 0,
            version: 0,
            locked: false,
            muted: false,
            recording: None,
            topic: None,
            mute_all: None,
            people: room.participants(),
            services: room.services(),
            departed: room.departed.iter().cloned().collect(),
        };
        self.frame(&mut picture);
        picture
    }

    /// All that is not about people.
    fn frame(&self, picture: &mut RoomSnapshot) {
        let (room, air) = (&self.room, self.room.parts.get(AIR));
        (picture.seq, picture.epoch, picture.link) = (self.seq, self.epoch, self.link);
        (picture.show, picture.version) = (room.show.number, room.version);
        picture.locked = air.is_some_and(|c| c.locked);
        picture.muted = air.is_some_and(|c| c.muted);
        picture.recording = air.and_then(|c| c.recording).map(|at| Since { at, by: None });
        if picture.topic != room.topic {
            picture.topic.clone_from(&room.topic);
        }
        if picture.mute_all != room.standing {
            picture.mute_all.clone_from(&room.standing);
        }
    }
}

impl Room {
    /// Who left long ago is shown no more.
    fn forget_departed(&mut self, wall: u64) {
        while self.departed.front().is_some_and(|d| d.at + DEPARTED_FOR < wall) {
            self.departed.pop_front();
        }
    }

    /// Some were added behind, some taken off in front.
    fn departures(&self, shown: &mut Vec<Departed>) {
        let kept = self.departed.len().saturating_sub(self.stale.left);
        shown.drain(..shown.len().saturating_sub(kept));
        shown.extend(self.departed.iter().skip(kept).cloned());
    }

    /// Shows a call as it is now, or no more. `false`: only drawing it all can.
    fn place(&self, call: &Arc<str>, people: &mut Vec<Participant>) -> bool {
        let person = self.people.get(call);
        let number = person.and_then(|p| p.number).or_else(|| self.show.binding(call).map(|b| b.number));
        let Some(number) = number.filter(|_| person.is_none_or(|p| p.service.is_none())) else {
            return false;
        };
        // Numbers count from 1, so that nobody stands behind his own; where nobody has left, everybody stands at it.
        let first = number.saturating_sub(1) as usize;
        let at = match people.get(first) {
            Some(person) if person.number == number => Ok(first),
            _ => people.binary_search_by_key(&number, |person| person.number),
        };
        // Who is not told of yet is not shown.
        let told = person.filter(|person| person.number.is_some());
        match (told.and_then(|person| Some((person, self.seat(call)?))), at) {
            (Some((person, seat)), Ok(at)) => {
                if let Some(shown) = people.get_mut(at) {
                    self.paint(shown, person, seat);
                }
            }
            (Some((person, seat)), Err(at)) => {
                people.insert(at, self.participant(call, number, person, seat))
            }
            (None, Ok(at)) => drop(people.remove(at)),
            (None, Err(_)) => {}
        }
        true
    }

    fn participants(&self) -> Vec<Participant> {
        let numbered = self.people.iter().filter(|(_, person)| person.service.is_none());
        let mut all: Vec<_> =
            numbered.filter_map(|(call, p)| Some((p.number?, call, p, self.seat(call)?))).collect();
        all.sort_unstable_by_key(|(number, ..)| *number);
        all.into_iter().map(|(number, call, p, seat)| self.participant(call, number, p, seat)).collect()
    }

    /// In which of the conferences a call is: in the first one, should a list during a move show it in both.
    fn seat(&self, call: &str) -> Option<Seat<'_>> {
        self.parts.iter().enumerate().find_map(|(at, c)| Some((at > AIR, c.member(call)?)))
    }

    fn participant(&self, call: &Arc<str>, number: u32, person: &Person, seat: Seat<'_>) -> Participant {
        let mut shown = Participant {
            number,
            call: self.call(call),
            channel: seat.1.channel.clone(),
            caller: person.caller.clone(),
            joined: person.joined,
            admin: false,
            muted: false,
            voice: None,
            talking: None,
            talked: 0,
            waiting: false,
            hand: None,
            lobby: false,
            note: None,
        };
        self.paint(&mut shown, person, seat);
        shown
    }

    /// Shows what may change in one whose number and call stay. A text that is shared is looked at only if it is another.
    fn paint(&self, shown: &mut Participant, person: &Person, (lobby, member): Seat<'_>) {
        if !Arc::ptr_eq(&shown.channel, &member.channel) {
            shown.channel = member.channel.clone();
        }
        if !Arc::ptr_eq(&shown.caller, &person.caller) {
            shown.caller = person.caller.clone();
        }
        if shown.voice != person.voice {
            shown.voice.clone_from(&person.voice);
        }
        let note = self.show.note(&shown.call.uniqueid);
        if shown.note.as_ref() != note {
            shown.note = note.cloned();
        }
        (shown.admin, shown.muted, shown.waiting) = (member.admin, member.muted, member.waiting);
        (shown.talking, shown.talked, shown.hand) = (member.talking, person.talked, member.hand);
        (shown.joined, shown.lobby) = (person.joined, lobby);
    }

    fn services(&self) -> Vec<Service> {
        let one = |(call, person): (&Arc<str>, &Person)| {
            let kind = person.service?;
            let member = self.parts.iter().find_map(|c| c.member(call))?;
            Some(Service {
                kind,
                call: self.call(call),
                channel: member.channel.clone(),
                since: person.joined,
            })
        };
        let mut services: Vec<Service> = self.people.iter().filter_map(one).collect();
        services.sort_unstable_by(|a, b| a.call.cmp(&b.call));
        services
    }
}
