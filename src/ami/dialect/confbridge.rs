//! ConfBridge, Asterisk 10 to 22 and later.
//!
//! 12 and later: whole channel snapshots, C-escaped names, events for mute and record. Before: names as they are
//! (`CallerIDnum`), no such events, lists without a Uniqueid.

use std::borrow::Cow;

use super::{Act, Dialect, Evidence, Fact, Hall, Query, Seen, Target, Verdict};
use crate::model::ConferenceName;
use crate::wire::{Action, ActionError, Frame, unescape};

/// The longest Uniqueid (Asterisk's `AST_MAX_UNIQUEID`), with room to spare.
const MAX_UNIQUEID: usize = 160;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfBridge {
    /// Asterisk 12 or later (AMI 2).
    modern: bool,
}

impl ConfBridge {
    /// As the version in the banner speaks it (`1.3` is Asterisk 11, `2.0` is 12, `11.0.0` is 22).
    pub(crate) fn speaking(ami_version: &str) -> Self {
        let major = ami_version.split('.').next().and_then(|word| word.trim().parse::<u32>().ok());
        Self { modern: major != Some(1) }
    }

    fn name<'a>(self, raw: &'a [u8]) -> Cow<'a, str> {
        match if self.modern { unescape(raw) } else { Cow::Borrowed(raw) } {
            Cow::Borrowed(bytes) => text(bytes),
            Cow::Owned(bytes) => Cow::Owned(text(&bytes).into_owned()),
        }
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
            b"Hangup" => Fact::Hungup { call: call()? },
            b"Shutdown" => Fact::Stopping,
            _ => return None,
        })
    }

    fn seen<'a>(&self, frame: Frame<'a>) -> Option<Seen<'a>> {
        let flag = |name| frame.get(name).map(|v| v.eq_ignore_ascii_case(b"Yes"));
        let channel = text(frame.get("Channel")?);
        let name = frame.get("CallerIDName").map(|raw| self.name(raw)).filter(|name| !is_unknown(name));
        let phone = frame.get("CallerIDNum").map(text).filter(|phone| !is_unknown(phone));
        (!channel.is_empty()).then(|| Seen {
            call: frame.get("Uniqueid").and_then(call),
            channel,
            name,
            phone: phone.unwrap_or_default(),
            admin: flag("Admin").unwrap_or(false),
            muted: flag("Muted"),
            waiting: flag("Waiting"),
            talking: flag("Talking"),
            answered: frame.text("AnsweredTime").and_then(|seconds| seconds.trim().parse().ok()),
            slot: None,
        })
    }

    fn hall<'a>(&self, item: Frame<'a>) -> Option<Hall<'a>> {
        let count = |name| item.text(name).and_then(|v| v.trim().parse().ok()).unwrap_or(0);
        let flag = |name| item.get(name).is_some_and(|v| v.eq_ignore_ascii_case(b"Yes"));
        Some(Hall {
            conference: item.get("Conference")?,
            parties: count("Parties"),
            marked: count("Marked"),
            locked: flag("Locked"),
            muted: flag("Muted"),
        })
    }

    fn halls(&self) -> Query {
        Query { action: Action::new("ConfbridgeListRooms"), complete: "ConfbridgeListRoomsComplete" }
    }

    fn members(&self, conference: &ConferenceName) -> Result<Query, ActionError> {
        let action = Action::new("ConfbridgeList").header("Conference", conference.as_str())?;
        Ok(Query { action, complete: "ConfbridgeListComplete" })
    }

    fn channels(&self) -> Query {
        Query { action: Action::new("CoreShowChannels"), complete: "CoreShowChannelsComplete" }
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
            Act::Kick { target } => at("ConfbridgeKick", target),
            // The Uniqueid, which Asterisk takes too, can never name another call; a channel's name can, on DAHDI.
            Act::Hangup { target } => Action::new("Hangup").header("Channel", target.call),
            Act::Lock { conference, on } => {
                let action = if *on { "ConfbridgeLock" } else { "ConfbridgeUnlock" };
                Action::new(action).header("Conference", conference.as_str())
            }
            Act::Set { channel, variable, value } => {
                let mut action = Action::new("Setvar");
                if let Some(channel) = channel {
                    action = action.header("Channel", channel)?;
                }
                action.header("Variable", variable)?.header("Value", value)
            }
        }
    }

    fn verdict(&self, words: &str) -> Verdict {
        let gone = ["No Channel by that name found in Conference", "No such channel"];
        if self.is_empty(words) || gone.iter().any(|text| same(words, text)) {
            Verdict::Gone
        } else if same(words, "Permission denied") {
            Verdict::Forbidden
        } else {
            Verdict::Refused
        }
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

/// A Uniqueid is printable ASCII; what is none names no call.
fn call(raw: &[u8]) -> Option<&str> {
    let sound = !raw.is_empty() && raw.len() <= MAX_UNIQUEID && raw.iter().all(u8::is_ascii_graphic);
    if sound { std::str::from_utf8(raw).ok() } else { None }
}

/// Lossy, but without the rest of a character that Asterisk cut in two (names end after 79 bytes).
fn text(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(whole) => Cow::Borrowed(whole),
        Err(e) if e.error_len().is_none() => {
            String::from_utf8_lossy(raw.get(..e.valid_up_to()).unwrap_or_default())
        }
        Err(_) => String::from_utf8_lossy(raw),
    }
}

fn is_unknown(text: &str) -> bool {
    text.is_empty() || text == "<unknown>" || text == "<no name>"
}

fn same(words: &str, text: &str) -> bool {
    words.trim().trim_end_matches('.').eq_ignore_ascii_case(text)
}
