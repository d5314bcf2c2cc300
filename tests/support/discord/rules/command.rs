//! Application commands.

use std::collections::HashSet;

use serde_json::Value;

use super::{Problem, items, text};

/// Most commands of one kind in a guild.
const COMMANDS: usize = 100;
/// Most characters that a command's names, descriptions and choices have together.
const CHARACTERS: usize = 8000;
const SUBCOMMAND: u64 = 1;
const GROUP: u64 = 2;

/// What is wrong with all the commands of a guild.
pub(crate) fn commands(list: &[Value]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = HashSet::new();
    for (number, command) in list.iter().enumerate() {
        let at = format!("/{number}");
        one(command, &at, &mut problems);
        if !names.insert((kind(command), text(command, "name"))) {
            let words = "Application command names must be unique";
            problems.push(Problem::new(&format!("{at}/name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", words));
        }
    }
    for (of, most) in [(1, COMMANDS), (2, 15), (3, 15)] {
        if list.iter().filter(|command| kind(command) == of).count() > most {
            problems.push(Problem::new(
                "",
                "MAX_APPLICATION_COMMANDS",
                format!("at most {most} of type {of}"),
            ));
        }
    }
    problems
}

fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

fn one(command: &Value, at: &str, problems: &mut Vec<Problem>) {
    if kind(command) == 1 {
        name(command, at, problems);
        description(command, at, problems);
    } else if !text(command, "description").is_empty() {
        problems.push(Problem::new(
            &format!("{at}/description"),
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
            "not here",
        ));
    }
    options(command, at, 0, problems);
    if size(command) > CHARACTERS {
        let words = "Command exceeds maximum size (8000)";
        problems.push(Problem::new(at, "APPLICATION_COMMAND_TOO_LARGE", words));
    }
}

/// `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`, and no letter that has a lower case of its own.
fn name(it: &Value, at: &str, problems: &mut Vec<Problem>) {
    let name = text(it, "name");
    let other = |c: char| matches!(c, '\u{0900}'..='\u{097f}' | '\u{0e00}'..='\u{0e7f}' | '-' | '_' | '\'');
    let good = |c: char| (c.is_alphanumeric() && c.to_lowercase().eq([c])) || other(c);
    if !(1..=32).contains(&name.chars().count()) || !name.chars().all(good) {
        let words = "Command name is invalid";
        problems.push(Problem::new(&format!("{at}/name"), "APPLICATION_COMMAND_INVALID_NAME", words));
    }
}

fn description(it: &Value, at: &str, problems: &mut Vec<Problem>) {
    if !(1..=100).contains(&text(it, "description").trim().chars().count()) {
        let words = "Must be between 1 and 100 in length.";
        problems.push(Problem::new(&format!("{at}/description"), "BASE_TYPE_BAD_LENGTH", words));
    }
}

fn options(parent: &Value, at: &str, depth: u64, problems: &mut Vec<Problem>) {
    let list = items(parent, "options");
    let (mut names, mut optional) = (HashSet::new(), false);
    let nested = list.iter().filter(|it| matches!(it["type"].as_u64(), Some(SUBCOMMAND | GROUP))).count();
    if nested > 0 && nested < list.len() {
        let words =
            "Sub-command and sub-command group option types are mutually exclusive to all other types";
        problems.push(Problem::new(
            &format!("{at}/options"),
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            words,
        ));
    }
    for (number, option) in list.iter().enumerate() {
        let at = format!("{at}/options/{number}");
        name(option, &at, problems);
        description(option, &at, problems);
        if !names.insert(text(option, "name")) {
            let words = "Option name must be unique";
            problems.push(Problem::new(&at, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE", words));
        }
        let required = option["required"] == true;
        if required && optional {
            let words = "Required options must be placed before non-required options";
            problems.push(Problem::new(&at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words));
        }
        optional |= !required;
        match option["type"].as_u64() {
            Some(SUBCOMMAND) => options(option, &at, 2, problems),
            Some(GROUP) if depth == 0 => options(option, &at, 1, problems),
            Some(GROUP) => {
                problems.push(Problem::new(
                    &at,
                    "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                    "groups don't nest",
                ));
            }
            _ => choices(option, &at, problems),
        }
    }
}

fn choices(option: &Value, at: &str, problems: &mut Vec<Problem>) {
    let list = items(option, "choices");
    if !list.is_empty() && option["autocomplete"] == true {
        let words = "Autocomplete cannot be true if choices are present";
        problems.push(Problem::new(at, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_INVALID", words));
    }
    let names: HashSet<&str> = list.iter().map(|it| text(it, "name")).collect();
    if names.len() < list.len() {
        let words = "Option choice name must be unique";
        problems.push(Problem::new(at, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE", words));
    }
}

fn size(it: &Value) -> usize {
    let own = text(it, "name").chars().count()
        + text(it, "description").chars().count()
        + text(it, "value").chars().count();
    let inside = items(it, "options").iter().chain(items(it, "choices"));
    own + inside.map(size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(command: Value) -> Vec<&'static str> {
        commands(&[command]).into_iter().map(|problem| problem.code).collect()
    }

    fn with(options: Value) -> Value {
        json!({"name": "x", "description": "x", "options": options})
    }

    #[test]
    fn names_are_lower_case_words() {
        for good in ["kick", "stream-on", "größe", "a_b", "o'clock", "ไทย", "7"] {
            assert!(codes(json!({"name": good, "description": "x"})).is_empty(), "{good}");
        }
        for bad in ["", "Kick", "BAD NAME", "a b", "a.b", "É", "emoji🙂", &"x".repeat(33)] {
            assert_eq!(
                codes(json!({"name": bad, "description": "x"})),
                ["APPLICATION_COMMAND_INVALID_NAME"],
                "{bad}"
            );
        }
        assert_eq!(codes(json!({"name": "x", "description": ""})), ["BASE_TYPE_BAD_LENGTH"]);
    }

    #[test]
    fn names_are_unique_per_kind() {
        let slash = json!({"name": "x", "description": "x"});
        assert_eq!(commands(&[slash.clone(), slash.clone()]).len(), 1);
        assert!(commands(&[slash.clone(), json!({"name": "x", "type": 2})]).is_empty());
    }

    #[test]
    fn options_have_an_order_and_names() {
        let option = |name: &str, required: bool| json!({"type": 3, "name": name, "description": "x", "required": required});
        assert!(codes(with(json!([option("a", true), option("b", false)]))).is_empty());
        let order = codes(with(json!([option("a", false), option("b", true)])));
        assert_eq!(order, ["APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"]);
        let twice = codes(with(json!([option("a", true), option("a", true)])));
        assert_eq!(twice, ["APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE"]);
        let sub = json!({"type": 1, "name": "s", "description": "x"});
        assert_eq!(
            codes(with(json!([sub, option("a", false)]))),
            ["APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"]
        );
        let both = json!({"type": 3, "name": "a", "description": "x", "autocomplete": true,
            "choices": [{"name": "a", "value": "a"}]});
        assert_eq!(codes(with(json!([both]))), ["APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_INVALID"]);
    }

    #[test]
    fn a_command_has_8000_characters_at_most() {
        let choice =
            |number: usize| json!({"name": format!("{number:0>100}"), "value": format!("{number:0>100}")});
        let option = |name: &str, choices: usize| json!({"type": 3, "name": name, "description": "x", "choices": (0..choices).map(choice).collect::<Vec<_>>()});
        assert!(codes(with(json!([option("a", 25), option("b", 14)]))).is_empty());
        assert_eq!(codes(with(json!([option("a", 25), option("b", 15)]))), ["APPLICATION_COMMAND_TOO_LARGE"]);
    }
}
