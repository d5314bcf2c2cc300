//! A flood of AMI events as a busy Asterisk 22 sends them to a client that asked for everything, for benchmarks.
//!
//! Of each hundred events 25 are VarSet, 20 Newexten, 35 RTCP, 16 Confbridge* and 4 about channels, 560 bytes in the
//! mean, with the fields and the order of the recordings. The conference events are true: [`Flood::members`] is who
//! is in after everything written so far.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::collections::VecDeque;
use std::fmt::Write as _;

/// The conference of the flood.
pub(crate) const CONFERENCE: &str = "200";
/// Events of one [`Flood::hundred`].
pub(crate) const HUNDRED: usize = 100;

/// Who is in.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    serial: u32,
    name: Option<&'static str>,
    pub(crate) muted: bool,
}

/// See the module.
pub(crate) struct Flood {
    pub(crate) members: VecDeque<Member>,
    serial: u32,
    turn: usize,
}

impl Member {
    pub(crate) fn channel(&self) -> String {
        format!("PJSIP/trunk-{:08x}", self.serial)
    }

    pub(crate) fn uniqueid(&self) -> String {
        format!("1795393452.{}", self.serial)
    }

    fn snapshot(&self, out: &mut String) {
        let (channel, uniqueid, n) = (self.channel(), self.uniqueid(), self.serial);
        let name = self.name.map_or_else(|| format!("Caller {n}"), str::to_owned);
        let _ = write!(
            out,
            "Channel: {channel}\r\nChannelState: 6\r\nChannelStateDesc: Up\r\nCallerIDNum: 0113496{n:04}\r\n\
             CallerIDName: {name}\r\nConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\n\
             Language: en\r\nAccountCode: \r\nContext: conf\r\nExten: 201\r\nPriority: 2\r\n\
             Uniqueid: {uniqueid}\r\nLinkedid: {uniqueid}\r\n"
        );
    }
}

impl Flood {
    /// With so many in the conference, whose joins [`Flood::opening`] writes.
    pub(crate) fn new(members: u32) -> Self {
        let members: VecDeque<_> =
            (1..=members).map(|serial| Member { serial, name: None, muted: false }).collect();
        Self { serial: members.len() as u32, members, turn: 0 }
    }

    /// The joins of those who are in from the beginning.
    pub(crate) fn opening(&self, out: &mut String) {
        self.members.iter().for_each(|member| conference("Join", member, "Admin: No\r\nMuted: No\r\n", out));
    }

    /// The next hundred events.
    pub(crate) fn hundred(&mut self, out: &mut String) {
        let turn = self.turn;
        self.turn += 1;
        for i in 0..25 {
            self.varset(turn + i, out);
        }
        for i in 0..20 {
            self.newexten(turn + i, out);
        }
        for i in 0..35 {
            self.rtcp(turn + i, out);
        }
        self.talk(turn, out);
        self.voices(turn, out);
        self.come_and_go(out);
    }

    /// One more joins, of this name.
    pub(crate) fn join_named(&mut self, name: &'static str, out: &mut String) {
        self.serial += 1;
        let new = Member { serial: self.serial, name: Some(name), muted: false };
        conference("Join", &new, "Admin: No\r\nMuted: No\r\n", out);
        self.members.push_back(new);
    }

    /// An item of ConfbridgeList for each member, with the list's id.
    pub(crate) fn list(&self, id: &str, out: &mut String) {
        for member in &self.members {
            let muted = yes(member.muted);
            let _ = write!(
                out,
                "Event: ConfbridgeList\r\nActionID: {id}\r\nConference: {CONFERENCE}\r\nAdmin: No\r\n\
                 MarkedUser: No\r\nWaitMarked: No\r\nEndMarked: No\r\nEndMarkedAny: No\r\nWaiting: No\r\n\
                 Muted: {muted}\r\nTalking: No\r\nAnsweredTime: 4\r\n"
            );
            member.snapshot(out);
            out.push_str("\r\n");
        }
    }

    fn member(&self, at: usize) -> &Member {
        &self.members[at % self.members.len()]
    }

    fn varset(&self, at: usize, out: &mut String) {
        channel_event("VarSet", "dialplan", self.member(at), out);
        let _ = write!(out, "Variable: BRIDGEPEER\r\nValue: {}\r\n\r\n", self.member(at + 1).channel());
    }

    fn newexten(&self, at: usize, out: &mut String) {
        channel_event("Newexten", "dialplan", self.member(at), out);
        let _ =
            write!(out, "Extension: 201\r\nApplication: Set\r\nAppData: CONFBRIDGE(user,quiet)=yes\r\n\r\n");
    }

    fn rtcp(&self, at: usize, out: &mut String) {
        channel_event("RTCPSent", "reporting", self.member(at), out);
        out.push_str(
            "To: 127.0.0.1:25071\r\nFrom: 127.0.0.1:12587\r\nMES: 88.1\r\nSSRC: 0x34130ce0\r\nPT: 200(SR)\r\n\
             ReportCount: 1\r\nSentNTP: 1795393457.582912\r\nSentRTP: 39520\r\nSentPackets: 247\r\n\
             SentOctets: 39520\r\nReport0SourceSSRC: 0xca110000\r\nReport0FractionLost: 0\r\n\
             Report0CumulativeLost: 0\r\nReport0HighestSequence: 250\r\nReport0SequenceNumberCycles: 0\r\n\
             Report0IAJitter: 7\r\nReport0LSR: 0\r\nReport0DLSR: 0.0000\r\n\r\n",
        );
    }

    fn talk(&self, turn: usize, out: &mut String) {
        for i in 0..5 {
            for status in ["on", "off"] {
                let tail = format!("TalkingStatus: {status}\r\nAdmin: No\r\n");
                conference("Talking", self.member(turn * 5 + i), &tail, out);
            }
        }
    }

    /// Two are muted, and those of the turn before unmuted.
    fn voices(&mut self, turn: usize, out: &mut String) {
        let unmuted: Vec<usize> =
            (0..self.members.len()).filter(|i| self.members[*i].muted).take(2).collect();
        let missing = 2 - unmuted.len();
        for at in unmuted {
            self.members[at].muted = false;
            conference("Unmute", &self.members[at], "Admin: No\r\n", out);
        }
        for i in 0..2 {
            let at = (turn * 7 + i) % self.members.len();
            self.members[at].muted = true;
            conference("Mute", &self.members[at], "Admin: No\r\n", out);
        }
        // Who was muted may have left since: a hundred stays a hundred.
        for _ in 0..missing {
            conference("Talking", &self.members[0], "TalkingStatus: off\r\nAdmin: No\r\n", out);
        }
    }

    /// One joins, the one who is in longest leaves.
    fn come_and_go(&mut self, out: &mut String) {
        self.serial += 1;
        let new = Member { serial: self.serial, name: None, muted: false };
        channel_event("Newchannel", "call", &new, out);
        out.push_str("\r\n");
        channel_event("Newstate", "call", &new, out);
        out.push_str("\r\n");
        conference("Join", &new, "Admin: No\r\nMuted: No\r\n", out);
        self.members.push_back(new);
        let Some(old) = self.members.pop_front() else { return };
        conference("Leave", &old, "Admin: No\r\n", out);
        channel_event("SoftHangupRequest", "call", &old, out);
        out.push_str("Cause: 16\r\n\r\n");
        channel_event("Hangup", "call", &old, out);
        out.push_str("Cause: 16\r\nCause-txt: Normal Clearing\r\n\r\n");
    }
}

fn yes(on: bool) -> &'static str {
    if on { "Yes" } else { "No" }
}

fn channel_event(name: &str, class: &str, member: &Member, out: &mut String) {
    let _ = write!(out, "Event: {name}\r\nPrivilege: {class},all\r\n");
    member.snapshot(out);
}

fn conference(name: &str, member: &Member, tail: &str, out: &mut String) {
    let _ = write!(
        out,
        "Event: Confbridge{name}\r\nPrivilege: call,all\r\nConference: {CONFERENCE}\r\n\
         BridgeUniqueid: a239ae57-181d-4658-a63d-f561871164b3\r\nBridgeType: base\r\n\
         BridgeTechnology: softmix\r\nBridgeCreator: ConfBridge\r\nBridgeName: {CONFERENCE}\r\n\
         BridgeNumChannels: 51\r\nBridgeVideoSourceMode: none\r\n"
    );
    member.snapshot(out);
    out.push_str(tail);
    out.push_str("\r\n");
}
