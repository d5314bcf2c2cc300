//! The bot's commands, of a guild or global.

use serde_json::{Value, json};

use super::call::{Call, Outcome, Reply};
use crate::rules::without_nulls;
use crate::world::{Id, World};

/// Commands that may be created in a guild in a day.
const DAILY: u32 = 200;

pub(super) fn handle(world: &mut World, call: &Call) -> Outcome {
    if call.id(0)? != world.application {
        return Err(Reply::refuse(
            403,
            20012,
            "You are not authorized to perform this action on this application",
        ));
    }
    let of_guild = call.template.contains("/guilds/");
    let guild = if of_guild { Some(call.id(1)?) } else { None };
    if guild.is_some_and(|id| world.guilds.iter().all(|guild| guild.id != id || !guild.scoped)) {
        return Err(Reply::refuse(403, 50001, "Missing Access"));
    }
    if call.template.ends_with("{command_id}") {
        return one(world, guild, call, if of_guild { call.id(2)? } else { call.id(1)? });
    }
    match call.method.as_str() {
        // Discord promises no order, so it is never that in which they were sent.
        "GET" => Ok(Reply::with(world.commands_mut(guild).iter().rev().cloned().collect())),
        "PUT" => {
            let wanted = call.body.as_array().cloned().unwrap_or_default();
            let fresh = wanted.iter().filter(|it| find(world.commands_mut(guild), it).is_none()).count();
            count(world, guild, fresh as u32)?;
            let told: Vec<Value> = wanted.iter().map(|it| kept(world, guild, it)).collect();
            world.commands_mut(guild).clone_from(&told);
            Ok(Reply::with(json!(told)))
        }
        _ => upsert(world, guild, &call.body),
    }
}

fn upsert(world: &mut World, guild: Option<Id>, body: &Value) -> Outcome {
    let old = find(world.commands_mut(guild), body);
    if old.is_none() {
        count(world, guild, 1)?;
    }
    let told = kept(world, guild, body);
    let list = world.commands_mut(guild);
    match old.and_then(|index| list.get_mut(index)) {
        Some(place) => *place = told.clone(),
        None => list.push(told.clone()),
    }
    Ok(Reply { status: if old.is_some() { 200 } else { 201 }, ..Reply::with(told) })
}

fn one(world: &mut World, guild: Option<Id>, call: &Call, id: Id) -> Outcome {
    let list = world.commands_mut(guild);
    let index = list.iter().position(|it| it["id"] == json!(id));
    let index = index.ok_or_else(|| Reply::refuse(404, 10063, "Unknown application command"))?;
    match call.method.as_str() {
        "GET" => Ok(Reply::with(list[index].clone())),
        "DELETE" => {
            list.remove(index);
            Ok(Reply::done())
        }
        _ => {
            let mut merged = list[index].clone();
            for (key, value) in call.body.as_object().into_iter().flatten() {
                merged[key] = value.clone();
            }
            let problems = crate::rules::commands(std::slice::from_ref(&merged));
            if !problems.is_empty() {
                world.violate(format!("PATCH command {id}"), format!("{problems:?}"));
                let body = Some(crate::rules::invalid_form(&problems));
                return Err(Reply { status: 400, body, ..Reply::default() });
            }
            let told = kept(world, guild, &merged);
            world.commands_mut(guild)[index] = told.clone();
            Ok(Reply::with(told))
        }
    }
}

fn count(world: &mut World, guild: Option<Id>, fresh: u32) -> Result<(), Reply> {
    let created = world.created_mut(guild);
    if *created + fresh > DAILY {
        let words = "Max number of daily application command creates has been reached (200)";
        return Err(Reply::refuse(400, 30034, words));
    }
    *created += fresh;
    Ok(())
}

/// A command is the same one if name and kind are.
fn find(list: &[Value], wanted: &Value) -> Option<usize> {
    let kind = |it: &Value| it["type"].as_u64().unwrap_or(1);
    list.iter().position(|it| it["name"] == wanted["name"] && kind(it) == kind(wanted))
}

/// A command as Discord keeps and tells it: with an id that stays, and without what is empty, false or null.
fn kept(world: &mut World, guild: Option<Id>, wanted: &Value) -> Value {
    let list = world.commands_mut(guild);
    let old = find(list, wanted).map(|index| list[index]["id"].clone());
    let (id, version) = (old.unwrap_or_else(|| json!(world.fresh())), world.fresh());
    let bits = &wanted["default_member_permissions"];
    let permissions = bits.as_u64().map(|it| it.to_string()).or(bits.as_str().map(str::to_owned));
    let given = |key: &str| Some(&wanted[key]).filter(|it| it.as_object().is_some_and(|map| !map.is_empty()));
    let mut told = json!({
        "id": id, "application_id": world.application, "version": version, "type": wanted["type"].as_u64().unwrap_or(1),
        "name": wanted["name"], "name_localizations": given("name_localizations"),
        "description": wanted["description"].as_str().unwrap_or_default(),
        "description_localizations": given("description_localizations"),
        "default_member_permissions": permissions, "dm_permission": wanted["dm_permission"].as_bool().unwrap_or(true),
        "nsfw": wanted["nsfw"].as_bool().unwrap_or(false), "contexts": null, "integration_types": [0],
    });
    match guild {
        Some(guild) => told["guild_id"] = json!(guild),
        None => {
            told["contexts"] = wanted["contexts"].clone();
            told["integration_types"] =
                wanted.get("integration_types").filter(|it| it.is_array()).cloned().unwrap_or(json!([0, 1]));
        }
    }
    let options: Vec<Value> = wanted["options"].as_array().into_iter().flatten().map(option).collect();
    if !options.is_empty() {
        told["options"] = json!(options);
    }
    told
}

fn option(wanted: &Value) -> Value {
    let Value::Object(mut members) = without_nulls(wanted) else { return Value::Null };
    members.retain(|_, it| *it != json!(false) && *it != json!([]) && *it != json!({}));
    if let Some(Value::Array(inside)) = members.get_mut("options") {
        inside.iter_mut().for_each(|it| *it = option(it));
    }
    Value::Object(members)
}
