//! What the desk is bound to: places to rooms, rooms to servers. All of it is decided by the configuration.

use std::collections::HashMap;
use std::sync::Arc;

use gavel_ami::model::{CallId, Entry, Order, RoomName, RoomSnapshot, ServerName};
use gavel_chat::{PlaceId, Post};
use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::access::Rules;
use crate::board::{RoomLook, View};
use crate::commands::{House, Server};
use crate::room::RoomView;
use crate::supervisor::NetworkStatus;

/// One Asterisk, as far as the desk uses it.
pub trait Exchange: Send + Sync {
    /// Gives it an order. Never waits; what becomes of it is heard.
    fn order(&self, order: Order) -> Result<(), Busy>;
    /// How it is.
    fn status(&self) -> Server;
}

/// The core takes no more orders right now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many orders wait already")]
pub struct Busy;

/// What a core tells the desk, and what the announcer tells it.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An entry about an order.
    Entry(Arc<Entry>),
    /// Entries of this server were missed.
    Missed(ServerName),
    /// The announcer posts a notice, or edits one.
    Notice {
        /// Where.
        place: PlaceId,
        /// Which.
        notice: u64,
        /// Whom it is about, if that is one caller alone.
        about: Option<(u32, CallId)>,
    },
}

/// Everything that the desk is bound to.
#[derive(Default)]
pub struct Bindings {
    /// The places.
    pub places: HashMap<PlaceId, PlaceDesk>,
    /// The rooms.
    pub rooms: HashMap<RoomName, RoomDesk>,
    /// The servers.
    pub servers: HashMap<ServerName, ServerDesk>,
    /// The networks, for `status`.
    pub networks: Vec<watch::Receiver<NetworkStatus>>,
}

/// One place.
pub struct PlaceDesk {
    /// Its room.
    pub room: RoomName,
    /// What it may see.
    pub view: View,
    /// Its network's way in.
    pub posts: mpsc::Sender<Post>,
}

/// One room.
pub struct RoomDesk {
    /// Its server.
    pub server: ServerName,
    /// The core's picture of it.
    pub snapshot: watch::Receiver<Arc<RoomSnapshot>>,
    /// How it is shown.
    pub look: Arc<RoomLook>,
    /// Who may do what in it.
    pub rules: Rules,
}

/// One server.
pub type ServerDesk = Box<dyn Exchange>;

impl Bindings {
    /// What a place sees right now, with its room; `None`: it is bound to none.
    pub(super) fn view(&self, place: &PlaceId) -> Option<(RoomView, &RoomDesk)> {
        let bound = self.places.get(place)?;
        let room = self.rooms.get(&bound.room)?;
        let snapshot = room.snapshot.borrow().clone();
        Some((RoomView { snapshot, look: room.look.clone(), view: bound.view }, room))
    }

    /// The links at this moment, in a steady order.
    pub(super) fn house(&self) -> House {
        let mut servers: Vec<_> = self.servers.values().map(|server| server.status()).collect();
        servers.sort_by(|one, other| one.name.cmp(&other.name));
        House { servers, networks: self.networks.iter().map(|network| network.borrow().clone()).collect() }
    }

    /// The other places of the same room's crew.
    pub(super) fn others(&self, place: &PlaceId) -> Vec<PlaceId> {
        let Some(room) = self.places.get(place).map(|bound| &bound.room) else { return Vec::new() };
        let crew = |bound: &PlaceDesk| bound.room == *room && bound.view == View::Crew;
        let others = self.places.iter().filter(|(id, bound)| *id != place && crew(bound));
        others.map(|(id, _)| id.clone()).collect()
    }

    /// Posts, if the network still takes any.
    pub(super) fn post(&self, post: Post) {
        let Some(bound) = self.places.get(&post.place) else { return };
        if let Err(error) = bound.posts.try_send(post) {
            let place = match error {
                mpsc::error::TrySendError::Full(post) | mpsc::error::TrySendError::Closed(post) => post.place,
            };
            warn!(%place, "its network takes no more posts, one is lost");
        }
    }
}
