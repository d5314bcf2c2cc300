//! What is wrong with a configuration, in words that name the place and the remedy.
//!
//! Owns positions in the file and the wording of a whole report; what is wrong is said by whoever reads the key.
//! Invariant: one problem is one line, without control characters, whatever the file holds.

use std::fmt;

use crate::visible::visible;

/// A place in a configuration file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct At {
    /// The file as it was named on the command line.
    pub file: String,
    /// Counted from 1; 0: the file as a whole.
    pub line: usize,
    /// Counted in characters from 1.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Where.
    pub at: At,
    /// The key with its tables (`room.thursday.crew`); empty: the file as a whole.
    pub key: String,
    /// What is wrong and what to do, lower case, without a full stop.
    pub text: String,
}

/// All that is wrong, in the order of the file; never empty.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// Each on its own.
    pub problems: Vec<Problem>,
}

/// The text of the file with its name: turns byte offsets into places.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl At {
    /// The file as a whole.
    pub fn whole(file: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0 }
    }

    /// A problem at this place.
    pub fn problem(&self, key: impl Into<String>, text: impl Into<String>) -> Problem {
        Problem { at: self.clone(), key: key.into(), text: text.into() }
    }
}

impl Source<'_> {
    /// The place of a byte offset; one that is too large is the end.
    pub(super) fn at(&self, offset: usize) -> At {
        let offset = (0..=offset.min(self.text.len())).rev().find(|o| self.text.is_char_boundary(*o));
        let before = self.text.get(..offset.unwrap_or(0)).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        At { file: self.file.to_owned(), line, column }
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", visible(&self.file)),
            _ => write!(f, "{}:{}:{}", visible(&self.file), self.line, self.column),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.at)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", visible(&self.key))?;
        }
        f.write_str(&visible(&self.text))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

/// The known word that `word` was most likely meant to be.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    let scored = known.into_iter().map(|k| (strsim::damerau_levenshtein(&word, &k.to_lowercase()), k));
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    let allowed = (best.chars().count().max(word.chars().count()) / 3).clamp(1, 3);
    (distance <= allowed || best.starts_with(&word) && word.len() >= 3).then_some(best)
}

/// "did you mean ..." where a known word is near, else all known words.
pub(super) fn meant<'w>(word: &str, known: impl IntoIterator<Item = &'w str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => format!("known here: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}
