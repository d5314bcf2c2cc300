//! Asterisk's configuration files: sections, templates, `name = value` and `name => value`. Knows no meaning.
//!
//! Invariant: order and duplicates are kept; a template's lines come before the section's own.

use std::collections::HashMap;

/// What is wrong with a configuration text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}, line {line}: {what}")]
pub struct ConfError {
    /// Which text.
    pub file: &'static str,
    /// Where, from 1.
    pub line: usize,
    /// What.
    pub what: String,
}

/// One `[section]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    pub(crate) name: String,
    /// `(line number, name, value)`.
    pub(crate) entries: Vec<(usize, String, String)>,
    /// `[name](!)`: only for others to build on.
    pub(crate) template: bool,
}

impl Section {
    /// The last entry of that name: it overrides a template's.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.entries.iter().rev().find(|(_, n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, _, value)| value.as_str())
    }

    /// Whether the last entry of that name says yes.
    pub(crate) fn yes(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|v| ["yes", "true", "on", "1", "y", "t"].contains(&v.to_lowercase().as_str()))
    }
}

/// The sections in their order.
pub(crate) fn parse(file: &'static str, text: &str) -> Result<Vec<Section>, ConfError> {
    let mut sections: Vec<Section> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, raw) in text.lines().enumerate() {
        let error = |what: &str| ConfError { file, line: number + 1, what: what.to_owned() };
        let line = uncommented(raw);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let (name, rest) = header.split_once(']').ok_or_else(|| error("no ] ends the section's name"))?;
            let section = open(name, rest, &sections, &known).map_err(|what| error(&what))?;
            known.insert(section.name.clone(), sections.len());
            sections.push(section);
            continue;
        }
        let (name, value) =
            line.split_once('=').ok_or_else(|| error("neither a section nor name = value"))?;
        let value = value.strip_prefix('>').unwrap_or(value);
        let section = sections.last_mut().ok_or_else(|| error("stands before the first section"))?;
        section.entries.push((number + 1, name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(sections)
}

fn open(
    name: &str,
    rest: &str,
    sections: &[Section],
    known: &HashMap<String, usize>,
) -> Result<Section, String> {
    let mut section = Section { name: name.trim().to_owned(), ..Section::default() };
    let bases = rest.trim().trim_start_matches('(').trim_end_matches(')');
    for base in bases.split(',').map(str::trim).filter(|b| !b.is_empty()) {
        if base == "!" {
            section.template = true;
            continue;
        }
        let found = known.get(base).and_then(|at| sections.get(*at));
        let found = found.ok_or_else(|| format!("there is no template {base}"))?;
        section.entries.extend(found.entries.iter().cloned());
    }
    Ok(section)
}

/// Without the comment: from a `;` that no backslash protects.
fn uncommented(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&';') => out.extend(chars.next()),
            ';' => break,
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_come_first_and_are_overridden() {
        let text = "[base](!)\nquiet = yes\nadmin=no\n; a comment\n[admin](base)\nadmin => yes ; it is\n";
        let sections = parse("test", text).unwrap();
        assert!(sections[0].template && !sections[1].template);
        assert!(sections[1].yes("quiet") && sections[1].yes("ADMIN"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let told = |text| parse("x.conf", text).unwrap_err().to_string();
        assert_eq!(told("\n[open"), "x.conf, line 2: no ] ends the section's name");
        assert_eq!(told("a = b"), "x.conf, line 1: stands before the first section");
        assert_eq!(told("[a](b)"), "x.conf, line 1: there is no template b");
    }
}
