//! An entry in words, for the crew and for everybody. Pure.
//!
//! One line each; the first words say what is true now. In public nobody is named unless the room's configuration says
//! so, nobody has a number, and who was muted or removed is nobody's business.

use std::sync::Arc;

use gavel_ami::model::{By, CallId, Caller, Differences, Entry, LinkChange, RoomName, ServiceKind, What};
use gavel_chat::digest::{Change, Kind};
use gavel_chat::text::{Doc, Foreign, Zone, lasting};

use crate::board::{self, RoomLook, View};
use crate::desk::phrase::name;
use crate::words::because;

/// Something to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// What, and how it is counted when there is too much of it.
    pub change: Change,
    /// Told in quiet places too.
    pub urgent: bool,
    /// Somebody must act: wakes who is on duty.
    pub wakes: bool,
    /// The call that it is about: whoever replies to it means this one.
    pub call: Option<CallId>,
}

/// What an entry says to such a place; `None`: nothing.
pub fn notice(entry: &Entry, view: View, look: &RoomLook, room: &RoomName, zone: &Zone) -> Option<Notice> {
    match view {
        View::Crew => of_link(entry, room, zone)
            .or_else(|| to_crew(entry))
            .map(|told| Notice { call: entry.call.clone(), ..told }),
        View::Public => to_public(entry, look),
    }
}

/// What needs nobody to do anything.
pub(super) fn quietly(kind: Kind, number: Option<u32>, doc: Doc) -> Notice {
    Notice { change: Change { kind, number, doc }, urgent: false, wakes: false, call: None }
}

/// What the crew must know, wherever it is.
pub(super) fn urgent(doc: Doc) -> Notice {
    Notice { urgent: true, ..quietly(Kind::Other, None, doc) }
}

/// What somebody must do something about.
pub(super) fn alarm(doc: Doc) -> Notice {
    Notice { wakes: true, ..urgent(doc) }
}

/// The link that was never there since gavel was started: it still is not, or now it is.
pub(super) fn first_link(there: bool, found: Differences) -> Notice {
    if there {
        return urgent(Doc::new().say(format!("Asterisk is there now. {}", in_the_room(found.count))));
    }
    alarm(Doc::new().strong("Asterisk can't be reached yet.").say(" gavel goes on trying; status says why."))
}

/// "2 left, 1 joined, 3 changed"; nothing if there are none.
pub(super) fn differences(found: Differences) -> String {
    let parts = [(found.left, "left"), (found.joined, "joined"), (found.changed, "changed")];
    let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    told.collect::<Vec<_>>().join(", ")
}

/// "5 in the room."
pub(super) fn in_the_room(count: u32) -> String {
    if count == 0 { "Nobody is in the room.".to_owned() } else { format!("{count} in the room.") }
}

fn to_crew(entry: &Entry) -> Option<Notice> {
    let by = entry.by.as_ref();
    let simple = |doc| Some(quietly(Kind::Other, None, doc));
    match &entry.what {
        What::Joined { waiting, count, .. } => {
            let caller = entry.caller.as_ref()?;
            let doc = person(entry)?.say(format!(" joined ({})", details(caller)));
            let doc = doc.say(if *waiting { ", waits for a host. " } else { ". " }).say(in_the_room(*count));
            Some(quietly(Kind::Joined, entry.number, doc))
        }
        What::Left { removed: true, reason, .. } => {
            let doc = whose(person(entry)?.say(" removed"), by);
            Some(quietly(Kind::Removed, entry.number, because(doc, reason.as_deref())))
        }
        What::Left { after, .. } => {
            let doc = person(entry)?.say(format!(" left after {}.", lasting(*after)));
            Some(quietly(Kind::Left, entry.number, doc))
        }
        What::Muted(on) => {
            let (kind, word) = if *on { (Kind::Muted, "muted") } else { (Kind::Unmuted, "unmuted") };
            let doc = person(entry)?.say(format!(" {word}"));
            let doc = if by.is_some() { whose(doc, by) } else { doc.say(" by phone") };
            Some(quietly(kind, entry.number, doc.say(".")))
        }
        What::Locked(on) => {
            let doc = Doc::from(if *on { "Room locked" } else { "Room unlocked" });
            simple(if by.is_some() { whose(doc, by).say(".") } else { doc.say(" (by phone).") })
        }
        What::Topic(Some(topic)) => simple(signed(Doc::from("Topic: ").foreign(&Foreign::text(topic)), by)),
        What::Topic(None) => simple(signed(Doc::from("Topic cleared"), by)),
        What::Note(Some(note)) => {
            let doc = Doc::from("Note on ").then(person(entry)?).say(": ").foreign(&Foreign::text(note));
            simple(signed(doc, by))
        }
        What::Note(None) => simple(signed(Doc::from("Note on ").then(person(entry)?).say(" cleared"), by)),
        What::Recording(on) => simple(Doc::from(if *on { "Recording." } else { "Recording stopped." })),
        What::MuteAll(true) => {
            simple(whose(Doc::from("All but the crew are muted"), by).say("; late callers too."))
        }
        What::MuteAll(false) if by.is_some() => simple(whose(Doc::from("Mute all ended"), by).say(".")),
        What::MuteAll(false) => Some(urgent(Doc::from("Mute all has ended: callers may speak."))),
        What::Service { kind, on } => simple(service(*kind, *on)),
        What::ShowEnded(_) => simple(Doc::from("The show is over: numbers begin again.")),
        What::WrongCall { muted, .. } => Some(urgent(wrong_call(entry, *muted)?)),
        What::Waiting(_) | What::ShowBegan(_) | What::Order { .. } => None,
        What::Link(_) | What::Desynchronised(_) => None,
    }
}

fn to_public(entry: &Entry, look: &RoomLook) -> Option<Notice> {
    let shown = entry.caller.as_ref().filter(|_| look.public_names).and_then(|caller| board::name(caller));
    let who = shown.map_or_else(|| Doc::from("A caller"), |name| Doc::new().foreign(name.text()));
    let told = |kind, doc| Some(quietly(kind, None, doc));
    match &entry.what {
        What::Joined { count, .. } => told(Kind::Joined, who.say(" joined. ").say(in_the_room(*count))),
        What::Left { removed: false, count, .. } => {
            told(Kind::Left, who.say(" left. ").say(in_the_room(*count)))
        }
        What::Topic(Some(topic)) => {
            told(Kind::Other, Doc::from("Topic: ").foreign(&Foreign::text(topic)).say("."))
        }
        _ => None,
    }
}

fn of_link(entry: &Entry, room: &RoomName, zone: &Zone) -> Option<Notice> {
    let doc = match &entry.what {
        What::Link(LinkChange::Down { .. }) => Doc::new()
            .strong(format!("Lost Asterisk {}.", zone.second(entry.at)))
            .say(" What you see may be old."),
        What::Link(LinkChange::Refused { reason }) => Doc::new()
            .strong("Asterisk refuses gavel's login")
            .say(": ")
            .foreign(&Foreign::text(reason))
            .say(". It is tried again now and then."),
        What::Link(LinkChange::Up { after: Some(after), restarted, differences }) => {
            let found = differences.iter().find(|(of, _)| of == room).map(|(_, found)| *found);
            back(*after, *restarted, found.unwrap_or_default())
        }
        What::Desynchronised(_) => Doc::from("Some of Asterisk's news was lost: the room is listed again."),
        _ => return None,
    };
    let lost = matches!(entry.what, What::Link(LinkChange::Down { .. } | LinkChange::Refused { .. }));
    Some(if lost { alarm(doc) } else { urgent(doc) })
}

fn back(after: u64, restarted: bool, found: Differences) -> Doc {
    let meanwhile = match differences(found) {
        none if none.is_empty() => "Nothing changed meanwhile.".to_owned(),
        told => format!("{told} meanwhile."),
    };
    let what = if restarted { "Asterisk was restarted, back after" } else { "Asterisk back after" };
    Doc::new().strong(format!("{what} {}.", lasting(after))).say(format!(" {meanwhile}"))
}

/// "#12 Marta"; who has no number is nobody yet.
fn person(entry: &Entry) -> Option<Doc> {
    let caller = entry.caller.as_ref();
    let name = caller.and_then(|caller| board::name(caller));
    let ends = caller.and_then(|caller| board::ends(caller));
    Some(Doc::new().person(entry.number?, name.as_ref(), ends.as_ref()))
}

/// "SIP, ends 17": the ends only where the name does not say them already.
fn details(caller: &Arc<Caller>) -> String {
    let tech = board::tech(&caller.tech);
    let ends = board::name(caller).and(board::ends(caller));
    let crew = if caller.crew { ", crew" } else { "" };
    ends.map_or_else(|| format!("{tech}{crew}"), |ends| format!("{tech}, ends {ends}{crew}"))
}

fn whose(doc: Doc, by: Option<&By>) -> Doc {
    by.map_or(doc.clone(), |by| doc.say(" by ").foreign(&name(by)))
}

fn signed(doc: Doc, by: Option<&By>) -> Doc {
    by.map_or_else(|| doc.clone().say("."), |by| doc.clone().say(" (").foreign(&name(by)).say(")."))
}

fn service(kind: ServiceKind, on: bool) -> Doc {
    let what = match kind {
        ServiceKind::Stream => "The stream",
        ServiceKind::Music => "Music",
        ServiceKind::Record => "The recorder",
    };
    Doc::new().say(format!("{what} {} the room.", if on { "is in" } else { "left" }))
}

fn wrong_call(entry: &Entry, muted: bool) -> Option<Doc> {
    let word = if muted { "muted" } else { "unmuted" };
    Some(
        person(entry)?
            .say(format!(" was {word} in another's place: Asterisk mixed them up. It is being undone.")),
    )
}
