//! What a client offers below an option while its user types.

use serde_json::Value;

/// One choice of an autocomplete.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What is shown.
    pub name: String,
    /// What is sent when it is picked.
    pub value: Value,
}

impl Choice {
    /// The choices of a callback of type 8, in their order.
    pub(super) fn all(data: &Value) -> Vec<Choice> {
        let list = data["choices"].as_array().into_iter().flatten();
        list.map(|it| Choice {
            name: it["name"].as_str().unwrap_or_default().into(),
            value: it["value"].clone(),
        })
        .collect()
    }

    /// What a phone sends when its user taps that name: the value of the first choice that is called so.
    pub fn tap(choices: &[Choice], name: &str) -> Option<String> {
        let tapped = choices.iter().find(|choice| choice.name == name)?;
        Some(tapped.value.as_str().map_or_else(|| tapped.value.to_string(), str::to_owned))
    }
}
