//! `status`: the room's conference, the links to Asterisk and to the chat networks.

use gavel_ami::model::{ConferenceKind, ServerName};
use gavel_chat::Health;
use gavel_chat::text::{Doc, Foreign};

use super::{Ask, Plan};
use crate::supervisor::NetworkStatus;
use crate::words::ago;

/// The links, at the moment of asking.
#[derive(Clone, Debug, Default)]
pub struct House {
    /// Each Asterisk.
    pub servers: Vec<Server>,
    /// Each chat network.
    pub networks: Vec<NetworkStatus>,
}

/// One Asterisk.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name in the configuration.
    pub name: ServerName,
    /// Logged in.
    pub up: bool,
    /// Since when (Unix milliseconds).
    pub since: u64,
    /// Asterisk's version; foreign text.
    pub version: Option<String>,
    /// Why there is no link.
    pub trouble: Option<String>,
}

pub(super) fn plan(ask: Ask<'_>) -> Plan {
    let servers = ask.house.servers.iter().map(|server| of_server(ask, server));
    let networks = ask.house.networks.iter().map(|network| of_network(ask, network));
    let lines = std::iter::once(of_room(ask)).chain(servers).chain(networks);
    lines.reduce(|doc, more| doc.line().then(more)).unwrap_or_default().into()
}

/// Which conference this room is: the one place where its kind is told.
fn of_room(ask: Ask<'_>) -> Doc {
    let (look, room) = (&ask.room.look, &ask.room.snapshot);
    let kind = match look.kind {
        ConferenceKind::ConfBridge => "ConfBridge",
        ConferenceKind::MeetMe { .. } => "MeetMe",
    };
    let doc = Doc::new().strong(&*look.title).say(format!(": conference \"{}\"", room.conference));
    doc.say(format!(" of {kind} on {}.", room.server))
}

fn of_server(ask: Ask<'_>, server: &Server) -> Doc {
    let since = since(ask, server.since);
    let doc = Doc::new().strong(format!("Asterisk {}: ", server.name));
    let doc = match (server.up, &server.version) {
        (true, Some(version)) => {
            // Distributions add how they built it: nothing for a phone screen.
            let version = version.split(['+', '~']).next().unwrap_or_default();
            doc.say(format!("connected {since}, version ")).foreign(&Foreign::name(version))
        }
        (true, None) => doc.say(format!("connected {since}")),
        (false, _) => doc.say(format!("NOT connected {since}")),
    };
    match server.trouble.as_ref().filter(|_| !server.up) {
        Some(trouble) => doc.say(": ").foreign(&Foreign::text(trouble)).say("."),
        None => doc.say("."),
    }
}

fn of_network(ask: Ask<'_>, network: &NetworkStatus) -> Doc {
    let since = since(ask, network.since);
    let doc = Doc::new().strong(format!("{}: ", network.name));
    match &network.health {
        Some(Health::Up) => doc.say(format!("connected {since}.")),
        Some(Health::Degraded(why)) => {
            doc.say(format!("works badly {since}: ")).foreign(&Foreign::text(why)).say(".")
        }
        Some(Health::Down(why)) => doc.say(format!("DOWN {since}: ")).foreign(&Foreign::text(why)).say("."),
        None => doc.say(format!("connecting {since}.")),
    }
}

fn since(ask: Ask<'_>, at: u64) -> String {
    format!("since {} ({})", ask.zone.second(at), ago(ask.now, at))
}
