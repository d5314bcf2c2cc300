//! What the outbox adds to what it was given to send.

use serde_json::{Value, json};

/// Only the asker sees it.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// No phone rings for it.
pub(super) const SILENT: u64 = 1 << 12;

/// With one more flag.
pub(super) fn flagged(mut body: Value, flag: u64) -> Value {
    if let Some(fields) = body.as_object_mut() {
        let flags = fields.get("flags").and_then(Value::as_u64).unwrap_or(0);
        fields.insert("flags".to_owned(), Value::from(flags | flag));
    }
    body
}

/// Stands for an answer that Discord refuses the form of: nobody shall read "did not respond".
pub(super) fn refused() -> Value {
    json!({
        "content": "This answer cannot be shown: Discord refused its form. gavel's log says more.",
        "allowed_mentions": { "parse": [] },
    })
}

/// With what tells Discord that a second try is none of a second message.
pub(super) fn with_nonce(mut body: Value, nonce: Option<&str>) -> Value {
    if let (Some(fields), Some(text)) = (body.as_object_mut(), nonce) {
        fields.insert("nonce".to_owned(), Value::from(text));
        fields.insert("enforce_nonce".to_owned(), Value::from(true));
    }
    body
}
