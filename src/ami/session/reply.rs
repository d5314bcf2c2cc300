//! From a response to the answer that was asked for.

use super::{Expect, Reply};
use crate::wire::{Frame, Kind, OwnedFrame};

/// The answer in a response, where it is all of it.
pub(super) fn reply(expect: Expect, frame: Frame<'_>) -> Reply {
    match (expect, frame.kind()) {
        (Expect::Command, Kind::Response(b"Follows")) => {
            Reply::Command { ok: true, lines: follows(frame.body()) }
        }
        (Expect::Command, Kind::Response(word)) if frame.get("Output").is_some() => Reply::Command {
            ok: word == b"Success",
            lines: frame.all("Output").map(<[u8]>::to_vec).collect(),
        },
        _ => Reply::Response(frame.to_owned()),
    }
}

/// The lines of raw output. Its last line may or may not have an end.
fn follows(body: &[u8]) -> Vec<Vec<u8>> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    if body.is_empty() {
        return Vec::new();
    }
    body.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l).to_vec()).collect()
}

/// The answer when the event came that ends a list.
pub(super) fn listed(items: Vec<OwnedFrame>, broken: bool, complete: Frame<'_>) -> Reply {
    let promised = complete.text("ListItems").and_then(|n| n.trim().parse::<usize>().ok());
    let cancelled = complete.get("EventList").is_some_and(|e| e.eq_ignore_ascii_case(b"cancelled"));
    if broken || cancelled || promised.is_some_and(|n| n > items.len()) {
        return Reply::Incomplete;
    }
    Reply::List { items }
}

/// Whether that event ends a list: by the name that was expected, or because it says so.
pub(super) fn ends_list(name: &[u8], complete: &str, frame: Frame<'_>) -> bool {
    name.eq_ignore_ascii_case(complete.as_bytes())
        || frame
            .get("EventList")
            .is_some_and(|e| e.eq_ignore_ascii_case(b"complete") || e.eq_ignore_ascii_case(b"cancelled"))
}
