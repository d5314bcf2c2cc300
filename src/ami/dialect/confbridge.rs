//! ConfBridge, Asterisk 10 to 22 and later.
//!
//! 12 and later: whole channel snapshots, C-escaped names, events for mute and record. Before: names as they are
//! (`CallerIDnum`), no such events, lists without a Uniqueid.

use std::borrow::Cow;

use super::words::{call, is_unknown, of_channels, same, set, text, text_of, verdict, version, yes};
use super::{Act, Dialect, Evidence, Fact, Hall, Item, Query, Seen, Target, Verdict};
use crate::model::ConferenceName;
use crate::wire::{Action, ActionError, Frame, unescape};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfBridge {
    /// Asterisk 12 or later (AMI 2).
    modern: bool,
}

impl ConfBridge {
    /// As the version in the banner speaks it (`1.3` is Asterisk 11, `2.0` is 12, `11.0.0` is 22).
    pub(crate) fn speaking(ami_version: &str) -> Self {
        Self { modern: version(ami_version).0 != 1 }
    }

    fn name<'a>(self, raw: &'a [u8]) -> Cow<'a, str> {
        text_of(if self.modern { unescape(raw) } else { Cow::Borrowed(raw) })
    }
}

impl Dialect for ConfBridge {
    fn fact<'a>(&self, name: &[u8], frame: Frame<'a>) -> Option<Fact<'a>> {
        let conference = || frame.get("Conference");
        let call = || call(frame.get("Uniqueid")?);
        Some(match name {
            b"ConfbridgeTalking" => {
                let on = frame.get("TalkingStatus")?.eq_ignore_ascii_case(b"on");
                Fact::Talking { conference: conference()?, call: call()?, on }
            }
            b"ConfbridgeJoin" => Fact::Joined { conference: conference()?, frame },
            b"ConfbridgeLeave" => Fact::Left { conference: conference()?, call: call()? },
            b"ConfbridgeMute" => Fact::Muted { conference: conference()?, call: call()?, on: true },
            b"ConfbridgeUnmute" => Fact::Muted { conference: conference()?, call: call()?, on: false },
            b"ConfbridgeRecord" => Fact::Recording { conference: conference()?, on: true },
            b"ConfbridgeStopRecord" => Fact::Recording { conference: conference()?, on: false },
            b"ConfbridgeEnd" => Fact::Ended { conference: conference()? },
            _ => return of_channels(name, frame),
        })
    }

    fn seen<'a>(&self, frame: Frame<'a>) -> Option<Seen<'a>> {
        let flag = |name| frame.get(name).map(yes);
        let channel = text(frame.get("Channel")?);
        let name = frame.get("CallerIDName").map(|raw| self.name(raw)).filter(|name| !is_unknown(name));
        let phone = frame.get("CallerIDNum").map(text).filter(|phone| !is_unknown(phone));
        (!channel.is_empty()).then(|| Seen {
            call: frame.get("Uniqueid").and_then(call),
            channel,
            name,
            phone: phone.unwrap_or_default(),
            admin: flag("Admin"),
            muted: flag("Muted"),
            waiting: flag("Waiting"),
            talking: flag("Talking"),
            answered: frame.text("AnsweredTime").and_then(|seconds| seconds.trim().parse().ok()),
            hand: None,
            slot: None,
        })
    }

    fn listed<'a>(&self, item: &'a Item) -> Option<Seen<'a>> {
        self.seen(item.packet()?)
    }

    fn hall<'a>(&self, item: &'a Item) -> Option<Hall<'a>> {
        let item = item.packet()?;
        let count = |name| item.text(name).and_then(|v| v.trim().parse().ok()).unwrap_or(0);
        let flag = |name| item.get(name).is_some_and(yes);
        Some(Hall {
            conference: item.get("Conference")?,
            parties: count("Parties"),
            marked: count("Marked"),
            locked: Some(flag("Locked")),
            muted: flag("Muted"),
        })
    }

    fn halls(&self) -> Option<Query> {
        Some(Query::list(Action::new("ConfbridgeListRooms"), "ConfbridgeListRoomsComplete"))
    }

    fn members(&self, conference: &ConferenceName) -> Result<Query, ActionError> {
        let action = Action::new("ConfbridgeList").header("Conference", conference.as_str())?;
        Ok(Query::list(action, "ConfbridgeListComplete"))
    }

    fn channels(&self) -> Query {
        Query::list(Action::new("CoreShowChannels"), "CoreShowChannelsComplete")
    }

    fn channel<'a>(&self, item: Frame<'a>) -> Option<(Cow<'a, str>, &'a str)> {
        Some((text(item.get("Channel")?), call(item.get("Uniqueid")?)?))
    }

    fn is_empty(&self, words: &str) -> bool {
        same(words, "No active conferences") || same(words, "No Conference by that name found")
    }

    fn guard(&self, _: &Act<'_>) -> bool {
        false
    }

    fn tells_mutes(&self) -> bool {
        self.modern
    }

    fn evidence(&self, act: &Act<'_>) -> Evidence {
        match act {
            Act::Mute { .. } if !self.modern => Evidence::Members,
            Act::Mute { .. } | Act::Kick { .. } | Act::Hangup { .. } => Evidence::Event,
            Act::Lock { .. } => Evidence::Halls,
            Act::Set { .. } => Evidence::Answer,
        }
    }

    fn action(&self, act: &Act<'_>) -> Result<Action, ActionError> {
        let at = |action: &'static str, target: &Target<'_>| {
            let action = Action::new(action).header("Conference", target.conference.as_str())?;
            action.header("Channel", target.channel)
        };
        match act {
            Act::Mute { target, on: true } => at("ConfbridgeMute", target),
            Act::Mute { target, on: false } => at("ConfbridgeUnmute", target),
            Act::Kick { target, .. } => at("ConfbridgeKick", target),
            // The Uniqueid, which Asterisk takes too, can never name another call; a channel's name can, on DAHDI.
            Act::Hangup { target } => Action::new("Hangup").header("Channel", target.call),
            Act::Lock { conference, on } => {
                let action = if *on { "ConfbridgeLock" } else { "ConfbridgeUnlock" };
                Action::new(action).header("Conference", conference.as_str())
            }
            Act::Set { channel, variable, value } => set(*channel, variable, value),
        }
    }

    fn verdict(&self, words: &str) -> Verdict {
        verdict(words, self.is_empty(words) || same(words, "No Channel by that name found in Conference"))
    }

    fn right(&self, action: &str) -> Option<&'static str> {
        match action {
            "ConfbridgeMute" | "ConfbridgeUnmute" | "ConfbridgeKick" => Some("call"),
            "ConfbridgeLock" | "ConfbridgeUnlock" | "Hangup" | "Setvar" => Some("call"),
            "ConfbridgeList" | "ConfbridgeListRooms" | "CoreShowChannels" | "CoreStatus" => Some("reporting"),
            _ => None,
        }
    }
}
