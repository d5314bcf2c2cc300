//! Which events mean something, and what: pure.
//!
//! Never a command: what we wrote ourselves, what a bot wrote (`m.notice`), an edit, clear text in an encrypted room,
//! what was encrypted with somebody else's keys. Whether it comes too late, and whether it was handled before, whoever
//! asks knows. What the words mean, the desk alone knows.

use gavel_chat::command::Command;
use gavel_chat::{Input, Key, Sign};

use crate::event::{Cover, Heard, What, Words};

/// What holds in one room.
#[derive(Clone, Debug)]
pub(crate) struct Rules<'a> {
    /// Our id.
    pub(crate) me: &'a str,
    /// What we are called here.
    pub(crate) my_name: &'a str,
    /// What a command begins with.
    pub(crate) prefixes: &'a [String],
    /// A command needs no prefix.
    pub(crate) bare_words: bool,
    /// The room's own topic is the show's.
    pub(crate) sync_topic: bool,
    /// Only devices that their owners have verified.
    pub(crate) require_verified: bool,
    /// The room is encrypted.
    pub(crate) encrypted: bool,
}

/// What an event means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing.
    Nothing,
    /// This.
    Ask(Input),
    /// A command of a device for which nobody vouches.
    Unverified,
    /// Perhaps a command, but we could not read it.
    Unreadable,
}

/// Reads one event. `post_of` knows which of our posts a message is.
pub(crate) fn read(heard: &Heard, rules: &Rules<'_>, post_of: impl Fn(&str) -> Option<Key>) -> Verdict {
    let clear = heard.cover == Cover::Clear;
    let forged = matches!(heard.cover, Cover::Encrypted { forged: true, .. });
    if heard.sender == rules.me || forged {
        return Verdict::Nothing;
    }
    match &heard.what {
        What::Words(_) if clear && rules.encrypted => Verdict::Nothing,
        What::Words(said) if said.edit || said.other => Verdict::Nothing,
        What::Words(said) => match meant(said, rules, post_of) {
            Some(_) if unverified(heard, rules) => Verdict::Unverified,
            Some(input) => Verdict::Ask(input),
            None => Verdict::Nothing,
        },
        // Neither is ever encrypted: a homeserver could have written them.
        What::Reaction { .. } | What::Topic(_) if rules.require_verified => Verdict::Nothing,
        What::Reaction { to, key } => match post_of(to) {
            Some(post) => Verdict::Ask(Input::On { post, with: Sign::React(plain(key)) }),
            None => Verdict::Nothing,
        },
        What::Topic(topic) if rules.sync_topic => Verdict::Ask(Input::Topic(topic.clone())),
        What::Unreadable => Verdict::Unreadable,
        What::Topic(_) | What::Redaction { .. } | What::Other => Verdict::Nothing,
    }
}

/// An emoji without the signs that choose its look: clients send either.
pub(crate) fn plain(emoji: &str) -> String {
    emoji.chars().filter(|sign| !matches!(sign, '\u{fe0e}' | '\u{fe0f}')).take(16).collect()
}

fn unverified(heard: &Heard, rules: &Rules<'_>) -> bool {
    rules.require_verified && !matches!(heard.cover, Cover::Encrypted { verified: true, .. })
}

/// What somebody wants by these words, if it is us whom they mean.
fn meant(said: &Words, rules: &Rules<'_>, post_of: impl Fn(&str) -> Option<Key>) -> Option<Input> {
    let text = without_quote(said);
    // Relations are outside of the encryption: where that matters a reply chooses nothing.
    let post = said.reply_to.as_deref().filter(|_| !rules.require_verified).and_then(post_of);
    let addressed = addressed(text, rules);
    match (addressed, post) {
        (Some(words), Some(post)) => Some(Input::On { post, with: Sign::Reply(words.to_owned()) }),
        (None, Some(post)) if known(text) => Some(Input::On { post, with: Sign::Reply(text.to_owned()) }),
        (Some(words), None) => Some(Input::Text(words.to_owned())),
        (None, _) if rules.bare_words && bare(text) => Some(Input::Text(text.to_owned())),
        (None, _) => None,
    }
}

/// The words behind a prefix, our name, or slashes that a client let through.
fn addressed<'a>(text: &'a str, rules: &Rules<'_>) -> Option<&'a str> {
    let prefix = rules.prefixes.iter().filter(|prefix| !prefix.is_empty());
    let mut behind = prefix.filter_map(|prefix| cut(text, prefix));
    let words = behind.next().or_else(|| named(text, rules)).or_else(|| slashed(text))?.trim();
    (!words.is_empty()).then_some(words)
}

/// `@gavel:example.org: mute 2`, `gavel: mute 2`, `gavel mute 2`.
fn named<'a>(text: &'a str, rules: &Rules<'_>) -> Option<&'a str> {
    let mut names = [rules.me, rules.my_name].into_iter().filter(|name| !name.is_empty());
    let rest = names.find_map(|name| cut(text, name))?;
    let ends = rest.starts_with(|sign: char| sign.is_whitespace() || sign == ':' || sign == ',');
    // Without a colon it is a sentence about us, unless it is a command.
    let words = rest.trim_start_matches(|sign: char| sign.is_whitespace() || sign == ':' || sign == ',');
    let pointed = rest.trim_start().starts_with([':', ',']);
    (ends && (pointed || known(words))).then_some(words)
}

/// `/mute 2` and `//mute 2`. Only what is a command: people use other bots, too.
fn slashed(text: &str) -> Option<&str> {
    let words = text.strip_prefix('/')?;
    let words = words.strip_prefix('/').unwrap_or(words);
    known(words).then_some(words)
}

/// Begins with a command's word.
fn known(words: &str) -> bool {
    words.split_whitespace().next().is_some_and(|word| Command::named(word).is_some())
}

/// Begins with a whole word of a command: "k" and "r" are also how people write "OK" and "are".
fn bare(words: &str) -> bool {
    let word = words.split_whitespace().next().unwrap_or_default();
    word.chars().count() > 1 && Command::named(word).is_some()
}

/// The rest behind something that is written in any case.
fn cut<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    let head = text.get(..begin.len())?;
    head.eq_ignore_ascii_case(begin).then(|| text.get(begin.len()..))?
}

/// Some clients still put what is replied to before a reply, in lines that begin with `>`.
fn without_quote(said: &Words) -> &str {
    let mut text = said.text.as_str();
    if said.reply_to.is_some() {
        while text.starts_with("> ") {
            text = text.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }
    text.trim()
}

#[cfg(test)]
mod tests;
