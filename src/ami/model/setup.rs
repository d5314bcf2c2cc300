//! What the core must be told about one Asterisk and its rooms.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConferenceName, RoomName, ServerName};

/// One Asterisk and the rooms on it. Address and login are the client's, not the core's.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PbxSetup {
    /// The user's name for it.
    pub server: ServerName,
    /// The rooms to watch; their members are listed, those of no others.
    pub rooms: Vec<RoomSetup>,
}

/// One room.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RoomSetup {
    /// The user's name for it.
    pub name: RoomName,
    /// The conference.
    pub conference: ConferenceName,
    /// Where callers wait, if there is such a conference. Numbers are kept through both.
    pub lobby: Option<ConferenceName>,
    /// Which application runs it.
    pub kind: ConferenceKind,
    /// Who is crew, besides the conference's admins.
    pub crew: Vec<CrewPattern>,
    /// Channels that are nobody: stream, music.
    pub services: Vec<ServiceSetup>,
    /// Empty for so long ends a show.
    pub show_ends_after: Duration,
    /// The global variable that the topic is written through to; `None`: not written.
    pub topic_variable: Option<String>,
}

/// The conference application.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum ConferenceKind {
    /// app_confbridge, Asterisk 10 and later.
    ConfBridge,
    /// app_meetme, Asterisk 1.4 to 22.
    MeetMe {
        /// How somebody is removed; `None`: as the AMI user may, and so that it cannot hit anybody else.
        kick_by: Option<KickBy>,
    },
}

/// How somebody is removed from a MeetMe conference: the Manager Interface has no action for it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum KickBy {
    /// The console's `meetme kick`, by MeetMe's own number: the dialplan goes on. Needs the class `command`.
    Command,
    /// The call itself is ended.
    Hangup,
}

/// Tells crew from callers: a caller ID number (`701`) or the beginning of a channel name up to its serial number
/// (`PJSIP/dana` matches `PJSIP/dana-0000001a`, not `PJSIP/danah-0000001b`).
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum CrewPattern {
    /// A caller ID number, compared whole.
    Number(String),
    /// `TECH/resource`, compared without regard to ASCII case.
    Channel(String),
}

/// A channel that gavel (or the dialplan) put into the conference and that is nobody.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServiceSetup {
    /// Which.
    pub kind: ServiceKind,
    /// The channel as originated (`Local/220@stream/n`): both its halves (`Local/220@stream-00000001;1`) are meant.
    pub channel: Arc<str>,
}

/// Which service.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum ServiceKind {
    /// Sends the conference to listeners.
    Stream,
    /// Music into the room.
    Music,
    /// A recording channel.
    Record,
}

impl CrewPattern {
    /// A word of the room's `crew` list: with a slash it is a channel, else a number.
    pub fn parse(word: &str) -> Self {
        if word.contains('/') { Self::Channel(word.to_owned()) } else { Self::Number(word.to_owned()) }
    }
}
