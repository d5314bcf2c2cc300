//! What comes after the first answer, by the interaction's token: `@original`, and messages that follow.

use serde_json::Value;

use super::call::{Call, Outcome, Reply};
use crate::rules::is_empty;
use crate::world::{Draft, Id, Interaction, TOKEN_LASTS, World, flags};

pub(super) fn handle(world: &mut World, call: &Call) -> Outcome {
    let it = interaction(world, call)?;
    if !call.template.contains("/messages/") {
        return follow_up(world, &it, &call.body);
    }
    let original = it.answer.as_ref().and_then(|answer| answer.original);
    let id = if call.template.ends_with("@original") { original } else { Some(call.id(2)?) };
    let of_it = |id: &Id| {
        let message = world.messages.get(id);
        message.is_some_and(|message| message.interaction == Some(it.id) || Some(*id) == original)
    };
    let id = id.filter(of_it).ok_or_else(|| Reply::refuse(404, 10008, "Unknown Message"))?;
    match call.method.as_str() {
        "PATCH" => edit(world, id, &call.body),
        "DELETE" => {
            world.delete(id);
            Ok(Reply::done())
        }
        _ => Ok(told(world, id)),
    }
}

/// The interaction whose token it is, if that still is good for something.
fn interaction(world: &World, call: &Call) -> Result<Interaction, Reply> {
    let token = call.parts.get(1).map_or("", String::as_str);
    let mine = call.id(0)? == world.application;
    let found = world.by_token(token).filter(|it| mine && it.answer.is_some());
    let found = found.ok_or_else(|| Reply::refuse(404, 10015, "Unknown Webhook"))?;
    if world.now() > found.id.born() + TOKEN_LASTS {
        return Err(Reply::refuse(401, 50027, "Invalid Webhook Token"));
    }
    Ok(found.clone())
}

fn edit(world: &mut World, id: Id, body: &Value) -> Outcome {
    if world.messages.get(&id).is_some_and(|message| message.emptied_by(body)) {
        world.violate(format!("edit of {id}"), "the message would be empty");
        return Err(Reply::refuse(400, 50006, "Cannot send an empty message"));
    }
    world.edit(id, body);
    Ok(told(world, id))
}

/// A message that follows; the first one after a deferral takes the place of "… is thinking", as whoever waits sees it.
fn follow_up(world: &mut World, it: &Interaction, body: &Value) -> Outcome {
    if is_empty(body) {
        world.violate(format!("follow-up of {}", it.id), "the message would be empty");
        return Err(Reply::refuse(400, 50006, "Cannot send an empty message"));
    }
    let original = it.answer.as_ref().and_then(|answer| answer.original);
    let loading = |id: &Id| world.messages.get(id).is_some_and(|it| it.flags & flags::LOADING != 0);
    if let Some(waiting) = original.filter(loading) {
        world.edit(waiting, body);
        return Ok(told(world, waiting));
    }
    let only = (body["flags"].as_u64().unwrap_or(0) & flags::EPHEMERAL != 0).then_some(it.user);
    let draft = Draft { body: body.clone(), only, interaction: Some(it.id), ..Draft::default() };
    let id = world.post(world.bot(), it.channel, draft);
    Ok(told(world, id))
}

fn told(world: &World, id: Id) -> Reply {
    world.messages.get(&id).map_or_else(Reply::done, |message| Reply::with(world.message_json(message)))
}
