//! Rich text as Discord's Markdown.
//!
//! Owns the escapes and the cut to size. Invariant: text from outside is shown as nothing but itself, wherever it
//! stands: no markup, no mention, no link, no invite. (Whom a message pings, `allowed_mentions` says, not the text.)

use gavel_chat::text::{Doc, Foreign, Renderer, Span};

use super::limits::{cap, size};

/// The renderer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Markdown;

impl Renderer for Markdown {
    fn say(&self, out: &mut String, words: &str) {
        let words: String = words.chars().filter(|c| !c.is_control()).collect();
        let mut rest = words.as_str();
        if at_line_start(out) {
            let body = rest.trim_start_matches(' ');
            out.push_str(&rest[..rest.len() - body.len()]);
            rest = opening(out, body);
        }
        for c in rest.chars() {
            if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '@' | '[') {
                out.push('\\');
            }
            out.push(c);
        }
    }

    fn strong(&self, out: &mut String, words: &str) {
        if words.trim().is_empty() {
            return self.say(out, words);
        }
        // Two strong texts in a row are one: `**a****b**` would be read otherwise. An escaped star has a backslash.
        if out.ends_with("**") {
            out.truncate(out.len() - 2);
        } else {
            out.push_str("**");
        }
        self.say(out, words);
        out.push_str("**");
    }

    fn foreign(&self, out: &mut String, text: &Foreign) {
        let signs: Vec<char> = text.as_str().chars().filter(|c| !c.is_control()).collect();
        for (at, c) in signs.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| signs.get(at)).copied();
            if live(before, *c, signs.get(at + 1).copied()) {
                out.push('\\');
            }
            out.push(*c);
        }
    }

    fn line(&self, out: &mut String) {
        out.push('\n');
    }
}

/// Writes a text in at most `most` units. Whole lines are left out at its end, and counted; a line that is too long
/// by itself is cut.
pub(crate) fn fit(doc: &Doc, most: usize) -> String {
    let lines: Vec<_> = doc.0.split(|span| *span == Span::Break).map(|spans| line(spans, most)).collect();
    let whole = lines.join("\n");
    if size(&whole) <= most {
        return whole;
    }
    let room = most.saturating_sub(size(&more(lines.len())));
    let mut used = 0;
    let fits = |line: &&String| {
        used += size(line) + 1;
        used <= room
    };
    let kept: Vec<_> = lines.iter().take_while(fits).map(String::as_str).collect();
    // A first line that alone is nearly everything is cut further: nothing at all helps nobody.
    let first =
        || line(doc.0.split(|span| *span == Span::Break).next().unwrap_or(&[]), room.saturating_sub(1));
    let (text, count) = if kept.is_empty() { (first(), 1) } else { (kept.join("\n"), kept.len()) };
    format!("{text}\n{}", more(lines.len() - count))
}

/// Says how many more there are.
fn more(count: usize) -> String {
    format!("... and {count} more")
}

/// One line, cut where it is too long: in its text, never in its markup.
fn line(spans: &[Span], most: usize) -> String {
    let mut out = String::new();
    for span in spans {
        let before = out.clone();
        write(&mut out, span);
        if size(&out) > most {
            return cut(before, span, most);
        }
    }
    out
}

fn cut(before: String, span: &Span, most: usize) -> String {
    let shorter = |signs: usize| {
        let mut out = before.clone();
        write(&mut out, &shortened(span, signs));
        out
    };
    let (mut fits, mut over) = (0, length(span) + 1);
    while over - fits > 1 {
        let middle = fits.midpoint(over);
        if size(&shorter(middle)) <= most { fits = middle } else { over = middle }
    }
    if fits == 0 { before } else { shorter(fits) }
}

fn length(span: &Span) -> usize {
    match span {
        Span::Say(words) | Span::Strong(words) => size(words),
        Span::Foreign(text) => size(text.as_str()),
        Span::Break => 1,
    }
}

fn shortened(span: &Span, most: usize) -> Span {
    match span {
        Span::Say(words) => Span::Say(cap(words, most)),
        Span::Strong(words) => Span::Strong(cap(words, most)),
        Span::Foreign(text) => Span::Foreign(Foreign::text(&cap(text.as_str(), most))),
        Span::Break => Span::Break,
    }
}

fn write(out: &mut String, span: &Span) {
    match span {
        Span::Say(words) => Markdown.say(out, words),
        Span::Strong(words) => Markdown.strong(out, words),
        Span::Foreign(text) => Markdown.foreign(out, text),
        Span::Break => Markdown.line(out),
    }
}

/// Nothing but blanks since the line began: what means something there alone, does here.
fn at_line_start(out: &str) -> bool {
    let line = out.rsplit('\n').next().unwrap_or(out);
    line.trim_start_matches(' ').is_empty()
}

/// Writes what would make a heading, a list or a quote of our own words; gives back what follows it. A number sign
/// before a digit does not: `#12 Marta` shall be readable in a phone's notification, which shows the backslashes.
fn opening<'a>(out: &mut String, words: &'a str) -> &'a str {
    let hashes = words.len() - words.trim_start_matches('#').len();
    let digits = words.len() - words.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let blank = |at: usize| words[at..].chars().next().is_none_or(char::is_whitespace);
    if words.starts_with(['>', '-']) || hashes > 0 && blank(hashes) {
        out.push('\\');
        let (mark, rest) = words.split_at(1);
        out.push_str(mark);
        return rest;
    }
    if digits > 0 && words[digits..].starts_with('.') && blank(digits + 1) {
        out.push_str(&words[..digits]);
        out.push_str("\\.");
        return &words[digits + 1..];
    }
    words
}

/// Whether a sign of foreign text could be part of any markup. What cannot is left as it is, for phones show the
/// backslashes in their notifications: the hyphen of Mary-Ann, the colon before a blank.
fn live(before: Option<char>, c: char, after: Option<char>) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '[' | ']' | '(' | ')' | '<' | '@' => true,
        // A list, small print.
        '-' => !(inside(before) && inside(after)),
        // A link, an emoji.
        ':' => after != Some(' '),
        // A numbered list; the name of a host. Not a version.
        '.' if before.is_some_and(digit) && after.is_some_and(digit) => false,
        '.' => !before.is_some_and(char::is_alphabetic) || after != Some(' '),
        _ => false,
    }
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

#[cfg(test)]
mod tests;
