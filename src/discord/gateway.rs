//! The gateway: what serenity hears there, and how it is opened and closed.
//!
//! serenity's `Client` is not used: when Discord does not say where the gateway is, it falls back to the real one for
//! its whole life. Here [`find`] asks first, as often as it takes, and the shard's manager gets the answer.
//! Invariant: what hears never waits: it hands over or, when too much waits already, drops and says so.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde::Deserialize;
use serde_json::Value;
use serenity::all::{Context, Event, Interaction, RawEventHandler};
use serenity::async_trait;
use serenity::gateway::{GatewayError, ShardManager, ShardManagerOptions};
use serenity::http::Http;
use serenity::model::gateway::GatewayIntents;
use serenity::prelude::{Mutex, RwLock, TypeMap};
use tokio::sync::mpsc;
use tracing::warn;

use crate::settings::Token;

const API: &str = "https://discord.com/api/v10";
/// Discord answers these in some 100 ms; a hung connection is not waited for.
const WITHIN: Duration = Duration::from_secs(10);

/// What the gateway says.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A new session.
    Ready {
        /// Our application.
        application: u64,
    },
    /// The old session goes on; what happened meanwhile comes now.
    Resumed,
    /// Somebody wants something.
    Interaction(Box<Interaction>),
    /// What serenity cannot read.
    Unread {
        /// The event's name.
        kind: String,
        /// What it carries.
        value: Value,
    },
}

/// The gateway does not let us in: a person must change something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Barred {
    /// 4004.
    Token,
    /// 4013 or 4014, although no intent is asked for.
    Intents,
    /// 4010, 4011 or 4012, for the second time in a row.
    Closed(u16),
}

/// Where the gateway is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    /// Its address.
    pub(crate) url: String,
    /// Discord's clock then, in Unix milliseconds.
    pub(crate) date: Option<u64>,
}

/// Why nobody knows where the gateway is.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unfound {
    /// Discord does not know this token.
    #[error("Discord does not know the bot's token")]
    Token,
    /// Later, perhaps.
    #[error("Discord is not reached: {0}")]
    Later(String),
}

impl Barred {
    /// What that person is to change.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Token => "Discord does not know the bot's token. At https://discord.com/developers/applications \
                 choose the application, press Reset Token on the page Bot, put the new token where [discord] token \
                 says, and start gavel again."
                .to_owned(),
            Self::Intents => "Discord's gateway refuses the bot's intents, although gavel asks for none. Look at \
                 Privileged Gateway Intents on the application's page Bot at \
                 https://discord.com/developers/applications (all can be off), and start gavel again."
                .to_owned(),
            Self::Closed(4011) => "Discord says that the bot is in too many servers for one connection (4011). Take it \
                 out of those that gavel does not work in, and start gavel again."
                .to_owned(),
            Self::Closed(4012) => {
                "Discord no longer speaks the version of its gateway that this gavel does (4012). Install a newer gavel.".to_owned()
            }
            Self::Closed(code) => format!(
                "Discord's gateway closed the connection twice and says that there is no use in trying again ({code}). \
                 Look at https://discordstatus.com, and start gavel again."
            ),
        }
    }
}

/// One connection, kept up by serenity.
pub(crate) struct Gateway {
    manager: Arc<ShardManager>,
    ended: BoxStream<'static, Result<(), GatewayError>>,
}

/// Asks whether the token is good and where the gateway is. `plain`: an address without TLS is taken, too.
pub(crate) async fn find(client: &reqwest::Client, token: &Token, plain: bool) -> Result<Found, Unfound> {
    let me =
        client.get(format!("{API}/users/@me")).header("Authorization", format!("Bot {}", token.reveal()));
    let me = me.timeout(WITHIN).send().await.map_err(|error| later(&error))?;
    match me.status().as_u16() {
        200..300 => {}
        401 => return Err(Unfound::Token),
        status => return Err(Unfound::Later(format!("it answers {status}"))),
    }
    let answer = client.get(format!("{API}/gateway")).timeout(WITHIN).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status).map_err(|error| later(&error))?;
    let date = answer.headers().get("date").and_then(|date| unix_ms(date.to_str().ok()?));
    let Where { url } = answer.json().await.map_err(|error| later(&error))?;
    match url.starts_with("wss://") || (plain && url.starts_with("ws://")) {
        true => Ok(Found { url, date }),
        false => Err(Unfound::Later("it names a gateway without encryption".to_owned())),
    }
}

#[derive(Deserialize)]
struct Where {
    url: String,
}

impl Gateway {
    /// Connects, and connects again whenever the connection is lost.
    pub(crate) async fn open(http: Arc<Http>, url: String, heard: mpsc::Sender<Heard>) -> Self {
        let (manager, ended) = ShardManager::new(ShardManagerOptions {
            data: Arc::new(RwLock::new(TypeMap::new())),
            event_handlers: Vec::new(),
            raw_event_handlers: vec![Arc::new(Ear(heard))],
            shard_index: 0,
            shard_init: 1,
            shard_total: 1,
            ws_url: Arc::new(Mutex::new(url)),
            http,
            intents: GatewayIntents::empty(),
            presence: None,
        });
        if let Err(error) = manager.initialize() {
            warn!(%error, "the shard does not start");
        }
        Self { manager, ended: ended.boxed() }
    }

    /// Why there will be no more connection. Cancel-safe.
    pub(crate) async fn ended(&mut self) -> Barred {
        loop {
            match self.ended.next().await {
                Some(Err(GatewayError::InvalidAuthentication)) => return Barred::Token,
                Some(Err(GatewayError::InvalidGatewayIntents | GatewayError::DisallowedGatewayIntents)) => {
                    return Barred::Intents;
                }
                Some(other) => warn!(?other, "the gateway said something unexpected"),
                None => std::future::pending().await,
            }
        }
    }

    /// Says goodbye. May take half a second.
    pub(crate) async fn close(&self) {
        self.manager.shutdown_all().await;
    }
}

/// serenity calls it on a task of its own for each event, in their order.
struct Ear(mpsc::Sender<Heard>);

#[async_trait]
impl RawEventHandler for Ear {
    async fn raw_event(&self, _: Context, event: Event) {
        let heard = match event {
            Event::Ready(event) => Heard::Ready { application: event.ready.application.id.get() },
            Event::Resumed(_) => Heard::Resumed,
            Event::InteractionCreate(event) => Heard::Interaction(Box::new(event.interaction)),
            Event::Unknown(event) => Heard::Unread { kind: event.kind, value: event.value },
            _ => return,
        };
        if let Err(mpsc::error::TrySendError::Full(heard)) = self.0.try_send(heard) {
            warn!(dropped = heard.name(), "Discord sends more than can be taken");
        }
    }
}

impl Heard {
    fn name(&self) -> &str {
        match self {
            Self::Ready { .. } => "READY",
            Self::Resumed => "RESUMED",
            Self::Interaction(_) => "INTERACTION_CREATE",
            Self::Unread { kind, .. } => kind,
        }
    }
}

/// The innermost cause says most ("connection refused"); addresses are left out.
fn later(error: &reqwest::Error) -> Unfound {
    if error.is_timeout() {
        return Unfound::Later("no answer in time".to_owned());
    }
    if let Some(status) = error.status() {
        return Unfound::Later(format!("it answers {}", status.as_u16()));
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Unfound::Later(cause.to_string())
}

fn unix_ms(date: &str) -> Option<u64> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    u64::try_from(date.as_millisecond()).ok()
}

#[cfg(test)]
mod tests;
