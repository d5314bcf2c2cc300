//! Rows, buttons and selects.

use std::collections::HashSet;

use serde_json::Value;

use super::{Problem, items, text};

/// Most rows that a message of the first version has.
const ROWS: usize = 5;
/// Most components that a message of the second version has, nested ones too.
const SECOND: usize = 40;

/// What is wrong with a message's components.
pub(super) fn check(rows: &[Value], second: bool, at: &str, problems: &mut Vec<Problem>) {
    if !second && rows.len() > ROWS {
        problems.push(Problem::new(at, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."));
    }
    if second && rows.iter().map(count).sum::<usize>() > SECOND {
        problems.push(Problem::new(at, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "at most 40 components"));
    }
    let mut ids = HashSet::new();
    for (number, row) in rows.iter().enumerate() {
        let at = format!("{at}/{number}");
        if !second && row["type"] != 1 {
            let words = "Value of field \"type\" must be one of (1,).";
            problems.push(Problem::new(&format!("{at}/type"), "UNION_TYPE_CHOICES", words));
        }
        one(row, &at, &mut ids, problems);
    }
}

fn count(component: &Value) -> usize {
    1 + items(component, "components").iter().map(count).sum::<usize>()
        + usize::from(component["accessory"].is_object())
}

fn one<'a>(component: &'a Value, at: &str, ids: &mut HashSet<&'a str>, problems: &mut Vec<Problem>) {
    let id = text(component, "custom_id");
    if !id.is_empty() && !ids.insert(id) {
        let words = "Component custom id cannot be duplicated";
        problems.push(Problem::new(&format!("{at}/custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", words));
    }
    if id.len() > 100 {
        let words = "Must be 100 or fewer in length.";
        problems.push(Problem::new(&format!("{at}/custom_id"), "BASE_TYPE_MAX_LENGTH", words));
    }
    match component["type"].as_u64() {
        Some(1) => row(component, at, problems),
        Some(2) => button(component, at, problems),
        Some(3) => select(component, at, problems),
        _ => {}
    }
    for (number, inside) in items(component, "components").iter().enumerate() {
        one(inside, &format!("{at}/components/{number}"), ids, problems);
    }
    if component["accessory"].is_object() {
        one(&component["accessory"], &format!("{at}/accessory"), ids, problems);
    }
}

/// Five buttons, or one select.
fn row(row: &Value, at: &str, problems: &mut Vec<Problem>) {
    let inside = items(row, "components");
    let selects = inside.iter().filter(|it| matches!(it["type"].as_u64(), Some(3 | 5..=8))).count();
    if inside.len() > 5 || (selects > 0 && inside.len() > 1) {
        let words = "The specified component exceeds the maximum width";
        problems.push(Problem::new(&format!("{at}/components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words));
    }
}

fn button(button: &Value, at: &str, problems: &mut Vec<Problem>) {
    let (id, url) = (text(button, "custom_id"), text(button, "url"));
    let link = button["style"] == 5;
    if link && (url.is_empty() || !id.is_empty()) {
        problems.push(Problem::new(at, "BUTTON_COMPONENT_INVALID_URL", "A link has a url and no custom id"));
    }
    if !link && button["style"] != 6 && (id.is_empty() || !url.is_empty()) {
        let words = "A custom id is required, and a url is for links";
        problems.push(Problem::new(at, "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", words));
    }
    let (label, emoji) = (text(button, "label"), button["emoji"].is_object());
    if label.trim().is_empty() && !emoji && button["style"] != 6 {
        problems.push(Problem::new(
            at,
            "BUTTON_COMPONENT_INVALID_LABEL",
            "A button must have a label or emoji",
        ));
    }
}

fn select(select: &Value, at: &str, problems: &mut Vec<Problem>) {
    let options = items(select, "options");
    let values: HashSet<&str> = options.iter().map(|it| text(it, "value")).collect();
    if values.len() < options.len() {
        let words = "The specified option value is already used";
        problems.push(Problem::new(
            &format!("{at}/options"),
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            words,
        ));
    }
    if options.iter().any(|it| text(it, "label").trim().is_empty() || text(it, "value").trim().is_empty()) {
        problems.push(Problem::new(&format!("{at}/options"), "BASE_TYPE_REQUIRED", "This field is required"));
    }
    let number = |key: &str| select[key].as_u64().unwrap_or(1) as usize;
    let (least, most) = (number("min_values"), number("max_values"));
    if most > options.len() || least > most {
        let words = "min_values, max_values and the number of options don't fit";
        problems.push(Problem::new(
            &format!("{at}/max_values"),
            "SELECT_COMPONENT_TOO_MANY_MAX_VALUES",
            words,
        ));
    }
    if options.iter().filter(|it| it["default"] == true).count() > most {
        let words = "more options are chosen than may be";
        problems.push(Problem::new(
            &format!("{at}/options"),
            "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES",
            words,
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(rows: Value) -> Vec<&'static str> {
        let mut problems = Vec::new();
        check(rows.as_array().unwrap(), false, "", &mut problems);
        problems.into_iter().map(|problem| problem.code).collect()
    }

    fn rows(components: Value) -> Value {
        json!([{"type": 1, "components": components}])
    }

    fn press(id: &str) -> Value {
        json!({"type": 2, "style": 1, "label": "x", "custom_id": id})
    }

    #[test]
    fn a_row_is_five_buttons_or_one_select() {
        let select = json!({"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]});
        assert!(codes(rows(json!([press("1"), press("2"), press("3"), press("4"), press("5")]))).is_empty());
        assert!(codes(rows(json!([select]))).is_empty());
        assert_eq!(codes(rows(json!([select, press("1")]))), ["COMPONENT_LAYOUT_WIDTH_EXCEEDED"]);
        assert_eq!(codes(json!([press("1")])), ["UNION_TYPE_CHOICES"]);
    }

    #[test]
    fn custom_ids_are_unique_and_short_in_bytes() {
        let two = json!([{"type": 1, "components": [press("1")]}, {"type": 1, "components": [press("1")]}]);
        assert_eq!(codes(two), ["COMPONENT_CUSTOM_ID_DUPLICATED"]);
        assert!(codes(rows(json!([press(&"x".repeat(100))]))).is_empty());
        assert_eq!(codes(rows(json!([press(&"ä".repeat(51))]))), ["BASE_TYPE_MAX_LENGTH"]);
    }

    #[test]
    fn buttons_say_something_and_do_one_thing() {
        let button = |value: Value| codes(rows(json!([value])));
        assert_eq!(
            button(json!({"type": 2, "style": 1, "label": " ", "custom_id": "1"})),
            ["BUTTON_COMPONENT_INVALID_LABEL"]
        );
        assert_eq!(
            button(json!({"type": 2, "style": 5, "label": "x", "custom_id": "1"})),
            ["BUTTON_COMPONENT_INVALID_URL"]
        );
        assert_eq!(
            button(json!({"type": 2, "style": 1, "label": "x"})),
            ["BUTTON_COMPONENT_CUSTOM_ID_REQUIRED"]
        );
        assert!(button(json!({"type": 2, "style": 5, "label": "x", "url": "https://x.org"})).is_empty());
    }

    #[test]
    fn options_differ_and_suffice() {
        let select = |options: Value, most: u64| {
            codes(rows(json!([{"type": 3, "custom_id": "s", "options": options, "max_values": most}])))
        };
        let (a, b) = (json!({"label": "a", "value": "a"}), json!({"label": "b", "value": "a"}));
        assert_eq!(select(json!([a, b]), 1), ["SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"]);
        assert_eq!(select(json!([a]), 2), ["SELECT_COMPONENT_TOO_MANY_MAX_VALUES"]);
        let chosen = |value: &str| json!({"label": value, "value": value, "default": true});
        assert_eq!(
            select(json!([chosen("a"), chosen("b")]), 1),
            ["SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES"]
        );
    }
}
