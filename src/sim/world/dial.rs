//! Originate: a channel that is called, and what it does once somebody answers.

use std::time::Duration;

use super::channel::{Id, Party, Spot, State};
use super::events::or_unknown;
use super::timers::Timer;
use super::{Moment, World};
use crate::class::Class;
use crate::packet::Draft;
use crate::setup::Style;

/// Who waits for a synchronous origination.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ticket(pub(crate) u64);

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Originate {
    /// `Local/200@conf/n`, `PJSIP/alice`.
    pub(crate) channel: String,
    pub(crate) target: Target,
    pub(crate) caller: Party,
    pub(crate) variables: Vec<(String, Vec<u8>)>,
    pub(crate) timeout: Option<Moment>,
    pub(crate) ids: (Option<Vec<u8>>, Option<Vec<u8>>),
    /// Echoed in `OriginateResponse`.
    pub(crate) action_id: Option<Vec<u8>>,
    /// Somebody waits: there is no `OriginateResponse`.
    pub(crate) ticket: Option<Ticket>,
}

/// What it does when it is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    Place(String, String, u32),
    Application(String, Vec<u8>),
}

/// A call under way, by its channel.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    asked: Originate,
}

impl Default for Target {
    fn default() -> Self {
        Self::Place(String::new(), String::new(), 1)
    }
}

impl World {
    /// Calls. What is wrong with it is known later, but for what the front checks.
    pub(crate) fn originate(&mut self, asked: Originate) {
        let (technology, resource) = asked.channel.split_once('/').unwrap_or_default();
        let taken =
            [&asked.ids.0, &asked.ids.1].into_iter().flatten().any(|id| self.by_uniqueid.contains_key(id));
        let resource = resource.to_owned();
        match technology {
            "Local" if !taken => self.dial_local(asked, &resource),
            "PJSIP" if !taken && self.dialled_phone(&resource).is_some() => self.dial_phone(asked, &resource),
            _ => self.never_rang(&asked),
        }
    }

    fn never_rang(&mut self, asked: &Originate) {
        let uniqueid = asked.ids.0.clone().unwrap_or_default();
        self.tell_outcome(asked, None, 0, &uniqueid);
    }

    fn dial_local(&mut self, asked: Originate, resource: &str) {
        let (address, option) =
            resource.rsplit_once('/').filter(|(a, _)| a.contains('@')).unwrap_or((resource, ""));
        let (exten, context) = address.split_once('@').unwrap_or((address, "default"));
        // Asterisk cuts both names at its buffers' ends.
        let exten: String = exten.chars().take(79).collect();
        let (one, two) = self.local_pair(&asked, context, &exten, address);
        self.tell_newchannel(one);
        self.tell_newchannel(two);
        self.set_first(one, &asked);
        self.enter_app(one, "AppDial2", b"(Outgoing Line)");
        if self.setup.dialplan.step(context, &exten, 1).is_none() {
            self.remove(one, 0);
            self.remove(two, 0);
            return self.never_rang(&asked);
        }
        self.copy_to_second(one, two, &asked);
        self.tell_local_bridge(one, two, !option.contains('n'));
        self.tell_call_number(two);
        self.tell_dial(one, "DialBegin", ("DialString", resource.as_bytes()));
        let device = self.get(one).map(|c| c.device().to_vec()).unwrap_or_default();
        self.tell_device(&device, "INUSE");
        if let Some(timeout) = asked.timeout {
            self.later(timeout, Timer::RingOut(one));
        }
        self.dials.insert(one, Dial { asked });
        let turn = self.turn(two);
        self.later(Duration::ZERO, Timer::Begin(two, turn));
    }

    fn local_pair(&mut self, asked: &Originate, context: &str, exten: &str, address: &str) -> (Id, Id) {
        let serial = self.serials.unreal;
        self.serials.unreal += 1;
        let (first, second) = asked.ids.clone();
        let second = second.or_else(|| first.clone().map(|id| [id.as_slice(), b";2"].concat()));
        let address = address.replacen(address.split('@').next().unwrap_or_default(), exten, 1);
        let name = |half| format!("Local/{address}-{serial:08x};{half}").into_bytes();
        let spot = Spot::new(context, exten, 1);
        let one = self.channel(name(1), first, State::Down, spot.clone());
        let two = self.channel(name(2), second, State::Ring, spot);
        let linked = self.get(one).map(|c| c.linkedid.clone()).unwrap_or_default();
        if let Some(channel) = self.channels.get_mut(&one) {
            channel.peer = Some(two);
        }
        if let Some(channel) = self.channels.get_mut(&two) {
            (channel.peer, channel.linkedid) = (Some(one), linked);
        }
        (one, two)
    }

    fn set_first(&mut self, one: Id, asked: &Originate) {
        for (name, value) in asked.variables.iter().rev() {
            self.set_variable(Some(one), name, value);
        }
    }

    fn copy_to_second(&mut self, one: Id, two: Id, asked: &Originate) {
        if asked.caller != Party::default() {
            self.name_caller(one, &asked.caller, false);
            self.name_caller(one, &asked.caller, true);
        }
        for (name, value) in &asked.variables {
            self.set_variable(Some(two), name, value);
        }
        if asked.caller != Party::default() {
            if let Some(channel) = self.channels.get_mut(&two) {
                channel.connected = asked.caller.clone();
            }
            self.name_caller(two, &asked.caller, false);
            self.tell_connected(two);
        }
    }

    fn name_caller(&mut self, id: Id, party: &Party, connected: bool) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if connected {
            channel.connected = party.clone();
            self.tell_connected(id);
        } else {
            channel.caller = party.clone();
            self.tell_callerid(id);
        }
    }

    pub(super) fn add_dial(&mut self, one: Id, asked: Originate) {
        self.dials.insert(one, Dial { asked });
    }

    /// The other half answered, or the phone.
    pub(super) fn dial_answered(&mut self, one: Id) {
        let Some(dial) = self.dials.remove(&one) else { return };
        let now = self.now;
        if let Some(channel) = self.channels.get_mut(&one) {
            channel.state = State::Up;
            channel.answered = Some(now);
        }
        self.tell_newstate(one);
        let device = self.get(one).map(|c| c.device().to_vec()).unwrap_or_default();
        self.tell_device(&device, "INUSE");
        self.tell_dial(one, "DialEnd", ("DialStatus", b"ANSWER"));
        let uniqueid = self.get(one).map(|c| c.uniqueid.clone()).unwrap_or_default();
        self.tell_outcome(&dial.asked, Some(one), 4, &uniqueid);
        let turn = self.turn(one);
        let Some(channel) = self.channels.get_mut(&one) else { return };
        match &dial.asked.target {
            Target::Place(context, exten, priority) => {
                channel.spot = Spot::new(context, exten, *priority);
                self.tell_call_number(one);
            }
            Target::Application(app, data) => {
                (channel.app, channel.data, channel.single) = (app.clone(), data.clone(), true);
            }
        }
        self.later(Duration::ZERO, Timer::Begin(one, turn));
    }

    /// The other half is busy or congested; it ends itself.
    pub(super) fn dial_given_up(&mut self, one: Id, cause: u32) {
        let (status, reason): (&[u8], u32) = if cause == 17 { (b"BUSY", 5) } else { (b"CONGESTION", 8) };
        self.tell_dial(one, "DialEnd", ("DialStatus", status));
        let Some(peer) = self.get(one).and_then(|c| c.peer) else { return };
        self.tell_hangup_request(peer, 0);
        self.dial_over(one, reason, 0);
    }

    /// The other half hung up before it answered.
    pub(super) fn dial_refused(&mut self, one: Id, cause: u32) {
        let status: &[u8] = if cause == 17 { b"BUSY" } else { b"CHANUNAVAIL" };
        self.tell_dial(one, "DialEnd", ("DialStatus", status));
        self.dial_over(one, 0, cause);
    }

    /// Nobody answered in time.
    pub(super) fn ring_out(&mut self, one: Id) {
        if !self.dials.contains_key(&one) {
            return;
        }
        let peer = self.get(one).and_then(|c| c.peer);
        let cause = if self.style() == Style::V22 { 19 } else { 0 };
        if let Some(peer) = peer {
            self.tell_hangup_request(peer, cause);
        }
        self.dial_over(one, 3, cause);
        if let Some(peer) = peer {
            self.end(peer, cause);
        }
    }

    /// A called channel was hung up by somebody else.
    pub(super) fn lost_dial(&mut self, one: Id, _cause: u32) {
        if let Some(dial) = self.dials.remove(&one) {
            self.tell_outcome(&dial.asked, None, 0, b"");
        }
    }

    pub(super) fn dial_over(&mut self, one: Id, reason: u32, cause: u32) {
        let Some(dial) = self.dials.remove(&one) else { return };
        let uniqueid = dial.asked.ids.0.clone().unwrap_or_default();
        self.tell_outcome(&dial.asked, None, reason, &uniqueid);
        self.remove(one, cause);
    }

    fn tell_outcome(&mut self, asked: &Originate, channel: Option<Id>, reason: u32, uniqueid: &[u8]) {
        if let Some(ticket) = asked.ticket {
            self.originated.push((ticket, channel.is_some()));
            return;
        }
        self.tell(Class::Call, |world| {
            let draft = Draft::event("OriginateResponse", Class::Call);
            let draft = draft.maybe("ActionID", asked.action_id.as_ref());
            let draft = draft.kv("Response", if channel.is_some() { "Success" } else { "Failure" });
            let name = channel.and_then(|id| world.get(id)).map(|c| c.name.clone());
            let draft = draft.kv("Channel", name.unwrap_or_else(|| asked.channel.clone().into_bytes()));
            let draft = match &asked.target {
                Target::Place(context, exten, _) => draft.kv("Context", context).kv("Exten", exten),
                Target::Application(app, data) => draft.kv("Application", app).kv("Data", data),
            };
            let draft = draft.num("Reason", reason).kv("Uniqueid", or_unknown(uniqueid));
            let draft = draft.kv("CallerIDNum", or_unknown(&asked.caller.number));
            draft.kv("CallerIDName", or_unknown(&asked.caller.name))
        });
    }
}
