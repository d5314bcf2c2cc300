//! The first answer to an interaction: within three seconds, once, and of a kind that fits.

use serde_json::{Value, json};

use super::call::{Call, Outcome, Reply};
use crate::rules::is_empty;
use crate::world::{ANSWER_WITHIN, Answer, Draft, Id, Interaction, Kind, World, flags};

pub(super) fn handle(world: &mut World, call: &Call) -> Outcome {
    let id = call.id(0)?;
    let unknown = || Reply::refuse(404, 10062, "Unknown interaction");
    let now = world.now();
    let found = world.interactions.get_mut(&id).filter(|it| call.parts.get(1) == Some(&it.token));
    let it = found.ok_or_else(unknown)?;
    if it.answer.is_some() {
        it.refused += 1;
        world.violate(format!("callback of {id}"), "the interaction was answered already");
        return Err(Reply::refuse(400, 40060, "Interaction has already been acknowledged."));
    }
    if now > id.born() + ANSWER_WITHIN {
        it.refused += 1;
        return Err(unknown());
    }
    let it = it.clone();
    let kind = call.body["type"].as_u64().unwrap_or(0);
    fits(world, &it, kind, &call.body["data"])?;
    let original = act(world, &it, kind, &call.body["data"]);
    let answer = Answer { kind, at: now, data: call.body["data"].clone(), original };
    if let Some(it) = world.interactions.get_mut(&id) {
        it.answer = Some(answer);
    }
    if call.asks("with_response") {
        Ok(Reply::with(told(world, &it, kind, original)))
    } else {
        Ok(Reply::done())
    }
}

/// Whether such an answer may be given to such an interaction. What is refused doesn't use it up.
fn fits(world: &mut World, it: &Interaction, kind: u64, data: &Value) -> Result<(), Reply> {
    let pressed = it.message.is_some();
    let good = match kind {
        4 | 5 => it.kind != Kind::Autocomplete,
        6 | 7 => pressed && matches!(it.kind, Kind::Component | Kind::Modal),
        8 => it.kind == Kind::Autocomplete,
        9 => matches!(it.kind, Kind::Command | Kind::Component),
        _ => false,
    };
    let by = format!("callback of {}", it.id);
    if !good {
        world.violate(by, format!("type {kind} does not answer a {:?}", it.kind));
        return Err(Reply::refuse(400, 50035, "Invalid Form Body"));
    }
    let message = it.message.and_then(|id| world.messages.get(&id));
    let empty = match kind {
        4 => is_empty(data),
        7 => message.is_some_and(|message| message.emptied_by(data)),
        _ => false,
    };
    if empty {
        world.violate(by, "the message would be empty");
        return Err(Reply::refuse(400, 50006, "Cannot send an empty message"));
    }
    let set = data["flags"].as_u64().unwrap_or(0);
    let may = if kind == 5 { flags::EPHEMERAL } else { flags::EPHEMERAL | flags::SETTABLE };
    if set & !may != 0 {
        world.violate(by, format!("flags {set} can't be set"));
    }
    Ok(())
}

/// Shows the answer to people. The message that `@original` names from now on.
fn act(world: &mut World, it: &Interaction, kind: u64, data: &Value) -> Option<Id> {
    match kind {
        4 | 5 => {
            let only = (data["flags"].as_u64().unwrap_or(0) & flags::EPHEMERAL != 0).then_some(it.user);
            let body = if kind == 4 { data.clone() } else { Value::Null };
            let loading = if kind == 5 { flags::LOADING } else { 0 };
            let number = if it.kind == Kind::Command { 20 } else { 0 };
            let draft =
                Draft { body, only, interaction: Some(it.id), flags: loading, kind: number, reference: None };
            Some(world.post(world.bot(), it.channel, draft))
        }
        6 => it.message,
        7 => {
            let pressed = it.message?;
            world.edit(pressed, data);
            Some(pressed)
        }
        _ => None,
    }
}

/// The body that `with_response` asks for.
fn told(world: &World, it: &Interaction, kind: u64, original: Option<Id>) -> Value {
    let mut told = json!({"interaction": {"id": it.id, "type": it.kind as u8}});
    let Some(message) = original.and_then(|id| world.messages.get(&id)) else { return told };
    told["interaction"]["response_message_id"] = json!(message.id);
    told["interaction"]["response_message_loading"] = json!(message.flags & flags::LOADING != 0);
    told["interaction"]["response_message_ephemeral"] = json!(message.only.is_some());
    if kind != 6 {
        told["resource"] = json!({"type": kind, "message": world.message_json(message)});
    }
    told
}
