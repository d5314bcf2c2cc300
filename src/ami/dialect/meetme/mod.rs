//! MeetMe, Asterisk 1.4 to 22.
//!
//! Participants are numbered, and the next who joins gets the highest number plus one: a number that became free can be
//! somebody else's at once. Lists have no Uniqueid. The Manager Interface mutes; everything else is the console's
//! `meetme`, which says nothing and succeeds always, even at nobody.
//!
//! Names by version: the number is `Usernum` (actions, events up to 11), `User` (events from 12 on) or `UserNumber`
//! (lists); the conference is `Meetme` in events and actions, `Conference` in lists. Events from 12 on are C-escaped;
//! lists never are.

use std::borrow::Cow;
use std::time::Duration;

use super::words::{call, is_unknown, of_channels, same, set, text, text_of, verdict, version, yes};
use super::{Act, Dialect, Evidence, Fact, Hall, Item, PATIENCE, Query, Seen, Target, Verdict};
use crate::model::{ConferenceName, KickBy};
use crate::session::{Expect, Greeting};
use crate::wire::{Action, ActionError, Frame, unescape};

mod concise;
#[cfg(test)]
mod tests;

/// A caller whose thread plays an announcement is removed after it.
const KICK: Duration = Duration::from_secs(5);

/// See the module. What this user may use decides which of several ways is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeetMe {
    version: (u32, u32),
    /// `MeetmeList`, since 1.6.0.
    members: bool,
    /// `MeetmeListRooms`, since 10.
    rooms: bool,
    /// `CoreShowChannels`, since 1.6.0.
    channels: bool,
    command: bool,
    hangup: bool,
}

impl MeetMe {
    pub(crate) fn speaking(greeting: &Greeting) -> Self {
        Self {
            version: version(&greeting.ami),
            members: greeting.may("MeetmeList"),
            rooms: greeting.may("MeetmeListRooms"),
            channels: greeting.may("CoreShowChannels"),
            command: greeting.may("Command"),
            hangup: greeting.may("Hangup"),
        }
    }

    /// Asterisk 12 and later: whole channel snapshots, escaped.
    fn is_modern(self) -> bool {
        self.version.0 > 1
    }

    /// Asterisk 1.2 and 1.4.
    fn is_first(self) -> bool {
        self.version <= (1, 0)
    }

    /// A kick by number could hit whoever gets the number next, if there is such a number: one with a higher one above
    /// it is not given again. Where nothing else is wished, the last number's call is ended by its own name instead.
    fn kicks_by(self, target: &Target<'_>, wished: Option<KickBy>) -> KickBy {
        let reusable = target.last || target.slot.is_none();
        match wished {
            Some(by) => by,
            None if !self.hangup => KickBy::Command,
            None if !self.command || reusable => KickBy::Hangup,
            None => KickBy::Command,
        }
    }

    /// From 11 on `Hangup` takes a Uniqueid, which can never name another call.
    fn hangup(self, target: &Target<'_>) -> Result<Action, ActionError> {
        let whom = if self.version >= (1, 3) { target.call } else { target.channel };
        Action::new("Hangup").header("Channel", whom)
    }

    fn names<'a>(self, frame: Frame<'a>, escaped: bool) -> (Option<Cow<'a, str>>, Cow<'a, str>) {
        let name = frame.get("CallerIDName").map(|raw| match escaped {
            true => text_of(unescape(raw)),
            false => text(raw),
        });
        let phone = frame.get("CallerIDNum").map(text).filter(|phone| !is_unknown(phone));
        (name.filter(|name| !is_unknown(name)), phone.unwrap_or_default())
    }
}

impl Dialect for MeetMe {
    fn fact<'a>(&self, name: &[u8], frame: Frame<'a>) -> Option<Fact<'a>> {
        let conference = || frame.get("Meetme");
        let call = || call(frame.get("Uniqueid")?);
        // Asterisk 1.2 has no `Status`: the event itself says that it is on.
        let on = || frame.get("Status").is_none_or(|status| status.eq_ignore_ascii_case(b"on"));
        Some(match name {
            b"MeetmeTalking" => Fact::Talking { conference: conference()?, call: call()?, on: on() },
            b"MeetmeStopTalking" => Fact::Talking { conference: conference()?, call: call()?, on: false },
            b"MeetmeJoin" => Fact::Joined { conference: conference()?, frame },
            b"MeetmeLeave" => Fact::Left { conference: conference()?, call: call()? },
            b"MeetmeMute" => Fact::Muted { conference: conference()?, call: call()?, on: on() },
            b"MeetmeTalkRequest" => Fact::Hand { conference: conference()?, call: call()?, on: on() },
            b"MeetmeEnd" => Fact::Ended { conference: conference()? },
            _ => return of_channels(name, frame),
        })
    }

    fn seen<'a>(&self, frame: Frame<'a>) -> Option<Seen<'a>> {
        let (name, phone) = self.names(frame, self.is_modern());
        let slot = frame.get("User").or_else(|| frame.get("Usernum"));
        someone(text(frame.get("Channel")?)).map(|seen| Seen {
            call: frame.get("Uniqueid").and_then(call),
            name,
            phone,
            slot: slot.and_then(number),
            ..seen
        })
    }

    fn listed<'a>(&self, item: &'a Item) -> Option<Seen<'a>> {
        let frame = match item {
            Item::Packet(frame) => frame.view(),
            Item::Line(line) => return concise::member(line, self.is_first()),
        };
        let (name, phone) = self.names(frame, false);
        someone(text(frame.get("Channel")?)).map(|seen| Seen {
            name,
            phone,
            admin: frame.get("Admin").map(yes),
            muted: frame.get("Muted").map(|how| !how.eq_ignore_ascii_case(b"No")),
            talking: frame.get("Talking").and_then(talking),
            slot: frame.get("UserNumber").and_then(number),
            ..seen
        })
    }

    fn hall<'a>(&self, item: &'a Item) -> Option<Hall<'a>> {
        let frame = match item {
            Item::Packet(frame) => frame.view(),
            Item::Line(line) if self.is_first() => return concise::table_row(line),
            Item::Line(line) => return concise::hall(line),
        };
        Some(Hall {
            conference: frame.get("Conference")?,
            parties: frame.get("Parties").and_then(number).unwrap_or(0),
            marked: frame.get("Marked").and_then(number).unwrap_or(0),
            locked: frame.get("Locked").map(yes),
            muted: false,
        })
    }

    fn halls(&self) -> Option<Query> {
        if self.rooms {
            let action = Action::new("MeetmeListRooms");
            return Some(Query::list(action, "MeetmeListRoomsComplete"));
        }
        let line = if self.is_first() { "meetme" } else { "meetme list concise" };
        let action = Action::new("Command").header("Command", line).ok().filter(|_| self.command)?;
        Some(Query { action, expect: Expect::Command })
    }

    fn members(&self, conference: &ConferenceName) -> Result<Query, ActionError> {
        if self.members || !self.command {
            let action = Action::new("MeetmeList").header("Conference", conference.as_str())?;
            return Ok(Query::list(action, "MeetmeListComplete"));
        }
        let action = console(format_args!("list {} concise", word(conference)))?;
        Ok(Query { action, expect: Expect::Command })
    }

    fn channels(&self) -> Query {
        if self.channels {
            return Query::list(Action::new("CoreShowChannels"), "CoreShowChannelsComplete");
        }
        Query::list(Action::new("Status"), "StatusComplete")
    }

    fn channel<'a>(&self, item: Frame<'a>) -> Option<(Cow<'a, str>, &'a str)> {
        Some((text(item.get("Channel")?), call(item.get("Uniqueid")?)?))
    }

    fn is_empty(&self, words: &str) -> bool {
        is_of_nobody(words) || (!self.is_first() && is_unknown_to_asterisk(words))
    }

    /// Mute takes the number that the last event told; should it hit another, that is seen and undone.
    fn guard(&self, act: &Act<'_>) -> bool {
        let by_name = self.version < (1, 3);
        match act {
            Act::Kick { target, by } => by_name || self.kicks_by(target, *by) == KickBy::Command,
            Act::Hangup { .. } => by_name,
            Act::Mute { target, .. } => target.slot.is_none(),
            Act::Lock { .. } | Act::Set { .. } => false,
        }
    }

    fn evidence(&self, act: &Act<'_>) -> Evidence {
        match act {
            Act::Mute { .. } | Act::Kick { .. } | Act::Hangup { .. } => Evidence::Event,
            Act::Lock { .. } => Evidence::Halls,
            Act::Set { .. } => Evidence::Answer,
        }
    }

    fn tells_locks(&self) -> bool {
        self.rooms || (self.command && !self.is_first())
    }

    fn patience(&self, act: &Act<'_>) -> Duration {
        if matches!(act, Act::Kick { .. }) { KICK } else { PATIENCE }
    }

    fn action(&self, act: &Act<'_>) -> Result<Action, ActionError> {
        match act {
            Act::Mute { target, on } => {
                let action = Action::new(if *on { "MeetmeMute" } else { "MeetmeUnmute" });
                let action = action.header("Meetme", target.conference.as_str())?;
                action.header("Usernum", slot(target).to_string())
            }
            Act::Kick { target, by } => match self.kicks_by(target, *by) {
                KickBy::Hangup => self.hangup(target),
                KickBy::Command => console(format_args!("kick {} {}", word(target.conference), slot(target))),
            },
            Act::Hangup { target } => self.hangup(target),
            Act::Lock { conference, on } => {
                console(format_args!("{} {}", if *on { "lock" } else { "unlock" }, word(conference)))
            }
            Act::Set { channel, variable, value } => set(*channel, variable, value),
        }
    }

    fn verdict(&self, words: &str) -> Verdict {
        let gone = ["User number not found", "Meetme conference does not exist"];
        verdict(words, is_of_nobody(words) || gone.iter().any(|text| same(words, text)))
    }

    fn right(&self, action: &str) -> Option<&'static str> {
        match action {
            "MeetmeMute" | "MeetmeUnmute" | "Hangup" | "Setvar" => Some("call"),
            "MeetmeList" | "MeetmeListRooms" | "CoreShowChannels" | "CoreStatus" => Some("reporting"),
            "Command" => Some("command"),
            _ => None,
        }
    }
}

/// A member of whom only the channel is known yet.
fn someone(channel: Cow<'_, str>) -> Option<Seen<'_>> {
    (!channel.is_empty()).then_some(Seen {
        call: None,
        channel,
        name: None,
        phone: Cow::Borrowed(""),
        admin: None,
        muted: None,
        waiting: None,
        talking: None,
        hand: None,
        answered: None,
        slot: None,
    })
}

fn is_of_nobody(words: &str) -> bool {
    let none = ["No active conferences", "No active MeetMe conferences"];
    none.iter().any(|text| same(words, text)) || words.trim_start().starts_with("No such conference")
}

/// Where the application is not loaded, its conferences are empty; `check` says that it is not there. Rooms of ConfBridge
/// on the same server must not wait for it. (On 1.4 it may be there and only this action not.)
fn is_unknown_to_asterisk(words: &str) -> bool {
    words.starts_with("Invalid/unknown command: Meetme") || words.starts_with("No such command 'meetme")
}

/// `Not monitored` is neither.
fn talking(value: &[u8]) -> Option<bool> {
    match value {
        b"Yes" => Some(true),
        b"No" => Some(false),
        _ => None,
    }
}

fn number(raw: &[u8]) -> Option<u32> {
    std::str::from_utf8(raw).ok()?.trim().parse().ok()
}

/// MeetMe's number of the target. 0 is nobody's: where none is known, nobody can be hit.
fn slot(target: &Target<'_>) -> u32 {
    target.slot.unwrap_or(0)
}

fn console(line: std::fmt::Arguments<'_>) -> Result<Action, ActionError> {
    Action::new("Command").header("Command", format!("meetme {line}"))
}

/// One word of the console's, whatever is in it.
fn word(conference: &ConferenceName) -> Cow<'_, str> {
    let name = conference.as_str();
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+#*".contains(&b)) {
        return name.into();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")).into()
}
