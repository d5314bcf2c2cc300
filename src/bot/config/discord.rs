//! `[discord]` and its `[[discord.place]]`: the bot's token, and the channels that are bound to rooms.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use gavel_ami::model::RoomName;
use toml::de::DeValue;

use super::room::VIEWS;
use super::section::{Converted, Section, Wrong, text, word};
use super::shell::room;
use super::{Channel, Discord, Found, NOTICES, Verbosity, View, secret};

/// Discord's limit for the name of a command.
const LONGEST_GROUP: usize = 32;

pub(super) fn read(top: &mut Section<'_>, rooms: &[RoomName], folder: &Path) -> Option<Discord> {
    let mut section = top.table("discord")?;
    if cfg!(not(feature = "discord")) {
        section
            .tell_here("this gavel was built without Discord; delete this table, or build it with Discord");
    }
    let token = secret::read(&mut section, "token", "token = { env = \"DISCORD_TOKEN\" }", folder);
    let group = section.take("group", "a word such as \"conf\"", group);
    let resolve = section.take("resolve", "an address such as \"127.0.0.1:8443\"", address);
    let extra_ca = section.text("extra_ca");
    if let Some(ca) = extra_ca.as_ref().filter(|_| resolve.is_none()) {
        section.tell(ca.offset, "extra_ca", "is only used with resolve");
    }
    let places = section.list("place", "[[discord.place]] with channel and room");
    let mut taken = BTreeMap::new();
    let places = places.into_iter().filter_map(|place| channel(place, rooms, &mut taken)).collect();
    section.finish();
    Some(Discord {
        token: token?,
        group: group.map(|found| found.value),
        resolve: resolve.map(|found| found.value),
        extra_ca: extra_ca.map(|ca| Found { value: folder.join(&ca.value), at: ca.at, offset: ca.offset }),
        places,
    })
}

fn channel(
    mut section: Section<'_>,
    rooms: &[RoomName],
    taken: &mut BTreeMap<u64, usize>,
) -> Option<Channel> {
    let channel = section.need(
        "channel",
        "channel = 123456789012345678 (Copy Channel ID in Discord, with its Developer Mode on)",
        "a channel's id, a number such as 123456789012345678",
        id,
    );
    let room = section
        .need("room", "room = \"NAME\" as in [room.NAME]", "a text in quotes", |value| room(value, rooms));
    let view = section.take("view", "\"crew\" or \"public\"", |value| word(value, &VIEWS));
    let notices = section.take("notices", "\"quiet\", \"normal\" or \"full\"", |value| word(value, &NOTICES));
    if let Some(channel) = &channel
        && let Some(line) = taken.insert(channel.value, channel.at.line)
    {
        let text = format!("this channel is bound already (line {line}); one channel is one place");
        section.tell(channel.offset, "channel", text);
    }
    section.finish();
    Some(Channel {
        channel: channel?.value,
        room: room?.value,
        view: view.map_or(View::Crew, |found| found.value),
        notices: notices.map_or(Verbosity::Normal, |found| found.value),
    })
}

fn id(value: &DeValue<'_>) -> Converted<u64> {
    let number = value.as_integer().ok_or(Wrong::Type)?;
    let id = u64::from_str_radix(number.as_str(), number.radix()).ok().filter(|id| *id > 0);
    id.ok_or_else(|| Wrong::Value("is no channel's id; write the number that Copy Channel ID gives".into()))
}

/// What Discord takes as a command's name, of the letters that every phone has.
fn group(value: &DeValue<'_>) -> Converted<String> {
    let name = text(value)?;
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if plain && name.len() <= LONGEST_GROUP {
        return Ok(name);
    }
    let why = format!("a command's name has small letters, digits, - and _ alone, at most {LONGEST_GROUP}");
    Err(Wrong::Value(why))
}

fn address(value: &DeValue<'_>) -> Converted<SocketAddr> {
    let written = text(value)?;
    let why =
        || Wrong::Value(format!("\"{written}\" is no IP address with a port, such as \"127.0.0.1:8443\""));
    written.parse().map_err(|_| why())
}
