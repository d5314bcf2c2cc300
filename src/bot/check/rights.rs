//! What the AMI user may and may not do, from the actions that Asterisk offers it.
//!
//! Asterisk does not tell a user's classes, but `ListCommands` names only the actions that the user may use, each with
//! the classes that allow it: that is enough.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Level};

/// What one thing that the crew does needs.
struct Need {
    what: &'static str,
    actions: &'static [&'static str],
    /// The write class of manager.conf that gives all of them.
    class: &'static str,
}

const NEEDS: [Need; 8] = [
    Need {
        what: "seeing who is in a room",
        actions: &["ConfbridgeList", "ConfbridgeListRooms"],
        class: "reporting",
    },
    Need { what: "noticing a restart of Asterisk", actions: &["CoreStatus"], class: "reporting" },
    Need { what: "/mute and /unmute", actions: &["ConfbridgeMute", "ConfbridgeUnmute"], class: "call" },
    Need { what: "/kick", actions: &["ConfbridgeKick"], class: "call" },
    Need { what: "/hangup", actions: &["Hangup"], class: "call" },
    Need { what: "/lock and /unlock", actions: &["ConfbridgeLock", "ConfbridgeUnlock"], class: "call" },
    Need { what: "writing /note through to Asterisk", actions: &["Setvar"], class: "call" },
    Need { what: TOPIC, actions: &["Setvar"], class: "call" },
];
const TOPIC: &str = "writing /topic through to Asterisk";

/// What this user may do. `topic`: some room writes its topic to a variable. `confbridge`: the application is there.
pub(super) fn findings(
    name: &str,
    user: &str,
    actions: &BTreeMap<String, String>,
    topic: bool,
    confbridge: bool,
) -> Vec<Finding> {
    if actions.is_empty() {
        let text = format!("{name}: Asterisk does not tell what {user} may do (ListCommands names nothing)");
        return vec![Finding { level: Level::Warning, text }];
    }
    let ours = |need: &&Need| (topic || need.what != TOPIC) && (confbridge || !is_confbridge(need));
    let (may, lacks): (Vec<&Need>, Vec<&Need>) = NEEDS
        .iter()
        .filter(ours)
        .partition(|need| need.actions.iter().all(|action| actions.contains_key(*action)));
    let mut findings = Vec::new();
    if !may.is_empty() {
        findings.push(Finding { level: Level::Ok, text: format!("{name}: {user} may do: {}", words(&may)) });
    }
    findings.extend(missing(name, user, actions, &lacks));
    findings.extend(too_wide(name, user, actions));
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
fn too_wide(name: &str, user: &str, actions: &BTreeMap<String, String>) -> Vec<Finding> {
    let has = |class: &str| actions.values().any(|privileges| only(privileges) == Some(class));
    let warnings = [
        (
            has("system") && has("originate"),
            "may run any program on Asterisk's machine (classes system and originate together); take away system",
        ),
        (
            has("command"),
            "may run any command of Asterisk's console, which gavel never does; take away command",
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

fn is_confbridge(need: &Need) -> bool {
    need.actions.iter().all(|action| action.starts_with("Confbridge"))
}

fn words(needs: &[&Need]) -> String {
    needs.iter().map(|need| need.what).collect::<Vec<_>>().join(", ")
}
