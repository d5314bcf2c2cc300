//! The words of `check` for what a server may answer.

use std::collections::BTreeMap;

use gavel_ami::client::{ConnectError, Presence, ProbeError, ProbeReport};
use gavel_ami::session::Ended;

use super::*;
use crate::config::Config;

/// What Asterisk 22 offers for these classes, of the actions that matter here.
fn actions(classes: &[&str]) -> BTreeMap<String, String> {
    let all = [
        ("ConfbridgeKick", "call"),
        ("ConfbridgeList", "reporting"),
        ("ConfbridgeListRooms", "reporting"),
        ("ConfbridgeLock", "call"),
        ("ConfbridgeMute", "call"),
        ("ConfbridgeStartRecord", "system"),
        ("ConfbridgeUnlock", "call"),
        ("ConfbridgeUnmute", "call"),
        ("Command", "command"),
        ("CoreStatus", "system,reporting"),
        ("Hangup", "system,call"),
        ("Originate", "originate"),
        ("Setvar", "call"),
        ("UpdateConfig", "config"),
    ];
    let offered = all.into_iter().filter(|(_, of)| of.split(',').any(|class| classes.contains(&class)));
    let mut offered: BTreeMap<_, _> = offered.map(|(name, of)| (name.into(), format!("{of},all"))).collect();
    offered.insert("Ping".into(), String::new());
    offered
}

fn report(classes: &[&str], confbridge: Presence) -> ProbeReport {
    ProbeReport {
        ami: "11.0.0".into(),
        asterisk: Some("22.10.1".into()),
        actions: actions(classes),
        confbridge,
        meetme: Presence::Unknown,
    }
}

fn config() -> Config {
    let text = r#"
        [asterisk.main]
        address = "tls://[2001:db8::1]:5039"
        username = "gavel"
        secret = { env = "X" }
        [room.thursday]
        asterisk = "main"
        conference = "200"
        topic_variable = "TOPIC"
    "#;
    Config::parse(Path::new("gavel.toml"), text, &Surroundings::default()).unwrap()
}

fn said(report: &ProbeReport) -> String {
    let config = config();
    let (asterisk, rooms) =
        (config.asterisks.values().next().unwrap(), config.rooms.values().collect::<Vec<_>>());
    server::found(asterisk, &rooms, report).iter().map(|finding| format!("{finding}\n")).collect()
}

fn active(names: &[&str]) -> Presence {
    Presence::Active(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn least_privilege_is_enough() {
    insta::assert_snapshot!(said(&report(&["system", "call", "reporting"], active(&["200", "lobby"]))));
    let least = said(&report(&["call", "reporting", "originate", "user"], active(&["200"])));
    assert!(least.lines().all(|line| line.starts_with("ok ")), "{least}");
}

#[test]
fn too_few_rights() {
    insta::assert_snapshot!(said(&report(&["reporting"], active(&[]))));
    insta::assert_snapshot!(said(&report(&["user"], Presence::Forbidden)));
}

#[test]
fn too_many_rights() {
    let all =
        said(&report(&["call", "reporting", "system", "originate", "command", "config"], active(&["20"])));
    insta::assert_snapshot!(all);
}

#[test]
fn no_confbridge() {
    let without = ProbeReport { asterisk: None, ..report(&["call", "reporting"], Presence::Unknown) };
    let said = said(&without);
    assert!(
        said.contains("problem main: ConfBridge is not there; run \"module load app_confbridge.so\""),
        "{said}"
    );
    assert!(!said.contains("/kick"), "no right helps where the application is missing: {said}");
}

/// What is said of a room of MeetMe with these lines in it.
fn said_of_meetme(more: &str, ami: &str, meetme: Presence, may: &[&str]) -> String {
    let text = format!(
        r#"
        [asterisk.main]
        address = "pbx"
        username = "gavel"
        secret = {{ env = "X" }}
        [room.old]
        asterisk = "main"
        conference = "400"
        kind = "meetme"
        {more}
    "#
    );
    let config = Config::parse(Path::new("gavel.toml"), &text, &Surroundings::default()).unwrap();
    let actions = may.iter().map(|a| ((*a).to_owned(), "x,all".to_owned())).collect();
    let report = ProbeReport {
        ami: ami.to_owned(),
        asterisk: Some("x".into()),
        actions,
        confbridge: Presence::Unknown,
        meetme,
    };
    let (asterisk, rooms) =
        (config.asterisks.values().next().unwrap(), config.rooms.values().collect::<Vec<_>>());
    server::found(asterisk, &rooms, &report).iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn a_room_of_meetme() {
    let least =
        ["CoreStatus", "Hangup", "MeetmeList", "MeetmeListRooms", "MeetmeMute", "MeetmeUnmute", "Setvar"];
    let all: Vec<&str> = least.into_iter().chain(["Command"]).collect();
    let old: Vec<&str> = least.into_iter().filter(|action| *action != "MeetmeListRooms").collect();
    let cases = [
        ("all rights", said_of_meetme("", "11.0.0", active(&["400"]), &all)),
        ("without command", said_of_meetme("", "11.0.0", active(&[]), &least)),
        (
            "kick_by command without it",
            said_of_meetme("kick_by = \"command\"", "11.0.0", active(&[]), &least),
        ),
        ("Asterisk 1.8 without command", said_of_meetme("", "1.1", Presence::Unknown, &old)),
        ("Asterisk 1.4", said_of_meetme("", "1.0", Presence::Unknown, &["MeetmeMute", "MeetmeUnmute"])),
        ("no MeetMe", said_of_meetme("", "11.0.0", Presence::Unknown, &["Setvar", "CoreStatus", "Hangup"])),
    ];
    let all: String = cases.into_iter().map(|(what, said)| format!("{what}:\n{said}")).collect();
    insta::assert_snapshot!(all);
}

#[test]
fn nothing_offered() {
    let empty = ProbeReport { actions: BTreeMap::new(), ..report(&[], active(&[])) };
    assert!(said(&empty).contains("warning main: Asterisk does not tell what gavel may do"));
}

#[test]
fn asterisks_words_command_no_terminal() {
    let hostile = ProbeReport {
        ami: "1\x1b[2J".into(),
        asterisk: Some("\u{9b}31m".into()),
        ..report(&["call"], Presence::Failed("a\r\nok   forged".into()))
    };
    let said = said(&hostile);
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    assert!(!said.lines().any(|line| line.starts_with("ok   forged")));
}

#[test]
fn why_nothing_answered() {
    let config = config();
    let asterisk = config.asterisks.values().next().unwrap();
    let address = || "pbx:5038".to_owned();
    let errors: [ProbeError; 5] = [
        ConnectError::Silent { address: address() }.into(),
        ConnectError::Unreachable {
            address: address(),
            source: std::io::ErrorKind::ConnectionRefused.into(),
        }
        .into(),
        ConnectError::Tls { address: address(), reason: "UnknownIssuer".into() }.into(),
        Ended::LoginRefused("Authentication failed".into()).into(),
        Ended::NotAsterisk.into(),
    ];
    let said: String = errors.iter().map(|e| format!("{}\n", server::unanswered(asterisk, e))).collect();
    insta::assert_snapshot!(said);
}
