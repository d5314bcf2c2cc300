//! Orders on their way to the core: each waits for its intent row, but not for long.
//!
//! Invariant: orders leave in the order in which they were given, each at most [`PATIENCE`] after it was. A broken
//! disk stops no act.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use gavel_ami::model::{Order, OrderId, Outcome, ServerName};
use gavel_chat::{Key, MessageRef, PlaceId};
use tokio::time::{Instant, timeout_at};

/// As long as an order waits for the disk.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// What the desk writes down.
pub trait Intents: Send {
    /// What is about to be ordered; done when it is on the disk, or will not be.
    fn intend(&self, server: &ServerName, order: &Order, at: u64) -> Written;
    /// An intent is over without the core having heard of it.
    fn settle(&self, order: OrderId, outcome: &Outcome, at: u64);
    /// A post lives under this id of its network.
    fn card(&self, place: &PlaceId, key: &Key, message: &MessageRef);
}

/// Done when something is on the disk, or will not be.
pub type Written = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The orders that wait, oldest first.
#[derive(Default)]
pub(super) struct Pending(VecDeque<Waiting>);

struct Waiting {
    server: ServerName,
    order: Order,
    written: Written,
    until: Instant,
}

impl Pending {
    pub(super) fn push(
        &mut self,
        now: std::time::Instant,
        server: ServerName,
        order: Order,
        written: Written,
    ) {
        self.0.push_back(Waiting { server, order, written, until: Instant::from_std(now + PATIENCE) });
    }

    /// The oldest may go. Cancel-safe.
    pub(super) async fn front(&mut self) {
        match self.0.front_mut() {
            Some(waiting) => drop(timeout_at(waiting.until, &mut waiting.written).await),
            None => pending().await,
        }
    }

    pub(super) fn pop(&mut self) -> Option<(ServerName, Order)> {
        self.0.pop_front().map(|waiting| (waiting.server, waiting.order))
    }
}
