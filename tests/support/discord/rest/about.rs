//! What there is: gateway, the bot itself, guilds, channels, roles, members.

use serde_json::{Value, json};

use super::call::{Call, Outcome, Reply};
use crate::world::{Channel, Guild, Id, Permissions, World};

pub(super) fn handle(world: &mut World, url: &str, call: &Call) -> Outcome {
    match (call.method.as_str(), call.template) {
        ("GET", "/gateway") => Ok(Reply::with(json!({"url": url}))),
        ("GET", "/gateway/bot") => Ok(Reply::with(json!({
            "url": url, "shards": 1, "session_start_limit":
                {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1},
        }))),
        ("GET", "/users/@me") => Ok(Reply::with(me(world))),
        ("GET", "/applications/@me" | "/oauth2/applications/@me") => {
            Ok(Reply::with(world.application_json()))
        }
        ("GET", "/users/@me/guilds") => {
            Ok(Reply::with(world.guilds.iter().map(|guild| mine(world, guild)).collect()))
        }
        ("GET", "/channels/{channel_id}") => {
            let (guild, channel) = place(world, call.id(0)?, Permissions::default())?;
            Ok(Reply::with(world.channel_json(guild, channel)))
        }
        ("PATCH", "/channels/{channel_id}") => change(world, call),
        ("GET", template) if template.starts_with("/guilds/") => guild(world, call),
        _ => Err(Reply::refuse(404, 0, "404: Not Found")),
    }
}

/// A channel in which the bot may do something; else Discord's refusal.
pub(super) fn place(world: &World, id: Id, need: Permissions) -> Result<(&Guild, &Channel), Reply> {
    let guild = world.guild_of(id);
    let found = guild.and_then(|guild| Some((guild, guild.channels.iter().find(|it| it.id == id)?)));
    let found = found.ok_or_else(|| Reply::refuse(404, 10003, "Unknown Channel"))?;
    let have = world.permissions(world.bot(), id);
    if !have.has(Permissions::VIEW_CHANNEL) {
        return Err(Reply::refuse(403, 50001, "Missing Access"));
    }
    if have.has(need) { Ok(found) } else { Err(Reply::refuse(403, 50013, "Missing Permissions")) }
}

fn me(world: &World) -> Value {
    let mut me = world.user_json(world.bot());
    for (key, value) in [("mfa_enabled", json!(true)), ("locale", json!("en-US")), ("verified", json!(true))]
    {
        me[key] = value;
    }
    me["email"] = Value::Null;
    me["premium_type"] = json!(0);
    me
}

fn mine(world: &World, guild: &Guild) -> Value {
    json!({
        "id": guild.id, "name": guild.name, "icon": null, "banner": null, "owner": guild.owner == world.bot(),
        "permissions": guild.base(world.bot()), "features": [],
    })
}

fn guild(world: &World, call: &Call) -> Outcome {
    let id = call.id(0)?;
    let guild = world.guilds.iter().find(|guild| guild.id == id);
    let guild = guild.ok_or_else(|| Reply::refuse(404, 10004, "Unknown Guild"))?;
    let body = match call.template.split('/').nth(3) {
        None => {
            let mut told = world.guild_json(guild);
            if call.asks("with_counts") {
                told["approximate_member_count"] = json!(guild.members.len());
                told["approximate_presence_count"] = json!(guild.members.len());
            }
            told
        }
        Some("channels") => guild.channels.iter().map(|it| world.channel_json(guild, it)).collect(),
        Some("roles") => guild.roles.iter().map(|it| world.role_json(guild, it)).collect(),
        _ => {
            let user = call.id(1)?;
            let member = guild.members.iter().find(|member| member.user == user);
            member.ok_or_else(|| match world.users.contains_key(&user) {
                true => Reply::refuse(404, 10007, "Unknown Member"),
                false => Reply::refuse(404, 10013, "Unknown User"),
            })?;
            world.member_json(guild, user)
        }
    };
    Ok(Reply::with(body))
}

fn change(world: &mut World, call: &Call) -> Outcome {
    let id = call.id(0)?;
    place(world, id, Permissions::MANAGE_CHANNELS)?;
    let now = world.now();
    let hidden = call.body.get("topic").is_some() || call.body.get("name").is_some();
    if hidden && let Some(limited) = world.limits.topic(now, &id.to_string()) {
        return Err(Reply::limited(limited));
    }
    world.channel_mut(id, |channel| {
        if let Some(topic) = call.body.get("topic") {
            channel.topic = topic.as_str().map(str::to_owned);
        }
        if let Some(name) = call.body["name"].as_str() {
            channel.name = name.into();
        }
    });
    let (guild, channel) = place(world, id, Permissions::default())?;
    let told = world.channel_json(guild, channel);
    world.dispatch("CHANNEL_UPDATE", told.clone());
    Ok(Reply::with(told))
}
