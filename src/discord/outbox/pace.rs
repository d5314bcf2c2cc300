//! How fast: what was spent of a bucket, and how long to leave alone what does not work.
//!
//! Invariant: within a [`Gate`]'s span it lets through at most as many calls as are asked for, counted from the moment
//! each was answered: however long one was on its way, it reached Discord before that.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most that any gate counts.
const COUNTED: usize = 64;
/// The first pause after a failure...
const FIRST: Duration = Duration::from_millis(500);
/// ...doubled with each further one, up to this.
const LONGEST: Duration = Duration::from_secs(30);
/// Whoever tries at once has failed so often all the same, or the bot would hear of an end that is none.
const KEPT: u32 = 3;

/// What was spent of one bucket.
#[derive(Debug)]
pub(super) struct Gate {
    span: Duration,
    answered: VecDeque<Instant>,
    until: Option<Instant>,
}

/// Failures one after another.
#[derive(Debug, Default)]
pub(super) struct Pause {
    fails: u32,
    until: Option<Instant>,
}

impl Gate {
    pub(super) fn new(span: Duration) -> Self {
        Self { span, answered: VecDeque::new(), until: None }
    }

    /// One call was answered.
    pub(super) fn count(&mut self, now: Instant) {
        self.answered.push_back(now);
        if self.answered.len() > COUNTED {
            self.answered.pop_front();
        }
    }

    /// Discord said when.
    pub(super) fn close(&mut self, until: Instant) {
        self.until = self.until.max(Some(until));
    }

    /// From when on there is room for one more, with at most so many (one at least) in a span. `None`: for ever.
    pub(super) fn opens(&self, most: usize) -> Option<Instant> {
        let full = self.answered.len().checked_sub(most).and_then(|index| self.answered.get(index));
        self.until.max(full.map(|oldest| *oldest + self.span))
    }
}

impl Pause {
    /// It failed again. What Discord's own faults cost is bounded: nothing is tried more often than each 30 s.
    pub(super) fn failed(&mut self, now: Instant) {
        let pause = FIRST.saturating_mul(1 << self.fails.min(10)).min(LONGEST);
        self.fails = self.fails.saturating_add(1);
        self.until = Some(now + pause);
    }

    /// Not before this.
    pub(super) fn wait(&mut self, until: Instant) {
        self.until = self.until.max(Some(until));
    }

    /// Sooner than a failure would have it, which counts all the same.
    pub(super) fn retry(&mut self, at: Instant) {
        self.until = Some(at);
    }

    /// Something happened that may have changed it: it is tried at once, and again soon.
    pub(super) fn at_once(&mut self) {
        *self = Self { fails: self.fails.min(KEPT), until: None };
    }

    /// It works.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// How often one after another.
    pub(super) fn fails(&self) -> u32 {
        self.fails
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "where the tests' own clock begins")]
mod tests {
    use super::*;

    #[test]
    fn a_gate_opens_a_span_after_the_oldest_that_counts() {
        let start = Instant::now();
        let mut gate = Gate::new(Duration::from_secs(5));
        assert_eq!(gate.opens(2), None);
        for second in 0..3 {
            gate.count(start + Duration::from_secs(second));
        }
        assert_eq!(gate.opens(4), None);
        assert_eq!(gate.opens(2), Some(start + Duration::from_secs(6)));
        gate.close(start + Duration::from_secs(60));
        assert_eq!(gate.opens(4), Some(start + Duration::from_secs(60)));
    }

    #[test]
    fn a_pause_grows_to_half_a_minute() {
        let start = Instant::now();
        let mut pause = Pause::default();
        let waits: Vec<_> = (0..9)
            .map(|_| {
                pause.failed(start);
                pause.until().expect("a pause").duration_since(start).as_millis()
            })
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
    }
}
