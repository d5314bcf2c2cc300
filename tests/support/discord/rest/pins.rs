//! Pins, by the new routes and by the old ones, which some clients still use.

use serde_json::{Value, json};

use super::about::place;
use super::call::{Call, Outcome, Reply};
use super::messages::find;
use crate::world::{Draft, Id, Message, Permissions, World, timestamp};

/// Most pins of a channel.
const PINS: usize = 250;
/// "... pinned a message to this channel."
pub(super) const NOTICE: u8 = 6;

pub(super) fn handle(world: &mut World, call: &Call) -> Outcome {
    let channel = call.id(0)?;
    if call.method == "GET" {
        place(world, channel, Permissions::default())?;
        return Ok(list(world, channel, call.template.contains("/messages/")));
    }
    place(world, channel, Permissions::PIN_MESSAGES)?;
    let id = call.id(1)?;
    let message = find(world, channel, id)?;
    if message.kind == NOTICE {
        return Err(Reply::refuse(403, 50021, "Cannot execute action on a system message"));
    }
    let (was, wanted) = (message.pinned, call.method == "PUT");
    if was == wanted {
        return Ok(Reply::done());
    }
    if wanted && pinned(world, channel).count() >= PINS {
        return Err(Reply::refuse(400, 30003, "Maximum number of pins reached (250)"));
    }
    world.pin(id, wanted);
    if wanted {
        let draft = Draft { kind: NOTICE, reference: Some(id), ..Draft::default() };
        world.post(world.bot(), channel, draft);
    }
    Ok(Reply::done())
}

fn pinned(world: &World, channel: Id) -> impl Iterator<Item = &Message> {
    world.messages.values().filter(move |it| it.channel == channel && it.pinned)
}

fn list(world: &World, channel: Id, new: bool) -> Reply {
    let may = world.permissions(world.bot(), channel).has(Permissions::READ_MESSAGE_HISTORY);
    let mut all: Vec<&Message> = pinned(world, channel).filter(|_| may).collect();
    all.reverse();
    let item = |it: &&Message| match new {
        true => json!({"pinned_at": timestamp(it.id.born()), "message": world.message_json(it)}),
        false => world.message_json(it),
    };
    // The new route gives 50 at a time, the old one 50 in all.
    let told: Vec<Value> = all.iter().take(50).map(item).collect();
    Reply::with(if new { json!({"items": told, "has_more": all.len() > 50}) } else { json!(told) })
}
