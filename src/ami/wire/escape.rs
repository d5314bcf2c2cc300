//! The C escapes of Asterisk 12 and later. Which sources are escaped is the dialects' knowledge: events and
//! `ConfbridgeList` of 12+ are; `Getvar`, `MeetmeList` and everything of 11 are not. Unescape once.

use std::borrow::Cow;

/// Undoes Asterisk's `ast_escape_c`. A backslash before any other byte, and one at the end, stay as they are.
pub fn unescape(value: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', value) else { return Cow::Borrowed(value) };
    let (plain, mut rest) = value.split_at(first);
    let mut out = Vec::with_capacity(value.len());
    out.extend_from_slice(plain);
    while let Some((&byte, tail)) = rest.split_first() {
        match tail.split_first() {
            Some((&code, after)) if byte == b'\\' => {
                match decode(code) {
                    Some(decoded) => out.push(decoded),
                    None => out.extend_from_slice(&[byte, code]),
                }
                rest = after;
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

fn decode(code: u8) -> Option<u8> {
    Some(match code {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' | b'\'' | b'"' | b'?' => code,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escape(value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for &b in value {
            let code = (0..=255u8).find(|c| decode(*c) == Some(b));
            match code {
                Some(c) => out.extend([b'\\', c]),
                None => out.push(b),
            }
        }
        out
    }

    #[test]
    fn recorded_names() {
        assert_eq!(&*unescape(br#"Quote \\\" x"#), br#"Quote \" x"#);
        assert_eq!(&*unescape(br"O\'Hara"), b"O'Hara");
        assert_eq!(&*unescape(br"a\tb"), b"a\tb");
        assert_eq!(&*unescape(br"end\"), br"end\");
        assert_eq!(&*unescape(br"\x41"), br"\x41");
        assert!(matches!(unescape(b"plain"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn undoes_what_asterisk_does(value in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(unescape(&escape(&value)).into_owned(), value);
        }
    }
}
