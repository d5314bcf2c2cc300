//! Which callers are meant, as typed: `3`, `#3`, `03`, `3 4`, `3,4`, `all`, a name.

use serde::{Deserialize, Serialize};

use crate::text::Foreign;

/// Words that never name a caller: callers choose their names, and nobody shall be able to be called `all`.
const RESERVED: &[&str] =
    &["all", "on", "off", "up", "down", "add", "remove", "cancel", "none", "nobody", "everyone", "everybody"];

/// Whom a command is about.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Callers {
    /// It is about nobody.
    #[default]
    None,
    /// Whoever is not crew.
    All,
    /// These; never empty, no number twice.
    These(Vec<CallerRef>),
}

/// One caller as typed; who that is, [`super::resolve()`] finds out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CallerRef {
    /// By number.
    Number(u32),
    /// By name, or the beginning of one. It has a letter in it, and does not begin with a reserved word.
    Name(Foreign),
}

/// Numbers at the beginning of what was typed.
pub(super) struct Leading<'a> {
    /// The numbers in order; each once.
    pub(super) numbers: Vec<u32>,
    /// What follows the first number.
    pub(super) after_first: &'a str,
    /// What follows the last number.
    pub(super) rest: &'a str,
}

/// Takes the numbers off the beginning. A number too big to be one is `u32::MAX`, which is never given to anybody.
pub(super) fn leading(typed: &str) -> Leading<'_> {
    let mut rest = typed.trim_start();
    let mut found = Leading { numbers: Vec::new(), after_first: rest, rest };
    while let Some((number, after)) = number(rest) {
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if found.numbers.is_empty() {
            found.after_first = rest;
        }
        if !found.numbers.contains(&number) {
            found.numbers.push(number);
        }
        found.rest = rest;
    }
    found
}

/// A name as typed; `None` for what never is one.
pub(super) fn name(typed: &str) -> Option<CallerRef> {
    // Capped like the names themselves, so that a long one typed whole is still the same.
    let name = Foreign::name(typed);
    let first = name.as_str().split(' ').next().unwrap_or_default();
    let reserved = RESERVED.iter().any(|word| word.eq_ignore_ascii_case(first));
    let letters = name.as_str().chars().any(char::is_alphabetic);
    (!reserved && letters).then_some(CallerRef::Name(name))
}

fn number(typed: &str) -> Option<(u32, &str)> {
    let digits = typed.strip_prefix('#').unwrap_or(typed);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let whole = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ',');
    (!digits.is_empty() && whole).then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}
