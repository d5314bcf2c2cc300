//! What one run has in its hands: the places, the outbox, the calls under way, and how the network is.
//!
//! It brings them together and decides little itself. Time is an argument.
//! Invariant: no call is made before Discord knew the token once, and each one that the outbox gave comes back to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use gavel_chat::{AdapterError, Choice, Class, Fault, Key, Link, MessageRef, Post, Refused, Uplink};
use serde_json::Value;
use tracing::{info, warn};

use crate::clock::wall;
use crate::gateway::{Barred, Found, Unfound, find};
use crate::http::Caller;
use crate::late::{Late, Skew};
use crate::message;
use crate::outbox::{CallId, Letter, Outbox, Reply, Secret, Told, Trouble};
use crate::places::Places;
use crate::seen::Seen;
use crate::settings::Settings;
use crate::standing::{Part, Standing};

/// Cards are drawn again this often: ages stand on them.
const REDRAW: Duration = Duration::from_secs(60);
/// Pauses between the searches for the gateway.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Pauses between new sessions: Discord takes one in 5 s, and no more than 1000 a day.
const SESSIONS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(120));
/// Lines of our own begin so; the bot knows nothing of them.
const OURS: &str = "discord ";

/// See the module.
pub(crate) struct Floor {
    pub(crate) up: Uplink,
    pub(crate) out: Outbox,
    pub(crate) caller: Caller,
    pub(crate) places: Places,
    pub(crate) seen: Seen,
    pub(crate) late: Late,
    pub(crate) skew: Skew,
    pub(crate) standing: Standing,
    /// Everything that is waited for.
    pub(crate) jobs: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    /// How many of them are calls.
    pub(crate) calls: usize,
    pub(crate) settings: Settings,
    client: reqwest::Client,
    /// The gateway's address, found and not taken yet.
    url: Option<String>,
    /// Discord knows the token.
    pub(crate) known: bool,
    /// Events that serenity could not read, by their names.
    pub(crate) unread: BTreeMap<String, u64>,
    pause: Duration,
    session: Duration,
    redraw: Instant,
}

/// What was waited for.
pub(crate) enum Done {
    /// A call of the outbox, and when it began.
    Call(u64, CallId, Result<Reply, Trouble>),
    /// A call beside it, and what it was for.
    Aside(&'static str, Result<Reply, Trouble>),
    /// Choices for what somebody types.
    Choices(u64, Secret, Vec<Choice>),
    /// Where the gateway is; when it was asked for.
    Gateway(u64, Result<Found, Unfound>),
    /// What a channel is.
    Channel(u64, Result<Value, Trouble>),
    /// Whether the commands of a guild had to be changed.
    Commands(u64, Result<bool, Trouble>),
}

/// Why a run ends without being told to.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Over {
    /// It was replaced by another one.
    Revoked,
    /// A person must change something.
    Remedy(String),
    /// A new run may do better.
    Lost(String),
}

impl Over {
    pub(crate) fn into_result(self) -> Result<(), AdapterError> {
        Err(match self {
            Self::Revoked => AdapterError::Lost("given up".to_owned()),
            Self::Remedy(why) => AdapterError::Remedy(why),
            Self::Lost(why) => AdapterError::Lost(why),
        })
    }
}

impl Floor {
    pub(crate) fn new(
        (now, wall): (Instant, u64),
        link: &Link,
        settings: &Settings,
        client: reqwest::Client,
        caller: Caller,
    ) -> Self {
        let mut out = Outbox::new(wall);
        for place in &link.places {
            let Some(channel) = crate::settings::channel(&place.id) else { continue };
            for (key, message) in &place.known {
                match message.as_str().parse() {
                    Ok(message) => out.known(now, wall, channel, key.clone(), message),
                    Err(_) => warn!(%message, "this is no message of Discord's"),
                }
            }
        }
        let floor = Self {
            up: link.uplink(),
            out,
            caller,
            places: Places::new(&link.places, settings.zone.clone()),
            seen: Seen::default(),
            late: Late::default(),
            skew: Skew::default(),
            standing: Standing::new(now),
            jobs: FuturesUnordered::new(),
            calls: 0,
            settings: settings.clone(),
            client,
            url: None,
            known: false,
            unread: BTreeMap::new(),
            pause: PAUSES.0,
            session: SESSIONS.0,
            redraw: now + REDRAW,
        };
        floor.seek(Duration::ZERO);
        floor
    }

    /// The gateway's address, once.
    pub(crate) fn found(&mut self) -> Option<String> {
        self.url.take()
    }

    pub(crate) fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// Whatever is to be done now by itself. When to come again.
    pub(crate) fn due(&mut self, now: Instant, wall: u64) -> Result<Instant, Over> {
        if now >= self.redraw {
            self.redraw = now + REDRAW;
            self.places.channels().into_iter().for_each(|channel| self.draw(now, wall, channel));
            self.ask_channels(now);
        }
        for line in self.late.due(now) {
            self.line(now, line.channel, format!("{OURS}late {}", line.number), line.doc);
        }
        while let Some(call) = self.known.then(|| self.out.poll(now)).flatten() {
            let call = self.caller.begin(call);
            self.jobs.push(Box::pin(async move {
                let (id, result) = call.await;
                Done::Call(wall, id, result)
            }));
            self.calls += 1;
        }
        while let Some(told) = self.out.told() {
            self.told(told);
        }
        if let Some(health) = self.standing.news(now)
            && self.up.health(health) == Err(Refused::Revoked)
        {
            return Err(Over::Revoked);
        }
        let deadlines = [self.out.deadline(now).filter(|_| self.known), self.late.deadline()];
        Ok(deadlines.into_iter().flatten().fold(self.redraw, Instant::min))
    }

    /// READY or RESUMED.
    pub(crate) fn ready(&mut self, now: Instant, wall: u64, application: Option<u64>) {
        if let Some(application) = application {
            self.caller.application(application);
        }
        self.standing.up(now);
        self.ask_channels(now);
        self.out.again(now);
        // Whatever it said before: Discord may have lost it.
        for channel in self.places.channels() {
            if let Some(card) = self.places.drawn(channel, wall, true) {
                self.out.card(now, channel, card);
            }
        }
    }

    /// Something is to be shown.
    pub(crate) fn post(&mut self, now: Instant, post: &Post) {
        let Some(channel) = crate::settings::channel(&post.place) else {
            warn!(place = %post.place, "this place is not Discord's");
            return;
        };
        let body = message::post(post);
        if post.key == Key::Roster {
            self.places.wrote(channel, body.clone());
        }
        let Post { key, answers, audience, class, .. } = post.clone();
        self.out.post(now, Letter { key, channel, answers, audience, class, body });
    }

    /// The board of a channel changed.
    pub(crate) fn draw(&mut self, now: Instant, wall: u64, channel: u64) {
        if let Some(card) = self.places.drawn(channel, wall, false) {
            self.out.card(now, channel, card);
        }
    }

    /// Something that was waited for.
    pub(crate) fn done(&mut self, now: Instant, wall: u64, done: Done) -> Result<(), Over> {
        match done {
            Done::Call(began, id, result) => {
                self.calls -= 1;
                if let Ok(Reply { date: Some(date), .. }) = result {
                    self.skew.learn(date, began, wall);
                }
                self.out.answered(now, id, result);
            }
            Done::Aside(what, Err(error)) => info!(%error, what, "Discord did not take it"),
            Done::Aside(_, Ok(_)) => {}
            Done::Choices(interaction, token, choices) => self.choices(interaction, token, &choices),
            Done::Gateway(asked, found) => self.gateway(asked, wall, found)?,
            Done::Channel(channel, found) => self.channel(now, channel, found),
            Done::Commands(guild, result) => self.registered(guild, result),
        }
        Ok(())
    }

    /// A line of our own for everybody in a channel.
    fn line(&mut self, now: Instant, channel: u64, key: String, doc: gavel_chat::text::Doc) {
        let Some(place) = self.places.id(channel).cloned() else { return };
        let post = Post {
            key: Key::Thing(key),
            place,
            answers: None,
            audience: gavel_chat::Audience::Place,
            class: Class::Notice,
            doc,
            controls: Vec::new(),
            wake: Vec::new(),
            last: true,
        };
        self.post(now, &post);
    }

    fn told(&mut self, told: Told) {
        let ours = |key: &Key| matches!(key, Key::Thing(thing) if thing.starts_with(OURS));
        match told {
            Told::Sent { channel, key, message } if !ours(&key) => {
                let Some(place) = self.places.id(channel).cloned() else { return };
                let _ = self.up.sent(place, key, MessageRef::new(message.to_string()));
            }
            Told::Failed { channel, key, fault } if !ours(&key) => {
                let Some(place) = self.places.id(channel).cloned() else { return };
                // Asking for the channel found the same.
                if !matches!(&fault, Fault::Remedy(why) if self.places.said(channel, why)) {
                    let _ = self.up.failed(place, key, fault);
                }
            }
            Told::Sent { .. } | Told::Failed { .. } => {}
            Told::Degraded(why) => self.standing.part(Part::Calls, Some(why)),
            Told::Fine => self.standing.part(Part::Calls, None),
            Told::Shed { channel, count } => warn!(channel, count, "notices were left out"),
        }
    }

    /// There is no connection any more, and by itself there will be none.
    pub(crate) fn gateway_lost(&mut self, now: Instant) {
        self.standing.lost(now);
        self.seek(self.session);
        self.session = (self.session * 2).min(SESSIONS.1);
    }

    /// The connection has held for long.
    pub(crate) fn gateway_held(&mut self) {
        self.session = SESSIONS.0;
    }

    /// Looks for the gateway, after a pause.
    fn seek(&self, pause: Duration) {
        let (client, token) = (self.client.clone(), self.settings.token.clone());
        let plain = self.settings.reach.is_some();
        self.jobs.push(Box::pin(async move {
            tokio::time::sleep(pause).await;
            let asked = wall();
            Done::Gateway(asked, find(&client, &token, plain).await)
        }));
    }

    fn gateway(&mut self, asked: u64, wall: u64, found: Result<Found, Unfound>) -> Result<(), Over> {
        match found {
            Ok(Found { url, date }) => {
                if let Some(date) = date {
                    self.skew.learn(date, asked, wall);
                }
                (self.url, self.known, self.pause) = (Some(url), true, PAUSES.0);
            }
            Err(Unfound::Token) => return Err(Over::Remedy(Barred::Token.words())),
            Err(error) => {
                self.standing.down(error.to_string());
                self.seek(self.pause);
                self.pause = (self.pause * 2).min(PAUSES.1);
            }
        }
        Ok(())
    }
}
