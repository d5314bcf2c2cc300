//! One Asterisk's world: channels, dialplan, conferences, and the timers that make it go on. No sockets, no clock:
//! time is an argument, packets and results are taken out.
//!
//! Leaves to the front what a client may ask and hear. Invariants: every channel is in both indexes; a seat's channel
//! sits in the room that it names; nobody walks over all channels but who lists them all.

mod apps;
mod calls;
mod channel;
mod conference;
mod dial;
mod events;
mod hall;
mod lists;
mod run;
mod timers;
mod truth;
mod variables;
mod voice;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::class::{Class, Classes};
use crate::packet::{Draft, Packet};
use crate::setup::{Setup, Style};

pub use calls::NewCall;
pub(crate) use calls::PickUp;
pub(crate) use channel::{Channel, Id};
pub(crate) use conference::{Room, Who, Word};
pub(crate) use dial::{Originate, Target, Ticket};
pub(crate) use events::snapshot;
pub(crate) use hall::{Attendee, Hall, Usernum};
pub(crate) use lists::{clock, marked};
pub use truth::{Conference, Member, Truth};
pub(crate) use variables::parse_caller;

use dial::Dial;
use timers::Timers;

/// So many requests are noted.
const MAX_NOTED: usize = 1_000_000;

/// Time since the world began. Goes on through restarts of its Asterisk.
pub(crate) type Moment = Duration;

/// See the module.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) setup: Arc<Setup>,
    pub(crate) now: Moment,
    /// What was asked to be added to the wall clock, in milliseconds.
    skew: i64,
    booted: Moment,
    /// What any session hears: nothing else is rendered.
    heard: Classes,
    out: VecDeque<Packet>,
    /// Synchronous originations that came to an end.
    originated: Vec<(Ticket, bool)>,
    timers: Timers,
    channels: BTreeMap<Id, Channel>,
    by_name: HashMap<Vec<u8>, Id>,
    by_uniqueid: HashMap<Vec<u8>, Id>,
    dials: HashMap<Id, Dial>,
    rooms: BTreeMap<Vec<u8>, Room>,
    halls: BTreeMap<Vec<u8>, Hall>,
    globals: HashMap<String, Vec<u8>>,
    serials: Serials,
    /// The phones that can be called.
    pub(crate) phones: calls::Phones,
    calls_processed: u64,
    rng: fastrand::Rng,
    /// What clients asked, if that is to be noted.
    asked: Vec<Asked>,
}

/// A request of a client, as a test looks at it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// The action.
    pub action: String,
    /// What it is about: the channel, else the command, else the conference.
    pub about: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct Serials {
    unreal: u32,
    sip: u32,
    channel: u64,
    call: u32,
    seat: u64,
    /// Goes on through restarts: an old id never means somebody else.
    id: Id,
}

impl World {
    pub(crate) fn new(setup: Arc<Setup>, now: Moment) -> Self {
        let rng = fastrand::Rng::with_seed(setup.seed);
        Self {
            now,
            skew: 0,
            booted: now,
            heard: Classes::default(),
            out: VecDeque::new(),
            originated: Vec::new(),
            timers: Timers::default(),
            channels: BTreeMap::new(),
            by_name: HashMap::new(),
            by_uniqueid: HashMap::new(),
            dials: HashMap::new(),
            rooms: BTreeMap::new(),
            halls: BTreeMap::new(),
            globals: setup.dialplan.globals.clone(),
            serials: Serials::default(),
            phones: calls::Phones::new(),
            calls_processed: 0,
            rng,
            asked: Vec::new(),
            setup,
        }
    }

    /// As after a restart of Asterisk: nothing is left, all numbers begin again.
    pub(crate) fn reboot(&mut self) {
        let (heard, skew, id) = (self.heard, self.skew, self.serials.id);
        let (phones, asked) = (std::mem::take(&mut self.phones), std::mem::take(&mut self.asked));
        *self = Self::new(Arc::clone(&self.setup), self.now);
        (self.phones, self.asked) = (phones, asked);
        // Booting takes a second: no Uniqueid is given twice, and the clients can tell by the startup time.
        (self.heard, self.skew, self.serials.id) = (heard, skew.saturating_add(1000), id);
    }

    /// The classes that anybody hears from now on.
    pub(crate) fn hear(&mut self, heard: Classes) {
        self.heard = heard;
    }

    /// The same and more.
    pub(crate) fn hear_also(&mut self, classes: Classes) {
        self.heard = self.heard.with(classes);
    }

    /// A client asks something.
    pub(crate) fn note(&mut self, asked: impl FnOnce() -> Asked) {
        if self.setup.note_requests && self.asked.len() < MAX_NOTED {
            self.asked.push(asked());
        }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.clone()
    }

    /// Moves the wall clock.
    pub(crate) fn jump(&mut self, milliseconds: i64) {
        self.skew = self.skew.saturating_add(milliseconds);
    }

    /// Does all that is due until then, in its order.
    pub(crate) fn advance(&mut self, now: Moment) {
        while let Some((at, timer)) = self.timers.due(now) {
            self.now = self.now.max(at);
            self.fire(timer);
        }
        self.now = self.now.max(now);
    }

    /// When [`Self::advance`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// The next event.
    pub(crate) fn poll(&mut self) -> Option<Packet> {
        self.out.pop_front()
    }

    /// The synchronous originations that ended since the last call.
    pub(crate) fn take_originated(&mut self) -> Vec<(Ticket, bool)> {
        std::mem::take(&mut self.originated)
    }

    /// The wall clock, in Unix milliseconds.
    pub(crate) fn wall(&self) -> u64 {
        self.wall_at(self.now)
    }

    fn wall_at(&self, moment: Moment) -> u64 {
        (self.setup.wall + moment.as_millis() as u64).saturating_add_signed(self.skew)
    }

    /// When this Asterisk started, in Unix milliseconds, by today's clock.
    pub(crate) fn startup(&self) -> u64 {
        self.wall_at(self.booted)
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.now.saturating_sub(self.booted)
    }

    pub(crate) fn style(&self) -> Style {
        self.setup.style
    }

    /// Calls now and so far.
    pub(crate) fn calls(&self) -> (usize, u64) {
        (self.channels.len(), self.calls_processed)
    }

    /// A step more in the dialplan, until the end of this server; `false`: it is none.
    pub(crate) fn add_extension(&mut self, context: &str, step: &str) -> bool {
        Arc::make_mut(&mut self.setup).dialplan.add(context, step).is_ok()
    }

    fn modern(&self) -> bool {
        self.setup.style.modern()
    }

    /// Renders an event, if anybody hears its class.
    fn tell(&mut self, class: Class, draft: impl FnOnce(&Self) -> Draft) {
        if self.heard.has(class) {
            let bytes = draft(self).done().into();
            self.out.push_back(Packet { class, bytes });
        }
    }

    /// An event of the front's making.
    pub(crate) fn tell_all(&mut self, class: Class, draft: Draft) {
        self.tell(class, |_| draft);
    }
}
