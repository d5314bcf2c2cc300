//! Discord: which channels and roles of the configuration it is asked about, and its findings as those of all.

use std::collections::BTreeSet;

use gavel_discord::check::{self as asked, Inquiry, Sought};

use super::{Finding, Level};
use crate::config::{Access, Channel, Config, View};
use crate::start::Keys;

/// What Discord says; nothing where it is not configured.
pub(super) async fn found(config: &Config, keys: &Keys) -> Vec<Finding> {
    let Some(settings) = crate::run::discord(config, keys) else { return Vec::new() };
    asked::check(&settings, &inquiry(config)).await.into_iter().map(finding).collect()
}

fn finding(found: asked::Finding) -> Finding {
    let level = match found.level {
        asked::Level::Ok => Level::Ok,
        asked::Level::Warning => Level::Warning,
        asked::Level::Problem => Level::Problem,
    };
    Finding { level, text: format!("discord: {}", found.words) }
}

fn inquiry(config: &Config) -> Inquiry {
    let places = config.discord.iter().flat_map(|discord| &discord.places);
    Inquiry { channels: places.map(sought).collect(), roles: roles(config) }
}

fn sought(Channel { channel, room, view, .. }: &Channel) -> Sought {
    let view = match view {
        View::Crew => "crew",
        View::Public => "public",
    };
    Sought { id: *channel, purpose: format!("room {room}, {view}") }
}

/// Every role that some room's access names, once.
fn roles(config: &Config) -> Vec<u64> {
    let rooms = config.rooms.values().filter_map(|room| room.access.as_ref());
    let all = rooms
        .chain([&config.access])
        .flat_map(|Access { host, cohost, screener, .. }| host.iter().chain(cohost).chain(screener));
    let ids = all.filter_map(|claim| claim.0.strip_prefix("discord:role:")?.parse().ok());
    ids.collect::<BTreeSet<u64>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Surroundings;

    #[test]
    fn what_discord_is_asked_about() {
        let text = r#"
            [asterisk.main]
            address = "pbx"
            username = "gavel"
            secret = { env = "X" }
            [room.thursday]
            asterisk = "main"
            conference = "200"
            [room.sunday]
            asterisk = "main"
            conference = "300"
            [room.sunday.access]
            screener = ["discord:role:9", "discord:user:1"]
            [discord]
            token = { env = "X" }
            [[discord.place]]
            channel = 77
            room = "sunday"
            view = "public"
            [access]
            host = ["discord:role:9", "discord:role:8", "discord:permission:MANAGE_GUILD"]
        "#;
        let config = Config::parse(Path::new("gavel.toml"), text, &Surroundings::default()).unwrap();
        let inquiry = inquiry(&config);
        assert_eq!(inquiry.roles, [8, 9]);
        let [sought] = &inquiry.channels[..] else { panic!("{inquiry:?}") };
        assert_eq!((sought.id, sought.purpose.as_str()), (77, "room sunday, public"));
    }
}
