//! Matrix as a chat network: the same words in Element, in encrypted rooms too.
//!
//! [`Matrix`] opens one account. `session` logs in and keeps its folder whole, `sync` follows the timelines, `intake`
//! says what an event means, `outbox` is the account's one paced writer, `run` is the loop between them and the link.
//! Pure are `event`, `intake`, `message`, `html`, `outbox`; the clock is read in `clock` alone.
//! Invariant: in an encrypted room nothing acts that the homeserver could have written by itself, but for reactions and
//! replies, and not even those with `require_verified`.

pub mod account;
mod cards;
pub mod check;
mod clock;
mod crypto;
mod desk;
mod event;
mod html;
mod intake;
mod message;
mod outbox;
mod pace;
mod rooms;
mod run;
mod send;
mod session;
mod settings;
mod sync;
mod trouble;

use std::sync::Arc;

use gavel_chat::{Adapter, Network, PlaceId};

pub use settings::{Login, MatrixPlace, RecoveryKey, Secret, Settings};

/// One account on one homeserver.
#[derive(Debug)]
pub struct Matrix {
    settings: Arc<Settings>,
}

impl Matrix {
    /// That account; nothing is connected yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings) }
    }
}

impl Network for Matrix {
    fn name(&self) -> &'static str {
        "matrix"
    }

    fn open(&self) -> Box<dyn Adapter> {
        Box::new(run::Run::new(self.settings.clone()))
    }
}

/// What gavel calls a room.
pub fn place_id(room_id: &str) -> PlaceId {
    PlaceId::new(format!("matrix:{room_id}"))
}
