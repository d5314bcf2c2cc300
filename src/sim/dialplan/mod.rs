//! The part of `extensions.conf` that conferences need: contexts, extensions with patterns, priorities, labels.
//!
//! Leaves to the world what an application does. Invariant: priority 1 is the first step, without gaps.

mod expression;
mod pattern;

use std::collections::HashMap;

use crate::conf::{self, ConfError};

pub(crate) use expression::substitute;

const FILE: &str = "extensions.conf";

/// All contexts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dialplan {
    contexts: HashMap<String, Context>,
    pub(crate) globals: HashMap<String, Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
struct Context {
    exact: HashMap<String, Vec<Step>>,
    /// In the order of the file; Asterisk's order of specificity matters for no dialplan of ours.
    patterns: Vec<(String, Vec<Step>)>,
}

/// One priority.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Step {
    label: Option<String>,
    pub(crate) app: String,
    /// As written, with its `${...}`.
    pub(crate) data: String,
}

impl Dialplan {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfError> {
        let mut dialplan = Self::default();
        for section in conf::parse(FILE, text)? {
            match section.name.as_str() {
                "general" => {}
                "globals" => {
                    let globals =
                        section.entries.into_iter().map(|(_, name, value)| (name, value.into_bytes()));
                    dialplan.globals.extend(globals);
                }
                _ => {
                    let context = context(&section.entries)?;
                    dialplan.contexts.insert(section.name, context);
                }
            }
        }
        Ok(dialplan)
    }

    /// One more step, `_X.,1,Answer()`, of a context that may be a new one.
    pub(crate) fn add(&mut self, context: &str, text: &str) -> Result<(), ConfError> {
        let (exten, rest) =
            text.split_once(',').ok_or_else(|| error(0, "an extension without a priority"))?;
        let step = step(0, rest)?;
        self.contexts.entry(context.to_owned()).or_default().steps(exten).push(step);
        Ok(())
    }

    pub(crate) fn has_context(&self, context: &str) -> bool {
        self.contexts.contains_key(context)
    }

    /// The steps of an extension: an exact one before a pattern.
    pub(crate) fn extension(&self, context: &str, exten: &str) -> Option<&[Step]> {
        let context = self.contexts.get(context)?;
        let by_pattern = || context.patterns.iter().find(|(p, _)| pattern::fits(p, exten)).map(|(_, s)| s);
        context.exact.get(exten).or_else(by_pattern).map(Vec::as_slice)
    }

    pub(crate) fn step(&self, context: &str, exten: &str, priority: u32) -> Option<&Step> {
        self.extension(context, exten)?.get((priority as usize).checked_sub(1)?)
    }

    /// A priority by its number or its label.
    pub(crate) fn priority(&self, context: &str, exten: &str, word: &str) -> Option<u32> {
        if let Ok(number) = word.parse() {
            return Some(number);
        }
        let at = self.extension(context, exten)?.iter().position(|s| s.label.as_deref() == Some(word))?;
        Some(at as u32 + 1)
    }
}

fn context(entries: &[(usize, String, String)]) -> Result<Context, ConfError> {
    let mut context = Context::default();
    let mut last = String::new();
    for (line, name, value) in entries {
        let rest = match name.as_str() {
            "exten" => {
                let (exten, rest) =
                    value.split_once(',').ok_or_else(|| error(*line, "an extension without a priority"))?;
                exten.trim().clone_into(&mut last);
                rest
            }
            "same" => value.as_str(),
            _ => return Err(error(*line, "neither exten nor same")),
        };
        context.steps(&last).push(step(*line, rest)?);
    }
    Ok(context)
}

/// `1,Answer()`, `n(again),Playtones(440)`.
fn step(line: usize, text: &str) -> Result<Step, ConfError> {
    let (priority, call) =
        text.split_once(',').ok_or_else(|| error(line, "a priority without an application"))?;
    let label = priority.split_once('(').map(|(_, l)| l.trim_end_matches(')').to_owned());
    let (app, data) = call.trim().split_once('(').unwrap_or((call.trim(), ""));
    let data = data.strip_suffix(')').unwrap_or(data);
    Ok(Step { label, app: app.trim().to_owned(), data: data.to_owned() })
}

fn error(line: usize, what: &str) -> ConfError {
    ConfError { file: FILE, line, what: what.to_owned() }
}

impl Context {
    fn steps(&mut self, exten: &str) -> &mut Vec<Step> {
        if !exten.starts_with('_') {
            return self.exact.entry(exten.to_owned()).or_default();
        }
        let at = self.patterns.iter().position(|(p, _)| p == exten).unwrap_or_else(|| {
            self.patterns.push((exten.to_owned(), Vec::new()));
            self.patterns.len() - 1
        });
        &mut self.patterns[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[conf]\nexten => 201,1,Answer()\n same => n(room),ConfBridge(200,a,b)\n\
                        exten => _X.,1,Hangup(17)\n[globals]\nROOM=200\n";

    #[test]
    fn steps_are_found_by_number_and_label() {
        let plan = Dialplan::parse(TEXT).unwrap();
        assert_eq!(plan.step("conf", "201", 2).unwrap().app, "ConfBridge");
        assert_eq!(plan.priority("conf", "201", "room"), Some(2));
        assert_eq!(plan.step("conf", "999", 1).unwrap().data, "17");
        assert!(plan.step("conf", "201", 3).is_none() && plan.step("conf", "x", 1).is_none());
        assert!(plan.step("conf", "201", 0).is_none());
        assert_eq!(plan.globals["ROOM"], b"200");
    }

    #[test]
    fn the_tests_own_dialplan_is_understood() {
        let text = include_str!("../../../tests/support/asterisk/etc/extensions.conf");
        let plan = Dialplan::parse(text).unwrap();
        assert_eq!(plan.step("join", "in", 1).unwrap().app, "Gosub");
        assert!(plan.extension("leg", "press-5").unwrap().iter().any(|step| step.data == "${EXTEN:6}"));
        assert_eq!(plan.priority("leg", "chat", "again"), Some(2));
    }
}
