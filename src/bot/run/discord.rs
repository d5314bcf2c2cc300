//! Discord, as configured: a network with one place for each channel.

use std::sync::Arc;

use gavel_chat::text::Zone;
use gavel_discord::{Discord, Reach, Settings, Token, place};

use super::places::{Opening, PlaceOpening};
use crate::config::{Channel, Config};
use crate::start::{Keys, Start};

/// The network, if it is configured.
pub(super) fn discord(start: &Start) -> Option<Opening> {
    let network = Discord::new(settings(&start.config, &start.keys)?);
    let places = start.config.discord.iter().flat_map(|discord| &discord.places);
    Some(Opening { network: Arc::new(network), places: places.map(opening).collect() })
}

/// How Discord is spoken to, if it is configured.
pub(crate) fn settings(config: &Config, keys: &Keys) -> Option<Settings> {
    let (discord, key) = (config.discord.as_ref()?, keys.discord.as_ref()?);
    Some(Settings {
        token: Token::new(key.token.expose()),
        group: discord.group.clone(),
        zone: Zone::new(config.timezone.clone()),
        reach: discord.resolve.map(|address| Reach { address, ca: key.ca.clone() }),
    })
}

fn opening(channel: &Channel) -> PlaceOpening {
    let Channel { channel, room, view, notices } = channel;
    PlaceOpening { id: place(*channel), room: room.clone(), view: *view, verbosity: *notices }
}
