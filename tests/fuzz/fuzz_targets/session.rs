//! Decoder and session: whatever a server sends, in whatever pieces, nothing panics, each action gets one answer at
//! most, nothing comes after the end, and the pieces make no difference.
//!
//! The first byte says how large the pieces are. `ActionID: aN`, as in the recordings, becomes the Nth of ours.

#![no_main]

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use gavel_ami::Now;
use gavel_ami::session::{Auth, Expect, Login, Secret, Session, SessionEvent, Token};
use gavel_ami::wire::{Action, Kind, OwnedFrame, unescape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((size, sent)) = data.split_first() else { return };
    let sent = ours(sent);
    let whole = run(&[&sent]);
    let pieces: Vec<&[u8]> = sent.chunks(usize::from(*size) + 1).collect();
    assert_eq!(run(&pieces), whole);
});

/// What a session tells of these pieces.
fn run(pieces: &[&[u8]]) -> Vec<String> {
    let mut run = Run { session: ready(), now: start(), told: Vec::new(), answered: BTreeSet::new() };
    let list = Expect::List { complete: "ConfbridgeListComplete" };
    for (n, expect) in
        [Expect::Response, list, Expect::Command, list, Expect::Response].into_iter().enumerate()
    {
        run.session.submit(run.now, Token(n as u64), expect, Action::new("Anything"));
    }
    while run.session.transmit().is_some() {}
    for piece in pieces {
        run.session.receive(run.now, piece);
        run.drain();
    }
    run.age();
    run.told
}

struct Run {
    session: Session,
    now: Now,
    told: Vec<String>,
    answered: BTreeSet<u64>,
}

impl Run {
    fn drain(&mut self) {
        while let Some(event) = self.session.poll() {
            assert!(!self.told.last().is_some_and(|l| l.starts_with("end")), "something came after the end");
            let line = match event {
                SessionEvent::Event(frame) => {
                    let Kind::Event(name) = frame.kind() else { panic!("that is no event") };
                    frame.headers().for_each(|(_, value)| drop(unescape(value)));
                    assert_eq!(frame.to_owned().view().kind(), Kind::Event(name));
                    format!("event {} {}", name.escape_ascii(), frame.lines().count())
                }
                SessionEvent::Reply { token, reply } => {
                    assert!(self.answered.insert(token.0), "answered twice");
                    format!("reply {token:?} {reply:?}")
                }
                SessionEvent::Ended(why) => format!("end {why}"),
                other => format!("{other:?}"),
            };
            self.told.push(line);
        }
    }

    /// Lets the time pass to the end of the connection.
    fn age(&mut self) {
        for _ in 0..1000 {
            let Some(at) = self.session.deadline() else { break };
            self.now =
                self.now.after(at.saturating_duration_since(self.now.mono).max(Duration::from_millis(1)));
            self.session.due(self.now);
            self.drain();
            while self.session.transmit().is_some() {}
        }
        assert_eq!(self.session.deadline(), None, "a silent connection ends");
        self.session.closed();
        self.drain();
    }
}

fn ours(sent: &[u8]) -> Vec<u8> {
    let text = sent.split(|b| *b == b'\n').map(|line| match line.strip_prefix(b"ActionID: a") {
        Some(rest) => [b"ActionID: 0000000000000000-", rest].concat(),
        None => line.to_vec(),
    });
    text.collect::<Vec<_>>().join(&b'\n')
}

/// A session that is logged in.
fn ready() -> Session {
    let login = Login::new("fuzz", Secret::new("x"), Auth::Plain, 0).unwrap();
    let mut session = Session::new(start(), login);
    session.receive(start(), b"Asterisk Call Manager/11.0.0\r\n");
    while session.poll().is_some() {}
    while let Some(sent) = session.transmit() {
        let id = OwnedFrame::parse(&sent).view().text("ActionID").unwrap().into_owned();
        let answer = format!("Response: Success\r\nActionID: {id}\r\n\r\nEvent: FullyBooted\r\n\r\n");
        session.receive(start(), answer.as_bytes());
        while session.poll().is_some() {}
    }
    session
}

fn start() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    Now { mono: *START.get_or_init(Instant::now), wall: 0 }
}
