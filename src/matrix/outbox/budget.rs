//! How many events the homeserver takes: a bucket of tokens, by what the server's own refusals tell.
//!
//! Synapse comes with 10 at once and one per 5 s, for all rooms of a user together; an operator may have lifted that for
//! us, which nothing tells. So the default is assumed but not obeyed until the first refusal: that costs one request.
//! Invariant: after a refusal nothing is due before the time that the server named.

use std::time::{Duration, Instant};

/// Synapse's `rc_message`.
const BURST: f64 = 10.0;
const EACH: Duration = Duration::from_secs(5);
/// Tokens that only answers and alerts may spend.
const RESERVE: f64 = 3.0;
/// What has waited for so long may spend those too: while nobody asks anything, and while somebody does.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(8));
/// So many events more than the assumption allows prove that it is wrong.
const PROOF: f64 = -1.0;
/// After so long a limit may have been lifted.
const DOUBT: Duration = Duration::from_secs(600);
/// A server that names no time, and one that names an absurd one.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// What is known of the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Known {
    /// Nothing yet.
    Assumed,
    /// There is one: the last refusal.
    Limited(Instant),
    /// There is none, or a wide one.
    Free,
}

/// The account's budget.
#[derive(Debug)]
pub(super) struct Budget {
    known: Known,
    tokens: f64,
    each: Duration,
    at: Instant,
    /// Nothing before this.
    closed: Option<Instant>,
}

impl Budget {
    /// `free`: an earlier run found no limit.
    pub(super) fn new(now: Instant, free: bool) -> Self {
        let known = if free { Known::Free } else { Known::Assumed };
        Self { known, tokens: BURST, each: EACH, at: now, closed: None }
    }

    /// The server takes as much as there is to say.
    pub(super) fn free(&self) -> bool {
        self.known == Known::Free
    }

    /// The time between two events, where the server has refused one; `None` where it takes all.
    pub(super) fn met(&self) -> Option<Option<Duration>> {
        match self.known {
            Known::Assumed => None,
            Known::Limited(_) => Some(Some(self.each)),
            Known::Free => Some(None),
        }
    }

    /// When an event may leave for which somebody waits. Where no limit is proven, that is found out.
    pub(super) fn urgent(&self, now: Instant) -> Instant {
        match self.known {
            Known::Limited(_) => self.holds(now, 1.0),
            Known::Assumed | Known::Free => self.open(now),
        }
    }

    /// When another event may leave that waits since then. It leaves tokens for whoever asks something, but not for
    /// ever; `quiet`: nobody has asked anything lately.
    pub(super) fn patient(&self, now: Instant, since: Instant, quiet: bool) -> Instant {
        let short = since + if quiet { PATIENCE.0 } else { PATIENCE.1 };
        match self.known {
            Known::Free => self.open(now),
            Known::Assumed => self.holds(now, 1.0 + RESERVE).min(self.open(now).max(short)),
            Known::Limited(_) => self.holds(now, 1.0 + RESERVE).min(self.holds(now, 1.0).max(short)),
        }
    }

    /// An event leaves.
    pub(super) fn spend(&mut self, now: Instant) {
        self.fill(now);
        self.tokens -= 1.0;
        if matches!(self.known, Known::Limited(since) if now.saturating_duration_since(since) > DOUBT) {
            self.known = Known::Assumed;
        }
    }

    /// It was taken.
    pub(super) fn taken(&mut self) {
        if self.known == Known::Assumed && self.tokens <= PROOF {
            self.known = Known::Free;
        }
    }

    /// It was refused for now.
    pub(super) fn refused(&mut self, now: Instant, after: Option<Duration>) {
        let after = after.unwrap_or(EACH).clamp(SHORTEST, LONGEST);
        if after < LONGEST {
            // Of an empty bucket the server tells when it holds one token again: that is the pace.
            self.each = self.each.max(after).min(EACH.max(after));
        }
        self.known = Known::Limited(now);
        let until = now + after;
        self.closed = Some(until);
        // At that moment there is one.
        (self.tokens, self.at) = (1.0, until);
    }

    fn open(&self, now: Instant) -> Instant {
        self.closed.unwrap_or(now).max(now)
    }

    /// When the bucket holds so many.
    fn holds(&self, now: Instant, tokens: f64) -> Instant {
        let missing = tokens - self.filled(now);
        if missing <= 0.0 {
            return self.open(now);
        }
        self.open(now).max(self.at.max(now) + self.each.mul_f64(missing))
    }

    fn filled(&self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + since / self.each.as_secs_f64()).min(BURST)
    }

    fn fill(&mut self, now: Instant) {
        self.tokens = self.filled(now);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods, reason = "a beginning; what follows is added to it")]
    fn begin() -> (Instant, Budget) {
        let now = Instant::now();
        (now, Budget::new(now, false))
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_refusal_is_obeyed_to_the_second() {
        let (now, mut budget) = begin();
        for _ in 0..7 {
            assert_eq!(budget.patient(now, now, false), now);
            budget.spend(now);
            budget.taken();
        }
        assert_eq!(budget.urgent(now), now);
        assert_eq!(budget.patient(now, now, false), now + SECOND * 5, "three are kept back");
        budget.refused(now, Some(SECOND * 5));
        assert_eq!(budget.urgent(now), now + SECOND * 5);
        assert_eq!(budget.patient(now, now, true), now + SECOND * 5);
        assert_eq!(budget.patient(now, now, false), now + SECOND * 8);
        assert_eq!(budget.patient(now, now + SECOND * 60, false), now + SECOND * 20);
    }

    #[test]
    fn the_bucket_fills_again() {
        let (now, mut budget) = begin();
        budget.refused(now, Some(SECOND * 5));
        let later = now + SECOND * 50;
        assert_eq!(budget.patient(later, later, false), later);
        budget.spend(later);
        assert_eq!(budget.urgent(later), later);
    }

    #[test]
    fn a_lifted_limit_is_noticed_and_a_new_one_too() {
        let (now, mut budget) = begin();
        for _ in 0..14 {
            budget.spend(now);
            budget.taken();
        }
        assert!(budget.free());
        budget.refused(now, None);
        assert!(!budget.free());
        assert_eq!(budget.urgent(now), now + EACH);
        let later = now + DOUBT + SECOND;
        budget.spend(later);
        assert_eq!(budget.known, Known::Assumed);
    }
}
