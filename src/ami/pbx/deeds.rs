//! Orders in flight: one small state machine for every wish and dialect, and who holds which claim.
//!
//! ```text
//! Guarding -> Sent -> Answered -> (Checking ->) Late -> settled
//!                 \-> Lost (link dropped) -> settled by the first list of the next login
//! ```
//!
//! `Outbid` was told already and stays for a while so that its event is not taken for the phone's; so does `Stray`, whose
//! call left while it was on its way; a `Batch` waits for the single acts that it was split into.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::At;
use crate::dialect::Evidence;
pub(super) use crate::dialect::PATIENCE;
use crate::model::{By, Claim, Order, OrderId, Wish};

/// For how long evidence that comes late is still taken.
pub(super) const LINGER: Duration = Duration::from_secs(30);
/// The session answers for every action; this is for the day on which it does not.
pub(super) const UNANSWERED: Duration = Duration::from_secs(90);
/// For so long after Asterisk's answer a stray act may show whom it hit.
pub(super) const STRAY: Duration = Duration::from_secs(1);
/// For so long an order cannot be undone by somebody of a lower role.
pub(super) const RANK_HOLDS: Duration = Duration::from_secs(5);
/// The most orders in flight.
pub(super) const MAX_DEEDS: usize = 1024;
/// Whose ids were seen lately: the core does one id once.
const MAX_PAST: usize = 4096;
/// Ids with this bit are the core's own.
pub(super) const OWN: u64 = 1 << 63;

/// Where an order in flight stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    Guarding,
    Sent,
    Answered,
    Checking,
    Late,
    Lost,
    Outbid,
    /// Told as gone, but on its way by a number that somebody else may have by now.
    Stray,
    /// So many single acts are under way or waiting, so many were in vain.
    Batch {
        left: u32,
        missed: u32,
    },
}

/// Whence an order came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// Somebody ordered it and is told.
    Person,
    /// One of a batch of that order.
    Child(OrderId),
    /// The core itself: a late joiner is muted, a wrong call set right.
    Core,
}

/// One order in flight.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) order: Order,
    pub(super) origin: Origin,
    pub(super) phase: Phase,
    pub(super) due: Option<Instant>,
    pub(super) born: Instant,
    pub(super) at: Option<At>,
    /// As it was sent; empty where there is none.
    pub(super) channel: Arc<str>,
    /// MeetMe's number of the call, as it was sent.
    pub(super) slot: Option<u32>,
    /// The action's name, once it was sent.
    pub(super) action: &'static str,
    pub(super) evidence: Evidence,
    pub(super) patience: Duration,
    /// It hit somebody else already, once is enough.
    pub(super) trapped: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    all: BTreeMap<OrderId, Deed>,
    claims: HashMap<Claim, Vec<OrderId>>,
    /// What was done lately, for the rank rule.
    recent: VecDeque<(Instant, By, Wish)>,
    past: VecDeque<OrderId>,
    own: u64,
}

impl Deed {
    /// Whether it was sent, into the world that is still there.
    pub(super) fn is_out(&self) -> bool {
        !matches!(self.phase, Phase::Guarding | Phase::Lost | Phase::Batch { .. })
    }

    /// Whether what is told now can be its doing. Asterisk answers an act before it tells of anything that comes after
    /// it (one thread per connection does both): who leaves or is muted before the answer did that by themselves.
    pub(super) fn may_explain(&self) -> bool {
        self.is_out() && self.phase != Phase::Sent
    }

    /// Whether it holds its claim.
    pub(super) fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Late | Phase::Lost | Phase::Outbid | Phase::Stray)
    }
}

impl Deeds {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.all.len() >= MAX_DEEDS
    }

    /// Remembers an id; `false` if it was there before.
    pub(super) fn first_time(&mut self, id: OrderId) -> bool {
        if self.past.contains(&id) {
            return false;
        }
        if self.past.len() >= MAX_PAST {
            self.past.pop_front();
        }
        self.past.push_back(id);
        true
    }

    pub(super) fn own_id(&mut self) -> OrderId {
        self.own += 1;
        OrderId(OWN | self.own)
    }

    pub(super) fn insert(&mut self, deed: Deed) {
        let id = deed.order.id;
        self.claims.entry(deed.order.wish.claim()).or_default().push(id);
        self.all.insert(id, deed);
    }

    pub(super) fn remove(&mut self, id: OrderId) -> Option<Deed> {
        let deed = self.all.remove(&id)?;
        let claim = deed.order.wish.claim();
        if let Some(ids) = self.claims.get_mut(&claim) {
            ids.retain(|i| *i != id);
            if ids.is_empty() {
                self.claims.remove(&claim);
            }
        }
        Some(deed)
    }

    pub(super) fn get(&self, id: OrderId) -> Option<&Deed> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: OrderId) -> Option<&mut Deed> {
        self.all.get_mut(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Deed> {
        self.all.values()
    }

    pub(super) fn ids(&self) -> Vec<OrderId> {
        self.all.keys().copied().collect()
    }

    /// All that laid this claim, the oldest first.
    pub(super) fn of(&self, claim: &Claim) -> impl Iterator<Item = &Deed> {
        self.claims.get(claim).into_iter().flatten().filter_map(|id| self.all.get(id))
    }

    /// Who holds the claim that `wish` needs.
    pub(super) fn rival(&self, wish: &Wish) -> Option<&Deed> {
        self.of(&wish.claim()).filter(|d| d.is_active()).last()
    }

    /// It was done: for a while nobody of a lower role undoes it.
    pub(super) fn done(&mut self, deed: &Deed) {
        if self.recent.len() >= MAX_DEEDS {
            self.recent.pop_front();
        }
        self.recent.push_back((deed.born, deed.order.by.clone(), deed.order.wish.clone()));
    }

    /// Somebody of a higher role who wished the opposite less than [`RANK_HOLDS`] ago, and got it.
    pub(super) fn outranked(&mut self, now: Instant, order: &Order) -> Option<By> {
        while self.recent.front().is_some_and(|(born, ..)| *born + RANK_HOLDS <= now) {
            self.recent.pop_front();
        }
        let claim = order.wish.claim();
        let (_, by, wish) = self.recent.iter().rev().find(|(.., wish)| wish.claim() == claim)?;
        (*wish != order.wish && by.rank > order.by.rank).then(|| by.clone())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.all.values().filter_map(|d| d.due).min()
    }

    pub(super) fn ripe(&self, now: Instant) -> Vec<OrderId> {
        self.all.values().filter(|d| d.due.is_some_and(|due| due <= now)).map(|d| d.order.id).collect()
    }
}
