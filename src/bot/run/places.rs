//! The chat networks of the configuration, with their places. A new network is registered here.

use std::io::{self, BufReader, Write};
use std::sync::Arc;

use gavel_ami::model::RoomName;
use gavel_chat::text::Foreign;
use gavel_chat::{Asker, Claim, Network, PlaceId, Role, UserId};
use gavel_console::Terminal;

#[cfg(feature = "discord")]
use super::discord::discord;
#[cfg(feature = "matrix")]
use super::matrix::matrix;
use crate::announcer::Verbosity;
use crate::board::View;
use crate::start::{Seat, Start};

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

/// All networks that this run opens.
pub(super) fn networks(start: &Start) -> io::Result<Vec<Opening>> {
    let terminal = start.seat.as_ref().map(terminal).transpose()?;
    Ok(terminal.into_iter().chain(discord(start)).chain(matrix(start)).collect())
}

/// The configuration was refused already if it names a network that was not built in.
#[cfg(not(feature = "discord"))]
fn discord(_: &Start) -> Option<Opening> {
    None
}

/// The same of Matrix.
#[cfg(not(feature = "matrix"))]
fn matrix(_: &Start) -> Option<Opening> {
    None
}

/// The terminal, as the only place of its network.
fn terminal(Seat { place: console, plain, easy_end, greeting }: &Seat) -> io::Result<Opening> {
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
    if let Some(greeting) = greeting {
        // Whoever closed the pipe is not greeted.
        let _ = writeln!(io::stdout(), "{greeting}");
    }
    let terminal = if *plain {
        Terminal::plain(BufReader::new(io::stdin()), io::stdout())
    } else {
        Terminal::standard()
    };
    let network = gavel_console::Console::new(asker, terminal?).easy_end(*easy_end);
    let (id, room, view) = (PlaceId::new("console"), console.room.clone(), console.view);
    let places = vec![PlaceOpening { id, room, view, verbosity: Verbosity::Normal }];
    Ok(Opening { network: Arc::new(network), places })
}
