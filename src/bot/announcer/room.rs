//! What was told of one room: who is in, as far as the places know.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gavel_ami::model::{By, CallId, Differences, Entry, RoomName, RoomSnapshot, ServerName, What};
use gavel_chat::digest::Kind;
use gavel_chat::text::Doc;
use tokio::sync::watch;

use super::notice::{Notice, differences, in_the_room, quietly, urgent};
use crate::board::{RoomLook, View};
use crate::room::RoomView;

/// Voices that come back after a mute-all do so within this.
const MASS: Duration = Duration::from_secs(30);

/// One room, as the announcer is given it.
#[derive(Clone, Debug)]
pub struct RoomSetup {
    /// The room.
    pub name: RoomName,
    /// Its server.
    pub server: ServerName,
    /// How it is shown.
    pub look: Arc<RoomLook>,
    /// The core's picture of it.
    pub snapshot: watch::Receiver<Arc<RoomSnapshot>>,
}

/// One room at work.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) setup: RoomSetup,
    inside: HashSet<CallId>,
    /// What is up to here was told with the differences.
    told: u64,
    mass: Option<Mass>,
    talking: HashSet<CallId>,
}

/// A mute-all, or its end, under way or standing: one line tells it, not one per caller.
#[derive(Debug)]
struct Mass {
    by: By,
    on: bool,
    until: Option<Instant>,
}

impl Room {
    pub(super) fn new(setup: RoomSetup) -> Self {
        let inside = setup.snapshot.borrow().people.iter().map(|person| person.call.clone()).collect();
        Self { setup, inside, told: 0, mass: None, talking: HashSet::new() }
    }

    /// The room as the crew sees it.
    pub(super) fn view(&self) -> RoomView {
        let snapshot = self.setup.snapshot.borrow().clone();
        RoomView { snapshot, look: self.setup.look.clone(), view: View::Crew }
    }

    /// Takes an entry into account. True: it is to be told on its own.
    pub(super) fn learn(&mut self, now: Instant, entry: &Entry) -> bool {
        if entry.seq <= self.told {
            return false;
        }
        match (&entry.what, &entry.call, &entry.by) {
            (What::Joined { .. }, Some(call), _) => drop(self.inside.insert(call.clone())),
            (What::Left { .. }, Some(call), _) => drop(self.inside.remove(call)),
            (What::MuteAll(on), _, Some(by)) => {
                self.mass = Some(Mass { by: by.clone(), on: *on, until: (!on).then_some(now + MASS) });
            }
            (What::MuteAll(_), _, None) => self.mass = None,
            (What::Muted(on), _, Some(by)) if self.is_mass(now, by, *on) => return false,
            _ => {}
        }
        // Found by comparing: the line about the link tells how much of it there is. That a mute-all ended is not in it.
        !entry.resync || matches!(entry.what, What::MuteAll(_))
    }

    /// After entries were lost: the difference between what was told and what is, for the crew and for everybody.
    pub(super) fn catch_up(&mut self) -> Option<(Notice, Notice)> {
        let picture = self.setup.snapshot.borrow().clone();
        let now: HashSet<CallId> = picture.people.iter().map(|person| person.call.clone()).collect();
        let some = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let left = some(self.inside.difference(&now).count());
        let joined = some(now.difference(&self.inside).count());
        let count = some(picture.people.iter().filter(|person| !person.lobby).count());
        (self.inside, self.told) = (now, picture.seq);
        let found = differences(Differences { left, joined, changed: 0, count });
        if found.is_empty() {
            return None;
        }
        let line = format!("{found}. {}", in_the_room(count));
        let crew = urgent(Doc::new().say(format!("Much happened at once: {line}")));
        Some((crew, quietly(Kind::Other, None, Doc::new().say(line))))
    }

    /// Who began to talk.
    pub(super) fn talk(&mut self, picture: &RoomSnapshot) -> Vec<Notice> {
        let talking = || picture.people.iter().filter(|person| person.talking.is_some());
        let view =
            RoomView { snapshot: Arc::new(picture.clone()), look: self.setup.look.clone(), view: View::Crew };
        let fresh = talking().filter(|person| !self.talking.contains(&person.call));
        let notices = fresh.map(|person| {
            let doc = view.person(person.number, &person.caller).say(" talks.");
            let call = Some(person.call.clone());
            Notice { call, ..quietly(Kind::Talked, Some(person.number), doc) }
        });
        let notices = notices.collect();
        self.talking = talking().map(|person| person.call.clone()).collect();
        notices
    }

    fn is_mass(&self, now: Instant, by: &By, on: bool) -> bool {
        let mass = self.mass.as_ref().filter(|mass| mass.until.is_none_or(|until| now < until));
        mass.is_some_and(|mass| mass.by == *by && mass.on == on)
    }
}
