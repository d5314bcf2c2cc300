//! `[access]` and `[room.NAME.access]`: who has which role.

use std::collections::BTreeMap;

use gavel_chat::command::{CATALOG, Command};
use gavel_chat::{Claim, Role};

use super::matrix::not_a_user;
use super::problem::{meant, nearest};
use super::section::{Section, Wrong, word};
use super::{Access, Found};

pub(super) const ROLES: [(&str, Role); 4] = [
    ("host", Role::Host),
    ("cohost", Role::CoHost),
    ("screener", Role::Screener),
    ("listener", Role::Listener),
];
const NETWORKS: [&str; 3] = ["console", "discord", "matrix"];
const KINDS: [&str; 3] = ["user", "role", "permission"];
/// Discord's names of 2026-07, but for PIN_MESSAGES and BYPASS_SLOWMODE: serenity drops the bits that it does not know,
/// so nobody would ever have them.
const PERMISSIONS: &[&str] = &[
    "CREATE_INSTANT_INVITE",
    "KICK_MEMBERS",
    "BAN_MEMBERS",
    "ADMINISTRATOR",
    "MANAGE_CHANNELS",
    "MANAGE_GUILD",
    "ADD_REACTIONS",
    "VIEW_AUDIT_LOG",
    "PRIORITY_SPEAKER",
    "STREAM",
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "SEND_TTS_MESSAGES",
    "MANAGE_MESSAGES",
    "EMBED_LINKS",
    "ATTACH_FILES",
    "READ_MESSAGE_HISTORY",
    "MENTION_EVERYONE",
    "USE_EXTERNAL_EMOJIS",
    "VIEW_GUILD_INSIGHTS",
    "CONNECT",
    "SPEAK",
    "MUTE_MEMBERS",
    "DEAFEN_MEMBERS",
    "MOVE_MEMBERS",
    "USE_VAD",
    "CHANGE_NICKNAME",
    "MANAGE_NICKNAMES",
    "MANAGE_ROLES",
    "MANAGE_WEBHOOKS",
    "MANAGE_GUILD_EXPRESSIONS",
    "USE_APPLICATION_COMMANDS",
    "REQUEST_TO_SPEAK",
    "MANAGE_EVENTS",
    "MANAGE_THREADS",
    "CREATE_PUBLIC_THREADS",
    "CREATE_PRIVATE_THREADS",
    "USE_EXTERNAL_STICKERS",
    "SEND_MESSAGES_IN_THREADS",
    "USE_EMBEDDED_ACTIVITIES",
    "MODERATE_MEMBERS",
    "VIEW_CREATOR_MONETIZATION_ANALYTICS",
    "USE_SOUNDBOARD",
    "CREATE_GUILD_EXPRESSIONS",
    "CREATE_EVENTS",
    "USE_EXTERNAL_SOUNDS",
    "SEND_VOICE_MESSAGES",
    "SET_VOICE_CHANNEL_STATUS",
    "SEND_POLLS",
    "USE_EXTERNAL_APPS",
];

pub(super) fn read(parent: &mut Section<'_>) -> Option<Access> {
    let mut section = parent.table("access")?;
    let access = Access {
        host: claims(&mut section, "host"),
        cohost: claims(&mut section, "cohost"),
        screener: claims(&mut section, "screener"),
        commands: section.table("commands").map(commands).unwrap_or_default(),
        duty: duty(&mut section),
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
    } else if let Some(text) = (network == "discord").then(|| of_discord(rest)).flatten() {
        section.tell(word.offset, key, format!("{text}, in \"{}\"", word.value));
    } else if let Some(text) = (network == "matrix").then(|| of_matrix(rest)).flatten() {
        section.tell(word.offset, key, format!("{text}, in \"{}\"", word.value));
    } else {
        return Some(Claim(word.value));
    }
    None
}

/// Discord is asked for nothing here, but its words are known; what is wrong with these.
fn of_discord(words: &str) -> Option<String> {
    let (kind, name) = words.split_once(':').unwrap_or((words, ""));
    match kind {
        "permission" if PERMISSIONS.contains(&name) => None,
        "permission" => Some(format!(
            "\"{name}\" is no permission of Discord that gavel knows; {}",
            near(name, PERMISSIONS)
        )),
        "user" | "role" if name.parse::<u64>().is_ok_and(|id| id > 0) => None,
        "user" | "role" => {
            Some(format!("\"{name}\" is no id of Discord; write the number that Copy ID gives"))
        }
        _ => Some(format!("\"{kind}\" is nothing that Discord vouches for; {}", meant(kind, KINDS))),
    }
}

/// Who somebody is, or the least power level in the room where it was typed; what is wrong with these words.
fn of_matrix(words: &str) -> Option<String> {
    match words.split_once(':') {
        Some(("power", level)) if level.parse::<i32>().is_ok() => None,
        Some(("power", level)) => {
            Some(format!("\"{level}\" is no power level; write a number such as matrix:power:50"))
        }
        _ if words.starts_with('@') => not_a_user(words).map(|why| format!("\"{words}\" {why}")),
        _ => Some(format!(
            "\"{words}\" is nothing that Matrix vouches for; write matrix:@user:server or matrix:power:50"
        )),
    }
}

/// All permissions would be too long a line.
fn near(name: &str, known: &'static [&'static str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => "write one such as \"MANAGE_GUILD\"".to_owned(),
    }
}

/// Only people can be woken.
fn duty(section: &mut Section<'_>) -> Vec<Claim> {
    let words = section.texts("duty", "[\"discord:user:333\", \"matrix:@sam:example.org\"]");
    words.into_iter().filter_map(|word| person(section, word)).collect()
}

fn person(section: &Section<'_>, word: Found<String>) -> Option<Claim> {
    let offset = word.offset;
    let claim = claim(section, "duty", word)?;
    if is_person(&claim) {
        return Some(claim);
    }
    let text = format!("\"{}\" is no person; write for example \"discord:user:333\"", claim.0);
    section.tell(offset, "duty", text);
    None
}

fn is_person(Claim(claim): &Claim) -> bool {
    claim.starts_with("discord:user:") || claim.starts_with("matrix:@")
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
