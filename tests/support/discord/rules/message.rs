//! Messages, choices of an autocomplete, and modals.

use std::collections::HashSet;

use serde_json::Value;

use super::{Problem, components, items, text};
use crate::world::flags;

/// What is wrong with a message's body, at `at`.
pub(crate) fn message(body: &Value, at: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    mentions(&body["allowed_mentions"], &format!("{at}/allowed_mentions"), &mut problems);
    embeds(body, at, &mut problems);
    let second = body["flags"].as_u64().unwrap_or(0) & flags::COMPONENTS_V2 != 0;
    if second && (!text(body, "content").is_empty() || !items(body, "embeds").is_empty()) {
        let words = "The 'content' and 'embeds' fields cannot be used with flag IS_COMPONENTS_V2";
        problems.push(Problem::new(
            &format!("{at}/content"),
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            words,
        ));
    }
    components::check(items(body, "components"), second, &format!("{at}/components"), &mut problems);
    problems
}

/// Whether nothing would be seen of it.
pub(crate) fn is_empty(body: &Value) -> bool {
    let none = |key: &str| items(body, key).is_empty();
    text(body, "content").trim().is_empty()
        && none("embeds")
        && none("components")
        && none("attachments")
        && none("sticker_ids")
        && body.get("poll").is_none_or(Value::is_null)
}

/// What is wrong with the choices of an autocomplete: Discord's clients show none of them then.
pub(crate) fn autocomplete(data: &Value) -> Vec<Problem> {
    let long = |choice: &&Value| {
        text(choice, "name").chars().count() > 100 || text(choice, "value").chars().count() > 100
    };
    let mut problems = Vec::new();
    if items(data, "choices").len() > 25 {
        problems.push(Problem::new(
            "/data/choices",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 0 and 25 in length.",
        ));
    }
    if items(data, "choices").iter().any(|choice| long(&choice) || text(choice, "name").trim().is_empty()) {
        problems.push(Problem::new(
            "/data/choices",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ));
    }
    problems
}

/// What is wrong with a modal.
pub(crate) fn modal(data: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (title, rows) = (text(data, "title").chars().count(), items(data, "components").len());
    if !(1..=45).contains(&title) {
        problems.push(Problem::new(
            "/data/title",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 45 in length.",
        ));
    }
    if !(1..=5).contains(&rows) {
        problems.push(Problem::new(
            "/data/components",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 5 in length.",
        ));
    }
    if !(1..=100).contains(&text(data, "custom_id").len()) {
        problems.push(Problem::new(
            "/data/custom_id",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ));
    }
    problems
}

fn mentions(allowed: &Value, at: &str, problems: &mut Vec<Problem>) {
    for kind in ["users", "roles"] {
        let parsed = items(allowed, "parse").iter().any(|it| it == kind);
        if parsed && !items(allowed, kind).is_empty() {
            let words = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            problems.push(Problem::new(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words));
        }
        let ids: HashSet<&str> = items(allowed, kind).iter().filter_map(Value::as_str).collect();
        if ids.len() < items(allowed, kind).len() {
            problems.push(Problem::new(
                &format!("{at}/{kind}"),
                "SET_TYPE_ALREADY_CONTAINS_VALUE",
                "doubled",
            ));
        }
    }
}

/// Discord counts what is left of a text when white space at its ends is gone, and all embeds together.
fn embeds(body: &Value, at: &str, problems: &mut Vec<Problem>) {
    let count = |value: &Value, key: &str| text(value, key).trim().chars().count();
    let mut sum = 0;
    for (number, embed) in items(body, "embeds").iter().enumerate() {
        let at = format!("{at}/embeds/{number}");
        sum += count(embed, "title") + count(embed, "description");
        sum += count(&embed["footer"], "text") + count(&embed["author"], "name");
        for (number, field) in items(embed, "fields").iter().enumerate() {
            sum += count(field, "name") + count(field, "value");
            for key in ["name", "value"].into_iter().filter(|key| count(field, key) == 0) {
                let at = format!("{at}/fields/{number}/{key}");
                problems.push(Problem::new(&at, "BASE_TYPE_REQUIRED", "This field is required"));
            }
        }
        for (part, key) in [("footer", "text"), ("author", "name")] {
            if embed[part].is_object() && count(&embed[part], key) == 0 {
                problems.push(Problem::new(
                    &format!("{at}/{part}/{key}"),
                    "BASE_TYPE_REQUIRED",
                    "This field is required",
                ));
            }
        }
        let urls =
            [&embed["url"], &embed["image"]["url"], &embed["thumbnail"]["url"], &embed["author"]["url"]];
        for url in urls.into_iter().filter_map(Value::as_str) {
            if !["http://", "https://", "attachment://"].iter().any(|scheme| url.starts_with(scheme)) {
                problems.push(Problem::new(
                    &format!("{at}/url"),
                    "URL_TYPE_INVALID_SCHEME",
                    "Scheme must be http or https",
                ));
            }
        }
    }
    if sum > 6000 {
        let words = "Embed size exceeds maximum size of 6000";
        problems.push(Problem::new(&format!("{at}/embeds"), "MAX_EMBED_SIZE_EXCEEDED", words));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(body: Value) -> Vec<&'static str> {
        message(&body, "").into_iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn embeds_count_together() {
        let embed = |size: usize| json!({"description": "x".repeat(size)});
        assert!(codes(json!({"embeds": [embed(3000), embed(3000)]})).is_empty());
        assert_eq!(codes(json!({"embeds": [embed(3000), embed(3001)]})), ["MAX_EMBED_SIZE_EXCEEDED"]);
        let fields = json!({"fields": [{"name": "n", "value": "  \n"}]});
        assert_eq!(codes(json!({"embeds": [fields]})), ["BASE_TYPE_REQUIRED"]);
        assert_eq!(codes(json!({"embeds": [{"url": "ftp://x"}]})), ["URL_TYPE_INVALID_SCHEME"]);
    }

    #[test]
    fn parse_and_a_list_exclude_each_other() {
        let both = json!({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}});
        assert_eq!(codes(both), ["MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"]);
        assert!(
            codes(json!({"content": "x", "allowed_mentions": {"parse": ["roles"], "users": ["1"]}}))
                .is_empty()
        );
    }

    #[test]
    fn a_message_of_white_space_is_empty() {
        assert!(is_empty(&json!({"content": " \n\t", "embeds": [], "components": null})));
        assert!(!is_empty(&json!({"embeds": [{"title": "x"}]})));
    }

    #[test]
    fn modals_have_limits() {
        let rows = json!([{"type": 1, "components": [{"type": 4}]}]);
        assert!(modal(&json!({"title": "x", "custom_id": "y", "components": rows})).is_empty());
        assert_eq!(modal(&json!({"title": "x".repeat(46), "custom_id": "", "components": []})).len(), 3);
    }
}
