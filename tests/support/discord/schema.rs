//! Discord's OpenAPI description: which operations there are, and what their bodies may be.
//!
//! `openapi/discord.json` is a cut of it (see `openapi/cut.py`). What is wrong in it is put right here, what it leaves out
//! is in `rules/`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::rules::{Problem, without_nulls};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let mut description = serde_json::from_str(include_str!("openapi/discord.json")).expect("JSON");
    put_right(&mut description);
    description
});

type Cache = Mutex<HashMap<String, Arc<Validator>>>;
static VALIDATORS: LazyLock<Cache> = LazyLock::new(Cache::default);

/// Finds the operation of a path (without `/api/v10`): its template, the most literal one, and the parts of the path
/// that fill it in. `Err(true)` where the path exists for other methods.
pub(crate) fn operation(method: &str, path: &str) -> Result<(&'static str, Vec<String>), bool> {
    let mut best: Option<(&'static str, Vec<String>)> = None;
    let mut other = false;
    for (template, operations) in DESCRIPTION["paths"].as_object().into_iter().flatten() {
        let Some(filled) = fill(template, path) else { continue };
        if operations.get(method.to_lowercase()).is_none() {
            other = true;
        } else if best.as_ref().is_none_or(|(_, others)| filled.len() < others.len()) {
            best = Some((template, filled));
        }
    }
    best.ok_or(other)
}

fn fill(template: &str, path: &str) -> Option<Vec<String>> {
    let (wanted, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let pairs = wanted.iter().zip(&given);
    let fits = pairs.clone().all(|(want, have)| (want.starts_with('{') && !have.is_empty()) || want == have);
    let filled = pairs.filter(|(want, _)| want.starts_with('{')).map(|(_, have)| (*have).to_owned());
    (fits && wanted.len() == given.len()).then(|| filled.collect())
}

/// What is wrong with a body, by the description. Nulls are as good as absent.
pub(crate) fn check(method: &str, template: &str, body: &Value) -> Vec<Problem> {
    let Some(schema) = body_schema(method, template, body) else { return Vec::new() };
    let validator = validator(schema);
    validator.iter_errors(&without_nulls(body)).map(|error| Problem::of_schema(&error)).collect()
}

/// Members that no object at their place has: Discord ignores them, so whoever sent them is mistaken.
pub(crate) fn strangers(method: &str, template: &str, body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(schema) = body_schema(method, template, body) {
        walk(&[schema], body, "", &mut found);
    }
    // Known where a message is made; discord.py sends it with every edit too.
    found.retain(|at| at != "/tts" && at != "/data/tts");
    found
}

/// What is wrong with an answer of ours, by the description.
#[cfg(test)]
pub(crate) fn check_answer(method: &str, template: &str, status: u16, body: &Value) -> Vec<String> {
    let operation = &DESCRIPTION["paths"][template][method.to_lowercase()];
    let schema = &operation["responses"][status.to_string()]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return Vec::new();
    }
    validator(schema).iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The schema of an operation's body. Where it is a union by `type` it is the one that is meant, for the sake of errors
/// that can be read.
fn body_schema(method: &str, template: &str, body: &Value) -> Option<&'static Value> {
    let operation = DESCRIPTION["paths"].get(template)?.get(method.to_lowercase())?;
    let schema = operation.pointer("/requestBody/content/application~1json/schema")?;
    let branches = schema.get("anyOf").and_then(Value::as_array);
    let meant = branches.and_then(|all| all.iter().find(|branch| discriminates(resolve(branch), body)));
    Some(meant.unwrap_or(schema))
}

/// Whether a branch says which `type` it is for, and it is the body's.
fn discriminates(branch: &Value, body: &Value) -> bool {
    let types = branch.pointer("/properties/type/enum").and_then(Value::as_array);
    types.is_some_and(|types| types.contains(&body["type"]))
}

fn resolve(schema: &'static Value) -> &'static Value {
    let Some(pointer) = schema.get("$ref").and_then(Value::as_str) else { return schema };
    DESCRIPTION.pointer(pointer.trim_start_matches('#')).map_or(schema, resolve)
}

fn validator(schema: &'static Value) -> Arc<Validator> {
    let mut cache = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || {
        let mut whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema"});
        whole["allOf"] = json!([schema]);
        whole["components"] = DESCRIPTION["components"].clone();
        Arc::new(jsonschema::options().should_validate_formats(true).build(&whole).expect("a good schema"))
    };
    Arc::clone(cache.entry(schema.to_string()).or_insert_with(build))
}

/// All the branches of schemas that an instance may be described by.
fn branches(schema: &'static Value, instance: &Value, found: &mut Vec<&'static Value>) {
    let schema = resolve(schema);
    let typed = schema.pointer("/properties/type/enum").is_some();
    if !typed || instance.get("type").is_none() || discriminates(schema, instance) {
        found.push(schema);
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        for branch in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            branches(branch, instance, found);
        }
    }
}

fn walk(schemas: &[&'static Value], instance: &Value, at: &str, found: &mut Vec<String>) {
    let mut all = Vec::new();
    schemas.iter().for_each(|schema| branches(schema, instance, &mut all));
    match instance {
        Value::Object(members) => {
            for (name, value) in members {
                let known: Vec<_> = all.iter().filter_map(|it| it.get("properties")?.get(name)).collect();
                let open = all.iter().any(|it| it.get("additionalProperties").is_some_and(Value::is_object));
                let empty = value.is_null() || *value == json!([]) || *value == json!({});
                if !known.is_empty() {
                    walk(&known, value, &format!("{at}/{name}"), found);
                } else if !open && !empty {
                    found.push(format!("{at}/{name}"));
                }
            }
        }
        Value::Array(items) => {
            let inside: Vec<_> = all.iter().filter_map(|it| it.get("items")).collect();
            for (index, item) in items.iter().enumerate() {
                walk(&inside, item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What is wrong in the description.
fn put_right(description: &mut Value) {
    let schemas = &mut description["components"]["schemas"];
    for name in ["Create", "Update"].map(|it| format!("ApplicationCommand{it}Request")) {
        command(&mut schemas[name]["properties"]);
    }
    command(&mut schemas["ApplicationCommandPatchRequestPartial"]["properties"]);
    for name in ["MessageCreateRequest", "MessageEditRequestPartial"] {
        // 4000 is for people who pay.
        schemas[name]["properties"]["content"]["maxLength"] = json!(2000);
    }
    let paths = &mut description["paths"];
    let body = "/requestBody/content/application~1json/schema";
    let one = |paths: &mut Value, path: &str, method: &str, schema: &str| {
        if let Some(place) = paths[path][method].pointer_mut(body) {
            *place = json!({"$ref": format!("#/components/schemas/{schema}")});
        }
    };
    // Unions whose other branches are for threads and direct messages, or less strict.
    one(paths, "/channels/{channel_id}", "patch", "UpdateGuildChannelRequestPartial");
    one(paths, "/webhooks/{webhook_id}/{webhook_token}", "post", "IncomingWebhookRequestPartial");
}

/// All clients send the permissions as a string, as the reference says; `nsfw` is there, but not described.
fn command(properties: &mut Value) {
    let number = properties["default_member_permissions"].take();
    let text = json!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"});
    properties["default_member_permissions"] = json!({"anyOf": [number, text]});
    properties["nsfw"] = json!({"type": ["boolean", "null"]});
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "/channels/{channel_id}/messages";
    const CALLBACK: &str = "/interactions/{interaction_id}/{interaction_token}/callback";

    #[test]
    fn the_most_literal_path_is_meant() {
        let find = |method, path| operation(method, path).map(|(template, _)| template);
        assert_eq!(
            find("PATCH", "/webhooks/1/tok/messages/@original"),
            Ok("/webhooks/{webhook_id}/{webhook_token}/messages/@original")
        );
        assert_eq!(find("GET", "/channels/1/messages/pins"), Ok("/channels/{channel_id}/messages/pins"));
        assert_eq!(find("GET", "/channels/1/messages/2"), Ok("/channels/{channel_id}/messages/{message_id}"));
        assert_eq!(find("PUT", "/gateway"), Err(true));
        assert_eq!(find("GET", "/nowhere"), Err(false));
        assert_eq!(find("GET", "/channels//messages"), Err(false));
    }

    #[test]
    fn bodies_are_checked_and_null_is_absent() {
        assert!(
            check("POST", POST, &json!({"content": "hi", "tts": null, "embeds": [{"title": null}]}))
                .is_empty()
        );
        let long = check("POST", POST, &json!({"content": "x".repeat(2001)}));
        assert_eq!(
            (long[0].path.as_slice(), long[0].code),
            (&["content".to_owned()][..], "BASE_TYPE_MAX_LENGTH")
        );
        assert!(!check("POST", POST, &json!({"content": 5})).is_empty());
        assert!(!check("POST", POST, &json!({"embeds": [{"title": "x".repeat(257)}]})).is_empty());
        assert!(
            !check("POST", CALLBACK, &json!({"type": 8, "data": {"choices": [{"name": "", "value": "1"}]}}))
                .is_empty()
        );
        assert!(check("POST", CALLBACK, &json!({"type": 6})).is_empty());
    }

    #[test]
    fn permissions_of_a_command_may_be_a_string() {
        let put = "/applications/{application_id}/guilds/{guild_id}/commands";
        let command =
            |value: Value| json!([{"name": "x", "description": "x", "default_member_permissions": value}]);
        for good in [json!("0"), json!("32"), json!(32), Value::Null] {
            assert!(check("PUT", put, &command(good)).is_empty());
        }
        for bad in [json!("x"), json!(-1), json!(true)] {
            assert!(!check("PUT", put, &command(bad.clone())).is_empty(), "{bad}");
        }
    }

    #[test]
    fn strangers_are_found_at_any_depth() {
        let body = json!({"type": 4, "data": {"content": "x", "ephemeral": true, "components": [
            {"type": 1, "components": [{"type": 2, "style": 1, "lable": "x", "custom_id": "y", "options": []}]}]}});
        assert_eq!(
            strangers("POST", CALLBACK, &body),
            ["/data/components/0/components/0/lable", "/data/ephemeral"]
        );
        assert!(
            strangers("POST", POST, &json!({"content": "x", "nonce": "1", "enforce_nonce": true})).is_empty()
        );
        assert!(strangers("POST", CALLBACK, &json!({"type": 7, "data": {"tts": false}})).is_empty());
    }
}
