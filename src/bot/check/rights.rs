//! What the AMI user may and may not do, from the actions that Asterisk offers it.
//!
//! Asterisk does not tell a user's classes, but `ListCommands` names only the actions that the user may use, each with
//! the classes that allow it: that is enough.

use std::collections::{BTreeMap, BTreeSet};

use gavel_ami::model::{ConferenceKind, KickBy};

use super::{Finding, Level};
use crate::config::Room;

/// What one thing that the crew does needs.
struct Need {
    what: &'static str,
    actions: &'static [&'static str],
    /// The write class of manager.conf that gives all of them.
    class: &'static str,
}

const fn need(what: &'static str, actions: &'static [&'static str], class: &'static str) -> Need {
    Need { what, actions, class }
}

const RESTART: Need = need("noticing a restart of Asterisk", &["CoreStatus"], "reporting");
const HANGUP: Need = need("/hangup", &["Hangup"], "call");
const NOTE: Need = need("writing /note through to Asterisk", &["Setvar"], "call");
const TOPIC: Need = need("writing /topic through to Asterisk", &["Setvar"], "call");

/// What the rooms of a server need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// Some room is one of ConfBridge, and the application is there.
    pub(super) confbridge: bool,
    /// Some room is one of MeetMe, and the application is there.
    pub(super) meetme: bool,
    by_command: bool,
    by_hangup: bool,
    topic: bool,
}

impl Wanted {
    /// By the rooms' configuration alone. A server without rooms is looked at as one of ConfBridge.
    pub(super) fn of(rooms: &[&Room]) -> Self {
        let mut wanted = Self { confbridge: rooms.is_empty(), ..Self::default() };
        for room in rooms {
            wanted.topic |= room.topic_variable.is_some();
            match room.kind {
                ConferenceKind::ConfBridge => wanted.confbridge = true,
                ConferenceKind::MeetMe { kick_by } => {
                    wanted.meetme = true;
                    wanted.by_command |= kick_by == Some(KickBy::Command);
                    wanted.by_hangup |= kick_by == Some(KickBy::Hangup);
                }
            }
        }
        wanted
    }

    /// In the order in which people read it.
    fn needs(self, ami: &str, may: impl Fn(&str) -> bool) -> Vec<Need> {
        let mut needs = Vec::new();
        if self.confbridge {
            needs.push(need(
                "seeing who is in a room",
                &["ConfbridgeList", "ConfbridgeListRooms"],
                "reporting",
            ));
        }
        if self.meetme {
            needs.extend(seeing_meetme(ami));
        }
        // Asterisk 1.4 and before can't tell when it was started.
        needs.extend((ami.trim() != "1.0").then_some(RESTART));
        if self.confbridge {
            needs.push(need("/mute and /unmute", &["ConfbridgeMute", "ConfbridgeUnmute"], "call"));
            needs.push(need("/kick", &["ConfbridgeKick"], "call"));
        }
        if self.meetme {
            needs.push(need("/mute and /unmute in MeetMe", &["MeetmeMute", "MeetmeUnmute"], "call"));
            if self.by_command || (!self.by_hangup && may("Command")) {
                needs.push(need("/kick in MeetMe", &["Command"], "command"));
            } else {
                needs.push(need("/kick in MeetMe", &["Hangup"], "call"));
            }
        }
        needs.push(HANGUP);
        if self.confbridge {
            needs.push(need("/lock and /unlock", &["ConfbridgeLock", "ConfbridgeUnlock"], "call"));
        }
        if self.meetme {
            needs.push(need("/lock and /unlock in MeetMe", &["Command"], "command"));
        }
        needs.push(NOTE);
        needs.extend(self.topic.then_some(TOPIC));
        needs
    }
}

/// What lists MeetMe's conferences on that version (1.0: Asterisk 1.4; 1.1: 1.6 and 1.8).
fn seeing_meetme(ami: &str) -> Vec<Need> {
    const WHO: &str = "seeing who is in a room of MeetMe";
    match ami.trim() {
        "1.0" => vec![need(WHO, &["Command"], "command")],
        "1.1" => vec![
            need(WHO, &["MeetmeList"], "reporting"),
            need("seeing whether a room of MeetMe is locked", &["Command"], "command"),
        ],
        _ => vec![need(WHO, &["MeetmeList", "MeetmeListRooms"], "reporting")],
    }
}

/// What this user may do of what the rooms need.
pub(super) fn findings(
    name: &str,
    user: &str,
    ami: &str,
    actions: &BTreeMap<String, String>,
    wanted: Wanted,
) -> Vec<Finding> {
    if actions.is_empty() {
        let text = format!("{name}: Asterisk does not tell what {user} may do (ListCommands names nothing)");
        return vec![Finding { level: Level::Warning, text }];
    }
    let needs = wanted.needs(ami, |action| actions.contains_key(action));
    let (may, lacks): (Vec<&Need>, Vec<&Need>) =
        needs.iter().partition(|need| need.actions.iter().all(|action| actions.contains_key(*action)));
    let mut findings = Vec::new();
    if !may.is_empty() {
        findings.push(Finding { level: Level::Ok, text: format!("{name}: {user} may do: {}", words(&may)) });
    }
    findings.extend(missing(name, user, actions, &lacks));
    findings.extend(too_wide(name, user, actions, wanted.meetme));
    findings
}

/// One line per class that would help.
fn missing(name: &str, user: &str, actions: &BTreeMap<String, String>, lacks: &[&Need]) -> Vec<Finding> {
    let classes: BTreeSet<&str> = lacks.iter().map(|need| need.class).collect();
    let line = |class: &str| {
        let lacks: Vec<&Need> = lacks.iter().copied().filter(|need| need.class == class).collect();
        let all = lacks
            .iter()
            .flat_map(|need| need.actions)
            .copied()
            .filter(|action| !actions.contains_key(*action));
        let absent: BTreeSet<&str> = all.collect();
        let absent = absent.into_iter().collect::<Vec<_>>().join(", ");
        let remedy =
            format!("add \"{class}\" to write = of [{user}] in manager.conf and run \"manager reload\"");
        let text = format!("{name}: {user} may not do: {} (no {absent}); {remedy}", words(&lacks));
        Finding { level: Level::Problem, text }
    };
    classes.into_iter().map(line).collect()
}

/// What a stolen secret could do.
fn too_wide(name: &str, user: &str, actions: &BTreeMap<String, String>, meetme: bool) -> Vec<Finding> {
    let has = |class: &str| actions.values().any(|privileges| only(privileges) == Some(class));
    let warnings = [
        (
            has("system") && has("originate"),
            "may run any program on Asterisk's machine (classes system and originate together); take away system",
        ),
        (
            has("command") && !meetme,
            "may run any command of Asterisk's console, which no room here needs; take away command",
        ),
        (has("config"), "may rewrite Asterisk's configuration, which gavel never does; take away config"),
    ];
    let held = warnings.into_iter().filter(|(held, _)| *held);
    held.map(|(_, what)| Finding { level: Level::Warning, text: format!("{name}: {user} {what}") }).collect()
}

/// The only class that allows an action ("system,all": `system`).
fn only(privileges: &str) -> Option<&str> {
    let mut classes =
        privileges.split(',').map(str::trim).filter(|class| !class.is_empty() && *class != "all");
    let first = classes.next()?;
    classes.next().is_none().then_some(first)
}

fn words(needs: &[&Need]) -> String {
    needs.iter().map(|need| need.what).collect::<Vec<_>>().join(", ")
}
