//! Login, first lists, loss: which world is this, and is what is shown the truth?
//!
//! Invariant: between a loss and the end of the next login's first lists nothing is sent but lists.

use super::room::AIR;
use super::{Errand, Pbx};
use crate::Now;
use crate::dialect::Act;
use crate::model::{LedgerRow, Link, LinkChange, Outcome, Refusal, RoomName, Stage, What};
use crate::session::{Expect, Greeting, Reply};
use crate::wire::{Action, OwnedFrame};

use super::deeds::{Origin, Phase};
use super::outbox::Draft;

/// How far the login is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Down,
    /// Asks whether Asterisk was restarted.
    Starting,
    /// The first lists are coming in.
    Listing,
    Up,
}

/// See the module.
#[derive(Debug)]
pub(super) struct State {
    step: Step,
    /// When this core began to try.
    started: u64,
    /// Since when what is shown may be old; `None`: never lost, or never had.
    lost: Option<u64>,
    /// All lists were in once.
    ever: bool,
    restarted: bool,
    /// Asterisk said that it ends.
    stopping: bool,
    /// What was told since the last `Up`, so that a loss is told once.
    told: Option<LinkChange>,
}

impl State {
    pub(super) fn new(now: Now) -> Self {
        Self {
            step: Step::Down,
            started: now.wall,
            lost: None,
            ever: false,
            restarted: false,
            stopping: false,
            told: None,
        }
    }

    pub(super) fn link(&self) -> Link {
        match (self.step, self.ever) {
            (Step::Up, _) => Link::Up,
            (_, true) => Link::Stale { since: self.lost.unwrap_or(self.started) },
            (_, false) => Link::Never { since: self.started },
        }
    }
}

impl Pbx {
    pub(super) fn is_up(&self) -> bool {
        self.state.step == Step::Up
    }

    pub(super) fn is_logged_in(&self) -> bool {
        matches!(self.state.step, Step::Listing | Step::Up)
    }

    /// Events are heard from the login on.
    pub(super) fn is_listening(&self) -> bool {
        self.state.step != Step::Down
    }

    /// Why an order cannot be done now, if it is because of the link.
    pub(super) fn staleness(&self) -> Option<Refusal> {
        match self.state.link() {
            Link::Up => None,
            Link::Never { since } | Link::Stale { since } => Some(Refusal::Stale { since }),
        }
    }

    pub(super) fn ready(&mut self, now: Now, greeting: Greeting) {
        if self.is_listening() {
            self.down(now, "a new login");
        }
        self.dialects = (self.speaking)(&greeting);
        self.greeting = greeting;
        self.out.epoch += 1;
        self.out.resync = true;
        self.state.step = Step::Starting;
        self.state.restarted = false;
        self.ask_startup();
        self.rooms.iter_mut().for_each(super::room::Room::overturned);
    }

    fn ask_startup(&mut self) {
        self.submit(Errand::Startup, Expect::Response, Action::new("CoreStatus"));
    }

    pub(super) fn submit(&mut self, errand: Errand, expect: Expect, action: Action) {
        let token = self.out.submit(expect, action);
        self.errands.insert(token, errand);
    }

    /// When Asterisk was started: another time than before means another world.
    pub(super) fn started(&mut self, now: Now, reply: &Reply) {
        let mark = match reply {
            Reply::Response(frame) => mark(frame),
            Reply::TimedOut => return self.ask_startup(),
            _ => None,
        };
        if let Some(mark) = mark {
            let restarted = self.startup.as_deref().is_some_and(|before| before != mark);
            if self.startup.as_deref() != Some(&*mark) {
                self.startup = Some(mark.as_str().into());
                self.out.row(LedgerRow::Startup { mark: mark.into() });
            }
            if restarted {
                self.restarted(now);
            }
        }
        self.state.step = Step::Listing;
        self.list_all(now);
    }

    /// Another world, in which nothing that is missing was our doing.
    fn restarted(&mut self, now: Now) {
        self.state.restarted = true;
        for id in self.deeds.ids() {
            self.settle(now, id, Outcome::Gone);
        }
        self.queue.clear();
        self.homes.clear();
        for at in 0..self.rooms.len() {
            let Some(room) = self.rooms.get_mut(at) else { continue };
            room.unbind(now, &mut self.out);
            for part in 0..room.parts.len() {
                self.conference_over(now, super::At { room: at, part });
            }
            if self.rooms.get(at).is_some_and(|r| r.topic.is_some()) {
                self.write_topic(at);
            }
        }
    }

    /// Writes the topic of a room through to Asterisk again.
    pub(super) fn write_topic(&mut self, at: usize) {
        let Some(room) = self.rooms.get(at) else { return };
        let Some(variable) = &room.setup.topic_variable else { return };
        let value = room.topic.as_ref().map_or("", |topic| &topic.text);
        let act = Act::Set { channel: None, variable, value };
        match self.dialect(at).action(&act) {
            Ok(action) if self.greeting.may(action.name()) => {
                self.submit(Errand::Quiet, Expect::Response, action);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the topic cannot be written to its variable"),
        }
    }

    /// All first lists are in: what is shown is the truth, and what was unknown is known.
    pub(super) fn up(&mut self, now: Now) {
        let mut differences: Vec<(RoomName, _)> = Vec::new();
        for room in self.rooms.iter_mut() {
            room.flush_leaving(now, &mut self.out, true);
            room.flush_arrivals(now, &mut self.out);
            room.tally.count = room.present();
            differences.push((room.setup.name.clone(), std::mem::take(&mut room.tally)));
            room.overturned();
        }
        let after = self.state.lost.map(|lost| now.wall.saturating_sub(lost)).filter(|_| self.state.ever);
        let restarted = self.state.restarted;
        self.out.entry(now, Draft::new(What::Link(LinkChange::Up { after, restarted, differences })));
        self.out.resync = false;
        self.state.step = Step::Up;
        (self.state.ever, self.state.lost, self.state.told) = (true, None, None);
        self.resolve_lost(now);
    }

    /// The link is gone: what was sent is unknown until the next list tells, what was not sent never will be.
    pub(super) fn down(&mut self, now: Now, reason: &str) {
        let fell = std::mem::replace(&mut self.state.step, Step::Down) != Step::Down;
        if fell {
            self.out.resync = false;
            self.errands.clear();
            self.lists.reset();
            self.queue.clear();
            self.state.lost = self.state.lost.or(Some(now.wall));
            for room in self.rooms.iter_mut() {
                room.parts.iter_mut().for_each(super::conference::Conference::list_failed);
                room.silence(now);
                room.overturned();
            }
        }
        let stopped = std::mem::take(&mut self.state.stopping);
        if self.state.told.is_none() {
            let reason = if stopped { "Asterisk was shut down" } else { reason };
            self.tell_link(now, LinkChange::Down { reason: reason.to_owned() });
        }
        if fell {
            self.lose_deeds(now);
        }
    }

    pub(super) fn stopping(&mut self) {
        self.state.stopping = true;
    }

    /// Asterisk refused the login. Told once for the same words.
    pub(super) fn refused(&mut self, now: Now, words: String) {
        let change = LinkChange::Refused { reason: words.clone() };
        if self.state.told.as_ref() != Some(&change) {
            self.tell_link(now, change);
        }
        self.down(now, &words);
    }

    fn tell_link(&mut self, now: Now, change: LinkChange) {
        self.state.told = Some(change.clone());
        self.out.entry(now, Draft::new(What::Link(change)));
    }

    fn lose_deeds(&mut self, now: Now) {
        for id in self.deeds.ids() {
            let Some(deed) = self.deeds.get_mut(id) else { continue };
            match (deed.phase, deed.origin) {
                (Phase::Outbid | Phase::Stray, _) | (_, Origin::Child(_) | Origin::Core) => {
                    self.deeds.remove(id);
                }
                (Phase::Guarding, _) => self.settle(now, id, Outcome::Refused(Refusal::NotSent)),
                (Phase::Lost, _) => {}
                _ => {
                    (deed.phase, deed.due) = (Phase::Lost, None);
                    let order = deed.order.clone();
                    self.tell(now, &order, Stage::Unknown);
                }
            }
        }
    }

    fn resolve_lost(&mut self, now: Now) {
        for id in self.deeds.ids() {
            let Some(deed) = self.deeds.get(id).filter(|d| d.phase == Phase::Lost) else { continue };
            let outcome = match self.level(&deed.order.wish) {
                Some(true) => super::settle::listed(&deed.order.wish),
                Some(false) => Outcome::NeverSeen,
                None => Outcome::Gone,
            };
            self.settle(now, id, outcome);
        }
    }

    /// The conference is no more, nor what belongs to it alone.
    pub(super) fn conference_over(&mut self, now: Now, at: super::At) {
        self.recording(now, at, false);
        let Some(room) = self.rooms.get_mut(at.room) else { return };
        let Some(conference) = room.parts.get_mut(at.part) else { return };
        conference.muted = false;
        if std::mem::take(&mut conference.locked) && at.part == AIR {
            room.locked(now, &mut self.out, false, None);
        }
        room.stale.frame();
    }
}

fn mark(frame: &OwnedFrame) -> Option<String> {
    let frame = frame.view();
    let (date, time) = (frame.text("CoreStartupDate")?, frame.text("CoreStartupTime")?);
    Some(format!("{} {}", date.trim(), time.trim()))
}
