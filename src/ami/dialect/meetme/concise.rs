//! What the console's `meetme` writes: fields between `!`, which stands in callers' names too and is not escaped there.
//!
//! Invariant: what a caller can choose (the name) is what is left between the fields counted from both ends; it can
//! never be taken for a number, a channel or a flag.

use super::{number, someone};
use crate::dialect::words::{is_unknown, text};
use crate::dialect::{Hall, Seen};

/// `meetme list N concise`, 1.6.0 and later:
/// `userno!num!name!channel!admin!monitor!muted!talkreq!talking!hh:mm:ss`; 1.4 (`first`) has no `talkreq`.
pub(super) fn member(line: &[u8], first: bool) -> Option<Seen<'_>> {
    let (slot, rest) = cut(line)?;
    let (phone, rest) = cut(rest)?;
    let (rest, time) = cut_back(rest)?;
    let (rest, talking) = cut_back(rest)?;
    let (rest, hand) =
        if first { (rest, None) } else { cut_back(rest).map(|(rest, hand)| (rest, Some(hand)))? };
    let (rest, muted) = cut_back(rest)?;
    let (rest, _monitor) = cut_back(rest)?;
    let (rest, admin) = cut_back(rest)?;
    let (name, channel) = cut_back(rest)?;
    let (name, phone) = (text(name), text(phone));
    Some(Seen {
        name: (!is_unknown(&name)).then_some(name),
        phone: if is_unknown(&phone) { "".into() } else { phone },
        admin: Some(admin == b"1"),
        muted: Some(muted == b"1"),
        talking: match talking {
            b"1" => Some(true),
            b"0" => Some(false),
            _ => None,
        },
        hand: hand.map(|flag| flag == b"1"),
        answered: seconds(time),
        slot: Some(number(slot)?),
        ..someone(text(channel))?
    })
}

/// `meetme list concise`, 1.6.0 and later: `confno!users!marked!hh:mm:ss!isdynamic!locked`.
pub(super) fn hall(line: &[u8]) -> Option<Hall<'_>> {
    let (rest, locked) = cut_back(line)?;
    let (rest, _dynamic) = cut_back(rest)?;
    let (rest, _time) = cut_back(rest)?;
    let (rest, marked) = cut_back(rest)?;
    let (conference, parties) = cut_back(rest)?;
    let (parties, marked) = (number(parties)?, number(marked).unwrap_or(0));
    Some(Hall { conference, parties, marked, locked: Some(locked == b"1"), muted: false })
}

/// One row of the table of 1.4's `meetme`: the conference (cut at 12 bytes), how many are in, more. It shows no lock.
pub(super) fn table_row(line: &[u8]) -> Option<Hall<'_>> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (conference, parties) = (words.next()?, number(words.next()?)?);
    Some(Hall {
        conference,
        parties,
        marked: words.next().and_then(number).unwrap_or(0),
        locked: None,
        muted: false,
    })
}

/// How long somebody is in.
fn seconds(time: &[u8]) -> Option<u32> {
    let mut parts = time.split(|b| *b == b':').map(number);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?.checked_add(seconds)
}

fn cut(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'!', line)?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

fn cut_back(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(b'!', line)?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}
