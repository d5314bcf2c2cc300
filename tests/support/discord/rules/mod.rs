//! What Discord's OpenAPI description leaves out, from its reference and from what clients met.

mod command;
mod components;
mod message;

use jsonschema::ValidationError;
use serde_json::{Map, Value, json};

pub(crate) use command::commands;
pub(crate) use message::{autocomplete, is_empty, message, modal};

/// One thing that is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where: names of members and numbers of items.
    pub(crate) path: Vec<String>,
    /// Discord's word for it.
    pub(crate) code: &'static str,
    /// Discord's sentence for it.
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        let path = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self { path, code, message: message.into() }
    }

    pub(crate) fn of_schema(error: &ValidationError<'_>) -> Self {
        let code = match error.kind().keyword() {
            "maxLength" => "BASE_TYPE_MAX_LENGTH",
            "minLength" | "maxItems" | "minItems" => "BASE_TYPE_BAD_LENGTH",
            "required" => "BASE_TYPE_REQUIRED",
            "enum" => "BASE_TYPE_CHOICES",
            "maximum" => "NUMBER_TYPE_MAX",
            "minimum" => "NUMBER_TYPE_MIN",
            _ => "BASE_TYPE_BAD_TYPE",
        };
        Self::new(error.instance_path().as_str(), code, error.to_string())
    }
}

/// Discord's body of a 400 for a form that is wrong.
pub(crate) fn invalid_form(problems: &[Problem]) -> Value {
    let mut errors = json!({});
    for problem in problems {
        let mut place = &mut errors;
        for part in &problem.path {
            place = object(place).entry(part.clone()).or_insert_with(|| json!({}));
        }
        let list = object(place).entry("_errors").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!({"code": problem.code, "message": problem.message}));
        }
    }
    json!({"message": "Invalid Form Body", "code": 50035, "errors": errors})
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was made one")
}

/// The same without members that are null: Discord takes null as absent.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, it)| !it.is_null());
            Value::Object(kept.map(|(key, it)| (key.clone(), without_nulls(it))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

/// The items of a list that may be missing.
fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text that may be missing.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_stand_where_they_are() {
        let body = invalid_form(&[
            Problem::new("/embeds/0/title", "BASE_TYPE_MAX_LENGTH", "too long"),
            Problem::new("", "MAX_EMBED_SIZE_EXCEEDED", "too much"),
        ]);
        assert_eq!(body["errors"]["embeds"]["0"]["title"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
        assert_eq!(body["errors"]["_errors"][0]["message"], "too much");
        assert_eq!(body["code"], 50035);
    }
}
