//! One server: what answered there, or why nothing did.

use gavel_ami::client::{ConnectError, Presence, ProbeError, ProbeReport};
use gavel_ami::session::Ended;

use gavel_ami::model::ConferenceKind;

use super::rights::{self, Wanted};
use super::{Finding, Level, counted};
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
    let mut wanted = Wanted::of(rooms);
    findings.push(application(name, CONFBRIDGE, &report.confbridge, wanted.confbridge));
    // Before 10 nothing but its acts tells that MeetMe is there.
    let old = report.meetme == Presence::Unknown && report.actions.contains_key("MeetmeMute");
    let meetme = if old { &Presence::Forbidden } else { &report.meetme };
    findings.push(match old && wanted.meetme {
        true => Finding { level: Level::Ok, text: format!("{name}: MeetMe is there") },
        false => application(name, MEETME, meetme, wanted.meetme),
    });
    wanted.confbridge &= report.confbridge != Presence::Unknown;
    wanted.meetme &= *meetme != Presence::Unknown;
    findings.extend(rights::findings(name, &asterisk.username, &report.ami, &report.actions, wanted));
    let events =
        "whether it may read events can't be asked; manager.conf needs read = system,call,user (never all)";
    findings.push(Finding { level: Level::Ok, text: format!("{name}: {events}") });
    findings.extend(rooms.iter().filter_map(|room| self::room(room, rooms, report)));
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

const CONFBRIDGE: [&str; 3] = ["ConfBridge", "app_confbridge.so", ""];
const MEETME: [&str; 3] = ["MeetMe", "app_meetme.so", " (Debian builds Asterisk without it)"];

/// Whether an application is there, and whether it must be.
fn application(
    name: &str,
    [called, module, where_not]: [&str; 3],
    presence: &Presence,
    needed: bool,
) -> Finding {
    let (level, words) = match presence {
        Presence::Active(conferences) if needed => {
            let active = counted(conferences.len(), "conference is", "conferences are");
            (Level::Ok, format!("{called} answers; {active} active"))
        }
        Presence::Active(_) => (Level::Ok, format!("{called} answers (no room here needs it)")),
        Presence::Unknown if needed => {
            let remedy = format!("run \"module load {module}\" in Asterisk's console{where_not}");
            (Level::Problem, format!("{called} is not there; {remedy}"))
        }
        Presence::Unknown => (Level::Ok, format!("{called} is not there (no room here needs it)")),
        Presence::Forbidden if needed => (Level::Warning, format!("{called} may not be asked")),
        Presence::Forbidden => (Level::Ok, format!("{called} may not be asked (no room here needs it)")),
        Presence::Failed(words) => {
            let level = if needed { Level::Problem } else { Level::Ok };
            (level, format!("{called} did not answer as it should: {words}"))
        }
    };
    Finding { level, text: format!("{name}: {words}") }
}

/// Whether the room's conference is there right now: a conference comes with its first caller. One that no room knows
/// and that is spelt nearly the same is a slip of the finger, here or in the dialplan.
fn room(room: &Room, all: &[&Room], report: &ProbeReport) -> Option<Finding> {
    let (presence, kind) = match room.kind {
        ConferenceKind::ConfBridge => (&report.confbridge, ""),
        ConferenceKind::MeetMe { .. } => (&report.meetme, " of MeetMe"),
    };
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
    Some(Finding { level, text: format!("room {name}: conference \"{conference}\"{kind} {words}") })
}
