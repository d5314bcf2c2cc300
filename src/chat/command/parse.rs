//! Words to a call: pure and total. Whom the numbers and names mean is not asked here.

use serde::{Deserialize, Serialize};

use crate::Role;
use crate::text::Foreign;

use super::callers::{self, CallerRef, Callers};
use super::{Command, Misread, SlotKind, Spec};

/// More than anybody types: the rest of a megabyte is not even looked at.
const LONGEST: usize = 4000;

/// A command with its arguments.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Call {
    /// Which.
    pub command: Command,
    /// With what.
    pub args: Args,
}

/// Arguments; which ones can be there, the command's slots say. What is required is there.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Args {
    /// Whom it is about.
    pub callers: Callers,
    /// Reason, topic, note, notice.
    pub text: Option<Wording>,
    /// The command to explain.
    pub about: Option<Command>,
}

/// A text as an argument.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Wording {
    /// This; never empty.
    Set(Foreign),
    /// Take away what is there (`-`).
    Clear,
}

impl Call {
    /// The lowest role that may, given what the configuration says of this command, if anything.
    pub fn needs(&self, configured: Option<Role>) -> Role {
        let spec = self.command.spec();
        let role = configured.unwrap_or(spec.role);
        match spec.bare {
            Some(bare) if self.args == Args::default() => bare.min(role),
            _ => role,
        }
    }
}

/// Reads typed text, the network's prefix removed. Case does not matter.
pub fn parse(typed: &str) -> Result<Call, Misread> {
    if typed.chars().nth(LONGEST).is_some() {
        return Err(Misread::TooLong { limit: LONGEST });
    }
    let typed = typed.trim();
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    if word.is_empty() {
        return Err(Misread::Nothing);
    }
    let spec = known(word)?.spec();
    Ok(Call { command: spec.command, args: arguments(spec, rest.trim())? })
}

/// Reads what a network took apart itself: the main word, and slots by the catalog's names. A caller may be given as
/// a completion shows it (`7 Joel, talking`).
pub fn parse_slots(word: &str, slots: &[(String, String)]) -> Result<Call, Misread> {
    let spec = known(word)?.spec();
    let usage = Misread::Usage(spec.command);
    let mut args = Args::default();
    for (name, value) in slots {
        let slot = spec.slots.iter().find(|slot| slot.name == name.as_str()).ok_or_else(|| usage.clone())?;
        let value = value.trim();
        match slot.kind {
            _ if value.is_empty() => {}
            SlotKind::Callers { .. } => args.callers = shown_callers(spec, value)?,
            SlotKind::Text { clearable } => args.text = Some(wording(value, clearable)?),
            SlotKind::Command => args.about = Some(known(value)?),
        }
    }
    complete(spec, args).map(|args| Call { command: spec.command, args }).ok_or(usage)
}

fn known(word: &str) -> Result<Command, Misread> {
    let unknown = || Misread::Unknown { typed: Foreign::name(word), nearest: Command::nearest(&short(word)) };
    Command::named(word).ok_or_else(unknown)
}

fn arguments(spec: &Spec, rest: &str) -> Result<Args, Misread> {
    let usage = Misread::Usage(spec.command);
    let mut args = Args::default();
    match (spec.callers(), spec.text()) {
        _ if rest.is_empty() => {}
        (Some(_), Some(_)) => {
            let (who, text) = split(spec, rest)?;
            args.callers = callers(spec, who)?;
            args.text = text.map(|text| written(spec, text)).transpose()?;
        }
        (Some(_), None) => args.callers = callers(spec, rest)?,
        (None, Some(_)) => args.text = Some(written(spec, rest)?),
        (None, None) if spec.slots.is_empty() => return Err(usage),
        (None, None) => args.about = Some(known(rest)?),
    }
    complete(spec, args).ok_or(usage)
}

/// Callers and what is said of them, from `3 noise`, `3 4: noise`, `mary ann: noise`, `mar noise`.
fn split<'a>(spec: &Spec, rest: &'a str) -> Result<(&'a str, Option<&'a str>), Misread> {
    let part = |at: usize| rest.split_at_checked(at).unwrap_or((rest, ""));
    let leading = callers::leading(rest);
    if let Some((who, text)) = rest.split_once(':') {
        let numbers = callers::leading(who);
        let listed = !numbers.numbers.is_empty() && numbers.rest.is_empty();
        // `mary ann: noise`, but not the colon of `mar at 12:30`, nor one in the words after a number.
        let named = leading.numbers.is_empty() && (text.is_empty() || text.starts_with(char::is_whitespace));
        if listed || named {
            return Ok((who.trim(), some(text)));
        }
    }
    match leading.numbers.as_slice() {
        [] => {
            let (who, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            Ok((who, some(text)))
        }
        _ if !several(spec) => {
            let (who, text) = part(rest.len() - leading.after_first.len());
            Ok((who, some(text)))
        }
        [_] => {
            let (who, text) = part(rest.len() - leading.rest.len());
            Ok((who, some(text)))
        }
        _ if leading.rest.is_empty() => Ok((rest, None)),
        numbers => Err(two_ways(spec, numbers, &leading)),
    }
}

fn two_ways(spec: &Spec, numbers: &[u32], leading: &callers::Leading<'_>) -> Misread {
    let first = numbers.first().map_or_else(String::new, u32::to_string);
    let all = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let reading = |who: &str, text: &str| Foreign::text(&format!("{} {who}: {text}", spec.word));
    Misread::TwoWays { readings: [reading(&first, leading.after_first), reading(&all, leading.rest)] }
}

/// The whole of it is callers.
fn callers(spec: &Spec, typed: &str) -> Result<Callers, Misread> {
    let usage = Misread::Usage(spec.command);
    let typed = typed.trim_end_matches(|c: char| c.is_whitespace() || c == ',');
    if typed.eq_ignore_ascii_case("all") {
        return if takes_all(spec) { Ok(Callers::All) } else { Err(usage) };
    }
    let leading = callers::leading(typed);
    match leading.numbers.len() {
        0 => callers::name(typed).map(|name| Callers::These(vec![name])).ok_or(usage),
        n if leading.rest.is_empty() && (n == 1 || several(spec)) => Ok(numbers(leading.numbers)),
        _ => Err(usage),
    }
}

/// Like [`callers()`], but the number that a completion begins with is enough.
fn shown_callers(spec: &Spec, shown: &str) -> Result<Callers, Misread> {
    let leading = callers::leading(shown);
    match leading.numbers.first() {
        Some(first) if !leading.rest.is_empty() => Ok(numbers(vec![*first])),
        _ => callers(spec, shown),
    }
}

fn numbers(numbers: Vec<u32>) -> Callers {
    Callers::These(numbers.into_iter().map(CallerRef::Number).collect())
}

fn written(spec: &Spec, typed: &str) -> Result<Wording, Misread> {
    let clearable = matches!(spec.text().map(|slot| slot.kind), Some(SlotKind::Text { clearable: true }));
    wording(typed, clearable)
}

fn wording(typed: &str, clearable: bool) -> Result<Wording, Misread> {
    if clearable && typed.trim() == "-" {
        return Ok(Wording::Clear);
    }
    let whole = Foreign::whole(typed).ok_or(Misread::TooLong { limit: Foreign::LONGEST })?;
    Ok(Wording::Set(whole))
}

/// What is required is there, and no text is empty (it may have been made of nothing visible).
fn complete(spec: &Spec, args: Args) -> Option<Args> {
    let there = |kind: SlotKind| match kind {
        SlotKind::Callers { .. } => args.callers != Callers::None,
        SlotKind::Text { .. } => args.text.is_some(),
        SlotKind::Command => args.about.is_some(),
    };
    let empty = matches!(&args.text, Some(Wording::Set(text)) if text.is_empty());
    let whole = spec.slots.iter().all(|slot| !slot.required || there(slot.kind));
    (whole && !empty).then_some(args)
}

fn several(spec: &Spec) -> bool {
    matches!(spec.callers().map(|slot| slot.kind), Some(SlotKind::Callers { several: true, .. }))
}

fn takes_all(spec: &Spec) -> bool {
    matches!(spec.callers().map(|slot| slot.kind), Some(SlotKind::Callers { all: true, .. }))
}

fn some(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

fn short(word: &str) -> String {
    word.chars().take(24).collect()
}

#[cfg(test)]
mod tests;
