//! One room: a conference and its lobby as people see them. Turns what the conferences show into entries and ledger
//! rows. Knows nothing of orders: who caused what is told to it. Who comes and goes is in `census`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::conference::Conference;
use super::many::Due;
use super::outbox::{Draft, Outbox};
use super::show::Show;
use super::snapshot::Stale;
use crate::Now;
use crate::dialect::Application;
use crate::model::{
    By, CallId, Caller, Departed, Differences, LedgerRow, RoomSetup, ServerName, ServiceKind, Since, Topic,
    What,
};

/// The place of the conference itself among a room's parts; the lobby, if any, is next.
pub(super) const AIR: usize = 0;

/// See the module.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) setup: RoomSetup,
    pub(super) application: Application,
    pub(super) server: ServerName,
    pub(super) parts: Vec<Conference>,
    pub(super) show: Show,
    pub(super) topic: Option<Topic>,
    pub(super) standing: Option<Since>,
    /// Whom the standing mute-all muted.
    pub(super) by_all: HashSet<Arc<str>>,
    pub(super) people: HashMap<Arc<str>, Person>,
    pub(super) departed: VecDeque<Departed>,
    pub(super) version: u32,
    pub(super) stale: Stale,
    /// What is different since the last login.
    pub(super) tally: Differences,
    /// Who came while the first lists were not in.
    pub(super) arrivals: Vec<Arc<str>>,
    pub(super) leaving: Vec<Leaving>,
    /// People told of as being in.
    pub(super) count: u32,
    /// When the show ends if nobody comes.
    pub(super) show_due: Option<Instant>,
}

/// One call in the room, in conference or lobby.
#[derive(Debug)]
pub(super) struct Person {
    /// `None` for services, and for those who are not told of yet.
    pub(super) number: Option<u32>,
    pub(super) service: Option<ServiceKind>,
    pub(super) caller: Arc<Caller>,
    pub(super) joined: u64,
    pub(super) talked: u64,
    pub(super) voice: Option<Since>,
}

/// A leave that is held back.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) call: Arc<str>,
    pub(super) due: Instant,
    pub(super) at: u64,
    pub(super) cause: Cause,
}

/// Whose order removed a call, if any did.
#[derive(Clone, Debug, Default)]
pub(super) struct Cause {
    pub(super) by: Option<By>,
    pub(super) reason: Option<String>,
}

/// What a join was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arrival {
    /// New to the room.
    New,
    /// From the room's other conference.
    Moved,
    /// There before gavel was: it has a number from then.
    Restored,
}

impl Room {
    pub(super) fn new(server: ServerName, setup: RoomSetup) -> Self {
        let parts =
            std::iter::once(&setup.conference).chain(&setup.lobby).cloned().map(Conference::new).collect();
        Self {
            application: setup.kind.into(),
            setup,
            server,
            parts,
            show: Show::default(),
            topic: None,
            standing: None,
            by_all: HashSet::new(),
            people: HashMap::new(),
            departed: VecDeque::new(),
            version: 0,
            stale: Stale::new(),
            tally: Differences::default(),
            arrivals: Vec::new(),
            leaving: Vec::new(),
            count: 0,
            show_due: None,
        }
    }

    pub(super) fn call(&self, uniqueid: &Arc<str>) -> CallId {
        CallId { server: self.server.clone(), uniqueid: uniqueid.clone() }
    }

    /// In which of the room's conferences a call is: the conference before the lobby, should a list show both.
    pub(super) fn part_of(&self, call: &str) -> Option<usize> {
        self.parts.iter().position(|c| c.member(call).is_some())
    }

    pub(super) fn is_service(&self, call: &str) -> bool {
        self.people.get(call).is_some_and(|p| p.service.is_some())
    }

    /// How a call is shown changed.
    pub(super) fn touched(&mut self, call: impl Into<Arc<str>>) {
        self.stale.call(call, self.people.len());
    }

    /// What can be acted on changed in a call.
    pub(super) fn changed(&mut self, call: &Arc<str>) {
        self.touched(call.clone());
        self.turned();
    }

    /// What can be acted on changed in the room.
    pub(super) fn turned(&mut self) {
        self.stale.frame();
        self.version = self.version.wrapping_add(1);
    }

    /// Anything may have changed.
    pub(super) fn overturned(&mut self) {
        self.stale.all();
        self.turned();
    }

    /// An entry about the room, or about a call in it.
    pub(super) fn draft(&self, call: Option<&Arc<str>>, what: What) -> Draft {
        let person = call.and_then(|c| self.people.get(c));
        Draft {
            room: Some(self.setup.name.clone()),
            call: call.map(|c| self.call(c)),
            number: person
                .and_then(|p| p.number)
                .or_else(|| call.and_then(|c| self.show.binding(c)).map(|b| b.number)),
            caller: person.map(|p| p.caller.clone()),
            by: None,
            what,
        }
    }

    /// A member was muted or unmuted. Of those who are not told of yet, their arrival will tell.
    pub(super) fn muted(
        &mut self,
        now: Now,
        out: &mut Outbox,
        part: usize,
        call: &Arc<str>,
        on: bool,
        by: Option<By>,
    ) {
        self.changed(call);
        if self.part_of(call) != Some(part) {
            return;
        }
        let Some(person) = self.people.get_mut(call) else { return };
        person.voice = Some(Since { at: now.wall, by: by.clone() });
        if person.number.is_some() {
            self.tally.changed += u32::from(out.resync);
            out.entry(now, self.draft(Some(call), What::Muted(on)).by(by));
        }
        if !on {
            self.answer_for(out, call, false);
        }
    }

    pub(super) fn waiting(&mut self, now: Now, out: &mut Outbox, call: &Arc<str>, on: bool) {
        self.changed(call);
        if self.people.get(call).is_some_and(|p| p.number.is_some()) {
            self.tally.changed += u32::from(out.resync);
            out.entry(now, self.draft(Some(call), What::Waiting(on)));
        }
    }

    /// The door of the room's conference.
    pub(super) fn locked(&mut self, now: Now, out: &mut Outbox, on: bool, by: Option<By>) {
        self.turned();
        self.tally.changed += u32::from(out.resync);
        out.entry(now, self.draft(None, What::Locked(on)).by(by));
    }

    /// Whether the standing mute-all answers for a call being muted.
    pub(super) fn answer_for(&mut self, out: &mut Outbox, call: &Arc<str>, on: bool) {
        let changed = if on { self.by_all.insert(call.clone()) } else { self.by_all.remove(call) };
        if changed {
            out.row(LedgerRow::MutedByAll { room: self.setup.name.clone(), call: self.call(call), on });
        }
    }

    pub(super) fn stand(&mut self, now: Now, out: &mut Outbox, standing: Option<Since>, by: Option<By>) {
        self.turned();
        let on = standing.is_some();
        self.standing = standing;
        out.row(LedgerRow::MuteAll { room: self.setup.name.clone(), standing: self.standing.clone() });
        out.entry(now, self.draft(None, What::MuteAll(on)).by(by));
    }

    pub(super) fn set_topic(&mut self, now: Now, out: &mut Outbox, topic: Option<Topic>, by: Option<By>) {
        self.turned();
        self.topic = topic;
        out.row(LedgerRow::Topic { room: self.setup.name.clone(), topic: self.topic.clone() });
        let text = self.topic.as_ref().map(|t| t.text.clone());
        out.entry(now, self.draft(None, What::Topic(text)).by(by));
    }

    /// Asterisk was restarted: all calls are gone, the show goes on.
    pub(super) fn unbind(&mut self, now: Now, out: &mut Outbox) {
        for part in 0..self.parts.len() {
            let Some(conference) = self.parts.get_mut(part) else { continue };
            let calls: Vec<Arc<str>> = conference.members().map(|(call, _)| call.clone()).collect();
            for call in calls {
                let gone = self.parts.get_mut(part).and_then(|c| c.leave(&call));
                if let Some((call, member)) = gone {
                    self.departed(now, out, &call, member.talking, Cause::default());
                }
            }
        }
        self.flush_leaving(now, out, true);
        self.overturned();
        self.by_all.clear();
        self.show.unbind();
        if self.show.number > 0 {
            out.row(self.show.row(&self.setup.name));
        }
        out.row(LedgerRow::Unbind { room: self.setup.name.clone() });
        if self.standing.is_some() {
            self.stand(now, out, None, None);
        }
    }

    /// Nobody knows any more who talks, or asks to.
    pub(super) fn silence(&mut self, now: Now) {
        for conference in &mut self.parts {
            conference.lower_hands();
            let talkers: Vec<Arc<str>> =
                conference.members().filter(|(_, m)| m.talking.is_some()).map(|(c, _)| c.clone()).collect();
            for call in talkers {
                if let (Some(Some(since)), Some(person)) =
                    (conference.talk(&call, false, now.wall), self.people.get_mut(&call))
                {
                    person.talked += now.wall.saturating_sub(since);
                }
            }
        }
    }
}

impl Due for Room {
    fn due(&self) -> Option<Instant> {
        self.leaving.iter().map(|l| l.due).chain(self.show_due).min()
    }
}
