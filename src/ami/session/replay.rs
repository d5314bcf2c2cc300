//! What real servers sent (`tests/transcripts`), through decoder and session: in any pieces the same.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::tests::{Rig, Told};
use super::*;
use crate::wire::{Kind, OwnedFrame};

fn recordings() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
    let mut found = Vec::new();
    for version in ["asterisk-16", "asterisk-22"] {
        for file in std::fs::read_dir(root.join(version)).unwrap() {
            let path = file.unwrap().path();
            // Beside what a server sent lies what it was sent.
            if path.extension().is_some_and(|kind| kind == "raw") {
                found.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 60);
    found
}

fn frames(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<OwnedFrame> {
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(&piece);
        loop {
            match decoder.step() {
                Step::Starved => break,
                Step::Frame | Step::Banner => out.push(decoder.frame().to_owned()),
                other => panic!("{other:?}"),
            }
        }
    }
    out
}

fn whole(bytes: &[u8]) -> Vec<OwnedFrame> {
    frames([bytes.to_vec()].into_iter())
}

/// The number in an ActionID of the recordings (`a17`).
fn number(frame: Frame<'_>) -> Option<u64> {
    frame.text("ActionID")?.strip_prefix('a')?.parse().ok()
}

/// What was asked for, as far as the answers show it.
fn expect(answer: Frame<'_>) -> Option<Expect> {
    match answer.kind() {
        Kind::Response(b"Success") if answer.get("EventList").is_some() => {
            Some(Expect::List { complete: "-" })
        }
        Kind::Response(_) if answer.get("Output").is_some() => Some(Expect::Command),
        Kind::Response(_) => Some(Expect::Response),
        _ => None,
    }
}

/// The recording as the session of its client would have told it.
fn replay(bytes: &[u8], pieces: impl Iterator<Item = Vec<u8>>) -> Vec<Told> {
    let mut rig = Rig::ready();
    rig.session.prefix = "a".into();
    rig.session.decoder = Decoder::new();
    rig.session.login =
        Login::new("x", super::super::Secret::new("y"), super::super::Auth::Plain, 0).unwrap();
    for frame in whole(bytes) {
        if let (Some(id), Some(expect)) = (number(frame.view()), expect(frame.view())) {
            rig.session.flight.push(rig.now.mono, id, Purpose::Submitted { token: Token(id), expect });
        }
    }
    pieces.for_each(|piece| rig.hear(&piece));
    rig.told
}

#[test]
fn every_answer_and_every_list_is_told_whole() {
    for (path, bytes) in recordings() {
        let (mut answers, mut events) = (0, 0);
        let told = replay(&bytes, [bytes.clone()].into_iter());
        for t in &told {
            match t {
                Told::Reply(_, Reply::Response(_) | Reply::List { .. } | Reply::Command { .. }) => {
                    answers += 1
                }
                Told::Event(_) => events += 1,
                Told::Begins(_) => {}
                other => panic!("{}: {other:?}", path.display()),
            }
        }
        let all = whole(&bytes);
        let asked = all.iter().filter(|f| number(f.view()).is_some() && expect(f.view()).is_some()).count();
        assert_eq!(answers, asked, "{}", path.display());
        let items: usize = told
            .iter()
            .map(|t| if let Told::Reply(_, Reply::List { items }) = t { items.len() + 1 } else { 0 })
            .sum();
        let sent = all.iter().filter(|f| matches!(f.view().kind(), Kind::Event(_))).count();
        assert_eq!(events + items, sent, "{}", path.display());
    }
}

#[test]
fn byte_by_byte_is_the_same_as_whole() {
    for (path, bytes) in recordings() {
        assert!(frames(bytes.iter().map(|b| vec![*b])) == whole(&bytes), "{}", path.display());
        if bytes.len() < 70_000 {
            let pieces = bytes.iter().map(|b| vec![*b]);
            assert!(
                replay(&bytes, pieces) == replay(&bytes, [bytes.clone()].into_iter()),
                "{}",
                path.display()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn random_pieces_are_the_same_as_whole(sizes in proptest::collection::vec(1usize..2000, 1..30)) {
        for (path, bytes) in recordings() {
            let (mut rest, mut sizes) = (&bytes[..], sizes.iter().cycle());
            let mut pieces = Vec::new();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                pieces.push(piece.to_vec());
                rest = after;
            }
            let told = replay(&bytes, pieces.into_iter());
            prop_assert!(told == replay(&bytes, [bytes.clone()].into_iter()), "{}", path.display());
        }
    }
}
