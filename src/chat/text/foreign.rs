//! Text from outside, tamed: callers' names, topics, notes, what Asterisk and other people say.
//!
//! Invariant: a [`Foreign`] holds no control, escape, bidi or invisible character, no line break, and is capped in
//! what a reader would count as signs. It may still hold any markup: renderers escape it.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// Signs of a name.
const NAME: usize = 24;
/// Signs of anything else: a topic, a reason, a note, Asterisk's words.
const TEXT: usize = 200;
/// Characters of one sign: more is a tower of accents.
const SIGN: usize = 8;
/// As many digits make a name a phone number.
const PHONE: usize = 5;

/// Text from outside that is safe to show on a screen and in a log.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub struct Foreign(String);

impl Foreign {
    /// Signs at most.
    pub const LONGEST: usize = TEXT;

    /// Like [`Foreign::text`], but `None` where that would cut something off.
    pub fn whole(raw: &str) -> Option<Self> {
        (raw.graphemes(true).count() <= TEXT).then(|| Self::text(raw))
    }

    /// A topic, a note, a reason: capped at 200 signs.
    pub fn text(raw: &str) -> Self {
        Self(tame(raw, TEXT))
    }

    /// A name (a person's, a file's): capped at 24 signs.
    pub fn name(raw: &str) -> Self {
        Self(tame(raw, NAME))
    }

    /// The text. Still to be escaped where markup means something.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Foreign {
    fn from(raw: String) -> Self {
        Self::text(&raw)
    }
}

impl From<Foreign> for String {
    fn from(text: Foreign) -> Self {
        text.0
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A caller's name: never empty, never a phone number (fewer than five digits in it), at most 24 signs.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Foreign);

impl Name {
    /// `None` where nothing is left to show: no name, or a phone number sent as a name.
    pub fn new(raw: &str) -> Option<Self> {
        // Counted in the raw text: the cap must not cut a number down to a name.
        let digits = raw.chars().filter(|c| c.is_numeric()).count();
        let text = Foreign::name(raw);
        (digits < PHONE && !text.is_empty()).then_some(Self(text))
    }

    /// The name as text.
    pub fn text(&self) -> &Foreign {
        &self.0
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::new(&raw).ok_or("no name, or a phone number")
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.into()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The last two digits of a phone number: the most of it that anybody is shown.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ends([u8; 2]);

impl Ends {
    /// Exactly two ASCII digits.
    pub fn new(digits: &str) -> Option<Self> {
        match digits.as_bytes() {
            [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Some(Self([*a, *b])),
            _ => None,
        }
    }

    /// Of a phone number that was sent as a name ([`Name::new`] refuses those).
    pub fn of_name(raw: &str) -> Option<Self> {
        let digits: Vec<u8> = raw.bytes().filter(u8::is_ascii_digit).collect();
        match digits.as_slice() {
            [.., a, b] if digits.len() >= PHONE => Some(Self([*a, *b])),
            _ => None,
        }
    }
}

impl TryFrom<String> for Ends {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::new(&raw).ok_or("not two digits")
    }
}

impl From<Ends> for String {
    fn from(ends: Ends) -> Self {
        ends.to_string()
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

fn tame(raw: &str, signs: usize) -> String {
    // White space of any kind becomes one blank first: a line break must part words, not join them. The input is cut
    // early, so that a megabyte costs no more than a name.
    let visible: String = raw
        .chars()
        .take(signs * SIGN * 4)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !invisible(*c))
        .collect();
    let flat = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut kept = flat.graphemes(true);
    let mut text: String = kept.by_ref().take(signs).flat_map(|sign| sign.chars().take(SIGN)).collect();
    if kept.next().is_some() {
        let shorter: String = text.graphemes(true).take(signs.saturating_sub(1)).collect();
        text = shorter.trim_end().to_owned();
        text.push('…');
    }
    text
}

/// Characters that change how others look, or that cannot be seen: a name must not reorder the line that it stands
/// in, nor look empty or like another.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffd}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_screen_is_gone() {
        let name = |raw: &str| Foreign::name(raw).to_string();
        assert_eq!(name("\u{1b}[31mEvil\u{9b}2J"), "[31mEvil2J");
        assert_eq!(name("a\r\nb\t c\u{2028}d"), "a b c d");
        assert_eq!(name("\u{202e}evil\u{2066}\u{200b}\u{feff}"), "evil");
        assert_eq!(name(" \u{200b} "), "");
    }

    #[test]
    fn signs_are_counted_as_read() {
        assert_eq!(Foreign::name(&"e\u{301}".repeat(24)).as_str(), "e\u{301}".repeat(24));
        assert_eq!(Foreign::name(&"x".repeat(25)).as_str(), format!("{}…", "x".repeat(23)));
        assert!(Foreign::name(&format!("x{}", "\u{301}".repeat(5000))).as_str().chars().count() <= SIGN);
    }

    #[test]
    fn a_phone_number_is_no_name() {
        for raw in ["+44 113 496 0017", "4960017 (home)", "x12345", "１２３４５", "x".repeat(30).as_str()]
        {
            assert_eq!(Name::new(raw).is_some(), raw.starts_with("xx"), "{raw}");
        }
        assert!(Name::new(&format!("{}12345", "x".repeat(30))).is_none(), "the cap does not hide it");
        assert!(Name::new("\u{200b}").is_none());
        assert_eq!(Name::new("Studio 1234").map(|name| name.to_string()), Some("Studio 1234".into()));
        assert_eq!(Ends::of_name("+44 113 496 0017").map(|ends| ends.to_string()), Some("17".into()));
        assert_eq!(Ends::of_name("1234"), None);
        assert_eq!(Ends::new("117"), None);
    }

    proptest! {
        #[test]
        fn tame_whatever_comes(raw in any::<String>()) {
            for (text, cap) in [(Foreign::name(&raw), NAME), (Foreign::text(&raw), TEXT)] {
                prop_assert!(!text.as_str().chars().any(|c| c.is_control() || invisible(c)));
                prop_assert!(text.as_str().graphemes(true).count() <= cap);
                prop_assert_eq!(text.as_str().trim(), text.as_str());
            }
            if let Some(name) = Name::new(&raw) {
                prop_assert!(name.as_str().chars().filter(|c| c.is_numeric()).count() < PHONE);
            }
        }
    }
}
