//! Messages of a channel, by the bot's own token.

use serde_json::{Value, json};

use super::about::place;
use super::call::{Call, Outcome, Reply};
use crate::rules::is_empty;
use crate::world::{Draft, Id, Message, Permissions, World, flags};

/// For how long a nonce keeps doubles away. Discord says "the past few minutes".
const NONCE: u64 = 3 * 60 * 1_000;
/// Messages that are older than that are not edited often.
const OLD: u64 = 60 * 60 * 1_000;

pub(super) fn handle(world: &mut World, call: &Call) -> Outcome {
    let channel = call.id(0)?;
    let read = Permissions::READ_MESSAGE_HISTORY;
    match (call.method.as_str(), call.template.ends_with("{message_id}")) {
        ("POST", _) if call.template.ends_with("/typing") => {
            place(world, channel, Permissions::SEND_MESSAGES)?;
            Ok(Reply::done())
        }
        ("POST", _) => create(world, channel, &call.body),
        ("GET", false) => {
            place(world, channel, Permissions::default())?;
            list(world, channel, call)
        }
        ("GET", true) => {
            place(world, channel, read)?;
            Ok(Reply::with(world.message_json(find(world, channel, call.id(1)?)?)))
        }
        ("PATCH", _) => edit(world, channel, call.id(1)?, &call.body),
        _ => delete(world, channel, call.id(1)?),
    }
}

/// A message that the bot's token finds: not an ephemeral one.
pub(super) fn find(world: &World, channel: Id, id: Id) -> Result<&Message, Reply> {
    let found = world.messages.get(&id).filter(|it| it.channel == channel && it.only.is_none());
    found.ok_or_else(|| Reply::refuse(404, 10008, "Unknown Message"))
}

fn create(world: &mut World, channel: Id, body: &Value) -> Outcome {
    let embeds = body["embeds"].as_array().is_some_and(|list| !list.is_empty());
    let need =
        Permissions::SEND_MESSAGES | if embeds { Permissions::EMBED_LINKS } else { Permissions::default() };
    place(world, channel, need)?;
    if is_empty(body) {
        world.violate(format!("message in {channel}"), "the message would be empty");
        return Err(Reply::refuse(400, 50006, "Cannot send an empty message"));
    }
    if body["flags"].as_u64().unwrap_or(0) & !flags::SETTABLE != 0 {
        world.violate(format!("message in {channel}"), format!("flags {} can't be set", body["flags"]));
    }
    if let Some(double) = double(world, channel, body) {
        return Ok(Reply::with(world.message_json(double)));
    }
    let id = world.post(world.bot(), channel, Draft { body: body.clone(), ..Draft::default() });
    Ok(Reply::with(world.message_json(find(world, channel, id)?)))
}

/// The message that was made with the same nonce a while ago, if the request wants no second one.
fn double<'a>(world: &'a World, channel: Id, body: &Value) -> Option<&'a Message> {
    let nonce = body.get("nonce").filter(|it| !it.is_null() && body["enforce_nonce"] == true)?;
    let nonce = nonce.as_str().map_or_else(|| nonce.to_string(), str::to_owned);
    let since = world.now().saturating_sub(NONCE);
    world.messages.values().find(|it| {
        it.channel == channel
            && it.author == world.bot()
            && it.nonce.as_ref() == Some(&nonce)
            && it.id.born() >= since
    })
}

fn list(world: &World, channel: Id, call: &Call) -> Outcome {
    let bound = |name: &str| call.query.get(name).and_then(|it| it.parse::<Id>().ok());
    let limit = call.query.get("limit").map_or(Ok(50), |it| it.parse::<usize>());
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| Reply::refuse(400, 50035, "Invalid Form Body"))?;
    if !world.permissions(world.bot(), channel).has(Permissions::READ_MESSAGE_HISTORY) {
        return Ok(Reply::with(json!([])));
    }
    let all = world.messages.values().filter(|it| it.channel == channel && it.only.is_none());
    let (before, after) = (bound("before"), bound("after"));
    let mut some: Vec<&Message> =
        all.filter(|it| before.is_none_or(|id| it.id < id) && after.is_none_or(|id| it.id > id)).collect();
    // "After" takes those next to it; everything else the newest. Told they are newest first.
    if after.is_some() && before.is_none() {
        some.truncate(limit);
    }
    let told: Vec<Value> = some.iter().rev().take(limit).map(|it| world.message_json(it)).collect();
    Ok(Reply::with(json!(told)))
}

fn edit(world: &mut World, channel: Id, id: Id, body: &Value) -> Outcome {
    place(world, channel, Permissions::default())?;
    let message = find(world, channel, id)?;
    if message.author != world.bot() {
        return Err(Reply::refuse(403, 50005, "Cannot edit a message authored by another user"));
    }
    if message.emptied_by(body) {
        world.violate(format!("edit of {id}"), "the message would be empty");
        return Err(Reply::refuse(400, 50006, "Cannot send an empty message"));
    }
    let now = world.now();
    if now > id.born() + OLD
        && let Some(limited) = world.limits.old_edit(now, &id.to_string())
    {
        return Err(Reply::limited(limited));
    }
    world.edit(id, body);
    Ok(Reply::with(world.message_json(find(world, channel, id)?)))
}

fn delete(world: &mut World, channel: Id, id: Id) -> Outcome {
    place(world, channel, Permissions::default())?;
    let mine = find(world, channel, id)?.author == world.bot();
    if !mine {
        place(world, channel, Permissions::MANAGE_MESSAGES)?;
    }
    world.delete(id);
    Ok(Reply::done())
}
