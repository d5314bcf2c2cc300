//! Packets as Asterisk writes them: headers in order, CR LF, an empty line behind.

use std::borrow::Cow;
use std::sync::Arc;

use crate::class::Class;

/// An event, rendered once for all who hear its class.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) class: Class,
    pub(crate) bytes: Arc<[u8]>,
}

/// A packet under construction.
#[derive(Clone, Debug)]
pub(crate) struct Draft(Vec<u8>);

impl Draft {
    /// `Event: NAME` and its privilege.
    pub(crate) fn event(name: &str, class: Class) -> Self {
        let draft = Self::item(name);
        let mut out = draft.0;
        out.extend_from_slice(b"Privilege: ");
        out.extend_from_slice(class.word().as_bytes());
        out.extend_from_slice(b",all\r\n");
        Self(out)
    }

    /// `Event: NAME` of a list.
    pub(crate) fn item(name: &str) -> Self {
        Self(Vec::with_capacity(640)).kv("Event", name)
    }

    /// `Response: WORD`.
    pub(crate) fn response(word: &str) -> Self {
        Self(Vec::with_capacity(128)).kv("Response", word)
    }

    /// A header, as it is.
    pub(crate) fn kv(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value.as_ref());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// A header, if there is one.
    pub(crate) fn maybe(self, name: &str, value: Option<impl AsRef<[u8]>>) -> Self {
        match value {
            Some(value) => self.kv(name, value),
            None => self,
        }
    }

    /// A header with a number.
    pub(crate) fn num(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.kv(name, value.to_string())
    }

    /// `Yes` or `No`.
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.kv(name, if value { "Yes" } else { "No" })
    }

    /// Bytes that bring their own line ends.
    pub(crate) fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    /// The packet.
    pub(crate) fn done(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"\r\n");
        self.0
    }
}

/// Asterisk's `ast_escape_c`.
pub(crate) fn escape(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|b| code(*b).is_some()) {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len() + 8);
    for &byte in value {
        match code(byte) {
            Some(code) => out.extend_from_slice(&[b'\\', code]),
            None => out.push(byte),
        }
    }
    Cow::Owned(out)
}

fn code(byte: u8) -> Option<u8> {
    Some(match byte {
        0x07 => b'a',
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x0b => b'v',
        b'\\' | b'\'' | b'"' | b'?' => byte,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use gavel_ami::wire::{OwnedFrame, unescape};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_packet_reads_back() {
        let bytes = Draft::event("Hangup", Class::Call).num("Cause", 16).flag("Admin", true).done();
        assert_eq!(bytes, b"Event: Hangup\r\nPrivilege: call,all\r\nCause: 16\r\nAdmin: Yes\r\n\r\n");
        assert_eq!(OwnedFrame::parse(&bytes).view().get("cause"), Some(&b"16"[..]));
    }

    proptest! {
        #[test]
        fn gavel_undoes_the_escapes(value in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(unescape(&escape(&value)).into_owned(), value);
        }
    }
}
