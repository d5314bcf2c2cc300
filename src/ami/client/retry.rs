//! When to try again. Pure.

use std::time::Duration;

/// How long to wait between the beginnings of two attempts. The defaults are gavel's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retry {
    /// The first time.
    pub first: Duration,
    /// It doubles up to this, for as long as `lively`...
    pub quick: Duration,
    /// ...counted from the loss...
    pub lively: Duration,
    /// ...and then up to this.
    pub slow: Duration,
    /// After a refused login: trying again soon could lock us out.
    pub refused: Duration,
    /// It doubles up to this.
    pub refused_slow: Duration,
    /// How long a connection may take to be made, TLS included.
    pub connect: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            quick: Duration::from_secs(2),
            lively: Duration::from_secs(10 * 60),
            slow: Duration::from_secs(30),
            refused: Duration::from_secs(5),
            refused_slow: Duration::from_secs(5 * 60),
            // Shorter than the second repetition of a lost SYN: a new attempt is sooner there.
            connect: Duration::from_secs(3),
        }
    }
}

/// Counts the attempts since the link last held.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    lost: u32,
    refused: u32,
}

impl Attempts {
    /// A login was accepted.
    pub(super) fn accepted(&mut self) {
        self.refused = 0;
    }

    /// The wait after one more failure, `since` the link was lost. `random` is in 0..1; it only ever shortens, so that
    /// the bounds hold.
    pub(super) fn failed(&mut self, retry: &Retry, refused: bool, since: Duration, random: f64) -> Duration {
        let (count, first, last) = if refused {
            (&mut self.refused, retry.refused, retry.refused_slow)
        } else {
            let last = if since < retry.lively { retry.quick } else { retry.slow };
            (&mut self.lost, retry.first, last)
        };
        let full = first.saturating_mul(1 << (*count).min(20)).min(last);
        *count = count.saturating_add(1);
        full.mul_f64(1.0 - random.clamp(0.0, 1.0) / 4.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soon_at_first_then_every_two_seconds_then_seldom() {
        let retry = Retry::default();
        let mut attempts = Attempts::default();
        let mut wait = |s| attempts.failed(&retry, false, Duration::from_secs(s), 0.0).as_millis();
        let first: Vec<_> = (0..7).map(&mut wait).collect();
        assert_eq!(first, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!([wait(599), wait(600), wait(9999)], [2000, 25_600, 30_000]);
        attempts = Attempts::default();
        assert_eq!(attempts.failed(&retry, false, Duration::ZERO, 1.0), Duration::from_millis(75));
    }

    #[test]
    fn a_refused_login_is_tried_seldom() {
        let retry = Retry::default();
        let mut attempts = Attempts::default();
        let mut wait = || attempts.failed(&retry, true, Duration::ZERO, 0.0).as_secs();
        let waits: Vec<_> = (0..8).map(|_| wait()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
        attempts.accepted();
        assert_eq!(attempts.failed(&retry, true, Duration::ZERO, 0.0), retry.refused);
    }
}
