//! What a post says: a few spans, no markup. Each network's renderer writes them in its own way.

use serde::{Deserialize, Serialize};

use super::{Ends, Foreign, Name};

/// Rich text.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Doc(pub Vec<Span>);

/// A piece of rich text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Span {
    /// Our own words.
    Say(String),
    /// Our own words, to be seen first.
    Strong(String),
    /// Text from outside: every renderer escapes it.
    Foreign(Foreign),
    /// A new line.
    Break,
}

impl Doc {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds our own words.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Say(words.into()));
        self
    }

    /// Adds our own words, to be seen first.
    #[must_use]
    pub fn strong(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Strong(words.into()));
        self
    }

    /// Adds text from outside.
    #[must_use]
    pub fn foreign(mut self, text: &Foreign) -> Self {
        self.0.push(Span::Foreign(text.clone()));
        self
    }

    /// Adds a caller: `#12 Marta`, `#12 no name, ends 17`, `#12 no name`.
    #[must_use]
    pub fn person(self, number: u32, name: Option<&Name>, ends: Option<&Ends>) -> Self {
        match (name, ends) {
            (Some(name), _) => self.say(format!("#{number} ")).foreign(name.text()),
            (None, Some(ends)) => self.say(format!("#{number} no name, ends {ends}")),
            (None, None) => self.say(format!("#{number} no name")),
        }
    }

    /// Ends the line.
    #[must_use]
    pub fn line(mut self) -> Self {
        self.0.push(Span::Break);
        self
    }

    /// Adds another text.
    #[must_use]
    pub fn then(mut self, more: Doc) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Doc {
    /// Our own words.
    fn from(words: &str) -> Self {
        Self::new().say(words)
    }
}
