//! The guild's commands, made from the one table, and whether Discord has them already.
//!
//! Commands of a guild cannot be called anywhere else, so nothing is said of contexts or installs; who may, is asked
//! of each interaction, so no permission hides them. Options are strings: numbers are broken on phones.

use gavel_chat::command::{CATALOG, Slot, SlotKind, Spec};
use serde_json::{Map, Value, json};

use super::limits::{HELP, cap};

const SUBCOMMAND: u64 = 1;
const STRING: u64 = 3;

/// What a guild's commands shall be: main words alone, each by its own name or all under one root.
pub(crate) fn wanted(group: Option<&str>) -> Vec<Value> {
    let commands = CATALOG.iter().map(command);
    match group {
        None => commands.collect(),
        Some(root) => {
            let options: Vec<_> = commands.collect();
            vec![
                json!({ "type": 1, "name": root, "description": "the phone conference", "options": options }),
            ]
        }
    }
}

/// Whether what Discord has is what it shall have. What Discord adds by itself (ids, versions, defaults, nulls) makes
/// no difference, nor does the order of commands; the order of options does.
pub(crate) fn same(have: &[Value], want: &[Value]) -> bool {
    let sorted = |commands: &[Value]| {
        let mut plain: Vec<_> = commands.iter().map(essence).collect();
        plain.sort_by_key(|command| command["name"].to_string());
        plain
    };
    sorted(have) == sorted(want)
}

/// A command's type and a subcommand's are both 1.
fn command(spec: &Spec) -> Value {
    let options: Vec<_> = spec.slots.iter().map(option).collect();
    json!({ "type": SUBCOMMAND, "name": spec.word, "description": cap(spec.help, HELP), "options": options })
}

fn option(slot: &Slot) -> Value {
    json!({
        "type": STRING,
        "name": slot.name,
        "description": cap(slot.help, HELP),
        "required": slot.required,
        "autocomplete": matches!(slot.kind, SlotKind::Callers { .. } | SlotKind::Command),
    })
}

/// Everything that somebody decided, and nothing that stands there by default. Also what we never ask for (choices,
/// translations, a permission): where it is, somebody else registered it.
fn essence(command: &Value) -> Value {
    const OURS_TO_SAY: &[&str] = &[
        "name",
        "description",
        "required",
        "autocomplete",
        "choices",
        "min_length",
        "max_length",
        "min_value",
        "max_value",
        "channel_types",
        "name_localizations",
        "description_localizations",
        "nsfw",
        "default_member_permissions",
    ];
    let mut kept = Map::new();
    kept.insert(
        "type".to_owned(),
        command.get("type").filter(|kind| !kind.is_null()).cloned().unwrap_or(json!(1)),
    );
    for key in OURS_TO_SAY {
        if let Some(value) = command.get(*key).filter(|value| !default(value)) {
            kept.insert((*key).to_owned(), value.clone());
        }
    }
    let options = command.get("options").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    kept.insert("options".to_owned(), options.iter().map(essence).collect());
    Value::Object(kept)
}

fn default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use gavel_discord_standin::wrong_with;

    use super::*;

    /// What Discord gives back for what it was given: ids, versions, defaults written out, others left out.
    fn returned(commands: &[Value]) -> Vec<Value> {
        let mut back: Vec<Value> = commands.iter().map(|command| stored(command, true)).collect();
        back.reverse();
        back
    }

    fn stored(command: &Value, top: bool) -> Value {
        let mut fields = command.as_object().unwrap().clone();
        for key in ["required", "autocomplete"] {
            if fields.get(key) == Some(&json!(false)) {
                fields.remove(key);
            }
        }
        let options: Vec<_> = fields
            .remove("options")
            .iter()
            .flat_map(|o| o.as_array().unwrap())
            .map(|o| stored(o, false))
            .collect();
        if !options.is_empty() {
            fields.insert("options".into(), options.into());
        }
        if top {
            let more = json!({
                "id": "1", "application_id": "2", "guild_id": "3", "version": "4", "nsfw": false,
                "default_member_permissions": null, "name_localizations": null, "description_localizations": null,
                "dm_permission": true, "contexts": null, "integration_types": [0],
            });
            for (key, value) in more.as_object().unwrap() {
                fields.entry(key).or_insert(value.clone());
            }
        }
        Value::Object(fields)
    }

    #[test]
    fn they_are_the_table() {
        let names: Vec<_> = wanted(None).iter().map(|command| command["name"].clone()).collect();
        assert_eq!(names, CATALOG.iter().map(|spec| json!(spec.word)).collect::<Vec<_>>());
        let kick = wanted(None).into_iter().find(|command| command["name"] == "kick").unwrap();
        assert_eq!(
            kick,
            json!({
                "type": 1, "name": "kick", "description": "out of the room", "options": [
                    { "type": 3, "name": "callers", "description": "number or name", "required": true,
                      "autocomplete": true },
                    { "type": 3, "name": "reason", "description": "why, for the crew", "required": false,
                      "autocomplete": false },
                ],
            })
        );
        let [root] = &wanted(Some("conf"))[..] else { panic!("one root") };
        assert_eq!(root["name"], "conf");
        assert_eq!(root["options"].as_array().unwrap()[4], kick);
    }

    #[test]
    fn discord_takes_them() {
        for group in [None, Some("conf")] {
            let wrong = wrong_with("PUT", "/applications/1/guilds/2/commands", &wanted(group).into());
            assert_eq!(wrong, [""; 0], "{group:?}");
        }
    }

    #[test]
    fn what_discord_has_is_recognised() {
        for group in [None, Some("conf")] {
            let want = wanted(group);
            assert!(same(&want, &want));
            assert!(same(&returned(&want), &want), "{group:?}");
        }
        assert!(!same(&returned(&wanted(None)), &wanted(Some("conf"))));
        assert!(!same(&[], &wanted(None)));
    }

    #[test]
    fn every_difference_counts() {
        let want = wanted(None);
        let kick = want.iter().position(|command| command["name"] == "kick").unwrap();
        let changes: &[fn(&mut Value)] = &[
            |kick| kick["name"] = json!("Kick"),
            |kick| kick["type"] = json!(3),
            |kick| kick["description"] = json!("another"),
            |kick| kick["options"][0]["type"] = json!(4),
            |kick| kick["options"][0]["required"] = json!(false),
            |kick| kick["options"][0]["autocomplete"] = Value::Null,
            |kick| kick["options"][0]["choices"] = json!([{ "name": "a", "value": "a" }]),
            |kick| kick["options"][1]["max_length"] = json!(5),
            |kick| kick["options"].as_array_mut().unwrap().reverse(),
            |kick| kick["options"] = json!([]),
            |kick| kick["default_member_permissions"] = json!("32"),
            |kick| kick["name_localizations"] = json!({ "de": "werfen" }),
            |kick| kick["nsfw"] = json!(true),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut have = want.clone();
            change(&mut have[kick]);
            assert!(!same(&returned(&have), &want), "change {number}");
        }
        let mut more = want.clone();
        more.push(json!({ "name": "muzak", "description": "of another version" }));
        assert!(!same(&more, &want));
    }
}
