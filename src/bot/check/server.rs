//! One server: what answered there, or why nothing did.

use gavel_ami::client::{ConnectError, Presence, ProbeError, ProbeReport};
use gavel_ami::session::Ended;

use super::{Finding, Level, counted, rights};
use crate::config::{Asterisk, Room, nearest};

/// Everything that a login found out.
pub(super) fn found(asterisk: &Asterisk, rooms: &[&Room], report: &ProbeReport) -> Vec<Finding> {
    let name = asterisk.name.as_str();
    let version = match &report.asterisk {
        Some(version) => format!("Asterisk {version}"),
        None => "Asterisk (its version may not be asked)".to_owned(),
    };
    let login =
        format!("{name}: {version}, AMI {}, at {}, as {}", report.ami, asterisk.address, asterisk.username);
    let mut findings = vec![Finding { level: Level::Ok, text: login }];
    findings.push(confbridge(name, &report.confbridge));
    findings.push(meetme(name, &report.meetme));
    let topic = rooms.iter().any(|room| room.topic_variable.is_some());
    let there = report.confbridge != Presence::Unknown;
    findings.extend(rights::findings(name, &asterisk.username, &report.actions, topic, there));
    let events =
        "whether it may read events can't be asked; manager.conf needs read = system,call,user (never all)";
    findings.push(Finding { level: Level::Ok, text: format!("{name}: {events}") });
    findings.extend(rooms.iter().filter_map(|room| self::room(room, rooms, &report.confbridge)));
    findings
}

/// Why nothing was found out, and where to look.
pub(super) fn unanswered(asterisk: &Asterisk, error: &ProbeError) -> Finding {
    let remedy = match error {
        ProbeError::Connect(ConnectError::Unreachable { .. } | ConnectError::Silent { .. }) => {
            "is Asterisk running, and are enabled, bindaddr and port right in manager.conf?"
        }
        ProbeError::Connect(ConnectError::Tls { .. }) => {
            "look at address and ca, and at tlscertfile in manager.conf"
        }
        ProbeError::Session(Ended::LoginRefused(_)) => {
            "a wrong secret, an unknown user and an address outside of permit all sound like this: look at manager.conf"
        }
        _ => "is that port really Asterisk's manager interface?",
    };
    Finding { level: Level::Problem, text: format!("{}: {error}; {remedy}", asterisk.name) }
}

fn confbridge(name: &str, presence: &Presence) -> Finding {
    let (level, words) = match presence {
        Presence::Active(conferences) => {
            let active = counted(conferences.len(), "conference is", "conferences are");
            (Level::Ok, format!("ConfBridge answers; {active} active"))
        }
        Presence::Unknown => (
            Level::Problem,
            "ConfBridge is not there; run \"module load app_confbridge.so\" in Asterisk's console".into(),
        ),
        Presence::Forbidden => (Level::Warning, "ConfBridge may not be asked".into()),
        Presence::Failed(words) => {
            (Level::Problem, format!("ConfBridge did not answer as it should: {words}"))
        }
    };
    Finding { level, text: format!("{name}: {words}") }
}

/// Nothing of MeetMe is used yet.
fn meetme(name: &str, presence: &Presence) -> Finding {
    let words = match presence {
        Presence::Active(_) => "answers",
        Presence::Unknown => "is not there",
        Presence::Forbidden => "may not be asked",
        Presence::Failed(_) => "did not answer",
    };
    Finding {
        level: Level::Ok,
        text: format!("{name}: MeetMe {words} (this version of gavel does not use it)"),
    }
}

/// Whether the room's conference is there right now: a conference comes with its first caller. One that no room knows
/// and that is spelt nearly the same is a slip of the finger, here or in the dialplan.
fn room(room: &Room, all: &[&Room], presence: &Presence) -> Option<Finding> {
    let Presence::Active(active) = presence else { return None };
    let (name, conference) = (&room.name, room.conference.as_str());
    let ours = |there: &str| {
        let lobby = |room: &Room| room.lobby.as_ref().is_some_and(|lobby| lobby.as_str() == there);
        all.iter().any(|room| room.conference.as_str() == there || lobby(room))
    };
    let strangers = active.iter().map(String::as_str).filter(|there| !ours(there));
    let (level, words) = if active.iter().any(|there| there == conference) {
        (Level::Ok, "is active".to_owned())
    } else if let Some(near) = nearest(conference, strangers) {
        (Level::Warning, format!("is not active, but \"{near}\" is: is the name right?"))
    } else {
        (Level::Ok, "is not active; it comes with its first caller".to_owned())
    };
    Some(Finding { level, text: format!("room {name}: conference \"{conference}\" {words}") })
}
