//! Rooms, cores and the store, as desk and announcer are given them.

use std::collections::HashMap;
use std::sync::Arc;

use gavel_ami::client::Handle;
use gavel_ami::model::{Order, OrderId, Outcome, RoomName, RoomSnapshot, ServerName};
use gavel_chat::{Claim, Key, MessageRef, PlaceId, UserId};
use tokio::sync::watch;

use crate::access::Rules;
use crate::announcer::RoomSetup;
use crate::board::{RoomLook, View};
use crate::commands::Server;
use crate::config::{Access, Config};
use crate::desk::{Busy, Exchange, Intents, RoomDesk, Written};
use crate::store::Store;

/// One room, as all parts read it.
pub(super) struct RoomParts {
    pub(super) name: RoomName,
    pub(super) server: ServerName,
    pub(super) look: Arc<RoomLook>,
    pub(super) snapshot: watch::Receiver<Arc<RoomSnapshot>>,
    pub(super) rules: Rules,
    pub(super) per_minute: u32,
    /// Whom alerts may wake, on all networks.
    pub(super) duty: Vec<UserId>,
}

/// The rooms of the configuration whose server is connected to.
pub(super) fn rooms(config: &Config, servers: &HashMap<ServerName, Handle>) -> Vec<RoomParts> {
    let parts = config.rooms.values().filter_map(|room| {
        let snapshot = servers.get(&room.asterisk)?.room(&room.name)?;
        let (title, public_names) = (room.title.clone(), room.names == View::Public);
        let look = RoomLook { title, public_names, kind: room.kind };
        Some(RoomParts {
            name: room.name.clone(),
            server: room.asterisk.clone(),
            look: Arc::new(look),
            snapshot,
            rules: rules(config.access(&room.name)),
            per_minute: room.notices_per_minute,
            duty: config.access(&room.name).duty.iter().map(|claim| UserId::new(claim.0.as_str())).collect(),
        })
    });
    parts.collect()
}

impl RoomParts {
    pub(super) fn setup(&self) -> RoomSetup {
        let (name, server) = (self.name.clone(), self.server.clone());
        RoomSetup { name, server, look: self.look.clone(), snapshot: self.snapshot.clone() }
    }

    pub(super) fn desk(self) -> (RoomName, RoomDesk) {
        let Self { name, server, look, snapshot, rules, .. } = self;
        (name, RoomDesk { server, snapshot, look, rules })
    }
}

/// One Asterisk's core.
pub(super) struct Core {
    pub(super) name: ServerName,
    pub(super) handle: Handle,
}

impl Exchange for Core {
    fn order(&self, order: Order) -> Result<(), Busy> {
        self.handle.order(order).map_err(|_| Busy)
    }

    fn status(&self) -> Server {
        let status = self.handle.status().borrow().clone();
        Server {
            name: self.name.clone(),
            up: status.connected,
            since: status.since,
            version: status.asterisk.or(status.ami),
            trouble: status.error,
        }
    }
}

/// The state file.
pub(super) struct Kept(pub(super) Store);

impl Intents for Kept {
    fn intend(&self, server: &ServerName, order: &Order, at: u64) -> Written {
        let written = self.0.intend(server, order, at);
        // That it could not be written is told by the store's health, once.
        Box::pin(async move {
            let _ = written.await;
        })
    }

    fn settle(&self, order: OrderId, outcome: &Outcome, at: u64) {
        self.0.settle(order, outcome, at);
    }

    fn card(&self, place: &PlaceId, key: &Key, message: &MessageRef) {
        if matches!(key, Key::Roster | Key::Thing(_)) {
            self.0.card(place, key, Some(message));
        }
    }
}

fn rules(access: &Access) -> Rules {
    let words = |claims: &[Claim]| claims.iter().map(|claim| claim.0.clone()).collect();
    Rules {
        host: words(&access.host),
        cohost: words(&access.cohost),
        screener: words(&access.screener),
        commands: access.commands.clone(),
    }
}
