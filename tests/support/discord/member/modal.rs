//! Modals: what is typed into the fields of one that is open, in both forms: rows with an input, and labels.

use serde_json::{Value, json};

use super::Refused;
use crate::world::{Interaction, World};

const TEXT_INPUT: u64 = 4;
/// Discord's type of callback that opens a modal.
const OPENS: u64 = 9;

/// The `data` of sending off the modal that answered `opened`.
pub(super) fn submit(
    world: &World,
    opened: &Interaction,
    typed: &[(String, String)],
) -> Result<Value, Refused> {
    let now = world.interactions.get(&opened.id).and_then(|it| it.answer.as_ref());
    let modal = now.filter(|answer| answer.kind == OPENS).map(|answer| &answer.data).ok_or(Refused::Modal)?;
    let mut rows = crate::world::components(modal["components"].as_array().map_or(&[][..], Vec::as_slice));
    let mut known = Vec::new();
    rows.iter_mut().try_for_each(|row| fill(row, typed, &mut known))?;
    if let Some((name, _)) = typed.iter().find(|(name, _)| !known.contains(name)) {
        return Err(Refused::Option(name.clone()));
    }
    Ok(json!({"custom_id": modal["custom_id"], "components": rows}))
}

/// Replaces each field by what is sent of it.
fn fill(part: &mut Value, typed: &[(String, String)], known: &mut Vec<String>) -> Result<(), Refused> {
    if part["type"] == TEXT_INPUT {
        let name = part["custom_id"].as_str().unwrap_or_default().to_owned();
        let preset = part["value"].as_str().unwrap_or_default();
        let text = typed.iter().find(|(field, _)| *field == name).map_or(preset, |(_, text)| text.as_str());
        check(part, &name, text)?;
        *part = json!({"type": TEXT_INPUT, "id": part["id"], "custom_id": name, "value": text});
        known.push(name);
        return Ok(());
    }
    let inside = if part.get("component").is_some() { "component" } else { "components" };
    match part.get_mut(inside) {
        Some(Value::Array(list)) => list.iter_mut().try_for_each(|it| fill(it, typed, known))?,
        Some(one) => fill(one, typed, known)?,
        None => {}
    }
    *part = json!({"type": part["type"], "id": part["id"], (inside): part[inside].take()});
    Ok(())
}

fn check(input: &Value, name: &str, text: &str) -> Result<(), Refused> {
    let length = text.encode_utf16().count() as u64;
    let required = input["required"].as_bool().unwrap_or(true);
    if length == 0 {
        return if required { Err(Refused::Missing(name.to_owned())) } else { Ok(()) };
    }
    let limits = input["min_length"].as_u64().unwrap_or(0)..=input["max_length"].as_u64().unwrap_or(4_000);
    limits.contains(&length).then_some(()).ok_or_else(|| Refused::Value(name.to_owned()))
}
