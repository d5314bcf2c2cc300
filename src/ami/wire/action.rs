//! Actions: what is sent. Parse, don't validate: a value that exists cannot inject.
//!
//! Invariant: no CR, LF or NUL inside a line, no line over [`MAX_LINE`] bytes, no more than [`MAX_HEADERS`] lines.
//! Asterisk ends a packet early at a line of exactly 1023 bytes and runs the rest as a packet of its own.

use std::fmt;

/// The longest `Name: value` that is sent, in bytes. Asterisk takes 1022.
pub const MAX_LINE: usize = 1000;
/// The most lines of one action, with `Action` and `ActionID`. Asterisk takes 128.
pub const MAX_HEADERS: usize = 100;

/// Why something cannot be sent. Nothing reached the socket.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ActionError {
    /// A CR or LF would begin a new header, or a new action.
    #[error("the value has a line break in it")]
    LineBreak,
    /// Asterisk would cut the value at a NUL.
    #[error("the value has a NUL byte in it")]
    Nul,
    /// Asterisk strips leading blanks: another value than this one would arrive.
    #[error("the value begins with a blank")]
    LeadingBlank,
    /// The line would be longer than [`MAX_LINE`].
    #[error("the line {header} would be {length} bytes long, {MAX_LINE} are allowed")]
    TooLong {
        /// The header.
        header: &'static str,
        /// How long the line would be.
        length: usize,
    },
    /// The action would have more lines than [`MAX_HEADERS`].
    #[error("the action would have more than {MAX_HEADERS} lines")]
    TooManyHeaders,
}

/// The value of one header, which cannot hold CR, LF or NUL and does not begin with a blank.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderValue(Vec<u8>);

impl HeaderValue {
    /// Takes the value, or says what is wrong with it.
    pub fn parse(value: impl AsRef<[u8]>) -> Result<Self, ActionError> {
        let value = value.as_ref();
        if value.iter().any(|b| matches!(b, b'\r' | b'\n')) {
            return Err(ActionError::LineBreak);
        }
        if value.contains(&0) {
            return Err(ActionError::Nul);
        }
        // Asterisk's `ast_skip_blanks`: everything up to and including the space.
        if value.first().is_some_and(|b| *b <= b' ') {
            return Err(ActionError::LeadingBlank);
        }
        Ok(Self(value.to_vec()))
    }
}

impl AsRef<[u8]> for HeaderValue {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One action without its `ActionID`, which the session adds.
#[derive(Clone, Eq, PartialEq)]
pub struct Action {
    name: &'static str,
    lines: usize,
    bytes: Vec<u8>,
}

impl Action {
    /// An action without parameters.
    pub fn new(name: &'static str) -> Self {
        let mut action = Self { name, lines: 2, bytes: Vec::with_capacity(128) };
        action.line("Action", name.as_bytes());
        action
    }

    /// Adds a header. Its name is of our own making, its value is anybody's.
    pub fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Result<Self, ActionError> {
        let value = HeaderValue::parse(value)?;
        let length = name.len() + 2 + value.0.len();
        if length > MAX_LINE {
            return Err(ActionError::TooLong { header: name, length });
        }
        if self.lines >= MAX_HEADERS {
            return Err(ActionError::TooManyHeaders);
        }
        self.lines += 1;
        self.line(name, &value.0);
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The bytes for the socket. `id` is the session's.
    pub(crate) fn encode(mut self, id: &str) -> Vec<u8> {
        self.line("ActionID", id.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes
    }

    /// The headers added so far, as they will be sent: for tests of what builds actions.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.bytes.split(|b| *b == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r")?;
            let colon = memchr::memmem::find(line, b": ")?;
            Some((line.get(..colon)?, line.get(colon + 2..)?))
        })
    }

    fn line(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            self.bytes.extend_from_slice(part);
        }
    }
}

impl fmt::Debug for Action {
    /// The name alone: values may be secrets or phone numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action").field("name", &self.name).field("lines", &self.lines).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::OwnedFrame;

    #[test]
    fn injections_are_refused_by_type() {
        let refuse = |v: &str| Action::new("Setvar").header("Value", v).unwrap_err();
        assert_eq!(refuse("x\r\n\r\nAction: Originate"), ActionError::LineBreak);
        assert_eq!(refuse("x\nAction: Command"), ActionError::LineBreak);
        assert_eq!(refuse("x\ry"), ActionError::LineBreak);
        assert_eq!(refuse("x\0y"), ActionError::Nul);
        assert_eq!(refuse(" room"), ActionError::LeadingBlank);
    }

    #[test]
    fn a_line_of_1000_bytes_is_the_longest() {
        let longest = "v".repeat(MAX_LINE - "Value: ".len());
        let sent = Action::new("Setvar").header("Value", &longest).unwrap().encode("1");
        assert!(sent.split(|b| *b == b'\n').all(|l| l.len() <= MAX_LINE + 1));
        let error = Action::new("Setvar").header("Value", longest + "v").unwrap_err();
        assert_eq!(error, ActionError::TooLong { header: "Value", length: 1001 });
    }

    #[test]
    fn a_hundred_lines_are_the_most() {
        let full = (0..98).try_fold(Action::new("Originate"), |a, _| a.header("Variable", "a=b")).unwrap();
        assert_eq!(full.clone().encode("1").split(|b| *b == b'\n').count(), MAX_HEADERS + 2);
        assert_eq!(full.header("Variable", "a=b").unwrap_err(), ActionError::TooManyHeaders);
    }

    proptest! {
        #[test]
        fn what_is_sent_reads_back_as_it_was_meant(values in proptest::collection::vec(any::<Vec<u8>>(), 0..8)) {
            let built = values.iter().try_fold(Action::new("X"), |a, v| a.header("V", v));
            let bad = |v: &Vec<u8>| v.iter().any(|b| b"\r\n\0".contains(b)) || v.first().is_some_and(|b| *b <= b' ');
            prop_assert_eq!(built.is_err(), values.iter().any(bad));
            if let Ok(action) = built {
                let bytes = action.encode("n-1");
                let frame = OwnedFrame::parse(&bytes);
                prop_assert_eq!(frame.view().lines().count(), values.len() + 2);
                prop_assert_eq!(frame.view().get("ActionID"), Some(&b"n-1"[..]));
                prop_assert!(frame.view().all("V").eq(values.iter().map(Vec::as_slice)));
                prop_assert!(bytes.ends_with(b"\r\n\r\n"));
            }
        }
    }
}
