//! One frame ("packet"): lines up to an empty one. A view that looks for its lines when one is asked for, so that an
//! event of no interest costs next to nothing.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::fmt;

/// Where a line lies in the bytes of its frame, without its line end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Where the lines of a frame are, once somebody asks. Keeps its memory from frame to frame.
#[derive(Default)]
pub(crate) struct Lazy {
    lines: OnceCell<Vec<Line>>,
    spare: Cell<Vec<Line>>,
}

impl Lazy {
    /// Another frame comes.
    pub(crate) fn reset(&mut self) {
        if let Some(mut lines) = self.lines.take() {
            lines.clear();
            self.spare.set(lines);
        }
    }

    fn of(&self, bytes: &[u8]) -> &[Line] {
        self.lines.get_or_init(|| {
            let mut lines = self.spare.take();
            index(bytes, &mut lines);
            lines
        })
    }
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lazy")
    }
}

#[derive(Clone, Copy)]
enum Index<'a> {
    Ready(&'a [Line]),
    Lazy(&'a Lazy),
}

/// A view of one frame: its bytes, order and duplicates as they came.
///
/// A header is `Name: value`: everything after the colon and one blank is the value, byte for byte.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    index: Index<'a>,
    body: &'a [u8],
}

/// What a frame is, by its first line alone: events may hold a header named `Response`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind<'a> {
    /// `Event: NAME`.
    Event(&'a [u8]),
    /// `Response: Success`, `Error`, `Follows`, `Goodbye`.
    Response(&'a [u8]),
    /// Neither.
    Other,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(bytes: &'a [u8], lines: &'a [Line], body: &'a [u8]) -> Self {
        Self { bytes, index: Index::Ready(lines), body }
    }

    /// A frame in which no line was looked for yet.
    pub(crate) fn lazy(bytes: &'a [u8], lazy: &'a Lazy) -> Self {
        Self { bytes, index: Index::Lazy(lazy), body: &[] }
    }

    /// What it is, by the first line.
    pub fn kind(&self) -> Kind<'a> {
        let first = self.first();
        if let Some(name) = value_of(first, b"Event") {
            Kind::Event(name)
        } else if let Some(word) = value_of(first, b"Response") {
            Kind::Response(word)
        } else {
            Kind::Other
        }
    }

    /// The first header of that name (ASCII case does not matter). An empty value is `Some(b"")`.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.lines().find_map(|line| value_of(line, name.as_bytes()))
    }

    /// All headers of that name, in order.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.lines().filter_map(move |line| value_of(line, name.as_bytes()))
    }

    /// All headers in order, duplicates too. Lines without a colon are in [`Self::lines`] alone.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.lines().filter_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            let (name, rest) = line.split_at_checked(colon)?;
            Some((name, value(rest)))
        })
    }

    /// The first header of that name as text; bytes that are no UTF-8 become U+FFFD. Nothing is unescaped.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(String::from_utf8_lossy)
    }

    /// The lines as they came, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.index().iter().map(move |l| bytes.get(l.start as usize..l.end as usize).unwrap_or_default())
    }

    /// What lies between the headers of `Response: Follows` (Asterisk 13 and before) and its end marker; else empty.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// A copy that owns its bytes.
    pub fn to_owned(&self) -> OwnedFrame {
        let lines = self.index();
        let used = lines.last().map_or(0, |l| l.end as usize);
        let bytes = self.bytes.get(..used).unwrap_or_default();
        OwnedFrame { bytes: bytes.into(), lines: lines.into(), body: self.body.into() }
    }

    fn index(&self) -> &'a [Line] {
        match self.index {
            Index::Ready(lines) => lines,
            Index::Lazy(lazy) => lazy.of(self.bytes),
        }
    }

    /// The first line, without looking for the others.
    fn first(&self) -> &'a [u8] {
        match self.index {
            // Known lines have lost their ends: one more CR is part of the line.
            Index::Ready(lines) => {
                let end = lines.first().map_or(0, |l| l.end as usize);
                self.bytes.get(..end).unwrap_or_default()
            }
            Index::Lazy(_) => {
                let end = memchr::memchr(b'\n', self.bytes).unwrap_or(self.bytes.len());
                let line = self.bytes.get(..end).unwrap_or_default();
                line.strip_suffix(b"\r").unwrap_or(line)
            }
        }
    }
}

impl fmt::Debug for Frame<'_> {
    /// The name alone: values are foreign text and may hold whole phone numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Frame").field(&self.first().escape_ascii().to_string()).finish()
    }
}

/// A frame that owns its bytes.
#[derive(Clone, Eq, PartialEq)]
pub struct OwnedFrame {
    bytes: Box<[u8]>,
    lines: Box<[Line]>,
    body: Box<[u8]>,
}

impl OwnedFrame {
    /// The lines of `bytes` up to the first empty one, each ended by LF or CR LF.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut lines = Vec::new();
        index(bytes, &mut lines);
        let used = lines.last().map_or(0, |l| l.end as usize);
        Self {
            bytes: bytes.get(..used).unwrap_or_default().into(),
            lines: lines.into(),
            body: Box::default(),
        }
    }

    /// The frame as a view.
    pub fn view(&self) -> Frame<'_> {
        Frame::new(&self.bytes, &self.lines, &self.body)
    }

    /// How much memory it takes, nearly: for bounds on what is collected.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.bytes.len() + self.body.len() + size_of_val::<[Line]>(&self.lines)
    }
}

impl fmt::Debug for OwnedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

/// The lines up to the first empty one.
fn index(bytes: &[u8], lines: &mut Vec<Line>) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        let line = bytes.get(start..end).unwrap_or_default();
        let length = line.strip_suffix(b"\r").unwrap_or(line).len();
        if length == 0 {
            return;
        }
        lines.push(Line { start: start as u32, end: (start + length) as u32 });
        start = end + 1;
    }
}

/// The value of `line`, if its header is of that name.
pub(crate) fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    // The colon's place is looked at first: it tells nearly all other headers apart without comparing names.
    if line.get(name.len()) != Some(&b':') {
        return None;
    }
    let (head, rest) = line.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name).then(|| value(rest))
}

/// The value in `: value`; only one blank belongs to the colon, more are data (`Output:` is indented).
fn value(rest: &[u8]) -> &[u8] {
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    rest.strip_prefix(b" ").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_cr_is_part_of_the_first_line_in_view_and_copy() {
        let bytes = b"Event: X\r\r\nA: b\r\n\r\n";
        let lazy = Lazy::default();
        let view = Frame::lazy(bytes, &lazy);
        assert_eq!(view.kind(), Kind::Event(b"X\r"));
        assert_eq!(view.to_owned().view().kind(), view.kind());
    }

    #[test]
    fn kind_is_by_the_first_line_alone() {
        let f = OwnedFrame::parse(b"Event: OriginateResponse\r\nResponse: Success\r\nActionID: 7\r\n\r\n");
        assert_eq!(f.view().kind(), Kind::Event(b"OriginateResponse"));
        assert_eq!(f.view().get("response"), Some(&b"Success"[..]));
        let f = OwnedFrame::parse(b"RESPONSE: Error\nEvent: x\n\n");
        assert_eq!(f.view().kind(), Kind::Response(b"Error"));
        assert_eq!(OwnedFrame::parse(b"EventX: a\r\n\r\n").view().kind(), Kind::Other);
        assert_eq!(OwnedFrame::parse(b"").view().kind(), Kind::Other);
    }

    #[test]
    fn order_duplicates_blanks_and_bytes_are_kept() {
        let f = OwnedFrame::parse(
            b"A: 1\r\nb:2\r\na: 3\r\nE: \r\nF:\r\nOutput:   in \r\nraw\r\nX: \xe9\r\nD::y\r\n\r\nZ: 1",
        );
        let f = f.view();
        assert_eq!(f.get("a"), Some(&b"1"[..]));
        assert_eq!(f.all("A").collect::<Vec<_>>(), [b"1", b"3"]);
        assert_eq!(f.get("B"), Some(&b"2"[..]));
        assert_eq!((f.get("E"), f.get("F"), f.get("G")), (Some(&b""[..]), Some(&b""[..]), None));
        assert_eq!(f.get("Output"), Some(&b"  in "[..]));
        assert_eq!(f.get("X"), Some(&b"\xe9"[..]));
        assert_eq!(f.text("X").as_deref(), Some("\u{fffd}"));
        assert_eq!(f.get("D"), Some(&b":y"[..]));
        assert_eq!(f.get("Z"), None);
        assert_eq!((f.headers().count(), f.lines().count()), (8, 9));
    }
}
