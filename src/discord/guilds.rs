//! Before anybody can ask: in which guild each channel is, and that its guild knows our commands.
//!
//! Invariant: a channel or a guild that refuses keeps no other one waiting; what a person must change is told once, and
//! tried again by itself.

use std::time::{Duration, Instant};

use gavel_chat::{Fault, Key};
use serde_json::Value;
use tracing::{info, warn};

use crate::commands;
use crate::floor::{Done, Floor};
use crate::outbox::Trouble;
use crate::places::persist;
use crate::remedy::{Concern, concern};
use crate::standing::Part;

/// Commands that Discord refused are tried again after so long.
const AGAIN: Duration = Duration::from_secs(300);
/// Channels that take messages: text, voice, announcements, threads of all kinds, stages.
const TEXT: [u64; 7] = [0, 2, 5, 10, 11, 12, 13];

impl Floor {
    /// Asks for the channels of which nothing is known, or nothing good for a while.
    pub(crate) fn ask_channels(&mut self, now: Instant) {
        if !self.known {
            return;
        }
        for channel in self.places.unknown(now) {
            let caller = self.caller.clone();
            self.jobs.push(Box::pin(async move {
                Done::Channel(channel, persist(|| caller.channel(channel)).await)
            }));
        }
    }

    /// What Discord says of a channel.
    pub(crate) fn channel(&mut self, now: Instant, channel: u64, found: Result<Value, Trouble>) {
        let guild = |found: &Value| found["guild_id"].as_str()?.parse().ok();
        let why = match found {
            Ok(found) => match (guild(&found), found["type"].as_u64()) {
                (Some(guild), Some(kind)) if TEXT.contains(&kind) => return self.usable(channel, guild),
                _ => format!(
                    "channel {channel} is no server's text channel: correct its id in the configuration"
                ),
            },
            Err(Trouble::Refused { status, code, words }) => match concern(channel, status, code, &words) {
                Concern::Channel(words) | Concern::Post(words) | Concern::Form(words) => words,
            },
            Err(trouble) => trouble.to_string(),
        };
        self.standing.part(Part::Channel(channel), Some(why.clone()));
        if self.places.barred(now, channel, &why)
            && let Some(place) = self.places.id(channel).cloned()
        {
            let _ = self.up.failed(place, Key::Roster, Fault::Remedy(why));
        }
    }

    fn usable(&mut self, channel: u64, guild: u64) {
        self.standing.part(Part::Channel(channel), None);
        if self.places.found(channel, guild) {
            self.register(guild, Duration::ZERO);
        }
    }

    fn register(&self, guild: u64, pause: Duration) {
        let (caller, group) = (self.caller.clone(), self.settings.group.clone());
        let same = async move || {
            let wanted = commands::wanted(group.as_deref());
            let have = persist(|| caller.commands(guild)).await?;
            if commands::same(&have, &wanted) {
                return Ok(false);
            }
            persist(|| caller.register(guild, &wanted)).await?;
            Ok(true)
        };
        self.jobs.push(Box::pin(async move {
            tokio::time::sleep(pause).await;
            Done::Commands(guild, same().await)
        }));
    }

    /// What became of the commands of a guild.
    pub(crate) fn registered(&mut self, guild: u64, result: Result<bool, Trouble>) {
        let part = Part::Commands(guild);
        let error = match result {
            Ok(changed) => {
                info!(guild, changed, "commands are registered");
                return self.standing.part(part, None);
            }
            Err(error) => error,
        };
        let why = format!(
            "Discord refuses gavel's commands in server {guild} ({error}): invite gavel again with the scopes bot and \
             applications.commands"
        );
        warn!(guild, why, "commands are not registered");
        self.standing.part(part, Some(why));
        self.register(guild, AGAIN);
    }
}
