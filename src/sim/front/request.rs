//! Requests out of bytes, with the limits and oddities of Asterisk's reader.

use std::collections::VecDeque;

/// The longest line. One that is exactly as long as the buffer ends its packet early.
const MAX_LINE: usize = 1022;
/// The most headers of a request.
const MAX_LINES: usize = 128;

/// What a client sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Input {
    Request(Request),
    /// It could not be read; these words answer it.
    Wrong(&'static str),
}

/// The headers of one action.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Request {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    /// The first header of that name; a missing one is as good as an empty one.
    pub(crate) fn get(&self, name: &str) -> &[u8] {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice()).unwrap_or_default()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.get(name)).into_owned()
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_slice())
    }

    pub(crate) fn id(&self) -> Option<&[u8]> {
        Some(self.get("ActionID")).filter(|id| !id.is_empty())
    }
}

#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    lines: Vec<Vec<u8>>,
    /// Too long, or too many: dropped up to its end.
    wrong: Option<&'static str>,
}

impl Parser {
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Input>) {
        for &byte in bytes {
            if byte == b'\n' {
                let mut line = std::mem::take(&mut self.line);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                self.take(line, out);
            } else if self.line.len() <= MAX_LINE + 3 {
                self.line.push(byte);
            }
        }
    }

    fn take(&mut self, mut line: Vec<u8>, out: &mut VecDeque<Input>) {
        if line.is_empty() {
            return self.end(out);
        }
        if line.len() > MAX_LINE + 1 {
            self.wrong = Some("Failed to parse message: line too long");
        } else if self.lines.len() >= MAX_LINES {
            self.wrong = Some("Too many lines in message or allocation failure");
        } else {
            let full = line.len() == MAX_LINE + 1;
            let end = line.iter().position(|b| *b == 0).unwrap_or(line.len());
            line.truncate(end);
            self.lines.push(line);
            if full {
                self.end(out);
            }
        }
    }

    fn end(&mut self, out: &mut VecDeque<Input>) {
        let lines = std::mem::take(&mut self.lines);
        if let Some(words) = self.wrong.take() {
            return out.push_back(Input::Wrong(words));
        }
        let headers: Vec<_> = lines.iter().filter_map(|line| header(line)).collect();
        if !headers.is_empty() {
            out.push_back(Input::Request(Request { headers }));
        }
    }
}

fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = memchr::memchr(b':', line)?;
    let value = line.get(colon + 1..)?.trim_ascii_start();
    Some((String::from_utf8_lossy(line.get(..colon)?).into_owned(), value.to_vec()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Input> {
        let mut out = VecDeque::new();
        Parser::default().feed(bytes, &mut out);
        out.into()
    }

    #[test]
    fn blanks_line_ends_and_nul() {
        let inputs = read(b"\r\naction:  Ping \nActionID: a\0b\r\n\r\nAction: Lo");
        let [Input::Request(request)] = inputs.as_slice() else { panic!("{inputs:?}") };
        assert_eq!((request.get("Action"), request.id()), (&b"Ping "[..], Some(&b"a"[..])));
    }

    #[test]
    fn long_lines_as_measured() {
        let packet = |length: usize| {
            let value = "x".repeat(length - "Variable: ".len());
            format!("Action: Setvar\r\nVariable: {value}\r\nAction: Command\r\n\r\n").into_bytes()
        };
        assert_eq!(read(&packet(1022)).len(), 1);
        assert_eq!(read(&packet(1023)).len(), 2); // what follows becomes a packet of its own
        assert_eq!(read(&packet(1024)), [Input::Wrong("Failed to parse message: line too long")]);
    }

    #[test]
    fn too_many_lines() {
        let packet = format!("Action: X\r\n{}\r\n", "V: 1\r\n".repeat(128));
        assert_eq!(
            read(packet.as_bytes()),
            [Input::Wrong("Too many lines in message or allocation failure")]
        );
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), any::<u8>()], 0..200), size in 1usize..9) {
            let (mut parser, mut out) = (Parser::default(), VecDeque::new());
            bytes.chunks(size).for_each(|piece| parser.feed(piece, &mut out));
            prop_assert_eq!(Vec::from(out), read(&bytes));
        }
    }
}
