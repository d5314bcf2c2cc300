//! What a rehearsal Asterisk is: its version, its configuration files, its clocks and its patience. Checked once.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::class::Classes;
use crate::conf::{self, ConfError, Section};
use crate::dialplan::Dialplan;

/// Which Asterisk it behaves as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// 11.25: AMI 1.3, no snapshots, nothing escaped, no events for mutes, lists without a Uniqueid.
    V11,
    /// 16.28, AMI 5.0.4.
    V16,
    /// 22.10, AMI 11.0.0.
    V22,
}

/// The configuration files, as Asterisk reads them.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// `extensions.conf`.
    pub extensions: &'a str,
    /// `confbridge.conf`.
    pub confbridge: &'a str,
    /// `manager.conf`.
    pub manager: &'a str,
}

impl Files<'static> {
    /// A conference 200 with its lobby, and the same for MeetMe (400): what the shipped scripts call into.
    pub const REHEARSAL: Self = Self {
        extensions: include_str!("etc/extensions.conf"),
        confbridge: include_str!("etc/confbridge.conf"),
        manager: include_str!("etc/manager.conf"),
    };
}

/// All that a server needs to start.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(crate) style: Style,
    pub(crate) dialplan: Dialplan,
    pub(crate) bridges: HashMap<String, BridgeProfile>,
    pub(crate) profiles: HashMap<String, UserProfile>,
    pub(crate) menus: HashMap<String, HashMap<String, String>>,
    pub(crate) users: BTreeMap<String, User>,
    /// The wall clock at the start (Unix milliseconds); later ones are counted from it.
    pub wall: u64,
    /// Simulated time runs so many times faster than real time.
    pub speed: f64,
    /// Whence everything random comes.
    pub seed: u64,
    /// How long a client may refuse to read before it is cut off (`writetimeout`).
    pub write_timeout: Duration,
    /// How long a client may take to log in (`authtimeout`).
    pub auth_timeout: Duration,
    /// Debian builds send `TestEvent`s, with a stray empty packet behind some.
    pub test_events: bool,
    /// MeetMe is there (Debian does not build it).
    pub meetme: bool,
    /// What clients ask is kept for [`crate::Server::asked`].
    pub note_requests: bool,
    /// Where to listen on loopback; 0: any free port.
    pub port: u16,
    /// PEM of a certificate and its key: then there is a TLS port too.
    pub tls: Option<(String, String)>,
}

/// `type = bridge`.
#[derive(Clone, Debug, Default)]
pub(crate) struct BridgeProfile {
    pub(crate) max_members: Option<usize>,
    pub(crate) record_file: Option<String>,
}

/// `type = user`.
#[derive(Clone, Debug)]
pub(crate) struct UserProfile {
    pub(crate) admin: bool,
    pub(crate) marked: bool,
    pub(crate) start_muted: bool,
    pub(crate) wait_marked: bool,
    pub(crate) end_marked: bool,
    pub(crate) talk_events: bool,
    pub(crate) silence: Duration,
}

impl Default for UserProfile {
    fn default() -> Self {
        Self {
            admin: false,
            marked: false,
            start_muted: false,
            wait_marked: false,
            end_marked: false,
            talk_events: false,
            silence: Duration::from_millis(2500),
        }
    }
}

/// Somebody who may log in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) secret: String,
    pub(crate) read: Classes,
    pub(crate) write: Classes,
}

impl Style {
    /// Asterisk 12 and later.
    pub(crate) fn modern(self) -> bool {
        self != Self::V11
    }

    pub(crate) fn ami(self) -> &'static str {
        match self {
            Self::V11 => "1.3",
            Self::V16 => "5.0.4",
            Self::V22 => "11.0.0",
        }
    }

    pub(crate) fn asterisk(self) -> &'static str {
        match self {
            Self::V11 => "11.25.3",
            Self::V16 => "16.28.0~dfsg-0+deb11u4",
            Self::V22 => "22.10.1+dfsg+~cs6.17.60671434-1",
        }
    }
}

impl Setup {
    /// Reads the files.
    pub fn new(style: Style, files: Files<'_>) -> Result<Self, ConfError> {
        let (bridges, profiles, menus) = confbridge(&conf::parse("confbridge.conf", files.confbridge)?);
        let manager = conf::parse("manager.conf", files.manager)?;
        Ok(Self {
            style,
            dialplan: Dialplan::parse(files.extensions)?,
            bridges,
            profiles,
            menus,
            users: manager.iter().filter(|s| s.name != "general").map(user).collect(),
            wall: 1_767_225_600_000,
            speed: 1.0,
            seed: 1,
            write_timeout: Duration::from_millis(100),
            auth_timeout: Duration::from_secs(30),
            test_events: true,
            meetme: true,
            note_requests: false,
            port: 0,
            tls: None,
        })
    }
}

type Profiles =
    (HashMap<String, BridgeProfile>, HashMap<String, UserProfile>, HashMap<String, HashMap<String, String>>);

fn confbridge(sections: &[Section]) -> Profiles {
    let (mut bridges, mut users, mut menus) = Profiles::default();
    for section in sections {
        match section.get("type") {
            Some("bridge") => {
                bridges.insert(section.name.clone(), bridge_profile(section));
            }
            Some("user") => {
                users.insert(section.name.clone(), user_profile(section));
            }
            Some("menu") => {
                let keys = section.entries.iter().filter(|(_, name, _)| name != "type");
                menus.insert(section.name.clone(), keys.map(|(_, k, v)| (k.clone(), v.clone())).collect());
            }
            _ => {}
        }
    }
    (bridges, users, menus)
}

fn bridge_profile(section: &Section) -> BridgeProfile {
    BridgeProfile {
        max_members: section.get("max_members").and_then(|n| n.parse().ok()).filter(|n| *n > 0),
        record_file: section.get("record_file").map(str::to_owned),
    }
}

fn user_profile(section: &Section) -> UserProfile {
    let silence = section.get("dsp_silence_threshold").and_then(|ms| ms.parse().ok());
    UserProfile {
        admin: section.yes("admin"),
        marked: section.yes("marked"),
        start_muted: section.yes("startmuted"),
        wait_marked: section.yes("wait_marked"),
        end_marked: section.yes("end_marked"),
        talk_events: section.yes("talk_detection_events"),
        silence: silence.map_or(UserProfile::default().silence, Duration::from_millis),
    }
}

fn user(section: &Section) -> (String, User) {
    let classes = |name| section.get(name).map(Classes::parse).unwrap_or_default();
    let secret = section.get("secret").unwrap_or_default().to_owned();
    (section.name.clone(), User { secret, read: classes("read"), write: classes("write") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;

    #[test]
    fn the_files_of_the_live_tests_are_understood() {
        let files = Files {
            extensions: include_str!("../../tests/support/asterisk/etc/extensions.conf"),
            confbridge: include_str!("../../tests/support/asterisk/etc/confbridge.conf"),
            manager: include_str!("../../tests/support/asterisk/etc/manager.conf"),
        };
        let setup = Setup::new(Style::V22, files).unwrap();
        assert!(setup.bridges["small_bridge"].max_members.is_some());
        assert!(setup.profiles["admin"].admin && setup.profiles["admin"].talk_events);
        assert_eq!(setup.profiles["caller"].silence, Duration::from_millis(500));
        assert_eq!(setup.menus["keypad"]["5"], "dialplan_exec(raise,s,1)");
        let gavel = &setup.users["gavel"];
        assert!(
            gavel.write.has(Class::Call) && !gavel.write.has(Class::System) && gavel.read.has(Class::User)
        );
    }

    #[test]
    fn the_shipped_files_are_sound() {
        for style in [Style::V11, Style::V16, Style::V22] {
            Setup::new(style, Files::REHEARSAL).unwrap();
        }
    }
}
