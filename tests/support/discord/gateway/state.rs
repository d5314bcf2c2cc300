//! What the gateway keeps in the world, so that its changes wake those who wait like all others do: the book, the
//! faults, and the address for resuming.

use std::time::Instant;

use serde_json::json;

use super::book::{Book, Greeting};
use super::incoming::{Identify, Resume};
use super::session::Line;
use crate::world::{Event, World};

/// What the gateway does wrong on a test's word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Until then connections are reset before their first byte.
    pub(crate) refuse_until: Option<Instant>,
    /// An IDENTIFY is answered by closing with this code.
    pub(crate) close_identify: Option<u16>,
    /// Heartbeats are not acknowledged.
    pub(crate) no_acks: bool,
}

/// The gateway's part of the world.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) book: Book,
    pub(crate) faults: Faults,
    pub(crate) resume_url: String,
}

impl State {
    /// Sends an event to every session that may see it.
    pub(crate) fn dispatch(&mut self, event: &Event) {
        let key = if event.name.starts_with("GUILD_") && event.data.get("guild_id").is_none() {
            "id"
        } else {
            "guild_id"
        };
        let guild = event.data.get(key).and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
        self.book.dispatch(event.name, guild, &event.data);
    }
}

impl World {
    pub(crate) fn identify(&mut self, now: Instant, asked: &Identify, line: &Line) -> Result<bool, u16> {
        if let Some(code) = self.gateway.faults.close_identify {
            self.gateway.book.counts.identifies += 1;
            return Err(code);
        }
        let greeting = self.greeting();
        self.gateway.book.identify(now, &self.token, asked, line, greeting)
    }

    pub(crate) fn resume(&mut self, now: Instant, asked: &Resume, line: &Line) -> Result<bool, u16> {
        self.gateway.book.resume(now, &self.token, asked, line)
    }

    fn greeting(&self) -> Greeting {
        let mut user = self.user_json(self.bot());
        for (key, value) in [("verified", json!(true)), ("mfa_enabled", json!(false)), ("email", json!(null))]
        {
            user[key] = value;
        }
        let ready = json!({
            "v": 10, "user": user, "session_type": "normal", "resume_gateway_url": self.gateway.resume_url,
            "application": {"id": self.application, "flags": 0}, "user_settings": {}, "relationships": [],
            "private_channels": [], "presences": [], "guild_join_requests": [], "auth": {},
            "geo_ordered_rtc_regions": [], "_trace": ["[\"stand-in\",{\"micros\":0}]"],
        });
        let guilds = self.guilds.iter().map(|guild| (guild.id.0, self.guild_create_json(guild)));
        Greeting { ready, guilds: guilds.collect() }
    }
}
