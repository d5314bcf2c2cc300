//! `[access]` and `[room.NAME.access]`: who has which role.

use std::collections::BTreeMap;

use gavel_chat::command::{CATALOG, Command};
use gavel_chat::{Claim, Role};

use super::problem::meant;
use super::section::{Section, Wrong, word};
use super::{Access, Found};

pub(super) const ROLES: [(&str, Role); 4] = [
    ("host", Role::Host),
    ("cohost", Role::CoHost),
    ("screener", Role::Screener),
    ("listener", Role::Listener),
];
const NETWORKS: [&str; 3] = ["console", "discord", "matrix"];

pub(super) fn read(parent: &mut Section<'_>) -> Option<Access> {
    let mut section = parent.table("access")?;
    let access = Access {
        host: claims(&mut section, "host"),
        cohost: claims(&mut section, "cohost"),
        screener: claims(&mut section, "screener"),
        commands: section.table("commands").map(commands).unwrap_or_default(),
        duty: claims(&mut section, "duty"),
    };
    section.finish();
    Some(access)
}

fn claims(section: &mut Section<'_>, key: &'static str) -> Vec<Claim> {
    let words = section.texts(key, "[\"discord:role:111\", \"matrix:@dana:example.org\"]");
    words.into_iter().filter_map(|word| claim(section, key, word)).collect()
}

fn claim(section: &Section<'_>, key: &str, word: Found<String>) -> Option<Claim> {
    let (network, rest) = word.value.split_once(':').unwrap_or((&word.value, ""));
    if !NETWORKS.contains(&network) {
        let text =
            format!("\"{network}\" is no chat network, in \"{}\"; {}", word.value, meant(network, NETWORKS));
        section.tell(word.offset, key, text);
    } else if rest.is_empty() {
        let text = format!("\"{}\" names nobody; write for example \"discord:role:111\"", word.value);
        section.tell(word.offset, key, text);
    } else {
        return Some(Claim(word.value));
    }
    None
}

/// Main words alone: an alias here would be a second row for the same command.
fn commands(section: Section<'_>) -> BTreeMap<Command, Role> {
    let known = CATALOG.iter().map(|spec| spec.word);
    let mut roles = BTreeMap::new();
    for (name, offset, value) in section.entries() {
        let Some(spec) = CATALOG.iter().find(|spec| spec.word == name) else {
            let text = format!("there is no such command; {}", meant(name, known.clone()));
            section.tell(offset, name, text);
            continue;
        };
        match word(value.get_ref(), &ROLES) {
            Ok(role) => drop(roles.insert(spec.command, role)),
            Err(Wrong::Type) => section.expected(name, "a role such as \"cohost\"", value),
            Err(Wrong::Value(text)) => section.tell(value.span().start, name, text),
        }
    }
    roles
}
