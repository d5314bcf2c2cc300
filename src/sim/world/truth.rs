//! Who is truly in which conference: what a test compares gavel's picture with.

use serde::{Deserialize, Serialize};

use super::World;

/// Everything that clients could know, at one moment.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Truth {
    /// In the order of their names; ConfBridge's first.
    pub conferences: Vec<Conference>,
    /// All channels, in conferences or not.
    pub channels: usize,
}

/// One conference.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Conference {
    /// As Asterisk spells it.
    pub name: String,
    /// By MeetMe, not by ConfBridge.
    pub meetme: bool,
    /// Only admins come in.
    pub locked: bool,
    /// It records itself.
    pub recording: bool,
    /// In the order in which they came.
    pub members: Vec<Member>,
}

/// Somebody in a conference.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Member {
    /// The channel's Uniqueid.
    pub uniqueid: String,
    /// The channel's name.
    pub channel: String,
    /// Caller ID number.
    pub number: String,
    /// Caller ID name, as the phone sent it.
    pub name: Vec<u8>,
    /// Admin of the conference.
    pub admin: bool,
    /// Marked user.
    pub marked: bool,
    /// By whomever.
    pub muted: bool,
    /// By the talk detection.
    pub talking: bool,
    /// For a marked user.
    pub waiting: bool,
    /// MeetMe: asks to talk.
    pub request: bool,
    /// MeetMe: the user number.
    pub user: Option<u32>,
}

impl Truth {
    /// That conference, if anybody is in it.
    pub fn conference(&self, name: &str) -> Option<&Conference> {
        self.conferences.iter().find(|c| c.name == name)
    }

    /// How many are in conferences.
    pub fn members(&self) -> usize {
        self.conferences.iter().map(|c| c.members.len()).sum()
    }
}

impl World {
    /// A picture of all conferences. Takes time in proportion to their members.
    pub(crate) fn truth(&self) -> Truth {
        let rooms = self.rooms().map(|room| Conference {
            name: text(&room.name),
            meetme: false,
            locked: room.locked,
            recording: room.recording.is_some(),
            members: room
                .members
                .values()
                .map(|seated| Member {
                    admin: seated.profile.admin,
                    marked: seated.profile.marked,
                    muted: seated.muted,
                    waiting: seated.waiting,
                    ..self.member(seated.id)
                })
                .collect(),
        });
        let halls = self.halls().map(|hall| Conference {
            name: text(&hall.name),
            meetme: true,
            locked: hall.locked,
            recording: false,
            members: hall
                .users
                .iter()
                .map(|(number, user)| Member {
                    admin: user.admin,
                    marked: user.marked,
                    muted: user.muted || user.self_muted,
                    request: user.request,
                    user: Some(*number),
                    ..self.member(user.id)
                })
                .collect(),
        });
        Truth { conferences: rooms.chain(halls).collect(), channels: self.channels.len() }
    }

    fn member(&self, id: super::Id) -> Member {
        let Some(channel) = self.get(id) else { return Member::default() };
        Member {
            uniqueid: text(&channel.uniqueid),
            channel: text(&channel.name),
            number: text(&channel.caller.number),
            name: channel.caller.name.clone(),
            talking: channel.voice.talking,
            ..Member::default()
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
