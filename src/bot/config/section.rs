//! Reading one table of the file key by key.
//!
//! Owns what every key has in common: its place, its type, that it is missing or misspelt. What the values mean is
//! their readers' business. Invariant: a key that was never asked for is an unknown key.

use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Source, meant, nearest};
use super::{Found, duration};

/// Where problems are collected while the file is read.
pub(super) struct Reader<'a> {
    pub(super) source: Source<'a>,
    problems: RefCell<Vec<(usize, Problem)>>,
}

/// One table under way.
pub(super) struct Section<'a> {
    reader: &'a Reader<'a>,
    /// `room.thursday`; empty: the top.
    pub(super) path: String,
    table: &'a DeTable<'a>,
    start: usize,
    asked: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
}

/// A converted value, or why not: `expected ...`, or anything else in words.
pub(super) type Converted<T> = Result<T, Wrong>;

/// Why a value can't be taken.
pub(super) enum Wrong {
    /// Not of the expected type.
    Type,
    /// Of the right type, but no good: in words.
    Value(String),
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Self { source, problems: RefCell::default() }
    }

    pub(super) fn tell(&self, offset: usize, key: impl Into<String>, text: impl Into<String>) {
        let problem = self.source.at(offset).problem(key, text);
        self.problems.borrow_mut().push((offset, problem));
    }

    /// What was found wrong, in the order of the file.
    pub(super) fn problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(offset, _)| *offset);
        problems.into_iter().map(|(_, problem)| problem).collect()
    }
}

impl<'a> Section<'a> {
    pub(super) fn top(reader: &'a Reader<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::new(reader, String::new(), table.get_ref(), 0)
    }

    fn new(reader: &'a Reader<'a>, path: String, table: &'a DeTable<'a>, start: usize) -> Self {
        Self { reader, path, table, start, asked: Vec::new(), missing: Vec::new() }
    }

    /// A key that must be there; `example` is shown to whoever left it out.
    pub(super) fn need<T>(
        &mut self,
        key: &'static str,
        example: &'static str,
        expected: &str,
        convert: impl FnOnce(&DeValue<'_>) -> Converted<T>,
    ) -> Option<Found<T>> {
        if !self.table.contains_key(key) {
            self.missing.push((key, example));
        }
        self.take(key, expected, convert)
    }

    /// A key that may be there.
    pub(super) fn take<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        convert: impl FnOnce(&DeValue<'_>) -> Converted<T>,
    ) -> Option<Found<T>> {
        let value = self.value(key)?;
        let offset = value.span().start;
        match convert(value.get_ref()) {
            Ok(converted) => Some(Found { value: converted, at: self.reader.source.at(offset), offset }),
            Err(Wrong::Type) => {
                self.expected(key, expected, value);
                None
            }
            Err(Wrong::Value(text)) => {
                self.tell(offset, key, text);
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Found<String>> {
        self.take(key, "a text in quotes", text)
    }

    pub(super) fn need_text(&mut self, key: &'static str, example: &'static str) -> Option<Found<String>> {
        self.need(key, example, "a text in quotes", text)
    }

    pub(super) fn texts(&mut self, key: &'static str, example: &str) -> Vec<Found<String>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let expected = format!("a list of texts such as {example}");
        let Some(items) = value.get_ref().as_array() else {
            self.expected(key, &expected, value);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.item(key, &expected, item)).collect()
    }

    pub(super) fn duration(&mut self, key: &'static str, default: Duration) -> Duration {
        let wrong = || {
            Wrong::Value("expected a duration such as \"30m\", \"12h\" or \"7d\", more than nothing".into())
        };
        let read = |value: &DeValue<'_>| {
            let text = value.as_str().ok_or_else(wrong)?;
            duration::parse(text).ok_or_else(wrong)
        };
        self.take(key, "a duration", read).map_or(default, |found| found.value)
    }

    /// A table under this one.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        self.open(key, value, &format!("a table [{}]", self.key(key)))
    }

    /// A table of tables whose names are the user's: `[room.NAME]`. There must be one; `example` says what it needs.
    pub(super) fn tables(&mut self, key: &'static str, example: &'static str) -> Vec<(String, Section<'a>)> {
        let value = self.value(key);
        if value.is_none_or(|value| value.get_ref().as_table().is_some_and(DeTable::is_empty)) {
            self.missing.push((key, example));
        }
        let outer = value.and_then(|value| self.open(key, value, &format!("tables such as [{key}.NAME]")));
        let Some(outer) = outer else { return Vec::new() };
        let mut inner = Vec::new();
        for (name, value) in outer.table {
            let (name, offset) = (name.get_ref().to_string(), name.span().start);
            if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
                outer.tell(
                    offset,
                    &name,
                    "a name must not be empty, begin or end with a blank, or hold control characters",
                );
            } else if let Some(section) = outer.open(&name, value, &format!("a table [{key}.{name}]")) {
                inner.push((name, section));
            }
        }
        inner
    }

    /// A list of tables: `[[discord.place]]`. There must be one; `example` says what it needs.
    pub(super) fn list(&mut self, key: &'static str, example: &'static str) -> Vec<Section<'a>> {
        let expected = format!("tables, each under its own [[{}]]", self.key(key));
        let value = self.value(key);
        let items = value.map(|value| (value, value.get_ref().as_array()));
        match items {
            Some((_, Some(items))) if !items.is_empty() => {
                items.iter().filter_map(|item| self.open(key, item, &expected)).collect()
            }
            Some((value, None)) => {
                self.expected(key, &expected, value);
                Vec::new()
            }
            Some((_, Some(_))) | None => {
                self.missing.push((key, example));
                Vec::new()
            }
        }
    }

    /// Keys whose names are the user's, in the order of their names, with the place of the name.
    pub(super) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'a str, usize, &'a Spanned<DeValue<'a>>)> + use<'a> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value))
    }

    pub(super) fn tell(&self, offset: usize, key: &str, text: impl Into<String>) {
        self.reader.tell(offset, self.key(key), text);
    }

    /// A key that must be there for a reason of its own, and is not.
    pub(super) fn miss(&mut self, key: &'static str, example: &'static str) {
        self.missing.push((key, example));
    }

    /// Whether the file says anything of this key, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Something is wrong with the table as a whole.
    pub(super) fn tell_here(&self, text: impl Into<String>) {
        self.reader.tell(self.start, self.path.clone(), text);
    }

    /// A value of this section is not what was expected.
    pub(super) fn expected(&self, key: &str, expected: &str, found: &Spanned<DeValue<'_>>) {
        self.tell(found.span().start, key, format!("expected {expected}, found {}", kind(found.get_ref())));
    }

    /// Tells of every key that nobody asked for, and of what is missing. A misspelt key that must be there is told
    /// once.
    pub(super) fn finish(mut self) {
        let mut known = self.asked.clone();
        known.sort_unstable();
        let table = self.table;
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let name: &str = key.get_ref().as_ref();
            self.tell(key.span().start, name, format!("unknown key; {}", meant(name, known.iter().copied())));
            let meant = nearest(name, known.iter().copied());
            self.missing.retain(|(missing, _)| Some(*missing) != meant);
        }
        for (key, example) in &self.missing {
            self.tell_here(format!("\"{key}\" is missing; add {example}"));
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn open(&self, key: &str, value: &'a Spanned<DeValue<'a>>, expected: &str) -> Option<Section<'a>> {
        let Some(table) = value.get_ref().as_table() else {
            self.expected(key, expected, value);
            return None;
        };
        let Range { start, .. } = value.span();
        Some(Section::new(self.reader, self.key(key), table, start))
    }

    fn item(&self, key: &str, expected: &str, item: &Spanned<DeValue<'_>>) -> Option<Found<String>> {
        let offset = item.span().start;
        match text(item.get_ref()) {
            Ok(value) => Some(Found { value, at: self.reader.source.at(offset), offset }),
            Err(Wrong::Type) => {
                self.expected(key, expected, item);
                None
            }
            Err(Wrong::Value(why)) => {
                self.tell(offset, key, why);
                None
            }
        }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A text that is not empty and holds nothing that a terminal or a line protocol would obey.
pub(super) fn text(value: &DeValue<'_>) -> Converted<String> {
    let text = value.as_str().ok_or(Wrong::Type)?;
    if text.trim().is_empty() {
        return Err(Wrong::Value("must not be empty".into()));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::Value("must not hold line breaks or control characters".into()));
    }
    Ok(text.to_owned())
}

/// One of a few words.
pub(super) fn word<T: Copy>(value: &DeValue<'_>, known: &[(&'static str, T)]) -> Converted<T> {
    let text = value.as_str().ok_or(Wrong::Type)?;
    let names = known.iter().map(|(name, _)| *name);
    match known.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(*value),
        None => Err(Wrong::Value(format!("\"{text}\" is not known here; {}", meant(text, names)))),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
