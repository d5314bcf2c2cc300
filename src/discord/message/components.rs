//! What can be pressed below a message: rows of buttons, selects of 25.
//!
//! Controls keep their order. Of a select with more choices than fit, as many selects are made as there is room for;
//! how many choices are left out is given back, for the text to say it.

use std::borrow::Cow;
use std::collections::HashMap;

use gavel_chat::{Choice, Control, Press, Style};
use serde_json::{Value, json};

use super::super::limits::{BUTTON, BUTTONS, CHOICE, CHOICES, PLACEHOLDER, ROWS, cap, size};
use super::super::press;

/// A row to be.
enum Row<'a> {
    Buttons(Vec<(&'a str, Style, &'a Press)>),
    Select { hint: Cow<'a, str>, press: &'a Press, choices: Vec<&'a Choice> },
}

/// The rows, and how many choices found no room.
pub(super) fn below(controls: &[Control]) -> (Vec<Value>, usize) {
    let rows = rows(controls);
    let total = |rows: &[Row]| rows.iter().map(Row::chosen_from).sum::<usize>();
    let all = total(&rows);
    let kept = room_for(rows);
    let left_out = all - total(&kept);
    let mut ids = Ids::default();
    (kept.iter().filter_map(|row| row.draw(&mut ids)).collect(), left_out)
}

/// What is shown of a choice.
pub(super) fn label(choice: &Choice) -> String {
    let label = if choice.label.is_empty() { &choice.value } else { choice.label.as_str() };
    cap(label, CHOICE)
}

/// A value cannot be cut: it would mean another.
pub(super) fn usable(value: &str) -> bool {
    !value.trim().is_empty() && size(value) <= CHOICE
}

fn rows(controls: &[Control]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for control in controls {
        match control {
            Control::Button { press, .. } | Control::Select { press, .. }
                if press::write(press).is_none() => {}
            Control::Button { label, style, press } => match rows.last_mut() {
                Some(Row::Buttons(row)) if row.len() < BUTTONS => row.push((label, *style, press)),
                _ => rows.push(Row::Buttons(vec![(label, *style, press)])),
            },
            Control::Select { hint, press, choices } => {
                rows.extend(parts(hint, press, &distinct(choices)));
            }
        }
    }
    rows
}

/// A select, or as many as it takes; each then says which choices it has.
fn parts<'a>(hint: &'a str, press: &'a Press, choices: &[&'a Choice]) -> Vec<Row<'a>> {
    let part = |part: &[&'a Choice]| {
        let hint = match part {
            [first, .., last] if choices.len() > CHOICES => {
                format!("{hint} ({} to {})", first.value, last.value).into()
            }
            _ => hint.into(),
        };
        Row::Select { hint, press, choices: part.to_vec() }
    };
    choices.chunks(CHOICES).map(part).collect()
}

fn distinct(choices: &[Choice]) -> Vec<&Choice> {
    let mut kept: Vec<&Choice> = Vec::new();
    for choice in choices.iter().filter(|choice| usable(&choice.value)) {
        if !kept.iter().any(|other| other.value == choice.value) {
            kept.push(choice);
        }
    }
    kept
}

/// At most five rows. Further parts of a select go first: their numbers can be typed, and the buttons that came with
/// it (Cancel) are still there.
fn room_for(mut rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    while rows.len() > ROWS {
        let further = |at: &usize| match (&rows[*at], at.checked_sub(1).and_then(|before| rows.get(before))) {
            (Row::Select { press, .. }, Some(Row::Select { press: before, .. })) => press == before,
            _ => false,
        };
        let last = (0..rows.len()).rev().find(further).unwrap_or(rows.len() - 1);
        rows.remove(last);
    }
    rows
}

impl Row<'_> {
    fn chosen_from(&self) -> usize {
        match self {
            Self::Buttons(_) => 0,
            Self::Select { choices, .. } => choices.len(),
        }
    }

    fn draw(&self, ids: &mut Ids) -> Option<Value> {
        let components: Vec<_> = match self {
            Self::Buttons(row) => {
                row.iter().filter_map(|(label, style, press)| button(label, *style, ids.of(press)?)).collect()
            }
            Self::Select { hint, press, choices } => {
                select(hint, choices, ids.of(press)?).into_iter().collect()
            }
        };
        (!components.is_empty()).then(|| json!({ "type": 1, "components": components }))
    }
}

fn button(label: &str, style: Style, id: String) -> Option<Value> {
    let style = match style {
        Style::Plain => 2,
        Style::Good => 3,
        Style::Danger => 4,
    };
    let label = cap(label, BUTTON);
    (!label.trim().is_empty()).then(|| json!({ "type": 2, "style": style, "label": label, "custom_id": id }))
}

fn select(hint: &str, choices: &[&Choice], id: String) -> Option<Value> {
    let options: Vec<_> =
        choices.iter().map(|choice| json!({ "label": label(choice), "value": choice.value })).collect();
    let select =
        json!({ "type": 3, "custom_id": id, "placeholder": cap(hint, PLACEHOLDER), "options": options });
    (!options.is_empty()).then_some(select)
}

/// The ids given in one message: equal presses get different ones.
#[derive(Default)]
struct Ids(HashMap<Press, usize>);

impl Ids {
    fn of(&mut self, press: &Press) -> Option<String> {
        let part = self.0.entry(press.clone()).or_default();
        *part += 1;
        press::write_part(press, *part - 1)
    }
}
