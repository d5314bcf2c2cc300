//! Phones: who calls in, what they do at their end of the line, and who can be called.

use std::collections::HashMap;
use std::time::Duration;

use super::channel::{Id, Party, Seat, Spot, State};
use super::dial::Originate;
use super::events::whole;
use super::timers::Timer;
use super::{Moment, World};
use crate::class::Class;
use crate::packet::Draft;

/// Between two RTCP reports.
const REPORTS: Moment = Duration::from_secs(5);

/// Somebody dials in.
#[derive(Clone, Debug, Default)]
pub struct NewCall {
    /// The PJSIP endpoint: `PJSIP/ENDPOINT-0000001a` is the channel.
    pub endpoint: String,
    /// Caller ID number; empty: withheld.
    pub number: Vec<u8>,
    /// Caller ID name, any bytes; empty: none.
    pub name: Vec<u8>,
    /// Dialplan context.
    pub context: String,
    /// What was dialled.
    pub exten: String,
}

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PickUp {
    After(Moment),
    Busy,
    Never,
}

/// The phones that can be called.
pub(crate) type Phones = HashMap<String, PickUp>;

impl World {
    /// An incoming call: it goes through the dialplan from there.
    pub(crate) fn call(&mut self, call: &NewCall) -> Id {
        let id = self.sip_channel(&call.endpoint, State::Ring, Spot::new(&call.context, &call.exten, 1));
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.caller = Party::new(&call.number, &call.name);
        }
        self.tell_media(id);
        self.tell_newchannel(id);
        self.set_variable(Some(id), "SIPDOMAIN", b"127.0.0.1");
        self.tell_call_number(id);
        let turn = self.turn(id);
        self.later(Duration::ZERO, Timer::Begin(id, turn));
        if self.heard.has(Class::Reporting) {
            self.later(REPORTS, Timer::Report(id, 1));
        }
        id
    }

    fn sip_channel(&mut self, endpoint: &str, state: State, spot: Spot) -> Id {
        let serial = self.serials.sip;
        self.serials.sip += 1;
        let id = self.channel(format!("PJSIP/{endpoint}-{serial:08x}").into_bytes(), None, state, spot);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.media = Some(10_000 + (serial % 5_000) as u16 * 2);
        }
        id
    }

    /// The far end begins or ceases to make a sound.
    pub(crate) fn sound(&mut self, id: Id, on: bool) {
        let Some(channel) = self.channels.get_mut(&id).filter(|c| c.sound != on) else { return };
        channel.sound = on;
        self.voice(id);
    }

    /// The far end presses a key.
    pub(crate) fn press(&mut self, id: Id, digit: u8) {
        if self.get(id).is_some() {
            self.tell_dtmf(id, digit, None);
            self.later(super::apps::KEY, Timer::Release(id, digit));
        }
    }

    /// A key was pressed and let go.
    pub(super) fn released(&mut self, id: Id, digit: u8) {
        if self.get(id).is_some() {
            self.tell_dtmf(id, digit, Some(super::apps::KEY));
            self.key(id, digit);
        }
    }

    /// A key as if from the far end, without its beginning.
    pub(crate) fn receive_key(&mut self, id: Id, digit: u8) {
        self.tell_dtmf(id, digit, Some(Moment::ZERO));
        self.key(id, digit);
    }

    /// What a key does in the conference.
    fn key(&mut self, id: Id, digit: u8) {
        match self.get(id).and_then(|c| c.seat.clone()) {
            Some(Seat::Room(key, seat)) => self.room_key(id, &key, seat, digit),
            Some(Seat::Hall(key, user)) => self.hall_key(&key, user, digit),
            None => {}
        }
    }

    /// The far end hangs up.
    pub(crate) fn hang_up(&mut self, id: Id) {
        if self.get(id).is_some() {
            self.tell_hangup_request(id, 16);
            self.end(id, 16);
        }
    }

    pub(super) fn dialled_phone(&self, resource: &str) -> Option<PickUp> {
        self.phones.get(resource).copied()
    }

    pub(super) fn dial_phone(&mut self, asked: Originate, resource: &str) {
        let pick_up = self.dialled_phone(resource).unwrap_or(PickUp::Never);
        let id = self.sip_channel(resource, State::Down, Spot::new("conf", "s", 1));
        if let Some(channel) = self.channels.get_mut(&id) {
            (channel.caller, channel.connected) = (Party::default(), asked.caller.clone());
        }
        self.tell_media(id);
        self.tell_newchannel(id);
        self.tell_dial(id, "DialBegin", ("DialString", resource.as_bytes()));
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.state = State::Ringing;
        }
        self.tell_newstate(id);
        self.tell_dial(id, "DialState", ("DialStatus", b"RINGING"));
        self.expect_answer(id, asked, pick_up);
    }

    fn expect_answer(&mut self, id: Id, asked: Originate, pick_up: PickUp) {
        if let Some(timeout) = asked.timeout {
            self.later(timeout, Timer::RingOut(id));
        }
        match pick_up {
            PickUp::After(time) => self.later(time, Timer::Phone(id)),
            PickUp::Busy => self.later(Duration::from_millis(300), Timer::Phone(id)),
            PickUp::Never => {}
        }
        self.add_dial(id, asked);
    }

    /// The called phone does what it does.
    pub(super) fn phone_picks_up(&mut self, id: Id) {
        let Some(channel) = self.get(id) else { return };
        let endpoint = channel.device().get(b"PJSIP/".len()..).unwrap_or_default();
        let endpoint = String::from_utf8_lossy(endpoint).into_owned();
        match self.dialled_phone(&endpoint) {
            Some(PickUp::Busy) => {
                self.tell_dial(id, "DialEnd", ("DialStatus", b"BUSY"));
                self.dial_over(id, 5, 17);
            }
            Some(_) => self.dial_answered(id),
            None => {}
        }
    }

    fn tell_media(&mut self, id: Id) {
        let Some(port) = self.get(id).and_then(|c| c.media) else { return };
        let place = ("res_rtp_asterisk.c", "rtp_allocate_transport", "4179");
        self.tell_test("RTP_PORT_ALLOCATED", place, &[("Port", port.to_string().as_bytes())], false);
    }

    pub(super) fn tell_media_learnt(&mut self, id: Id) {
        let Some(port) = self.get(id).and_then(|c| c.media) else { return };
        let place = ("res_rtp_asterisk.c", "ast_rtp_read", "8515");
        let source = format!("127.0.0.1:{}", port + 12_000);
        self.tell_test("STRICT_RTP_LEARN", place, &[("Source", source.as_bytes())], false);
    }

    /// What the phone's media was like, in variables.
    pub(super) fn tell_media_end(&mut self, id: Id) {
        if !self.heard.has(Class::Dialplan)
            || self.get(id).is_none_or(|c| c.media.is_none() || c.answered.is_none())
        {
            return;
        }
        let quality: [(&str, &[u8]); 5] = [
            ("RTPAUDIOQOS", b"ssrc=1;themssrc=2;lp=0;rxjitter=0.000000;rxcount=1;txjitter=0.000000;txcount=1;rlp=0;rtt=0.000000"),
            ("RTPAUDIOQOSJITTER", b"minrxjitter=000.000000;maxrxjitter=000.000000"),
            ("RTPAUDIOQOSLOSS", b"minrxlost=000.000000;maxrxlost=000.000000"),
            ("RTPAUDIOQOSRTT", b"minrtt=000.000000;maxrtt=000.000000"),
            ("RTPAUDIOQOSMES", b"minrxmes=088.000000;maxrxmes=088.000000"),
        ];
        for (name, value) in quality {
            self.tell_varset(Some(id), name, value);
        }
    }

    pub(super) fn tell_sip_end(&mut self, device: &[u8]) {
        let endpoint = device.get(b"PJSIP/".len()..).unwrap_or_default();
        let file = "res_pjsip_session.c";
        let none: &[u8] = b"<none>";
        let more = [("Endpoint", endpoint), ("AOR", none), ("Contact", none)];
        self.tell_test("SESSION_DESTROYING", (file, "session_destructor", "2933"), &more, false);
        self.tell_test("SESSION_DESTROYED", (file, "session_destructor", "2982"), &more[..1], false);
    }

    pub(super) fn report(&mut self, id: Id, count: u32) {
        let Some(port) = self.get(id).and_then(|c| c.media) else { return };
        if !self.heard.has(Class::Reporting) {
            return;
        }
        self.later(REPORTS, Timer::Report(id, count + 1));
        if !self.modern() {
            return;
        }
        let wall = self.wall();
        self.tell(Class::Reporting, |world| {
            let draft = Draft::event("RTCPSent", Class::Reporting);
            let Some(channel) = world.get(id) else { return draft };
            let packets = count * 250;
            let draft = whole(draft, channel).kv("To", format!("127.0.0.1:{}", port + 12_001));
            let draft = draft.kv("From", format!("127.0.0.1:{}", port + 1)).kv("MES", "88.1");
            let draft = draft.kv("SSRC", format!("0x{:08x}", id.wrapping_mul(2_654_435_761) as u32));
            let draft = draft.kv("PT", "200(SR)").kv("ReportCount", "1");
            let draft = draft.kv("SentNTP", format!("{}.{:06}", wall / 1000, wall % 1000 * 1000));
            let draft = draft.num("SentRTP", packets * 160).num("SentPackets", packets);
            let draft = draft.num("SentOctets", packets * 160).kv("Report0SourceSSRC", "0xca110000");
            let draft = draft.kv("Report0FractionLost", "0").kv("Report0CumulativeLost", "0");
            let draft = draft.num("Report0HighestSequence", packets).kv("Report0SequenceNumberCycles", "0");
            draft.kv("Report0IAJitter", "7").kv("Report0LSR", "0").kv("Report0DLSR", "0.0000")
        });
    }
}
