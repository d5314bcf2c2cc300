//! The channels of one run: which place each is, what its card shows, and whether Discord lets us work there.
//!
//! Invariant: who wrote a card last wins: a board that changed, or a post of the bot. What a person must change at
//! Discord is told once for each channel, until it is well again or something else.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use gavel_chat::text::Zone;
use gavel_chat::{Board, Place, PlaceId};
use serde_json::Value;
use tokio::sync::watch;

use crate::outbox::Trouble;
use crate::{message, settings};

/// What a person must change is looked at again after so long.
const AGAIN: Duration = Duration::from_secs(300);
/// Pauses between tries of what fails by itself.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// All of them.
pub(crate) struct Places {
    places: BTreeMap<u64, Spot>,
    changes: FuturesUnordered<LocalBoxFuture<'static, (u64, watch::Receiver<Board>)>>,
    zone: Zone,
    /// Channels without a room in which somebody asked: logged once each.
    strange: BTreeSet<u64>,
}

/// One of them.
struct Spot {
    id: PlaceId,
    board: watch::Receiver<Board>,
    /// The card as a post wrote it; `None`: it shows the board.
    written: Option<Value>,
    /// As it went out last.
    drawn: Value,
    state: State,
    told: Option<String>,
}

/// What is known of a channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// To be asked for.
    Unknown,
    /// Asked for.
    Asked,
    /// In this guild.
    In(u64),
    /// Not usable; asked for again at that time.
    Barred(Instant),
}

impl Places {
    /// Takes what is Discord's of these.
    pub(crate) fn new(places: &[Place], zone: Zone) -> Self {
        let spot = |place: &Place| {
            let (board, id) = (place.board.clone(), place.id.clone());
            let spot =
                Spot { id, board, written: None, drawn: Value::Null, state: State::Unknown, told: None };
            Some((settings::channel(&place.id)?, spot))
        };
        let places: BTreeMap<_, _> = places.iter().filter_map(spot).collect();
        let changes = places.iter().map(|(channel, spot)| changed(*channel, spot.board.clone())).collect();
        Self { places, changes, zone, strange: BTreeSet::new() }
    }

    /// The place that a channel is.
    pub(crate) fn id(&self, channel: u64) -> Option<&PlaceId> {
        self.places.get(&channel).map(|spot| &spot.id)
    }

    /// Whether its crew alone reads there.
    pub(crate) fn crew(&self, channel: u64) -> bool {
        self.places.get(&channel).is_some_and(|spot| matches!(*spot.board.borrow(), Board::Crew(_)))
    }

    /// Their channels.
    pub(crate) fn channels(&self) -> Vec<u64> {
        self.places.keys().copied().collect()
    }

    /// The card of a channel as it is to be now, at this time (Unix milliseconds).
    pub(crate) fn card(&self, channel: u64, wall: u64) -> Option<Value> {
        let spot = self.places.get(&channel)?;
        let drawn = || message::card(&spot.board.borrow(), wall, &self.zone);
        Some(spot.written.clone().unwrap_or_else(drawn))
    }

    /// The same to be sent: always, or if it says something else than the last one did.
    pub(crate) fn drawn(&mut self, channel: u64, wall: u64, always: bool) -> Option<Value> {
        let card = self.card(channel, wall)?;
        let spot = self.places.get_mut(&channel)?;
        let news = always || !message::same_card(&spot.drawn, &card);
        spot.drawn = card;
        news.then(|| spot.drawn.clone())
    }

    /// A post wrote this card.
    pub(crate) fn wrote(&mut self, channel: u64, body: Value) {
        if let Some(spot) = self.places.get_mut(&channel) {
            spot.written = Some(body);
        }
    }

    /// The next channel whose board changed; never, if none will. Cancel-safe.
    pub(crate) async fn changed(&mut self) -> u64 {
        let Some((channel, board)) = self.changes.next().await else { return std::future::pending().await };
        self.changes.push(changed(channel, board));
        if let Some(spot) = self.places.get_mut(&channel) {
            spot.written = None;
        }
        channel
    }

    /// Somebody asked in a channel that has no room. True: for the first time.
    pub(crate) fn strange(&mut self, channel: u64) -> bool {
        self.strange.len() < 1000 && self.strange.insert(channel)
    }

    /// Channels to be asked for now; they count as asked for then.
    pub(crate) fn unknown(&mut self, now: Instant) -> Vec<u64> {
        let due = |state| match state {
            State::Unknown => true,
            State::Barred(until) => until <= now,
            State::Asked | State::In(_) => false,
        };
        let due = self.places.iter_mut().filter(|(_, spot)| due(spot.state));
        due.map(|(channel, spot)| {
            spot.state = State::Asked;
            *channel
        })
        .collect()
    }

    /// A channel is in this guild. True: the first one known there.
    pub(crate) fn found(&mut self, channel: u64, guild: u64) -> bool {
        let first = !self.places.values().any(|spot| spot.state == State::In(guild));
        if let Some(spot) = self.places.get_mut(&channel) {
            (spot.state, spot.told) = (State::In(guild), None);
        }
        first
    }

    /// A channel is of no use as it is. True: this was not said of it before.
    pub(crate) fn barred(&mut self, now: Instant, channel: u64, why: &str) -> bool {
        let Some(spot) = self.places.get_mut(&channel) else { return false };
        spot.state = State::Barred(now + AGAIN);
        let news = spot.told.as_deref() != Some(why);
        spot.told = Some(why.to_owned());
        news
    }

    /// Whether this was said of a channel last.
    pub(crate) fn said(&self, channel: u64, why: &str) -> bool {
        self.places.get(&channel).is_some_and(|spot| spot.told.as_deref() == Some(why))
    }
}

fn changed(
    channel: u64,
    mut board: watch::Receiver<Board>,
) -> LocalBoxFuture<'static, (u64, watch::Receiver<Board>)> {
    Box::pin(async move {
        if board.changed().await.is_err() {
            // Nobody writes it any more.
            return std::future::pending().await;
        }
        (channel, board)
    })
}

/// Tries until it works or somebody must do something.
pub(crate) async fn persist<T, F: Future<Output = Result<T, Trouble>>>(
    mut call: impl FnMut() -> F,
) -> Result<T, Trouble> {
    let mut pause = PAUSES.0;
    loop {
        let wait = match call().await {
            Err(Trouble::Limited { after, .. }) => after,
            Err(trouble) if trouble.passes() => pause,
            result => return result,
        };
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}
