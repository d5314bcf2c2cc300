//! The two ends of one adapter's run: [`Link`] is the adapter's, [`Far`] the bot's.
//!
//! Invariant: an [`Uplink`] whose generation was revoked can say nothing any more. A frozen thread cannot be killed,
//! only fenced: that is this fence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{Board, Choice, Invocation, Key, MessageRef, Partial, PlaceId, Post};

/// How many posts may wait for an adapter.
const POSTS: usize = 256;
/// A network's menu must never hang.
const COMPLETE_WITHIN: Duration = Duration::from_millis(800);

/// What an adapter says.
#[derive(Debug)]
pub enum Up {
    /// Somebody wants something.
    Invoke(Invocation),
    /// Something is being typed.
    Complete(Partial, oneshot::Sender<Vec<Choice>>),
    /// A post is there now, under this id.
    Sent {
        /// Where.
        place: PlaceId,
        /// Which.
        key: Key,
        /// The network's id for it.
        message: MessageRef,
    },
    /// A post could not be shown.
    Failed {
        /// Where.
        place: PlaceId,
        /// Which.
        key: Key,
        /// Why.
        fault: Fault,
    },
    /// How the network is.
    Health(Health),
    /// The adapter's thread still turns.
    Beat,
}

/// How a network is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Health {
    /// Connected.
    Up,
    /// Works, but not as it should.
    Degraded(String),
    /// Not connected.
    Down(String),
}

/// Why a post is not shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Fault {
    /// A person must change something at the network; told once.
    Remedy(String),
    /// Tried, and given up.
    GaveUp(String),
}

/// Why an [`Uplink`] took nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Too much waits already.
    #[error("too much waits already")]
    Busy,
    /// This run was given up, or the bot is gone.
    #[error("this run was given up")]
    Revoked,
}

/// Which run of one network is the valid one. Shared by all its links; the bot keeps one per network.
#[derive(Clone, Debug, Default)]
pub struct Generation(Arc<AtomicU64>);

impl Generation {
    /// Makes every link that was made so far mute.
    pub fn revoke(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// The number of the valid run.
    pub fn current(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// The adapter's voice: clone it into an SDK's event handlers. Never waits, except [`Uplink::complete`].
#[derive(Clone, Debug)]
pub struct Uplink {
    tx: mpsc::Sender<(u64, Up)>,
    mine: u64,
    generation: Generation,
}

impl Uplink {
    /// Somebody wants something.
    pub fn invoke(&self, invocation: Invocation) -> Result<(), Refused> {
        self.push(Up::Invoke(invocation))
    }

    /// A post is there now (sent or edited), under this id.
    pub fn sent(&self, place: PlaceId, key: Key, message: MessageRef) -> Result<(), Refused> {
        self.push(Up::Sent { place, key, message })
    }

    /// A post could not be shown.
    pub fn failed(&self, place: PlaceId, key: Key, fault: Fault) -> Result<(), Refused> {
        self.push(Up::Failed { place, key, fault })
    }

    /// How the network is now.
    pub fn health(&self, health: Health) -> Result<(), Refused> {
        self.push(Up::Health(health))
    }

    /// Still turning. The bot's shell around the adapter says this, not the adapter.
    pub fn beat(&self) -> Result<(), Refused> {
        self.push(Up::Beat)
    }

    /// Choices for something half typed; empty when the desk does not answer in time.
    pub async fn complete(&self, partial: Partial) -> Vec<Choice> {
        let (tx, rx) = oneshot::channel();
        if self.push(Up::Complete(partial, tx)).is_err() {
            return Vec::new();
        }
        tokio::time::timeout(COMPLETE_WITHIN, rx).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    fn push(&self, up: Up) -> Result<(), Refused> {
        if self.generation.current() != self.mine {
            return Err(Refused::Revoked);
        }
        self.tx.try_send((self.mine, up)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => Refused::Revoked,
        })
    }
}

/// One place of an adapter.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// The live truth for it.
    pub board: watch::Receiver<Board>,
    /// Messages of earlier runs that are still ours: go on editing them.
    pub known: Vec<(Key, MessageRef)>,
}

/// The adapter's end.
#[derive(Debug)]
pub struct Link {
    /// Where it is to work.
    pub places: Vec<Place>,
    uplink: Uplink,
    posts: mpsc::Receiver<Post>,
    stop: watch::Receiver<bool>,
}

impl Link {
    /// The voice upwards.
    pub fn uplink(&self) -> Uplink {
        self.uplink.clone()
    }

    /// The next post; `None`: stop now. Cancel-safe. Stop outruns posts that still wait.
    pub async fn next(&mut self) -> Option<Post> {
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => None,
            post = self.posts.recv() => post,
        }
    }
}

/// The bot's end of one run.
#[derive(Debug)]
pub struct Far {
    /// The number that comes with everything that this run says.
    pub generation: u64,
    /// Posts for it. Use `try_send`: nobody waits for a network.
    pub posts: mpsc::Sender<Post>,
    /// `true` (or dropping this): stop now.
    pub stop: watch::Sender<bool>,
}

/// Makes the two ends of a new run, which becomes the only valid one of its network.
pub fn link(tx: mpsc::Sender<(u64, Up)>, generation: &Generation, places: Vec<Place>) -> (Link, Far) {
    let mine = generation.0.fetch_add(1, Ordering::AcqRel) + 1;
    let (posts, waiting) = mpsc::channel(POSTS);
    let (stop, stopped) = watch::channel(false);
    let uplink = Uplink { tx, mine, generation: generation.clone() };
    (Link { places, uplink, posts: waiting, stop: stopped }, Far { generation: mine, posts, stop })
}

#[cfg(test)]
mod tests;
