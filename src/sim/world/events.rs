//! How events about channels look, by version. Says nothing about when they are sent.

use crate::class::Class;
use crate::packet::{Draft, escape};

use super::channel::{Channel, Id, Spot};
use super::{Moment, World};

/// Text of hangup causes.
fn cause_text(cause: u32) -> &'static str {
    match cause {
        1 => "Unallocated (unassigned) number",
        16 => "Normal Clearing",
        17 => "User busy",
        18 => "No user responding",
        19 => "User alerting, no answer",
        21 => "Call Rejected",
        27 => "Destination out of order",
        34 => "Circuit/channel congestion",
        _ => "Unknown",
    }
}

/// What stands for a missing name or number.
pub(crate) fn or_unknown(value: &[u8]) -> &[u8] {
    if value.is_empty() { b"<unknown>" } else { value }
}

/// The channel snapshot of Asterisk 12 and later, from `ChannelState` on.
pub(crate) fn snapshot(draft: Draft, prefix: &str, channel: &Channel) -> Draft {
    if prefix.is_empty() {
        return fields(draft, channel, |draft, name, value| draft.kv(name, value));
    }
    let draft = draft.kv(&format!("{prefix}Channel"), &channel.name);
    fields(draft, channel, |draft, name, value| draft.kv(&format!("{prefix}{name}"), value))
}

fn fields(draft: Draft, channel: &Channel, add: impl Fn(Draft, &str, &[u8]) -> Draft) -> Draft {
    let caller = escape(or_unknown(&channel.caller.name));
    let connected = escape(or_unknown(&channel.connected.name));
    let priority = channel.spot.priority.to_string();
    let values: [(&str, &[u8]); 13] = [
        ("ChannelState", channel.state.number().as_bytes()),
        ("ChannelStateDesc", channel.state.word().as_bytes()),
        ("CallerIDNum", or_unknown(&channel.caller.number)),
        ("CallerIDName", &caller),
        ("ConnectedLineNum", or_unknown(&channel.connected.number)),
        ("ConnectedLineName", &connected),
        ("Language", b"en"),
        ("AccountCode", b""),
        ("Context", channel.spot.context.as_bytes()),
        ("Exten", channel.spot.exten.as_bytes()),
        ("Priority", priority.as_bytes()),
        ("Uniqueid", &channel.uniqueid),
        ("Linkedid", &channel.linkedid),
    ];
    values.into_iter().fold(draft, |draft, (name, value)| add(draft, name, value))
}

/// `Channel:` and the snapshot.
pub(crate) fn whole(draft: Draft, channel: &Channel) -> Draft {
    snapshot(draft.kv("Channel", &channel.name), "", channel)
}

fn caller(draft: Draft, channel: &Channel) -> Draft {
    draft.kv("CallerIDNum", &channel.caller.number).kv("CallerIDName", &channel.caller.name)
}

impl World {
    /// An event about one channel: the snapshot (or the fields of 11), then what it adds.
    fn about(
        &mut self,
        id: Id,
        name: &str,
        class: Class,
        old: impl FnOnce(Draft, &Channel) -> Draft,
        more: impl FnOnce(Draft, &Channel) -> Draft,
    ) {
        let modern = self.modern();
        self.tell(class, |world| {
            let draft = Draft::event(name, class);
            let Some(channel) = world.get(id) else { return draft };
            if modern { more(whole(draft, channel), channel) } else { old(draft, channel) }
        });
    }

    pub(super) fn tell_newchannel(&mut self, id: Id) {
        let old = |draft: Draft, c: &Channel| {
            let draft = draft.kv("Channel", &c.name).kv("ChannelState", c.state.number());
            let draft = caller(draft.kv("ChannelStateDesc", c.state.word()), c).kv("AccountCode", "");
            draft.kv("Exten", &c.spot.exten).kv("Context", &c.spot.context).kv("Uniqueid", &c.uniqueid)
        };
        self.about(id, "Newchannel", Class::Call, old, |draft, _| draft);
    }

    pub(super) fn tell_newstate(&mut self, id: Id) {
        let old = |draft: Draft, c: &Channel| {
            let draft = draft.kv("Channel", &c.name).kv("ChannelState", c.state.number());
            let draft = caller(draft.kv("ChannelStateDesc", c.state.word()), c);
            let draft = draft.kv("ConnectedLineNum", &c.connected.number);
            draft.kv("ConnectedLineName", &c.connected.name).kv("Uniqueid", &c.uniqueid)
        };
        self.about(id, "Newstate", Class::Call, old, |draft, _| draft);
    }

    /// `Newexten`, if it stands elsewhere than was told last.
    pub(super) fn tell_place(&mut self, id: Id) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.app.is_empty() || channel.told == channel.spot {
            return;
        }
        channel.told = channel.spot.clone();
        let old = |draft: Draft, c: &Channel| {
            let draft = draft.kv("Channel", &c.name).kv("Context", &c.spot.context);
            let draft = draft.kv("Extension", &c.spot.exten).num("Priority", c.spot.priority);
            draft.kv("Application", &c.app).kv("AppData", &c.data).kv("Uniqueid", &c.uniqueid)
        };
        self.about(id, "Newexten", Class::Dialplan, old, |draft, c| {
            draft.kv("Extension", &c.spot.exten).kv("Application", &c.app).kv("AppData", &c.data)
        });
    }

    pub(super) fn tell_callerid(&mut self, id: Id) {
        const PRES: &str = "0 (Presentation Allowed, Not Screened)";
        let old = |draft: Draft, c: &Channel| {
            caller(draft.kv("Channel", &c.name), c).kv("Uniqueid", &c.uniqueid).kv("CID-CallingPres", PRES)
        };
        self.about(id, "NewCallerid", Class::Call, old, |draft, _| draft.kv("CID-CallingPres", PRES));
    }

    pub(super) fn tell_connected(&mut self, id: Id) {
        if self.modern() {
            self.about(id, "NewConnectedLine", Class::Call, |draft, _| draft, |draft, _| draft);
        }
    }

    pub(super) fn tell_varset(&mut self, id: Option<Id>, variable: &str, value: &[u8]) {
        let modern = self.modern();
        self.tell(Class::Dialplan, |world| {
            let draft = Draft::event("VarSet", Class::Dialplan);
            let channel = id.and_then(|id| world.get(id));
            let (name, uniqueid): (&[u8], &[u8]) =
                channel.map_or((b"none", b"none"), |c| (&c.name, &c.uniqueid));
            match channel {
                Some(channel) if modern => {
                    whole(draft, channel).kv("Variable", variable).kv("Value", escape(value))
                }
                _ => {
                    let value = if modern { escape(value) } else { value.into() };
                    let draft = draft.kv("Channel", name).kv("Variable", variable);
                    draft.kv("Value", value).kv("Uniqueid", uniqueid)
                }
            }
        });
    }

    pub(super) fn tell_softhangup(&mut self, id: Id) {
        let old = |draft: Draft, c: &Channel| {
            draft.kv("Channel", &c.name).kv("Uniqueid", &c.uniqueid).kv("Cause", "16")
        };
        self.about(id, "SoftHangupRequest", Class::Call, old, |draft, _| draft.kv("Cause", "16"));
    }

    pub(super) fn tell_hangup_request(&mut self, id: Id, cause: u32) {
        let old = |draft: Draft, c: &Channel| draft.kv("Channel", &c.name).kv("Uniqueid", &c.uniqueid);
        self.about(id, "HangupRequest", Class::Call, old, |draft, _| draft.num("Cause", cause));
    }

    pub(super) fn tell_hangup(&mut self, id: Id, cause: u32) {
        let old = |draft: Draft, c: &Channel| {
            let draft = caller(draft.kv("Channel", &c.name).kv("Uniqueid", &c.uniqueid), c);
            let draft = draft.kv("ConnectedLineNum", or_unknown(&c.connected.number));
            let draft = draft.kv("ConnectedLineName", or_unknown(&c.connected.name)).kv("AccountCode", "");
            draft.num("Cause", cause).kv("Cause-txt", cause_text(cause))
        };
        self.about(id, "Hangup", Class::Call, old, |draft, _| {
            draft.num("Cause", cause).kv("Cause-txt", cause_text(cause))
        });
    }

    pub(super) fn tell_device(&mut self, device: &[u8], state: &str) {
        if self.modern() {
            self.tell(Class::Call, |_| {
                Draft::event("DeviceStateChange", Class::Call).kv("Device", device).kv("State", state)
            });
        }
    }

    pub(super) fn tell_music(&mut self, id: Id, on: bool) {
        if self.modern() {
            let name = if on { "MusicOnHoldStart" } else { "MusicOnHoldStop" };
            self.about(
                id,
                name,
                Class::Call,
                |draft, _| draft,
                |draft, c| {
                    if on { draft.kv("Class", &c.data) } else { draft }
                },
            );
        } else {
            let state = if on { "Start" } else { "Stop" };
            self.about(
                id,
                "MusicOnHold",
                Class::Call,
                |draft, c| draft.kv("State", state).kv("Channel", &c.name).kv("UniqueID", &c.uniqueid),
                |draft, _| draft,
            );
        }
    }

    pub(super) fn tell_dtmf(&mut self, id: Id, digit: u8, ended: Option<Moment>) {
        let digit = [digit];
        if self.modern() {
            let name = if ended.is_some() { "DTMFEnd" } else { "DTMFBegin" };
            self.about(
                id,
                name,
                Class::Dtmf,
                |draft, _| draft,
                |draft, _| {
                    let draft = draft.kv("Digit", digit);
                    let draft = draft.maybe("DurationMs", ended.map(|d| d.as_millis().to_string()));
                    draft.kv("Direction", "Received")
                },
            );
        } else {
            self.about(
                id,
                "DTMF",
                Class::Dtmf,
                |draft, c| {
                    let draft = draft.kv("Channel", &c.name).kv("Uniqueid", &c.uniqueid).kv("Digit", digit);
                    let draft = draft.kv("Direction", "Received");
                    draft.flag("Begin", ended.is_none()).flag("End", ended.is_some())
                },
                |draft, _| draft,
            );
        }
    }

    /// The body is written as it is: that is how events are forged.
    pub(super) fn tell_user_event(&mut self, id: Id, name: &[u8], body: &[Vec<u8>]) {
        let lines = |draft: Draft| body.iter().fold(draft, |draft, line| draft.raw(line).raw(b"\r\n"));
        self.about(
            id,
            "UserEvent",
            Class::User,
            |draft, c| lines(draft.kv("UserEvent", name).kv("Uniqueid", &c.uniqueid)),
            |draft, _| lines(draft.kv("UserEvent", name)),
        );
    }

    pub(super) fn tell_dial(&mut self, id: Id, name: &str, last: (&str, &[u8])) {
        if self.modern() {
            self.tell(Class::Call, |world| {
                let draft = Draft::event(name, Class::Call);
                let Some(channel) = world.get(id) else { return draft };
                snapshot(draft, "Dest", channel).kv(last.0, last.1)
            });
        }
    }

    pub(super) fn tell_local_bridge(&mut self, one: Id, two: Id, optimise: bool) {
        if !self.modern() {
            return;
        }
        self.tell(Class::Call, |world| {
            let draft = Draft::event("LocalBridge", Class::Call);
            let (Some(one), Some(two)) = (world.get(one), world.get(two)) else { return draft };
            let draft = snapshot(snapshot(draft, "LocalOne", one), "LocalTwo", two);
            let draft = draft.kv("Context", &two.spot.context).kv("Exten", &two.spot.exten);
            draft.flag("LocalOptimization", optimise)
        });
    }

    /// A `TestEvent` of a Debian build; `stray`: with an empty packet behind it.
    pub(super) fn tell_test(
        &mut self,
        state: &str,
        place: (&str, &str, &str),
        more: &[(&str, &[u8])],
        stray: bool,
    ) {
        if !self.setup.test_events || !self.modern() {
            return;
        }
        self.tell(Class::Reporting, |_| {
            let draft =
                Draft::event("TestEvent", Class::Reporting).kv("Type", "StateChange").kv("State", state);
            let (file, function, line) = place;
            let draft = draft.kv("AppFile", file).kv("AppFunction", function).kv("AppLine", line);
            let draft = more.iter().fold(draft, |draft, (name, value)| draft.kv(name, value));
            if stray { draft.raw(b"\r\n") } else { draft }
        });
    }

    /// Every channel that runs a dialplan belongs to a call with a number of its own in the log.
    pub(super) fn tell_call_number(&mut self, id: Id) {
        self.serials.call += 1;
        self.calls_processed += 1;
        let call = format!("[C-{:08x}]", self.serials.call);
        let Some(name) = self.get(id).map(|c| c.name.clone()) else { return };
        let place = ("channel_internal_api.c", "ast_channel_callid_set", "677");
        let more: [(&str, &[u8]); 4] = [
            ("State", b"CallIDChange"),
            ("Channel", &name),
            ("CallID", call.as_bytes()),
            ("PriorCallID", b""),
        ];
        self.tell_test("CallIDChange", place, &more, false);
    }

    /// Puts the channel to a place, in silence.
    pub(super) fn put(&mut self, id: Id, spot: Spot) {
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.spot = spot;
        }
    }
}
