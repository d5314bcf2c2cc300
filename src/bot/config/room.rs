//! `[room.NAME]`: one conference, what it is called, who is crew on its phones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gavel_ami::model::{
    ConferenceKind, ConferenceName, CrewPattern, KickBy, RoomName, ServerName, ServiceKind, ServiceSetup,
};
use toml::de::DeValue;

use super::problem::{At, meant};
use super::section::{Converted, Section, Wrong, text, word};
use super::{Asterisk, Found, Named, Room, View, access};

const SERVICES: [(&str, ServiceKind); 3] =
    [("stream", ServiceKind::Stream), ("music", ServiceKind::Music), ("record", ServiceKind::Record)];
const KICK_BY: [(&str, KickBy); 2] = [("command", KickBy::Command), ("hangup", KickBy::Hangup)];
pub(super) const VIEWS: [(&str, View); 2] = [("crew", View::Crew), ("public", View::Public)];

/// Which conferences are taken, by which room.
type Taken = BTreeMap<(ServerName, bool, ConferenceName), (RoomName, At)>;

pub(super) fn all(top: &mut Section<'_>, servers: &Named<ServerName, Asterisk>) -> Named<RoomName, Room> {
    let tables = top.tables("room", "[room.NAME] with asterisk and conference");
    let names = tables.iter().map(|(name, _)| RoomName::new(name.as_str())).collect();
    let mut taken = Taken::new();
    let read = tables.into_iter().filter_map(|(name, section)| {
        let room = one(RoomName::new(name), section, &servers.names, &mut taken)?;
        Some((room.name.clone(), room))
    });
    let good = read.collect();
    Named { names, good }
}

fn one(name: RoomName, mut section: Section<'_>, servers: &[ServerName], taken: &mut Taken) -> Option<Room> {
    let title = section.text("title").map(|found| found.value);
    let asterisk =
        section.need("asterisk", "asterisk = \"NAME\" as in [asterisk.NAME]", "a text in quotes", |value| {
            server(value, servers)
        });
    let conference = section.need("conference", "conference = \"200\"", "a text in quotes", conference);
    let kind = kind(&mut section);
    let crew = crew(&mut section);
    let names = section.take("names", "\"crew\" or \"public\"", |value| word(value, &VIEWS));
    let show_ends_after = section.duration("show_ends_after", Duration::from_secs(30 * 60));
    let topic_variable = section.take("topic_variable", "a text in quotes", variable);
    let notices = section.take("notices_per_minute", "a number from 1 to 60", one_to_sixty);
    let services = SERVICES.iter().filter_map(|(key, kind)| service(section.table(key)?, *kind)).collect();
    let lobby = section.table("lobby").and_then(lobby);
    let access = access::read(&mut section);
    if let Some(server) = &asterisk {
        for place in conference.iter().chain(&lobby) {
            claim(&section, &name, &server.value, kind, place, taken);
        }
    }
    section.finish();
    Some(Room {
        title: title.unwrap_or_else(|| name.to_string()),
        name,
        asterisk: asterisk?.value,
        conference: conference?.value,
        lobby: lobby.map(|found| found.value),
        kind,
        crew,
        services,
        names: names.map_or(View::Crew, |found| found.value),
        show_ends_after,
        topic_variable: topic_variable.map(|found| found.value),
        notices_per_minute: notices.map_or(6, |found| found.value),
        access,
    })
}

fn server(value: &DeValue<'_>, servers: &[ServerName]) -> Converted<ServerName> {
    let name = text(value)?;
    match servers.iter().find(|server| server.as_str() == name) {
        Some(server) => Ok(server.clone()),
        None if servers.is_empty() => Err(Wrong::Value(format!("there is no [asterisk.{name}]"))),
        None => {
            let near = meant(&name, servers.iter().map(ServerName::as_str));
            Err(Wrong::Value(format!("there is no [asterisk.{name}]; {near}")))
        }
    }
}

fn conference(value: &DeValue<'_>) -> Converted<ConferenceName> {
    let name = match value {
        DeValue::Integer(number) => {
            return Err(Wrong::Value(format!("the name of a conference is a text; write \"{number}\"")));
        }
        _ => text(value)?,
    };
    if name.trim() != name || name.len() > 79 {
        let why = "Asterisk can't be asked for a conference whose name begins or ends with a blank or is over 79 bytes";
        return Err(Wrong::Value(why.into()));
    }
    Ok(ConferenceName::new(name))
}

/// The application, and what goes with it alone.
fn kind(section: &mut Section<'_>) -> ConferenceKind {
    let kinds =
        [("confbridge", ConferenceKind::ConfBridge), ("meetme", ConferenceKind::MeetMe { kick_by: None })];
    let kind = section.take("kind", "\"confbridge\" or \"meetme\"", |value| word(value, &kinds));
    let kick_by = section.take("kick_by", "\"command\" or \"hangup\"", |value| word(value, &KICK_BY));
    if let Some(ConferenceKind::MeetMe { .. }) = kind.map(|found| found.value) {
        return ConferenceKind::MeetMe { kick_by: kick_by.map(|found| found.value) };
    }
    if let Some(kick_by) = kick_by {
        section.tell(kick_by.offset, "kick_by", "is only used with kind = \"meetme\"");
    }
    ConferenceKind::ConfBridge
}

/// MeetMe is told what to do by commands of Asterisk's console, which takes commas and blanks for its own.
fn is_console_word(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+#*".contains(&b))
}

fn crew(section: &mut Section<'_>) -> Vec<CrewPattern> {
    let words = section.texts("crew", "[\"701\", \"PJSIP/dana\"]");
    words.into_iter().map(|word| CrewPattern::parse(word.value.trim())).collect()
}

/// Setvar also calls functions: anything but a plain name could run one.
fn variable(value: &DeValue<'_>) -> Converted<String> {
    let name = text(value)?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain && !name.starts_with(|c: char| c.is_ascii_digit()) && name.len() <= 79 {
        return Ok(name);
    }
    Err(Wrong::Value("the name of a variable has letters, digits and underscores alone, at most 79".into()))
}

fn one_to_sixty(value: &DeValue<'_>) -> Converted<u32> {
    let number = value.as_integer().ok_or(Wrong::Type)?;
    let number =
        u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| (1..=60).contains(number));
    number.ok_or_else(|| Wrong::Value("expected a number from 1 to 60".into()))
}

fn service(mut section: Section<'_>, kind: ServiceKind) -> Option<ServiceSetup> {
    let channel = section.need("channel", "channel = \"Local/220@stream/n\"", "a text in quotes", |value| {
        let channel = text(value)?;
        let whole = channel.split_once('/').is_some_and(|(tech, rest)| !tech.is_empty() && !rest.is_empty());
        let wrong = || Wrong::Value("expected a channel such as \"Local/220@stream/n\"".into());
        whole.then(|| Arc::from(channel)).ok_or_else(wrong)
    });
    section.finish();
    Some(ServiceSetup { kind, channel: channel?.value })
}

fn lobby(mut section: Section<'_>) -> Option<Found<ConferenceName>> {
    let name = section.need("conference", "conference = \"lobby\"", "a text in quotes", conference);
    section.finish();
    name
}

/// A conference belongs to one room: its callers would have two numbers. ConfBridge and MeetMe may each have one of
/// that name.
fn claim(
    section: &Section<'_>,
    room: &RoomName,
    server: &ServerName,
    kind: ConferenceKind,
    place: &Found<ConferenceName>,
    taken: &mut Taken,
) {
    let is_meetme = matches!(kind, ConferenceKind::MeetMe { .. });
    if is_meetme && !is_console_word(place.value.as_str()) {
        let why = "a MeetMe conference's name has letters, digits and - _ . + # * alone";
        section.tell(place.offset, "conference", why);
    }
    let key = (server.clone(), is_meetme, place.value.clone());
    if let Some((other, at)) = taken.get(&key) {
        let text =
            format!("conference \"{}\" already belongs to [room.{other}] (line {})", place.value, at.line);
        section.tell(place.offset, "conference", text);
    } else {
        taken.insert(key, (room.clone(), place.at.clone()));
    }
}
