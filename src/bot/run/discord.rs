//! Discord, as configured: a network with one place for each channel.

use std::sync::Arc;

use gavel_chat::text::Zone;
use gavel_discord::{Discord, Reach, Settings, Token, place};

use super::places::{Opening, PlaceOpening};
use crate::config::Channel;
use crate::start::Start;

/// The network, if it is configured.
pub(super) fn discord(start: &Start) -> Option<Opening> {
    let (discord, key) = (start.config.discord.as_ref()?, start.keys.discord.as_ref()?);
    let network = Discord::new(Settings {
        token: Token::new(key.token.expose()),
        group: discord.group.clone(),
        zone: Zone::new(start.config.timezone.clone()),
        reach: discord.resolve.map(|address| Reach { address, ca: key.ca.clone() }),
    });
    let places = discord.places.iter().map(opening).collect();
    Some(Opening { network: Arc::new(network), places })
}

fn opening(channel: &Channel) -> PlaceOpening {
    let Channel { channel, room, view, notices } = channel;
    PlaceOpening { id: place(*channel), room: room.clone(), view: *view, verbosity: *notices }
}
