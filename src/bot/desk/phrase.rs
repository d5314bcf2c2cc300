//! Orders in words: what is being done, and what became of it. Pure.
//!
//! The first words say what is true now. "Muted" is said of nobody before the core has settled it so.

use gavel_ami::model::{Already, By, Outcome, Refusal, Wish};
use gavel_chat::text::{Doc, Foreign, Zone};

use super::job::Sight;
use crate::room::RoomView;
use crate::words::{ago, because, count, list, numbers};

/// More names than this are told as numbers.
const NAMED: usize = 4;

/// One order of a job, with whom it is about.
#[derive(Clone, Debug)]
pub struct Item {
    /// What is to become true.
    pub wish: Wish,
    /// The caller's number; `None`: it is about the room.
    pub number: Option<u32>,
    /// The caller as the asker's place may see one; empty for the room.
    pub who: Doc,
}

/// How far an order is, as far as people are told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    /// Under way.
    Open,
    /// Asterisk said yes, but nothing is seen of it yet.
    NotYet,
    /// The link dropped while it was under way.
    Unknown,
    /// Its outcome may have been missed.
    Missed,
    /// The end.
    Settled(Outcome),
}

impl Item {
    /// An order about the room as a whole.
    pub fn of_room(wish: Wish) -> Self {
        Self { wish, number: None, who: Doc::new() }
    }
}

/// "Muting #7 Joel...", for orders of one kind.
pub fn pending(items: &[&Item]) -> Doc {
    let Some(first) = items.first() else { return Doc::new() };
    let (before, after) = match &first.wish {
        Wish::Mute { on: true, .. } => ("Muting ", ""),
        Wish::Mute { on: false, .. } => ("Unmuting ", ""),
        Wish::Kick { .. } => ("Removing ", ""),
        Wish::Hangup { .. } => ("Ending the call of ", ""),
        Wish::Note { .. } => ("Noting what ", " wants to say"),
        Wish::Lock { on: true, .. } => ("Locking the room", ""),
        Wish::Lock { on: false, .. } => ("Unlocking the room", ""),
        Wish::MuteAll { on: true, .. } => ("Muting all but the crew", ""),
        Wish::MuteAll { on: false, .. } => ("Unmuting whom mute all had muted", ""),
        Wish::Topic { .. } => ("Setting the topic", ""),
    };
    Doc::from(before).then(who(items)).say(format!("{after}..."))
}

/// What became of orders that are equally far. `nothing`: none of the whole job was done.
pub fn outcome(sight: Sight<'_>, told: &Told, items: &[&Item], reason: Option<&str>, nothing: bool) -> Doc {
    match told {
        Told::Open => pending(items),
        Told::NotYet => about(items).say("not confirmed yet."),
        Told::Unknown => about(items).say("outcome unknown, the link to Asterisk dropped. It will be told."),
        Told::Missed => about(items).say("the outcome was missed. Look at the roster."),
        Told::Settled(Outcome::Done) => done(sight, items, reason),
        Told::Settled(Outcome::Already(already)) => already_so(sight.now.wall, items, already),
        Told::Settled(Outcome::Gone) => gone(sight, items, nothing),
        Told::Settled(Outcome::Refused(refusal)) => {
            let text = refused(refusal, sight.now.wall, sight.zone);
            if nothing { text.say(" Nothing was done.") } else { about(items).then(text) }
        }
        Told::Settled(Outcome::NeverSeen) if is_mute_all(items) => {
            all_muted(sight.room).say(" Of some no sign was seen in time. Look at the roster.")
        }
        Told::Settled(Outcome::NeverSeen) => {
            about(items).say("no sign of it was seen in time. Look at the roster.")
        }
        Told::Settled(Outcome::Replaced(by)) => about(items).foreign(&name(by)).say(" ordered the opposite."),
    }
}

/// Why the core refused, without what follows from it.
pub fn refused(refusal: &Refusal, now: u64, zone: &Zone) -> Doc {
    match refusal {
        Refusal::Stale { since } => stale(*since, now, zone),
        Refusal::Outdated => {
            Doc::from("Asterisk was away a moment ago and things have changed: look and ask again.")
        }
        Refusal::Outranked(by) => Doc::new().foreign(&name(by)).say(" ordered the opposite a moment ago."),
        Refusal::Forbidden { action, right } => forbidden(action, right.as_deref()),
        Refusal::Asterisk(words) => Doc::from("Asterisk refused: ").foreign(&Foreign::text(words)).say("."),
        Refusal::BadText(why) => Doc::from("This text can't be sent: ").foreign(&Foreign::text(why)).say("."),
        Refusal::NoList => Doc::from("Asterisk did not say who is in the room."),
        Refusal::NotSent => Doc::from("The link to Asterisk was lost before anything was sent."),
        Refusal::Busy => Doc::from("Too much is under way: ask again in a moment."),
        Refusal::NoSuchRoom => Doc::from("This Asterisk knows nothing of the room."),
    }
}

/// There is no link: since when.
pub fn stale(since: u64, now: u64, zone: &Zone) -> Doc {
    Doc::new().say(format!("No link to Asterisk since {} ({}).", zone.second(since), ago(now, since)))
}

/// A person of the crew.
pub fn name(by: &By) -> Foreign {
    Foreign::name(&by.who)
}

fn forbidden(action: &str, right: Option<&str>) -> Doc {
    let action = Foreign::name(action);
    let doc = Doc::from("Asterisk does not let gavel do this (").foreign(&action).say(")");
    match right {
        Some(right) => {
            doc.say(": its AMI user lacks the write right ").foreign(&Foreign::name(right)).say(".")
        }
        None => doc.say("."),
    }
}

fn done(sight: Sight<'_>, items: &[&Item], reason: Option<&str>) -> Doc {
    let Some(first) = items.first() else { return Doc::new() };
    match &first.wish {
        Wish::Mute { on: true, .. } => who(items).say(" muted."),
        Wish::Mute { on: false, .. } => who(items).say(" unmuted."),
        Wish::Kick { .. } => because(who(items).say(" removed"), reason),
        Wish::Hangup { .. } => because(who(items).say(": call ended"), reason),
        Wish::Lock { on: true, .. } => Doc::from("Room locked."),
        Wish::Lock { on: false, .. } => Doc::from("Room unlocked."),
        Wish::MuteAll { on: true, .. } => all_muted(sight.room),
        Wish::MuteAll { on: false, .. } => {
            Doc::from("Whom mute all had muted may speak again; late callers are no longer muted.")
        }
        Wish::Topic { text: Some(text), .. } => Doc::from("Topic: ").foreign(&Foreign::text(text)).say("."),
        Wish::Topic { text: None, .. } => Doc::from("Topic cleared."),
        Wish::Note { text: Some(text), .. } => {
            Doc::from("Note on ").then(who(items)).say(": ").foreign(&Foreign::text(text)).say(".")
        }
        Wish::Note { text: None, .. } => Doc::from("Note on ").then(who(items)).say(" cleared."),
    }
}

fn is_mute_all(items: &[&Item]) -> bool {
    matches!(items, [Item { wish: Wish::MuteAll { on: true, .. }, .. }])
}

fn all_muted(room: &RoomView) -> Doc {
    let callers = || room.snapshot.people.iter().filter(|person| !person.caller.crew && !person.lobby);
    let (muted, all) = (callers().filter(|person| person.muted).count(), callers().count());
    let so_far = if muted < all {
        format!("{muted} of {all} callers so far")
    } else {
        count(all, "caller", "callers")
    };
    Doc::new().say(format!("All but the crew are muted: {so_far}. Late callers too, until: unmute all."))
}

fn already_so(now: u64, items: &[&Item], already: &Already) -> Doc {
    if already.under_way {
        let by =
            already.by.as_ref().map_or_else(|| Doc::from("Somebody"), |by| Doc::new().foreign(&name(by)));
        return about(items).then(by).say(" is doing this already.");
    }
    let many = items.len() > 1;
    let state = match items.first().map(|item| &item.wish) {
        Some(Wish::Mute { on: true, .. }) => "muted",
        Some(Wish::Mute { on: false, .. }) => "unmuted",
        Some(Wish::Kick { .. }) => "removed",
        Some(Wish::Hangup { .. }) => "ended",
        Some(Wish::Lock { on: true, .. }) => "locked",
        Some(Wish::Lock { on: false, .. }) => "unlocked",
        Some(Wish::MuteAll { on: true, .. }) => "all muted",
        Some(Wish::MuteAll { on: false, .. }) => "not muted as a whole",
        Some(Wish::Topic { .. } | Wish::Note { .. }) | None => "so",
    };
    let doc = match subject(items) {
        Some(numbers) => {
            Doc::new().say(format!("{numbers} {} already {state}", if many { "are" } else { "is" }))
        }
        None => Doc::new().say(format!("The room is already {state}")),
    };
    let by = already.by.as_ref().filter(|_| !many);
    let doc = by.map_or(doc.clone(), |by| doc.say(", by ").foreign(&name(by)));
    match already.at.filter(|_| !many) {
        Some(at) => doc.say(format!("{} {}.", if by.is_some() { "" } else { "," }, ago(now, at))),
        None => doc.say("."),
    }
}

fn gone(sight: Sight<'_>, items: &[&Item], nothing: bool) -> Doc {
    let tail = match items.first().map(|item| &item.wish) {
        _ if !nothing => "",
        Some(Wish::Mute { on: true, .. }) => " Nobody was muted.",
        Some(Wish::Mute { on: false, .. }) => " Nobody was unmuted.",
        Some(Wish::Kick { .. }) => " Nobody was removed.",
        Some(Wish::Hangup { .. }) => " No call was ended.",
        Some(_) | None => " Nothing was done.",
    };
    match (items, subject(items)) {
        ([item], Some(number)) => left(sight, item, &number, tail),
        (_, Some(numbers)) => Doc::new().say(format!("{numbers} had left.{tail}")),
        (_, None) => Doc::new().say(format!("Nobody is in the room.{tail}")),
    }
}

/// "#3 left 4 s ago. Nobody was removed."
fn left(sight: Sight<'_>, item: &Item, number: &str, tail: &str) -> Doc {
    let call = match &item.wish {
        Wish::Mute { call, .. } | Wish::Kick { call } | Wish::Hangup { call } | Wish::Note { call, .. } => {
            call
        }
        Wish::Lock { .. } | Wish::MuteAll { .. } | Wish::Topic { .. } => return Doc::new(),
    };
    let Some(departed) = sight.room.left(call) else {
        return Doc::new().say(format!("{number} has left.{tail}"));
    };
    let when = ago(sight.now.wall, departed.at);
    match &departed.by {
        Some(by) => Doc::new()
            .say(format!("{number} was already removed, by "))
            .foreign(&name(by))
            .say(format!(" {when}.")),
        None => Doc::new().say(format!("{number} left {when}.{tail}")),
    }
}

/// "#7 Joel: ", or for the room as a whole nothing.
fn about(items: &[&Item]) -> Doc {
    let who = who(items);
    if !who.is_empty() {
        return who.say(": ");
    }
    Doc::from(match items.first().map(|item| &item.wish) {
        Some(Wish::Lock { .. }) => "Lock: ",
        Some(Wish::MuteAll { .. }) => "Mute all: ",
        Some(Wish::Topic { .. }) => "Topic: ",
        _ => "",
    })
}

/// Callers by name, or many of them by number: `12 callers (#1 to #12)`.
fn who(items: &[&Item]) -> Doc {
    if items.len() <= NAMED {
        return list(items.iter().filter(|item| !item.who.is_empty()).map(|item| item.who.clone()));
    }
    let listed = subject(items).unwrap_or_default();
    Doc::new().say(format!("{} ({listed})", count(items.len(), "caller", "callers")))
}

/// Callers by number alone; `None`: it is about the room.
fn subject(items: &[&Item]) -> Option<String> {
    let listed: Vec<_> = items.iter().filter_map(|item| item.number).collect();
    (!listed.is_empty()).then(|| numbers(&listed))
}
