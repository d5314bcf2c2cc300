//! What an answer says: the items of a list, or an error's words. Two formats of lists (events, a command's lines) and
//! two of errors come out as one.

use crate::dialect::{Dialect, Item};
use crate::session::Reply;
use crate::wire::{Kind, OwnedFrame};

/// The items of a list; an error that says that there is nobody is a list of none. Of a command's lines those are
/// passed over that are no items (`sound`); if none of them is, it was no list.
pub(super) fn items(
    dialect: &dyn Dialect,
    reply: Reply,
    sound: impl Fn(&Item) -> bool,
) -> Result<Vec<Item>, String> {
    match reply {
        Reply::List { items } => Ok(items.into_iter().map(Item::Packet).collect()),
        Reply::Response(frame) => match error_of(&frame) {
            Some(words) if dialect.is_empty(&words) => Ok(Vec::new()),
            Some(words) => Err(words),
            None if says_nothing(&frame) => Ok(Vec::new()),
            None => Err("the answer was no list".into()),
        },
        Reply::Command { ok, lines } => {
            let (good, odd): (Vec<Item>, Vec<Item>) =
                lines.into_iter().map(Item::Line).partition(|item| ok && sound(item));
            let odd = odd.iter().filter_map(words_of).find(|words| !dialect.is_empty(words));
            odd.filter(|_| good.is_empty()).map_or(Ok(good), Err)
        }
        Reply::TooLong | Reply::Incomplete => Err("the list did not come whole".into()),
        Reply::TimedOut => Err("the list did not come in time".into()),
        Reply::NotSent => Err("the list could not be asked for".into()),
    }
}

/// A command that wrote nothing, not even an empty line.
fn says_nothing(frame: &OwnedFrame) -> bool {
    frame.view().get("Message").is_some_and(|words| words.starts_with(b"Command output follows"))
}

/// What a line says, if anything.
fn words_of(item: &Item) -> Option<String> {
    let Item::Line(line) = item else { return None };
    Some(String::from_utf8_lossy(line).trim().to_owned()).filter(|words| !words.is_empty())
}

/// The words of an error; `None`: it is none.
pub(super) fn error_of(frame: &OwnedFrame) -> Option<String> {
    let view = frame.view();
    match view.kind() {
        Kind::Response(word) if word.eq_ignore_ascii_case(b"Error") => {
            Some(view.text("Message").unwrap_or_default().into_owned())
        }
        _ => None,
    }
}

/// What a command of the console's complained of. Those that act say nothing when all is well (and also when they did
/// nothing: that they were heard is all that this tells).
pub(super) fn complaint(ok: bool, lines: &[Vec<u8>]) -> Option<String> {
    let mut words = lines.iter().map(|line| String::from_utf8_lossy(line).trim().to_owned());
    let first = words.find(|words| !words.is_empty());
    if ok { first } else { Some(first.unwrap_or_default()) }
}
