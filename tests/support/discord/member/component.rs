//! Buttons and selects: which of a message's can be used, and what the client then sends.

use serde_json::{Value, json};

use super::Refused;
use crate::world::{Id, Kind, Message, World};

const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;

/// The `data` of pressing a button.
pub(super) fn press(world: &World, user: Id, message: Id, custom_id: &str) -> Result<Value, Refused> {
    usable(world, user, message, custom_id, BUTTON).map(|button| data(&button))
}

/// The `data` of choosing from a select of texts.
pub(super) fn choose(
    world: &World,
    user: Id,
    message: Id,
    custom_id: &str,
    values: &[&str],
) -> Result<Value, Refused> {
    let select = usable(world, user, message, custom_id, STRING_SELECT)?;
    let offered: Vec<&str> =
        select["options"].as_array().into_iter().flatten().filter_map(|it| it["value"].as_str()).collect();
    let least = select["min_values"].as_u64().unwrap_or(1);
    let most = select["max_values"].as_u64().unwrap_or(1);
    let distinct = values.iter().enumerate().all(|(index, value)| !values[..index].contains(value));
    let all_offered = values.iter().all(|value| offered.contains(value));
    if !all_offered || !distinct || !(least..=most).contains(&(values.len() as u64)) {
        return Err(Refused::Value(custom_id.to_owned()));
    }
    let mut data = data(&select);
    data["values"] = json!(values);
    if chosen(world, user, message, custom_id) == Some(&data["values"]) {
        return Err(Refused::Unchanged);
    }
    Ok(data)
}

fn data(component: &Value) -> Value {
    json!({"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]})
}

/// The component as the client has got it, if this member can use it.
fn usable(world: &World, user: Id, message: Id, custom_id: &str, kind: u64) -> Result<Value, Refused> {
    let message = shown(world, user, message)?;
    let told = world.message_json(message);
    let found =
        find(&told["components"], custom_id).filter(|it| it["type"] == kind && it["disabled"] != true);
    found.cloned().ok_or_else(|| Refused::Component(custom_id.to_owned()))
}

fn shown(world: &World, user: Id, id: Id) -> Result<&Message, Refused> {
    let message = world.messages.get(&id).ok_or(Refused::Message)?;
    let all = world.messages_for(user, message.channel);
    all.into_iter().find(|it| it.id == id).ok_or(Refused::Message)
}

fn find<'a>(value: &'a Value, custom_id: &str) -> Option<&'a Value> {
    match value {
        Value::Array(list) => list.iter().find_map(|it| find(it, custom_id)),
        Value::Object(fields) if value["custom_id"] == custom_id && fields.contains_key("type") => {
            Some(value)
        }
        Value::Object(fields) => {
            ["components", "accessory", "component"].iter().find_map(|key| find(fields.get(*key)?, custom_id))
        }
        _ => None,
    }
}

/// What this member's client shows as chosen: the last choice, unless the message was updated since. Choosing the same
/// once more sends nothing.
fn chosen<'a>(world: &'a World, user: Id, message: Id, custom_id: &str) -> Option<&'a Value> {
    let mine = |it: &&crate::world::Interaction| {
        it.kind == Kind::Component
            && it.user == user
            && it.message == Some(message)
            && it.data["custom_id"] == custom_id
    };
    let last = world.interactions.values().filter(mine).max_by_key(|it| it.id)?;
    let edited = world.messages.get(&message).and_then(|message| message.edited);
    edited.is_none_or(|edited| edited < last.id.born()).then_some(&last.data["values"])
}
