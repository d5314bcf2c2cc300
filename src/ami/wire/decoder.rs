//! Bytes in any pieces become frames. The only place that knows where a frame ends.
//!
//! Invariant: at most [`MAX_FRAME`] bytes of an unfinished frame are kept, whatever comes; of a longer one not even
//! that, once its beginning was shown. Line ends may be CR LF or LF alone, also mixed; empty packets are no frames.

use memchr::memmem;

use super::frame::{Frame, Lazy, Line, value_of};

/// The longest frame that is delivered. Longer ones are skipped.
pub(crate) const MAX_FRAME: usize = 64 * 1024;
/// Without a frame's end in so many bytes this is no stream of frames any more.
const MAX_SKIP: u64 = 64 * 1024 * 1024;
/// The longest first line of a connection.
const MAX_BANNER: usize = 1024;
/// What ends the output of a command on Asterisk 13 and before; an empty line follows.
const MARKER: &[u8] = b"--END COMMAND--";

/// What the decoder came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// More bytes are needed.
    Starved,
    /// The connection's first line: [`Decoder::frame`] holds it.
    Banner,
    /// A frame: [`Decoder::frame`] holds it.
    Frame,
    /// A frame turned out too long: [`Decoder::frame`] holds the lines of its beginning, the rest is being skipped.
    Oversized,
    /// The end of a skipped frame: so many bytes were skipped.
    Skipped(u64),
    /// No frame's end in sight: nothing more will come of this stream.
    Hopeless,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Banner,
    Headers,
    /// In the output of `Response: Follows`, which began `from` bytes into the frame.
    Body {
        from: usize,
        marked: bool,
    },
    Skip(Skip),
    Hopeless,
}

/// What must be known of a frame whose bytes are thrown away.
#[derive(Clone, Copy, Debug)]
struct Skip {
    body: bool,
    marked: bool,
    /// The current line had bytes that are gone already.
    midline: bool,
    bytes: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Decoder {
    buf: Vec<u8>,
    /// Where the current frame begins.
    start: usize,
    /// Where its current line begins.
    line: usize,
    /// No LF lies between `line` and here.
    scanned: usize,
    /// The frame shown last ends here; it is let go at the next step.
    shown: Option<usize>,
    lines: Vec<Line>,
    /// In place of `lines` for a frame that was found as a whole.
    lazy: Lazy,
    /// The frame shown was found as a whole.
    whole: bool,
    /// Where frames end, but for the line end before.
    ends: [End; 2],
    body: (usize, usize),
    mode: Mode,
    /// A `Response: Follows` is to be taken as the beginning of raw output. Only while a command is waiting for its
    /// answer: a forged one would swallow everything after it.
    pub(crate) follows: bool,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            buf: Vec::new(),
            start: 0,
            line: 0,
            scanned: 0,
            shown: None,
            lines: Vec::with_capacity(64),
            lazy: Lazy::default(),
            whole: false,
            ends: [End::new(b"\n\r\n"), End::new(b"\n\n")],
            body: (0, 0),
            mode: Mode::Banner,
            follows: false,
        }
    }

    /// Takes bytes. Step until [`Step::Starved`] before the next call, or they pile up.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if matches!(self.mode, Mode::Hopeless) {
            return;
        }
        if self.shown.is_none() && self.start > 0 {
            self.buf.drain(..self.start);
            self.line -= self.start;
            self.scanned -= self.start;
            self.ends.iter_mut().for_each(|end| end.moved(self.start));
            self.start = 0;
        }
        self.buf.extend_from_slice(bytes);
    }

    /// Goes on to the next thing to tell.
    pub(crate) fn step(&mut self) -> Step {
        if let Some(end) = self.shown.take() {
            self.release(end);
        }
        if let Some(end) = self.whole_frame() {
            (self.line, self.scanned) = (end, end);
            (self.shown, self.whole) = (Some(end), true);
            return Step::Frame;
        }
        loop {
            let Some(lf) = self.next_lf() else { return self.starved() };
            if let Some(step) = self.line_to(lf) {
                return step;
            }
        }
    }

    /// What the last step told of. Empty before the first, and after [`Step::Starved`].
    pub(crate) fn frame(&self) -> Frame<'_> {
        let Some(end) = self.shown else { return Frame::new(&[], &[], &[]) };
        let bytes = self.buf.get(self.start..end).unwrap_or_default();
        if self.whole {
            return Frame::lazy(bytes, &self.lazy);
        }
        let body = bytes.get(self.body.0..self.body.1).unwrap_or_default();
        Frame::new(bytes, &self.lines, body)
    }

    /// The end of a frame that is here from its beginning to its end, as nearly all are: nobody may ever want its lines.
    /// Everything else (a longer one, the output of old commands) is gone through line by line.
    fn whole_frame(&mut self) -> Option<usize> {
        let fresh = matches!(self.mode, Mode::Headers) && self.lines.is_empty();
        if !fresh || self.follows {
            return None;
        }
        while let Some(stray) = self.buf.get(self.start..).and_then(empty_line) {
            self.start += stray;
        }
        (self.line, self.scanned) = (self.start, self.start);
        let [crlf, lf] = &mut self.ends;
        let end = match (crlf.find(&self.buf, self.start), lf.find(&self.buf, self.start)) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        (end - self.start <= MAX_FRAME).then_some(end)
    }

    fn next_lf(&mut self) -> Option<usize> {
        let rest = self.buf.get(self.scanned..).unwrap_or_default();
        let found = memchr::memchr(b'\n', rest).map(|at| self.scanned + at);
        self.scanned = found.map_or(self.buf.len(), |at| at + 1);
        found
    }

    /// One whole line: from `self.line` to the LF at `lf`.
    fn line_to(&mut self, lf: usize) -> Option<Step> {
        let begin = self.line;
        let end = if lf > begin && self.buf.get(lf - 1) == Some(&b'\r') { lf - 1 } else { lf };
        self.line = lf + 1;
        match self.mode {
            Mode::Headers => self.header_line(begin, end),
            Mode::Body { from, marked } => self.body_line(begin, end, from, marked),
            Mode::Skip(skip) => self.skipped_line(begin, end, skip),
            Mode::Banner => self.banner_line(begin, end),
            Mode::Hopeless => Some(Step::Hopeless),
        }
    }

    fn header_line(&mut self, begin: usize, end: usize) -> Option<Step> {
        if begin == end {
            if self.lines.is_empty() {
                self.start = self.line; // a stray empty packet
                return None;
            }
            return Some(self.show(Step::Frame));
        }
        if self.line - self.start > MAX_FRAME {
            return Some(self.oversized(false, false));
        }
        self.lines.push(Line { start: (begin - self.start) as u32, end: (end - self.start) as u32 });
        if self.follows && self.is_follows() {
            let header = |name: &[u8]| value_of(self.buf.get(begin..end).unwrap_or_default(), name).is_some();
            let head = match self.lines.len() {
                1 => true,
                2 => header(b"Privilege") || header(b"ActionID"),
                _ => header(b"ActionID"),
            };
            if !head {
                self.lines.pop();
            }
            if !head || header(b"ActionID") {
                let from = if head { self.line } else { begin } - self.start;
                self.mode = Mode::Body { from, marked: false };
                return if head { None } else { self.body_line(begin, end, from, false) };
            }
        }
        None
    }

    fn is_follows(&self) -> bool {
        let Some(first) = self.lines.first() else { return false };
        let line = self.buf.get(self.start + first.start as usize..self.start + first.end as usize);
        line.and_then(|l| value_of(l, b"Response")).is_some_and(|v| v.eq_ignore_ascii_case(b"Follows"))
    }

    fn body_line(&mut self, begin: usize, end: usize, from: usize, marked: bool) -> Option<Step> {
        if begin == end && marked {
            return Some(self.show(Step::Frame));
        }
        if self.line - self.start > MAX_FRAME {
            return Some(self.oversized(true, false));
        }
        let text = self.buf.get(begin..end).unwrap_or_default();
        let marked = text.ends_with(MARKER);
        if marked {
            self.body = (from, end - MARKER.len() - self.start);
        }
        self.mode = Mode::Body { from, marked };
        None
    }

    fn skipped_line(&mut self, begin: usize, end: usize, skip: Skip) -> Option<Step> {
        let empty = begin == end && !skip.midline;
        let bytes = skip.bytes + (self.line - begin) as u64;
        if empty && (!skip.body || skip.marked) {
            self.mode = Mode::Headers;
            self.start = self.line;
            return Some(Step::Skipped(bytes));
        }
        if bytes > MAX_SKIP {
            return Some(self.hopeless());
        }
        let marked = self.buf.get(begin..end).unwrap_or_default().ends_with(MARKER);
        self.start = self.line;
        self.mode = Mode::Skip(Skip { marked, midline: false, bytes, ..skip });
        None
    }

    fn banner_line(&mut self, begin: usize, end: usize) -> Option<Step> {
        if begin == end {
            self.start = self.line;
            return None;
        }
        self.lines.push(Line { start: (begin - self.start) as u32, end: (end - self.start) as u32 });
        Some(self.show(Step::Banner))
    }

    /// All bytes were seen and the current line is not whole.
    fn starved(&mut self) -> Step {
        let held = self.buf.len() - self.start;
        match self.mode {
            Mode::Banner if held > MAX_BANNER => self.hopeless(),
            Mode::Headers if held > MAX_FRAME => self.oversized(false, true),
            Mode::Body { .. } if held > MAX_FRAME => self.oversized(true, true),
            Mode::Skip(skip) => self.starved_skipping(skip),
            Mode::Hopeless => Step::Hopeless,
            _ => Step::Starved,
        }
    }

    fn starved_skipping(&mut self, skip: Skip) -> Step {
        // The end of the line is kept as long as it may be the marker, or the CR of an empty line.
        let keep = self.buf.len() - self.line;
        let drop = keep.saturating_sub(MARKER.len() + 1);
        self.line += drop;
        self.start = self.line;
        let bytes = skip.bytes + drop as u64;
        if bytes > MAX_SKIP {
            return self.hopeless();
        }
        self.mode = Mode::Skip(Skip { midline: skip.midline || drop > 0, bytes, ..skip });
        Step::Starved
    }

    /// Shows the beginning of a frame that is too long and goes over to skipping. In the line that made it too long
    /// (`unfinished`: not even whole) nothing is looked for any more.
    fn oversized(&mut self, body: bool, unfinished: bool) -> Step {
        let shown = self.lines.last().map_or(0, |l| l.end as usize);
        let marked =
            !unfinished && self.buf.get(..self.line).unwrap_or_default().trim_ascii_end().ends_with(MARKER);
        let gone = if unfinished {
            self.buf.len().saturating_sub(MARKER.len() + 1).max(self.line)
        } else {
            self.line
        };
        self.mode = Mode::Skip(Skip {
            body,
            marked,
            midline: unfinished && gone > self.line,
            bytes: (gone - self.start) as u64,
        });
        self.line = gone;
        self.scanned = self.scanned.max(gone);
        self.body = (0, 0);
        self.shown = Some(self.start + shown);
        Step::Oversized
    }

    fn hopeless(&mut self) -> Step {
        self.mode = Mode::Hopeless;
        self.buf = Vec::new();
        (self.start, self.line, self.scanned) = (0, 0, 0);
        self.lines.clear();
        Step::Hopeless
    }

    /// The frame is whole: its view holds until the next step.
    fn show(&mut self, step: Step) -> Step {
        self.mode = Mode::Headers;
        self.shown = Some(self.line);
        step
    }

    /// Lets go of what was shown.
    fn release(&mut self, end: usize) {
        self.lines.clear();
        self.lazy.reset();
        self.whole = false;
        self.body = (0, 0);
        self.start = if matches!(self.mode, Mode::Skip(_)) { self.line } else { end };
    }
}

/// How long the empty line is that this begins with.
fn empty_line(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// Looks for one kind of frame's end, at every byte once.
#[derive(Debug)]
struct End {
    finder: memmem::Finder<'static>,
    /// Found to end there...
    found: Option<usize>,
    /// ...or none up to here.
    searched: usize,
}

impl End {
    fn new(end: &'static [u8]) -> Self {
        Self { finder: memmem::Finder::new(end), found: None, searched: 0 }
    }

    /// Where the first end after `from` is over.
    fn find(&mut self, buf: &[u8], from: usize) -> Option<usize> {
        let length = self.finder.needle().len();
        if let Some(end) = self.found.filter(|end| *end >= from + length) {
            return Some(end);
        }
        let begin = self.found.take().unwrap_or(self.searched).saturating_sub(length - 1).max(from);
        let at = self.finder.find(buf.get(begin..)?);
        self.found = at.map(|at| begin + at + length);
        self.searched = self.found.unwrap_or(buf.len());
        self.found
    }

    /// So many bytes were taken away before.
    fn moved(&mut self, by: usize) {
        self.found = self.found.and_then(|end| end.checked_sub(by));
        self.searched = self.searched.saturating_sub(by);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::OwnedFrame;

    const HELLO: &[u8] = b"Asterisk Call Manager/11.0.0\r\n";

    fn decode(follows: bool, pieces: &[&[u8]]) -> Vec<(Step, OwnedFrame)> {
        let mut decoder = Decoder::new();
        decoder.follows = follows;
        let mut out = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            loop {
                match decoder.step() {
                    Step::Starved => break,
                    step => out.push((step, decoder.frame().to_owned())),
                }
                if out.last().is_some_and(|o| o.0 == Step::Hopeless) {
                    return out;
                }
            }
            assert!(decoder.buf.len() <= MAX_FRAME + piece.len() + MAX_BANNER);
        }
        out
    }

    fn with_banner(bytes: &[u8]) -> Vec<u8> {
        [HELLO, bytes].concat()
    }

    fn frames(bytes: &[u8]) -> Vec<OwnedFrame> {
        let all = decode(true, &[&with_banner(bytes)]);
        all.into_iter().skip(1).filter(|(s, _)| *s == Step::Frame).map(|(_, f)| f).collect()
    }

    #[test]
    fn the_banner_is_no_part_of_the_first_frame() {
        let got = decode(false, &[&with_banner(b"Response: Success\r\nA: 1\r\n\r\n")]);
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].1.view().lines().next(), Some(&b"Asterisk Call Manager/11.0.0"[..]));
        assert_eq!(got[1].1.view().get("a"), Some(&b"1"[..]));
        assert_eq!(decode(false, &[&[b'x'; 2000]]).last().map(|s| s.0), Some(Step::Hopeless));
    }

    #[test]
    fn the_output_of_old_commands_ends_at_its_marker() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"a: 1\nb\n\n\nc\n--END COMMAND--\r\n\r\n", b"a: 1\nb\n\n\nc\n"),
            (b"a\r\n\r\nb\r\n--END COMMAND--\r\n\r\n", b"a\r\n\r\nb\r\n"),
            (b"no newline--END COMMAND--\r\n\r\n", b"no newline"),
            (b"--END COMMAND--\r\n\r\n", b""),
            (b"--END COMMAND--\nx\n--END COMMAND--\r\n\r\n", b"--END COMMAND--\nx\n"),
            (b"\n\n--END COMMAND--\n\n", b"\n\n"),
        ];
        for head in ["Privilege: Command\r\nActionID: 7\r\n", "ActionID: 7\r\n"] {
            for (output, body) in cases {
                let sent = [b"Response: Follows\r\n", head.as_bytes(), output, b"Event: X\r\n\r\n"].concat();
                let got = frames(&sent);
                assert_eq!(got.len(), 2, "{}", sent.escape_ascii());
                assert_eq!(got[0].view().body().escape_ascii().to_string(), body.escape_ascii().to_string());
                assert_eq!(got[0].view().get("ActionID"), Some(&b"7"[..]));
                assert_eq!(got[0].view().get("a"), None);
            }
        }
    }

    #[test]
    fn a_forged_follows_swallows_nothing_while_no_command_waits() {
        let sent = with_banner(b"Response: Follows\r\nPrivilege: Command\r\n\r\nEvent: X\r\n\r\n");
        assert_eq!(decode(false, &[&sent]).len(), 3);
    }

    #[test]
    fn too_long_frames_are_skipped_to_their_end_and_counted() {
        let line = [b'y'; 100];
        let many = [&b"Response: Success\r\nActionID: 9\r\n"[..], &[&line[..], b"\n"].concat().repeat(1000)]
            .concat();
        let one = [&b"Event: X\r\nA: "[..], &vec![b'\r'; MAX_FRAME * 3], b"\n"].concat();
        let old = [
            b"Response: Follows\r\nActionID: 9\r\n",
            &b"\n\nx\n"[..].repeat(30_000)[..],
            b"--END COMMAND--\r\n",
        ]
        .concat();
        for (long, head) in [(&many, &b"9"[..]), (&one, b""), (&old, b"9")] {
            for end in ["\r\n", "\n"] {
                let sent = [&with_banner(long), end.as_bytes(), b"Event: After\r\n\r\n"].concat();
                for size in [1, 7, 4096, sent.len()] {
                    let got = decode(true, &sent.chunks(size).collect::<Vec<_>>());
                    let steps: Vec<Step> = got.iter().map(|g| g.0).collect();
                    let skipped = Step::Skipped((long.len() + end.len()) as u64);
                    assert_eq!(steps, [Step::Banner, Step::Oversized, skipped, Step::Frame], "size {size}");
                    assert_eq!(got[1].1.view().get("ActionID").unwrap_or_default(), head);
                    assert_eq!(got[3].1.view().get("Event"), Some(&b"After"[..]));
                }
            }
        }
    }

    #[test]
    fn a_frame_of_just_the_longest_is_taken() {
        let frame = [b"A: ".to_vec(), vec![b'z'; MAX_FRAME - 7], b"\r\n\r\n".to_vec()].concat();
        assert_eq!(frame.len(), MAX_FRAME);
        assert_eq!(frames(&frame).len(), 1);
    }

    #[test]
    fn without_an_end_in_sight_it_gives_up_in_bounded_memory() {
        let mut decoder = Decoder::new();
        decoder.push(HELLO);
        let piece = vec![b'x'; 64 * 1024];
        let mut steps = Vec::new();
        for _ in 0..300 * 16 {
            decoder.push(&piece);
            loop {
                let step = decoder.step();
                if step == Step::Starved || steps.last() == Some(&Step::Hopeless) {
                    break;
                }
                steps.push(step);
            }
            assert!(decoder.buf.capacity() <= 4 * MAX_FRAME);
        }
        assert_eq!(steps, [Step::Banner, Step::Oversized, Step::Hopeless]);
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(b"\r\n".to_vec()),
            2 => Just(b"\n".to_vec()),
            1 => Just(b"\r".to_vec()),
            2 => Just(b"Event: ConfbridgeJoin\r\n".to_vec()),
            2 => Just(b"Response: Follows\r\nPrivilege: Command\r\n".to_vec()),
            1 => Just(b"ActionID: 1\r\n".to_vec()),
            2 => Just(b"--END COMMAND--".to_vec()),
            1 => Just(vec![b'k'; 40_000]),
            2 => proptest::collection::vec(any::<u8>(), 0..9),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|p| p.concat())
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(sent in stream(), follows: bool, sizes in proptest::collection::vec(1usize..3000, 1..20)) {
            let sent = with_banner(&sent);
            let whole = decode(follows, &[&sent]);
            let mut pieces = Vec::new();
            let (mut rest, mut sizes) = (&sent[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                pieces.push(piece);
                rest = after;
            }
            let follows_is_there = memmem::find(&sent.to_ascii_lowercase(), b"follows").is_some();
            if !follows_is_there {
                prop_assert_eq!(&decode(!follows, &[&sent]), &whole, "line by line or as a whole");
            }
            // How much of an oversized frame's last line was seen may differ; its whole lines must not.
            prop_assert_eq!(decode(follows, &pieces), whole);
        }
    }
}
