//! Whose turn it is: what waits, from when on it may leave, and who goes first.

use std::time::{Duration, Instant};

use gavel_chat::{Class, PlaceId};

use super::Outbox;
use super::unit::Unit;

/// With a limit: of one place's answers, so many leave at once, and the others gather for so long.
pub(super) const AT_ONCE: usize = 2;
const GATHER: Duration = Duration::from_millis(1200);
/// A notice that has waited for so long goes before a card.
const PATIENCE: Duration = Duration::from_secs(12);
/// After so long without a question nothing is kept back for answers.
const QUIET: Duration = Duration::from_secs(60);

/// Something that waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    Unit { id: u64, class: Class, since: Instant },
    Chore,
}

impl Work {
    /// The smallest goes first.
    pub(super) fn rank(self, now: Instant) -> (Class, u8, Option<Instant>) {
        match self {
            Self::Unit { class: Class::Notice, since, .. }
                if now.saturating_duration_since(since) > PATIENCE =>
            {
                (Class::Card, 0, Some(since))
            }
            Self::Unit { class, since, .. } => (class, 1, Some(since)),
            Self::Chore => (Class::Notice, 2, None),
        }
    }
}

impl Outbox {
    /// Everything that waits, with the moment from which it may leave.
    pub(super) fn ready(&self, now: Instant) -> Vec<(Instant, Work)> {
        let free = self.budget.free();
        let open = self.paused.unwrap_or(now);
        let quiet = self.asked.is_none_or(|at| now.saturating_duration_since(at) > QUIET);
        let unit = |(id, unit): (&u64, &Unit)| {
            let urgent = matches!(unit.class, Class::Answer | Class::Alert);
            let since = unit.dirty.filter(|_| !self.closed.contains(&unit.place))?;
            let budget =
                if urgent { self.budget.urgent(now) } else { self.budget.patient(now, since, quiet) };
            let mut at = unit.due(free)?.max(open).max(budget);
            at = at.max(self.shut.get(&unit.place).copied().unwrap_or(at));
            if unit.class == Class::Answer && unit.sent.is_none() && !free {
                at = at.max(self.gathered(&unit.place).unwrap_or(at));
            }
            Some((at, Work::Unit { id: *id, class: unit.class, since }))
        };
        let mut ready: Vec<_> = self.units.iter().filter_map(unit).collect();
        if !self.chores.is_empty() {
            ready.push((open.max(self.budget.patient(now, now, quiet)), Work::Chore));
        }
        ready
    }

    /// When the next answers of this place may leave together.
    fn gathered(&self, place: &PlaceId) -> Option<Instant> {
        let times = self.answered.get(place).filter(|times| times.len() >= AT_ONCE)?;
        let (first, last) = (times.front()?, times.back()?);
        (last.saturating_duration_since(*first) < GATHER * 2).then(|| *last + GATHER)
    }
}
