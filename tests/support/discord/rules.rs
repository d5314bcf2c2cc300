//! What Discord's OpenAPI description leaves out or gets wrong.

use serde_json::Value;

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
