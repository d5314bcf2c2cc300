//! The roster, the card with its buttons, and one participant in detail, drawn from a board. Pure: the time and its zone are arguments.
//!
//! Word first; one line per person; a board that is old says so in its first line.

mod controls;

use crate::text::{Doc, Zone, lasting};
use crate::{Board, CrewPerson, CrewView, Done, Freshness, PublicPerson, PublicView};

pub use controls::{ASK, MANAGE, REFRESH, controls};

/// The roster of whatever a place may see. `now` in Unix milliseconds.
pub fn roster(board: &Board, now: u64, zone: &Zone) -> Doc {
    match board {
        Board::Crew(view) => crew(view, now, zone),
        Board::Public(view) => public(view, now, zone),
    }
}

/// The crew's roster.
pub fn crew(view: &CrewView, now: u64, zone: &Zone) -> Doc {
    let doc = headline(view, now, zone);
    let known = !matches!(view.fresh, Freshness::Never { .. });
    let doc = match view.topic.as_ref().filter(|_| known) {
        Some(topic) => doc.line().say("Topic: ").foreign(&topic.text).say(" (").foreign(&topic.by).say(")"),
        None => doc,
    };
    view.people.iter().filter(|_| known).fold(doc, |doc, person| doc.line().then(line(person, now)))
}

/// The crew's roster without its people: how many there are, and how the room is.
pub fn headline(view: &CrewView, now: u64, zone: &Zone) -> Doc {
    let Some(doc) = opening(view.fresh, &view.title, now, zone) else {
        return unknown(view.fresh, &view.title, zone);
    };
    let lobby = view.people.iter().filter(|person| person.lobby).count();
    let mut state = vec![in_the_room(view.people.len() - lobby)];
    state.extend((lobby > 0).then(|| format!("{lobby} in the lobby")));
    state.extend(view.locked.then(|| "locked".to_owned()));
    state.extend(view.mute_all.as_ref().map(|_| "callers muted".to_owned()));
    state.extend(since("streaming", view.streaming, zone));
    state.extend(since("recording", view.recording, zone));
    state.extend(since("music", view.music, zone));
    doc.say(format!("{}.", state.join(", ")))
}

/// Everybody's roster.
pub fn public(view: &PublicView, now: u64, zone: &Zone) -> Doc {
    let Some(doc) = opening(view.fresh, &view.title, now, zone) else {
        return unknown(view.fresh, &view.title, zone);
    };
    let mut state = vec![in_the_room(view.people.len())];
    state.extend(view.locked.then(|| "locked".to_owned()));
    state.extend(since("streaming", view.streaming, zone));
    let doc = doc.say(format!("{}.", state.join(", ")));
    let doc = match &view.topic {
        Some(topic) => doc.line().say("Topic: ").foreign(topic),
        None => doc,
    };
    let named = view.people.iter().filter_map(|person| Some((person, person.name.as_ref()?)));
    let doc = named.fold(doc, |doc, (person, name)| {
        doc.line().foreign(name.text()).say(if person.crew { ", crew" } else { "" }).say(voice(person))
    });
    let nameless = view.people.iter().filter(|person| person.name.is_none());
    let (crew, callers): (Vec<_>, Vec<_>) = nameless.partition(|person| person.crew);
    let doc = grouped(doc, "crew", "crew", &crew);
    grouped(doc, "caller", "callers", &callers)
}

/// One participant in detail; `None`: nobody has this number.
pub fn who(view: &CrewView, number: u32, now: u64, zone: &Zone) -> Option<Doc> {
    let person = view.people.iter().find(|person| person.number == number)?;
    let doc = Doc::new().then(stale(view.fresh, now, zone));
    let doc = doc.person(person.number, person.name.as_ref(), person.ends.as_ref());
    let doc = match (&person.name, &person.ends) {
        (Some(_), Some(ends)) => doc.say(format!(", ends {ends}")),
        _ => doc,
    };
    let doc = doc.say(", ").foreign(&person.tech).say(if person.crew { ", crew" } else { "" });
    let stay = lasting(now.saturating_sub(person.joined));
    let doc = doc.line().say(format!(
        "{} since {} ({stay}), talked {}.",
        if person.lobby { "In the lobby" } else { "In the room" },
        zone.minute(person.joined),
        lasting(talked(person, now)),
    ));
    let doc = match (&person.voice, person.muted) {
        (voice, true) => doc.line().then(muted("Muted", voice.as_ref(), Some(zone))),
        _ => doc,
    };
    let doc = if person.hand { doc.line().say("Hand up.") } else { doc };
    Some(match &person.note {
        Some(note) => doc.line().say("Note: ").foreign(&note.text).say(" (").foreign(&note.by).say(")"),
        None => doc,
    })
}

/// How long somebody talked in all, in milliseconds.
pub fn talked(person: &CrewPerson, now: u64) -> u64 {
    person.talked.saturating_add(person.talking.map_or(0, |since| now.saturating_sub(since)))
}

fn opening(fresh: Freshness, title: &str, now: u64, zone: &Zone) -> Option<Doc> {
    let known = !matches!(fresh, Freshness::Never { .. });
    known.then(|| stale(fresh, now, zone).strong(title).say(": "))
}

fn stale(fresh: Freshness, now: u64, zone: &Zone) -> Doc {
    let Freshness::Stale { since } = fresh else { return Doc::new() };
    let age = lasting(now.saturating_sub(since));
    Doc::new().strong(format!("As of {}, {age} old: Asterisk is not reachable.", zone.second(since))).line()
}

fn unknown(fresh: Freshness, title: &str, zone: &Zone) -> Doc {
    let Freshness::Never { since } = fresh else { return Doc::new().strong(title) };
    Doc::new()
        .strong(title)
        .say(format!(": not known yet. Waiting for Asterisk since {}.", zone.second(since)))
}

fn line(person: &CrewPerson, now: u64) -> Doc {
    let mut doc = Doc::new().person(person.number, person.name.as_ref(), person.ends.as_ref());
    let mut add = |on: bool, words: &str| {
        if on {
            doc = std::mem::take(&mut doc).say(format!(", {words}"));
        }
    };
    add(person.crew, "crew");
    add(person.lobby, "in the lobby");
    add(person.waiting, "waits for a host");
    add(person.hand, "hand up");
    add(person.talking.is_some(), "talking");
    if person.muted {
        doc = doc.say(", ").then(muted("muted", person.voice.as_ref(), None));
    }
    doc = doc.say(format!(", {}", lasting(now.saturating_sub(person.joined))));
    match &person.note {
        Some(note) => doc.say(". Note: ").foreign(&note.text),
        None => doc,
    }
}

fn muted(word: &str, voice: Option<&Done>, zone: Option<&Zone>) -> Doc {
    let doc = Doc::from(word);
    let Some(done) = voice else { return doc };
    let doc = match &done.by {
        Some(by) => doc.say(" by ").foreign(by),
        None => doc,
    };
    match zone {
        Some(zone) => doc.say(format!(", {}", zone.second(done.at))),
        None => doc,
    }
}

fn voice(person: &PublicPerson) -> &'static str {
    match (person.talking, person.muted) {
        (_, true) => ", muted",
        (true, false) => ", talking",
        (false, false) => "",
    }
}

fn grouped(doc: Doc, one: &str, more: &str, people: &[&PublicPerson]) -> Doc {
    let talking = people.iter().filter(|person| person.talking).count();
    let count = match people.len() {
        0 => return doc,
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    };
    doc.line().say(if talking > 0 { format!("{count}, {talking} talking") } else { count })
}

fn in_the_room(count: usize) -> String {
    if count == 0 { "nobody in the room".to_owned() } else { format!("{count} in the room") }
}

fn since(what: &str, since: Option<u64>, zone: &Zone) -> Option<String> {
    since.map(|at| format!("{what} since {}", zone.minute(at)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Topic;
    use crate::testing::{crew_view, person, public_view};
    use crate::text::{Ends, Foreign, Name, plain};

    const NOW: u64 = 20 * 3_600_000 + 41 * 60_000 + 24_000;

    fn drawn(view: CrewView) -> String {
        plain(&roster(&Board::Crew(Arc::new(view)), NOW, &Zone::utc()))
    }

    fn written(text: &str) -> Topic {
        Topic { text: Foreign::text(text), by: Foreign::name("Dana"), at: NOW }
    }

    #[test]
    fn one_line_per_person() {
        let joined = NOW - 12 * 60_000;
        let sam = Done { at: NOW - 20_000, by: Some(Foreign::name("Sam")) };
        let people = vec![
            CrewPerson { joined, crew: true, talking: Some(NOW - 5000), ..person(1, "Dana") },
            CrewPerson {
                joined,
                muted: true,
                voice: Some(sam),
                note: Some(written("buses")),
                ..person(7, "Joel")
            },
            CrewPerson { joined, waiting: true, hand: true, muted: true, ..person(8, "+44 113 496 0017") },
            CrewPerson { joined: NOW, lobby: true, ..person(9, "\u{1b}[2J\u{202e}") },
        ];
        let view = CrewView {
            people,
            locked: true,
            topic: Some(written("night buses")),
            streaming: Some(NOW - 41 * 60_000),
            ..crew_view("Thursday Line")
        };
        assert_eq!(
            drawn(view),
            "Thursday Line: 3 in the room, 1 in the lobby, locked, streaming since 20:00.\n\
             Topic: night buses (Dana)\n\
             #1 Dana, crew, talking, 12 min\n\
             #7 Joel, muted by Sam, 12 min. Note: buses\n\
             #8 no name, ends 17, waits for a host, hand up, muted, 12 min\n\
             #9 [2J, in the lobby, 0 s"
        );
    }

    #[test]
    fn it_says_how_old_it_is() {
        let view = CrewView { fresh: Freshness::Stale { since: NOW - 14_000 }, ..crew_view("Thursday Line") };
        assert_eq!(
            drawn(view),
            "As of 20:41:10, 14 s old: Asterisk is not reachable.\nThursday Line: nobody in the room."
        );
        let view = CrewView { fresh: Freshness::Never { since: NOW }, ..crew_view("Thursday Line") };
        assert_eq!(drawn(view), "Thursday Line: not known yet. Waiting for Asterisk since 20:41:24.");
    }

    #[test]
    fn who_tells_the_rest() {
        let joel = CrewPerson {
            joined: NOW - 120_000,
            ends: Ends::new("17"),
            talked: 50_000,
            talking: Some(NOW - 10_000),
            muted: true,
            hand: true,
            voice: Some(Done { at: NOW, by: None }),
            note: Some(written("refund")),
            ..person(7, "Joel")
        };
        let view = CrewView { people: vec![joel], ..crew_view("Thursday Line") };
        let doc = who(&view, 7, NOW, &Zone::utc()).unwrap();
        assert_eq!(
            plain(&doc),
            "#7 Joel, ends 17, SIP\nIn the room since 20:39 (2 min), talked 1 min.\nMuted, 20:41:24\nHand up.\nNote: refund (Dana)"
        );
        assert!(who(&view, 8, NOW, &Zone::utc()).is_none());
    }

    #[test]
    fn the_public_sees_names_if_any_and_counts_the_rest() {
        let person = |name: Option<&str>, talking| PublicPerson {
            name: name.and_then(Name::new),
            crew: name.is_some(),
            talking,
            muted: false,
        };
        let people = vec![person(Some("Dana"), true), person(None, true), person(None, false)];
        let view =
            PublicView { people, topic: Some(Foreign::text("night buses")), ..public_view("Thursday Line") };
        assert_eq!(
            plain(&roster(&Board::Public(Arc::new(view)), NOW, &Zone::utc())),
            "Thursday Line: 3 in the room.\nTopic: night buses\nDana, crew, talking\n2 callers, 1 talking"
        );
    }
}
