//! One run of the network: a single loop between the link, the gateway, the boards and the calls under way.
//!
//! It owns the clocks and the order of things; what each thing means is [`Floor`]'s business.
//! Invariant: nothing in the loop waits but the loop itself, and nothing outruns the word to stop.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join;
use gavel_chat::{Adapter, AdapterError, Health, Link, Refused, Running};
use serenity::http::HttpBuilder;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};
use tracing::warn;

use crate::clock::{now, wall};
use crate::floor::{Floor, Over};
use crate::gateway::{Barred, Gateway, Heard};
use crate::http;
use crate::http::Caller;
use crate::settings::Settings;
use crate::witness::{Memory, Sight, Watch};

/// What the gateway may say before the loop comes round.
const HEARD: usize = 256;
/// The loop comes round this often whatever happens: ages on cards, doubts, the watch on the shard's loop.
const TICK: Duration = Duration::from_secs(1);
/// A deadline that is over already must not keep the loop busy.
const PAUSE: Duration = Duration::from_millis(1);
/// Told to stop: so long for what can still leave and for a goodbye to the gateway.
const CLOSING: Duration = Duration::from_millis(700);

/// One run, not begun yet.
pub(crate) struct Run {
    settings: Arc<Settings>,
    memory: Arc<Memory>,
}

impl Run {
    pub(crate) fn new(settings: Arc<Settings>, memory: Arc<Memory>) -> Self {
        Self { settings, memory }
    }

    async fn hold(self, mut link: Link) -> Result<(), AdapterError> {
        if let Some(code) = self.memory.hopeless() {
            return Err(AdapterError::Remedy(Barred::Closed(code).words()));
        }
        let (saw, sights) = mpsc::channel(64);
        let watch = Watch::begin(saw);
        let client = http::client(self.settings.reach.as_ref());
        let client = client.map_err(|error| AdapterError::Remedy(error.to_string()))?;
        let caller = Caller::new(&self.settings.token, client.clone());
        let floor = Floor::new((now(), wall()), &link, &self.settings, client, caller);
        let mut shift = Shift { watch, sights, gateway: None, floor, memory: self.memory };
        match shift.turn(&mut link, &self.settings).await {
            Ok(()) => {
                let _ = timeout(CLOSING, shift.close()).await;
                Ok(())
            }
            Err(over) => over.into_result(),
        }
    }
}

impl Adapter for Run {
    fn run(self: Box<Self>, link: Link) -> Running {
        Box::pin(self.hold(link))
    }
}

/// A run at work.
struct Shift {
    watch: Watch,
    sights: mpsc::Receiver<Sight>,
    gateway: Option<Gateway>,
    floor: Floor,
    memory: Arc<Memory>,
}

impl Shift {
    /// Until told to stop.
    async fn turn(&mut self, link: &mut Link, settings: &Settings) -> Result<(), Over> {
        let (say, mut heard) = mpsc::channel(HEARD);
        loop {
            self.watch.turned();
            if let Some(url) = self.floor.found() {
                let client = self.floor.client();
                let http = HttpBuilder::new(settings.token.reveal()).client(client).build();
                self.floor.standing.lost(now());
                self.gateway = Some(Gateway::open(Arc::new(http), url, say.clone()).await);
            }
            if self.gateway.is_some() && self.floor.standing.hung(now()) {
                // Its tasks end with the runtime of this run, and in no other way.
                return Err(Over::Lost("no answer from Discord's gateway".to_owned()));
            }
            let due = self.floor.due(now(), wall())?.clamp(now() + PAUSE, now() + TICK);
            tokio::select! {
                biased;
                post = link.next() => match post {
                    Some(post) => self.floor.post(now(), &post),
                    None => return Ok(()),
                },
                Some(sight) = self.sights.recv() => self.saw(sight)?,
                Some(heard) = heard.recv() => self.heard(heard)?,
                Some(done) = self.floor.jobs.next() => self.floor.done(now(), wall(), done)?,
                channel = self.floor.places.changed() => self.floor.draw(now(), wall(), channel),
                barred = ended(self.gateway.as_mut()) => return Err(Over::Remedy(barred.words())),
                () = sleep_until(due.into()) => {}
            }
            if self.floor.standing.held(now()) {
                self.memory.held();
                self.floor.gateway_held();
            }
        }
    }

    fn saw(&mut self, sight: Sight) -> Result<(), Over> {
        match sight {
            Sight::Lost => self.floor.standing.lost(now()),
            Sight::Garbled => warn!("Discord sent what is no event"),
            Sight::Spun => {
                // What is under way with Discord's REST goes on meanwhile.
                self.gateway = None;
                self.floor.gateway_lost(now());
            }
            Sight::Closed(4003) => warn!("Discord's gateway does not know us (4003)"),
            Sight::Closed(code) => {
                warn!(code, "Discord's gateway sees no use in another try");
                self.memory.closed(code);
                if let Some(code) = self.memory.hopeless() {
                    return Err(Over::Remedy(Barred::Closed(code).words()));
                }
            }
        }
        Ok(())
    }

    fn heard(&mut self, heard: Heard) -> Result<(), Over> {
        match heard {
            Heard::Ready { application } => self.floor.ready(now(), wall(), Some(application)),
            Heard::Resumed => self.floor.ready(now(), wall(), None),
            Heard::Interaction(interaction) => return self.floor.asked(now(), wall(), &interaction),
            Heard::Unread { kind, value } => self.floor.unread(&kind, &value),
        }
        Ok(())
    }

    /// What can still leave, leaves.
    async fn close(&mut self) {
        // A frozen run that wakes up was replaced meanwhile: it has nothing to say to anybody.
        let stopping = Health::Down("it stops".to_owned());
        if self.floor.up.health(stopping) == Err(Refused::Revoked) {
            return;
        }
        let Self { gateway, floor, .. } = self;
        let goodbye = async {
            if let Some(gateway) = gateway {
                gateway.close().await;
            }
        };
        let flush = async {
            while floor.due(now(), wall()).is_ok() && floor.calls > 0 {
                let Some(done) = floor.jobs.next().await else { return };
                if floor.done(now(), wall(), done).is_err() {
                    return;
                }
            }
        };
        join(goodbye, flush).await;
    }
}

async fn ended(gateway: Option<&mut Gateway>) -> Barred {
    match gateway {
        Some(gateway) => gateway.ended().await,
        None => std::future::pending().await,
    }
}
