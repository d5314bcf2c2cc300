//! The chat networks of the configuration, with their places. A new network is registered here.

use std::io;
use std::sync::Arc;

use gavel_ami::model::RoomName;
use gavel_chat::text::Foreign;
use gavel_chat::{Asker, Claim, Network, PlaceId, Role, UserId};
use gavel_console::Terminal;

use crate::announcer::Verbosity;
use crate::board::View;
use crate::config::Console;

/// A network with its places, as configured.
pub(super) struct Opening {
    pub(super) network: Arc<dyn Network>,
    pub(super) places: Vec<PlaceOpening>,
}

/// One place, as configured.
pub(super) struct PlaceOpening {
    pub(super) id: PlaceId,
    pub(super) room: RoomName,
    pub(super) view: View,
    pub(super) verbosity: Verbosity,
}

/// The terminal, as the only place of its network.
pub(super) fn terminal(console: &Console) -> io::Result<Opening> {
    let claim = match console.role {
        Role::Host => "console:host",
        Role::CoHost => "console:cohost",
        Role::Screener => "console:screener",
        Role::Listener => "console:listener",
    };
    let asker = Asker {
        user: UserId::new("console:terminal"),
        name: Foreign::name("the console"),
        claims: vec![Claim(claim.to_owned())],
        trusted_device: None,
    };
    let network = gavel_console::Console::new(asker, Terminal::standard()?);
    let (id, room, view) = (PlaceId::new("console"), console.room.clone(), console.view);
    let places = vec![PlaceOpening { id, room, view, verbosity: Verbosity::Normal }];
    Ok(Opening { network: Arc::new(network), places })
}
