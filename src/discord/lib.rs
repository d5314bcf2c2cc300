//! Discord as a chat network.
//!
//! [`Discord`] opens adapters; each is one connection to the gateway, one outbox and one loop between them and the
//! link. Nothing is cached but which message is which post: who somebody is stands in each interaction.
//! Invariant: an adapter may freeze (the gateway's library can), so it shares nothing with anybody but what it says.

mod asked;
pub mod check;
mod clock;
mod commands;
mod floor;
mod gateway;
mod guilds;
mod http;
mod intake;
mod late;
mod limits;
mod markdown;
mod message;
mod outbox;
mod places;
mod press;
mod remedy;
mod run;
mod seen;
mod settings;
#[cfg(test)]
mod standin_tests;
mod standing;
mod witness;

use std::sync::Arc;

use gavel_chat::{Adapter, Network};

pub use settings::{Reach, Settings, Token, place};

/// The network: one bot at Discord, in as many guilds and channels as there are places.
#[derive(Debug)]
pub struct Discord {
    settings: Arc<Settings>,
    memory: Arc<witness::Memory>,
}

impl Discord {
    /// Nothing is connected yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), memory: Arc::default() }
    }
}

impl Network for Discord {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn open(&self) -> Box<dyn Adapter> {
        Box::new(run::Run::new(self.settings.clone(), self.memory.clone()))
    }
}

#[cfg(test)]
mod tests;
