//! What each place sees: the core's snapshot of a room becomes a crew's or a public view. Pure.
//!
//! Invariant: a whole phone number enters no view. Its last two digits are the most, and for the crew alone.

use std::sync::Arc;

use gavel_ami::model::{
    By, Caller, ConferenceKind, Link, Participant, RoomSnapshot, ServiceKind, Since, Tech,
};
use gavel_chat::text::{Ends, Foreign, Name};
use gavel_chat::{Board, CrewPerson, CrewView, Done, Freshness, PublicPerson, PublicView, Topic};

pub use crate::config::View;

/// What the configuration says about how a room is shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoomLook {
    /// The title.
    pub title: String,
    /// Callers' names are shown in public too.
    pub public_names: bool,
    /// The application that runs it: nobody but `status` tells.
    pub kind: ConferenceKind,
}

/// What such a place sees of the room.
pub fn board(view: View, look: &RoomLook, room: &RoomSnapshot) -> Board {
    match view {
        View::Crew => Board::Crew(Arc::new(crew(look, room))),
        View::Public => Board::Public(Arc::new(public(look, room))),
    }
}

/// The room as its crew sees it.
pub fn crew(look: &RoomLook, room: &RoomSnapshot) -> CrewView {
    CrewView {
        seq: room.seq,
        title: look.title.clone(),
        fresh: fresh(room.link),
        show: room.show,
        version: room.version,
        topic: room.topic.as_ref().map(|topic| written(&topic.text, &topic.by, topic.at)),
        locked: room.locked,
        mute_all: room.mute_all.as_ref().map(done),
        recording: room
            .recording
            .as_ref()
            .map(|since| since.at)
            .or_else(|| service(room, ServiceKind::Record)),
        streaming: service(room, ServiceKind::Stream),
        music: service(room, ServiceKind::Music),
        people: room.people.iter().map(crew_person).collect(),
    }
}

/// The room as anybody may see it.
pub fn public(look: &RoomLook, room: &RoomSnapshot) -> PublicView {
    let inside = room.people.iter().filter(|person| !person.lobby);
    PublicView {
        seq: room.seq,
        title: look.title.clone(),
        fresh: fresh(room.link),
        topic: room.topic.as_ref().map(|topic| Foreign::text(&topic.text)),
        locked: room.locked,
        streaming: service(room, ServiceKind::Stream),
        people: inside.map(|person| public_person(look, person)).collect(),
    }
}

/// The name to show, if there is one that is not a phone number.
pub fn name(caller: &Caller) -> Option<Name> {
    caller.name.as_deref().and_then(Name::new)
}

/// The last two digits, of the number or of a number that was sent as a name.
pub fn ends(caller: &Caller) -> Option<Ends> {
    let of_name = || caller.name.as_deref().and_then(Ends::of_name);
    caller.phone.ends().and_then(Ends::new).or_else(of_name)
}

/// Kind of call in words.
pub fn tech(tech: &Tech) -> Foreign {
    Foreign::name(match tech {
        Tech::Sip => "SIP",
        Tech::Iax2 => "IAX2",
        Tech::Dahdi => "DAHDI",
        Tech::Local => "Local",
        Tech::Other(name) => name,
    })
}

fn crew_person(person: &Participant) -> CrewPerson {
    CrewPerson {
        number: person.number,
        name: name(&person.caller),
        ends: ends(&person.caller),
        tech: tech(&person.caller.tech),
        crew: person.caller.crew,
        talking: person.talking,
        talked: person.talked,
        muted: person.muted,
        voice: person.voice.as_ref().map(done),
        waiting: person.waiting,
        hand: person.hand.is_some(),
        lobby: person.lobby,
        joined: person.joined,
        note: person.note.as_ref().map(|note| written(&note.text, &note.by, note.at)),
    }
}

fn public_person(look: &RoomLook, person: &Participant) -> PublicPerson {
    PublicPerson {
        name: if look.public_names { name(&person.caller) } else { None },
        crew: person.caller.crew,
        talking: person.talking.is_some(),
        muted: person.muted,
    }
}

fn fresh(link: Link) -> Freshness {
    match link {
        Link::Never { since } => Freshness::Never { since },
        Link::Up => Freshness::Live,
        Link::Stale { since } => Freshness::Stale { since },
    }
}

fn service(room: &RoomSnapshot, kind: ServiceKind) -> Option<u64> {
    room.services.iter().filter(|service| service.kind == kind).map(|service| service.since).min()
}

fn written(text: &str, by: &By, at: u64) -> Topic {
    Topic { text: Foreign::text(text), by: Foreign::name(&by.who), at }
}

fn done(since: &Since) -> Done {
    Done { at: since.at, by: since.by.as_ref().map(|by| Foreign::name(&by.who)) }
}

#[cfg(test)]
mod tests {
    use gavel_ami::model::{Note, PhoneNumber, Service, Topic as CoreTopic};

    use super::*;
    use crate::fixtures::{NOW, by, call, look, snapshot};

    /// A room with everything in it that must not get out.
    fn full() -> RoomSnapshot {
        let mut room = snapshot();
        room.people[1].caller = Arc::new(Caller {
            name: Some("+44 1134 960018".to_owned()),
            phone: PhoneNumber::new("+441134960017"),
            tech: Tech::Other("Skinny".into()),
            crew: false,
        });
        room.people[2].talking = Some(NOW);
        room.people[2].note = Some(Note { text: "refund".to_owned(), by: by("Sam"), at: NOW });
        room.topic = Some(CoreTopic { text: "night\nbuses".to_owned(), by: by("Dana"), at: NOW });
        let service = |kind, since| Service {
            kind,
            call: call(99),
            channel: "Local/220@stream-00000001;1".into(),
            since,
        };
        room.services = vec![service(ServiceKind::Stream, NOW - 5), service(ServiceKind::Stream, NOW - 9)];
        room.people.push(Participant { lobby: true, number: 8, ..crate::fixtures::person(8, "Ali") });
        room
    }

    #[test]
    fn the_crew_sees_the_ends_of_numbers_and_no_more() {
        let view = crew(&look(false), &full());
        assert_eq!((view.people.len(), view.streaming), (4, Some(NOW - 9)));
        let marta = &view.people[1];
        assert_eq!((&marta.name, marta.ends, marta.tech.as_str()), (&None, Ends::new("17"), "Skinny"));
        assert!(!longest_digits(&serde_json::to_string(&view.people).unwrap()));
    }

    #[test]
    fn the_public_sees_names_only_where_the_room_says_so() {
        let hidden = public(&look(false), &full());
        assert_eq!(hidden.people.len(), 3, "who waits in the lobby is left out");
        assert!(hidden.people.iter().all(|person| person.name.is_none()));
        let shown = public(&look(true), &full());
        let names: Vec<_> =
            shown.people.iter().map(|person| person.name.as_ref().map(Name::as_str)).collect();
        assert_eq!(names, [Some("Dana"), None, Some("Joel")], "a number sent as a name is none");
        assert!(!longest_digits(&serde_json::to_string(&shown.people).unwrap()));
        assert_eq!(shown.topic.unwrap().as_str(), "night buses");
    }

    /// A run of five digits that is no time.
    fn longest_digits(json: &str) -> bool {
        let times = [NOW, NOW - 360_000].map(|at| at.to_string());
        let text = times.iter().fold(json.to_owned(), |text, time| text.replace(time, ""));
        text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= 5)
    }
}
