//! What all dialects read the same way: Uniqueids, text, Asterisk's words, versions, and what is of channels alone.

use std::borrow::Cow;

use super::{Fact, Verdict};
use crate::wire::{Action, ActionError, Frame};

/// The longest Uniqueid (Asterisk's `AST_MAX_UNIQUEID`), with room to spare.
const MAX_UNIQUEID: usize = 160;
/// A name of so many bytes may have been cut within its last character.
const CUT: usize = 76;

/// Events of channels, whatever conference they are in.
pub(super) fn of_channels<'a>(name: &[u8], frame: Frame<'a>) -> Option<Fact<'a>> {
    match name {
        b"Hangup" => Some(Fact::Hungup { call: call(frame.get("Uniqueid")?)? }),
        b"Shutdown" => Some(Fact::Stopping),
        _ => None,
    }
}

/// Sets a variable of a channel, or a global one.
pub(super) fn set(channel: Option<&str>, variable: &str, value: &str) -> Result<Action, ActionError> {
    let mut action = Action::new("Setvar");
    if let Some(channel) = channel {
        action = action.header("Channel", channel)?;
    }
    action.header("Variable", variable)?.header("Value", value)
}

/// Major and minor of the version in the banner: `1.0` is Asterisk 1.2 and 1.4, `1.1` 1.6 and 1.8, `1.3` 11, `2.0` 12,
/// `11.0.0` 22. What cannot be read is taken for a new one.
pub(super) fn version(ami: &str) -> (u32, u32) {
    let mut words = ami.trim().split('.').map(|word| word.parse::<u32>().ok());
    match (words.next().flatten(), words.next().flatten()) {
        (Some(major), minor) => (major, minor.unwrap_or(0)),
        (None, _) => (u32::MAX, 0),
    }
}

/// A Uniqueid is printable ASCII; what is none names no call.
pub(super) fn call(raw: &[u8]) -> Option<&str> {
    let sound = !raw.is_empty() && raw.len() <= MAX_UNIQUEID && raw.iter().all(u8::is_ascii_graphic);
    if sound { std::str::from_utf8(raw).ok() } else { None }
}

/// What is no UTF-8 is taken for Latin-1, in which old phones write. Only of a long text is an unfinished character at
/// the end the rest of one that Asterisk cut in two (names end after 79 bytes, before they are escaped).
pub(super) fn text(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(whole) => Cow::Borrowed(whole),
        Err(e) if e.error_len().is_none() && raw.len() >= CUT => {
            String::from_utf8_lossy(raw.get(..e.valid_up_to()).unwrap_or_default())
        }
        Err(_) => Cow::Owned(mixed(raw)),
    }
}

fn mixed(raw: &[u8]) -> String {
    let latin = |byte: &u8| if *byte >= 0xa0 { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
    raw.utf8_chunks().fold(String::with_capacity(raw.len()), |mut text, chunk| {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(latin));
        text
    })
}

/// The same of bytes of our own, where something was unescaped.
pub(super) fn text_of(raw: Cow<'_, [u8]>) -> Cow<'_, str> {
    match raw {
        Cow::Borrowed(bytes) => text(bytes),
        Cow::Owned(bytes) => Cow::Owned(text(&bytes).into_owned()),
    }
}

/// What Asterisk writes where there is no name or number.
pub(super) fn is_unknown(text: &str) -> bool {
    text.is_empty() || text == "<unknown>" || text == "<no name>"
}

/// Asterisk's words, with or without their full stop.
pub(super) fn same(words: &str, text: &str) -> bool {
    words.trim().trim_end_matches('.').eq_ignore_ascii_case(text)
}

/// What an error says of an act; `gone`: the dialect knows these words as "nobody is there".
pub(super) fn verdict(words: &str, gone: bool) -> Verdict {
    if gone || same(words, "No such channel") {
        Verdict::Gone
    } else if same(words, "Permission denied") {
        Verdict::Forbidden
    } else {
        Verdict::Refused
    }
}

/// `Yes` or `No`.
pub(super) fn yes(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"Yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_encoding() {
        assert_eq!(text(b"Jos\xe9"), "José");
        assert_eq!(text(b"Caf\xe9 Ren\xe9 \xc5\xbdlu\x9b"), "Café René Žlu\u{fffd}");
        let cut = ["á".repeat(39).as_bytes(), b"\xc3"].concat();
        assert_eq!(text(&cut), "á".repeat(39));
    }
}
