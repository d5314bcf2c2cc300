//! The rest of the file: the time zone, `[state]` and `[console]`.

use std::path::Path;
use std::time::Duration;

use gavel_ami::model::RoomName;
use gavel_chat::Role;
use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::access::ROLES;
use super::problem::{meant, nearest};
use super::room::VIEWS;
use super::section::{Converted, Section, Wrong, text, word};
use super::{Console, State, Surroundings, View};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn timezone(top: &mut Section<'_>) -> TimeZone {
    top.take("timezone", "a text such as \"Europe/London\"", zone)
        .map_or_else(TimeZone::system, |found| found.value)
}

pub(super) fn state(top: &mut Section<'_>, folder: &Path, around: &Surroundings) -> State {
    let base = around.state_directory.as_deref().unwrap_or(folder);
    let default = State { path: base.join("gavel.db"), keep_callers: WEEK };
    let Some(mut section) = top.table("state") else { return default };
    let path = section.text("path").map_or(default.path, |found| base.join(found.value));
    let keep_callers = section.duration("keep_callers", WEEK);
    section.finish();
    State { path, keep_callers }
}

pub(super) fn console(top: &mut Section<'_>, rooms: &[RoomName]) -> Option<Console> {
    let mut section = top.table("console")?;
    let room = section
        .need("room", "room = \"NAME\" as in [room.NAME]", "a text in quotes", |value| room(value, rooms));
    let view = section.take("view", "\"crew\" or \"public\"", |value| word(value, &VIEWS));
    let role = section.take("role", "a role such as \"host\"", |value| word(value, &ROLES));
    section.finish();
    Some(Console {
        room: room?.value,
        view: view.map_or(View::Crew, |found| found.value),
        role: role.map_or(Role::Host, |found| found.value),
    })
}

pub(super) fn room(value: &DeValue<'_>, rooms: &[RoomName]) -> Converted<RoomName> {
    let name = text(value)?;
    match rooms.iter().find(|room| room.as_str() == name) {
        Some(room) => Ok(room.clone()),
        None if rooms.is_empty() => Err(Wrong::Value(format!("there is no [room.{name}]"))),
        None => {
            let near = meant(&name, rooms.iter().map(RoomName::as_str));
            Err(Wrong::Value(format!("there is no [room.{name}]; {near}")))
        }
    }
}

fn zone(value: &DeValue<'_>) -> Converted<TimeZone> {
    let name = text(value)?;
    TimeZone::get(&name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let near = match nearest(&name, known.iter().map(String::as_str)) {
            Some(best) => format!("did you mean \"{best}\"?"),
            None => "write one such as \"Europe/London\"".to_owned(),
        };
        Wrong::Value(format!("the time zone \"{name}\" is not known; {near}"))
    })
}
