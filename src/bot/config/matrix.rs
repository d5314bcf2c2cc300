//! `[matrix]` and its `[[matrix.place]]`: the account, what it keeps, and the rooms that are bound to rooms of ours.

use std::collections::BTreeMap;
use std::path::Path;

use gavel_ami::model::RoomName;
use toml::de::DeValue;

use super::room::VIEWS;
use super::section::{Converted, Section, Wrong, text, word};
use super::shell::room;
use super::{
    Found, Matrix, MatrixLogin, MatrixRoom, NOTICES, SecretKind, SecretSource, Surroundings, Verbosity, View,
    secret,
};

/// Longer is no prefix that anybody types.
const LONGEST_PREFIX: usize = 16;
/// Matrix's limit for ids of people and rooms.
const LONGEST_ID: usize = 255;

pub(super) fn read(
    top: &mut Section<'_>,
    rooms: &[RoomName],
    folder: &Path,
    around: &Surroundings,
) -> Option<Matrix> {
    let mut section = top.table("matrix")?;
    if cfg!(not(feature = "matrix")) {
        section.tell_here("this gavel was built without Matrix; delete this table, or build it with Matrix");
    }
    let homeserver = section.need(
        "homeserver",
        "homeserver = \"https://matrix.example.org\"",
        "an address such as \"https://matrix.example.org\"",
        homeserver,
    );
    let user = section.need(
        "user",
        "user = \"@gavel:example.org\"",
        "a user's id such as \"@gavel:example.org\"",
        user,
    );
    let login = login(&mut section, folder);
    let base = around.state_directory.as_deref().unwrap_or(folder);
    let state_dir = section.text("state_dir").map_or_else(|| base.join("matrix"), |dir| base.join(dir.value));
    let recovery_key = recovery_key(&mut section, folder, &state_dir);
    let prefixes = prefixes(&mut section);
    let require_verified = flag(&mut section, "require_verified");
    let invite_from = section.texts("invite_from", "[\"@dana:example.org\"]");
    let invite_from = invite_from.into_iter().filter_map(|who| inviter(&section, who)).collect();
    let places = section.list("place", "[[matrix.place]] with room_id and room");
    let mut taken = BTreeMap::new();
    let places = places.into_iter().filter_map(|each| place(each, rooms, &mut taken)).collect();
    section.finish();
    Some(Matrix {
        homeserver: homeserver?.value,
        user: user?.value,
        login: login?,
        state_dir,
        recovery_key,
        prefixes,
        require_verified,
        invite_from,
        places,
    })
}

/// One of two ways.
fn login(section: &mut Section<'_>, folder: &Path) -> Option<MatrixLogin> {
    let given = (section.has("password"), section.has("token"));
    let password = secret::maybe(section, "password", "{ env = \"MATRIX_PASSWORD\" }", folder, |_| None);
    let token = secret::maybe(section, "token", "{ env = \"MATRIX_TOKEN\" }", folder, |_| None);
    match given {
        (true, true) => section.tell_here("\"password\" and \"token\" are two ways to log in; keep one"),
        (false, false) => {
            section.miss("password", "password = { env = \"MATRIX_PASSWORD\" }, or token = { ... }");
        }
        _ => {}
    }
    password.map(MatrixLogin::Password).or(token.map(MatrixLogin::Token))
}

/// Who loses the state must still have the key.
fn recovery_key(section: &mut Section<'_>, folder: &Path, state_dir: &Path) -> Option<SecretSource> {
    secret::maybe(section, "recovery_key", "{ file = \"matrix-recovery-key\" }", folder, |kind| {
        let inside = matches!(kind, SecretKind::File(path) if path.starts_with(state_dir));
        inside.then_some("the recovery key is for when state_dir is lost: name a file that is not in there")
    })
}

fn prefixes(section: &mut Section<'_>) -> Vec<String> {
    if !section.has("prefixes") {
        // Asked for, so that a slip of the finger is told what it was meant to be.
        let _ = section.texts("prefixes", "[\"!\"]");
        return vec!["!".to_owned()];
    }
    let given = section.texts("prefixes", "[\"!\"]");
    given.into_iter().filter_map(|given| prefix(section, given)).collect()
}

fn prefix(section: &Section<'_>, given: Found<String>) -> Option<String> {
    let Found { value, offset, .. } = given;
    let sign = value.chars().next_back().is_some_and(|last| !last.is_alphanumeric() && !last.is_whitespace());
    let blank = value.contains(char::is_whitespace);
    let why = if !sign || blank {
        "must end with a sign such as ! or : and have no blanks, or every sentence would be a command"
    } else if value.starts_with('/') {
        "is kept by clients for themselves; // and, where they let it through, / work anyway"
    } else if value.len() > LONGEST_PREFIX {
        "is longer than anybody types"
    } else {
        return Some(value);
    };
    section.tell(offset, "prefixes", format!("the prefix \"{value}\" {why}"));
    None
}

fn inviter(section: &Section<'_>, who: Found<String>) -> Option<String> {
    match not_a_user(&who.value) {
        None => Some(who.value),
        Some(why) => {
            section.tell(who.offset, "invite_from", format!("\"{}\" {why}", who.value));
            None
        }
    }
}

fn place(
    mut section: Section<'_>,
    rooms: &[RoomName],
    taken: &mut BTreeMap<String, usize>,
) -> Option<MatrixRoom> {
    let room_id = section.need(
        "room_id",
        "room_id = \"!abcdef:example.org\" (in Element: Room settings, Advanced, Internal room ID)",
        "a room's id such as \"!abcdef:example.org\"",
        room_id,
    );
    let room = section
        .need("room", "room = \"NAME\" as in [room.NAME]", "a text in quotes", |value| room(value, rooms));
    let view = section.take("view", "\"crew\" or \"public\"", |value| word(value, &VIEWS));
    let notices = section.take("notices", "\"quiet\", \"normal\" or \"full\"", |value| word(value, &NOTICES));
    let bare_words = flag(&mut section, "bare_words");
    let sync_topic = flag(&mut section, "sync_topic");
    if let Some(room_id) = &room_id
        && let Some(line) = taken.insert(room_id.value.clone(), room_id.at.line)
    {
        let text = format!("this room is bound already (line {line}); one room of Matrix is one place");
        section.tell(room_id.offset, "room_id", text);
    }
    section.finish();
    Some(MatrixRoom {
        room_id: room_id?.value,
        room: room?.value,
        view: view.map_or(View::Crew, |found| found.value),
        notices: notices.map_or(Verbosity::Normal, |found| found.value),
        bare_words,
        sync_topic,
    })
}

fn flag(section: &mut Section<'_>, key: &'static str) -> bool {
    section.take(key, "true or false", |value| value.as_bool().ok_or(Wrong::Type)).is_some_and(|it| it.value)
}

fn homeserver(value: &DeValue<'_>) -> Converted<String> {
    let address = text(value)?;
    let Some(rest) = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")) else {
        let why = format!("\"{address}\" is no address; write \"https://...\", as your client shows it");
        return Err(Wrong::Value(why));
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || rest.contains(['@', '?', '#']) || rest.contains(char::is_whitespace) {
        let why = format!("\"{address}\" is not just an address, such as \"https://matrix.example.org\"");
        return Err(Wrong::Value(why));
    }
    Ok(address.trim_end_matches('/').to_owned())
}

fn user(value: &DeValue<'_>) -> Converted<String> {
    let user = text(value)?;
    match not_a_user(&user) {
        None => Ok(user),
        Some(why) => Err(Wrong::Value(format!("\"{user}\" {why}"))),
    }
}

/// What is wrong with a user's id; `None`: nothing.
pub(super) fn not_a_user(id: &str) -> Option<&'static str> {
    let parts = id.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    let named = parts.is_some_and(|(name, server)| !name.is_empty() && !server.is_empty());
    let clean = id.len() <= LONGEST_ID && !id.contains(char::is_whitespace);
    (!(named && clean)).then_some("is no user's id; write it whole, such as \"@dana:example.org\"")
}

/// Since room version 12 an id names no server.
fn room_id(value: &DeValue<'_>) -> Converted<String> {
    let id = text(value)?;
    if id.starts_with('#') {
        let why = "is an alias, which can be made to lead elsewhere; write the room's id, which begins with \"!\" \
                   (in Element: Room settings, Advanced, Internal room ID)";
        return Err(Wrong::Value(format!("\"{id}\" {why}")));
    }
    let whole = id.strip_prefix('!').is_some_and(|rest| !rest.is_empty());
    if !whole || id.len() > LONGEST_ID || id.contains(char::is_whitespace) {
        let why =
            "is no room's id; it begins with \"!\" (in Element: Room settings, Advanced, Internal room ID)";
        return Err(Wrong::Value(format!("\"{id}\" {why}")));
    }
    Ok(id)
}
