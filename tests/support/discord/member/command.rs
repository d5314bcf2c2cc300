//! Which commands a client offers, and what it makes of the options that its user typed.

use serde_json::{Value, json};

use super::Refused;
use crate::world::{Guild, Id, Permissions, World};

/// Discord's types of options.
mod kind {
    pub(super) const SUBCOMMAND: u64 = 1;
    pub(super) const GROUP: u64 = 2;
    pub(super) const STRING: u64 = 3;
    pub(super) const INTEGER: u64 = 4;
    pub(super) const BOOLEAN: u64 = 5;
    pub(super) const USER: u64 = 6;
    pub(super) const CHANNEL: u64 = 7;
    pub(super) const ROLE: u64 = 8;
    pub(super) const MENTIONABLE: u64 = 9;
    pub(super) const NUMBER: u64 = 10;
}

/// The longest text that a client takes where the option sets no limit.
const LONGEST: u64 = 6_000;

/// The interaction's `data` for a command, or, with `focused`, for an option that is being typed.
pub(super) fn data(
    world: &World,
    user: Id,
    channel: Id,
    words: &str,
    typed: &[(String, String)],
    focused: Option<&str>,
) -> Result<Value, Refused> {
    let guild = world.guild_of(channel).ok_or(Refused::Channel)?;
    let unknown = || Refused::Command(words.to_owned());
    let mut path = words.split(' ');
    let root = path.next().unwrap_or_default();
    let offered =
        |command: &&Value| command["name"] == root && shown(command, world.permissions(user, channel));
    let command = guild.commands.iter().find(offered).ok_or_else(unknown)?;
    let mut found = vec![command];
    for word in path {
        let inner = |option: &&Value| option["name"] == word && nests(option);
        found.push(options(found[found.len() - 1]).find(inner).ok_or_else(unknown)?);
    }
    let leaf = found[found.len() - 1];
    // A root with subcommands can't be used by itself.
    if options(leaf).any(nests) {
        return Err(unknown());
    }
    let mut given = fill(guild, leaf, typed, focused)?;
    for level in found.iter().skip(1).rev() {
        given = json!([{"name": level["name"], "type": level["type"], "options": given}]);
    }
    let mut data = json!({"id": command["id"], "name": command["name"], "type": 1, "guild_id": guild.id});
    if given != json!([]) {
        data["options"] = given;
    }
    let resolved = resolved(world, guild, typed, leaf);
    if resolved != json!({}) {
        data["resolved"] = resolved;
    }
    Ok(data)
}

fn options(command: &Value) -> impl Iterator<Item = &Value> {
    command["options"].as_array().into_iter().flatten()
}

fn nests(option: &Value) -> bool {
    matches!(option["type"].as_u64(), Some(kind::SUBCOMMAND | kind::GROUP))
}

/// Whether the command is offered to who has these permissions: all that `default_member_permissions` names; where it
/// names none, administrators alone.
fn shown(command: &Value, have: Permissions) -> bool {
    let needed = &command["default_member_permissions"];
    let bits = needed.as_u64().or_else(|| needed.as_str()?.parse().ok());
    let in_guilds = command["contexts"].as_array().is_none_or(|list| list.contains(&json!(0)));
    let chat = command["type"].as_u64().unwrap_or(1) == 1;
    let allowed = match bits {
        None => true,
        Some(0) => have.has(Permissions::ADMINISTRATOR),
        Some(bits) => have.has(Permissions(bits)),
    };
    chat && in_guilds && allowed
}

fn fill(
    guild: &Guild,
    command: &Value,
    typed: &[(String, String)],
    focused: Option<&str>,
) -> Result<Value, Refused> {
    let mut given = Vec::new();
    for (index, (name, text)) in typed.iter().enumerate() {
        let twice = typed.iter().take(index).any(|(before, _)| before == name);
        let found = options(command).find(|option| option["name"] == *name).filter(|_| !twice);
        let option = found.ok_or_else(|| Refused::Option(name.clone()))?;
        let mut entry = json!({"name": name, "type": option["type"]});
        if focused == Some(name) {
            if option["autocomplete"] != true {
                return Err(Refused::NoAutocomplete(name.clone()));
            }
            // What is being typed is sent as text, whatever the option's kind.
            entry["value"] = json!(text);
            entry["focused"] = json!(true);
        } else {
            entry["value"] = value(guild, option, text).ok_or_else(|| Refused::Value(name.clone()))?;
        }
        given.push(entry);
    }
    let required = |option: &&Value| option["required"] == true && focused.is_none();
    let missing = options(command)
        .filter(required)
        .find(|option| typed.iter().all(|(name, _)| option["name"] != *name));
    match missing {
        Some(option) => Err(Refused::Missing(option["name"].as_str().unwrap_or_default().to_owned())),
        None => Ok(Value::Array(given)),
    }
}

/// What the client sends for what was typed; `None`: it marks the option red.
fn value(guild: &Guild, option: &Value, text: &str) -> Option<Value> {
    if let Some(choices) = option["choices"].as_array().filter(|choices| !choices.is_empty()) {
        let chosen = choices.iter().find(|choice| choice["name"] == text)?;
        return Some(chosen["value"].clone());
    }
    let least = option["min_value"].as_f64().unwrap_or(f64::NEG_INFINITY);
    let most = option["max_value"].as_f64().unwrap_or(f64::INFINITY);
    match option["type"].as_u64()? {
        kind::STRING => {
            let length = text.encode_utf16().count() as u64;
            let (least, most) = (option["min_length"].as_u64(), option["max_length"].as_u64());
            let fits = (least.unwrap_or(1)..=most.unwrap_or(LONGEST)).contains(&length);
            (fits && !text.is_empty()).then(|| json!(text))
        }
        kind::INTEGER => {
            let number: i64 = text.parse().ok()?;
            (least..=most).contains(&(number as f64)).then(|| json!(number))
        }
        kind::NUMBER => {
            let number: f64 = text.parse().ok()?;
            (least..=most).contains(&number).then(|| json!(number))
        }
        kind::BOOLEAN => text.parse::<bool>().ok().map(Value::Bool),
        kind::USER => is_member(guild, text).then(|| json!(text)),
        kind::ROLE => is_role(guild, text).then(|| json!(text)),
        kind::CHANNEL => {
            guild.channels.iter().any(|channel| channel.id.to_string() == text).then(|| json!(text))
        }
        kind::MENTIONABLE => (is_member(guild, text) || is_role(guild, text)).then(|| json!(text)),
        _ => None,
    }
}

fn is_member(guild: &Guild, id: &str) -> bool {
    guild.members.iter().any(|member| member.user.to_string() == id)
}

fn is_role(guild: &Guild, id: &str) -> bool {
    guild.roles.iter().any(|role| role.id.to_string() == id)
}

/// The objects of the users, roles and channels that were named.
fn resolved(world: &World, guild: &Guild, typed: &[(String, String)], command: &Value) -> Value {
    let mut resolved = json!({});
    for option in options(command) {
        let given = typed.iter().find(|(name, _)| option["name"] == *name).map(|(_, text)| text.as_str());
        let (Some(text), Some(kind)) = (given, option["type"].as_u64()) else { continue };
        if matches!(kind, kind::USER | kind::MENTIONABLE) && is_member(guild, text) {
            let user = Id(text.parse().unwrap_or(0));
            let mut member = world.member_json(guild, user);
            member["permissions"] = json!(guild.base(user));
            resolved["users"][text] = member["user"].take();
            member.as_object_mut().and_then(|fields| fields.remove("user"));
            resolved["members"][text] = member;
        }
        if let Some(role) = guild.roles.iter().find(|role| role.id.to_string() == text)
            && matches!(kind, kind::ROLE | kind::MENTIONABLE)
        {
            resolved["roles"][text] = world.role_json(guild, role);
        }
        if let Some(channel) = guild.channels.iter().find(|channel| channel.id.to_string() == text)
            && kind == kind::CHANNEL
        {
            resolved["channels"][text] = world.channel_json(guild, channel);
        }
    }
    resolved
}
