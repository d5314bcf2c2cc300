//! How the network is, in words. Pure: the time is an argument.
//!
//! Invariant: up is said only after READY; a connection that is lost is doubted first, as most come back at once, and
//! declared down within the five seconds that others may count on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gavel_chat::Health;

/// A RESUME takes some 10 ms, a new connection 5 s.
const DOUBT: Duration = Duration::from_secs(2);
/// serenity tries every 5 s and says so; a try that says nothing for so long hangs in a handshake, which serenity
/// waits for without end.
const HUNG: Duration = Duration::from_secs(60);
/// What held for so long is no first try any more.
const HELD: Duration = Duration::from_secs(60);

/// What is wrong with what.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Part {
    /// Calls to Discord.
    Calls,
    /// A channel.
    Channel(u64),
    /// The commands of a guild.
    Commands(u64),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Standing {
    ready: Option<Instant>,
    /// The last try to connect began.
    tried: Instant,
    doubted: Option<Instant>,
    down: Option<String>,
    troubles: BTreeMap<Part, String>,
    said: Option<Health>,
}

impl Standing {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            ready: None,
            tried: now,
            doubted: Some(now),
            down: None,
            troubles: BTreeMap::new(),
            said: None,
        }
    }

    /// READY or RESUMED.
    pub(crate) fn up(&mut self, now: Instant) {
        (self.ready, self.doubted, self.down) = (Some(now), None, None);
    }

    /// The connection is lost, or one more try to connect begins.
    pub(crate) fn lost(&mut self, now: Instant) {
        (self.ready, self.tried) = (None, now);
        self.doubted.get_or_insert(now);
    }

    /// There is none, for this reason.
    pub(crate) fn down(&mut self, why: String) {
        self.ready = None;
        self.down = Some(why);
    }

    /// Something does not work, or works again.
    pub(crate) fn part(&mut self, part: Part, why: Option<String>) {
        match why {
            Some(why) => self.troubles.insert(part, why),
            None => self.troubles.remove(&part),
        };
    }

    /// The connection has held for long.
    pub(crate) fn held(&self, now: Instant) -> bool {
        self.ready.is_some_and(|since| now >= since + HELD)
    }

    /// A try to connect hangs.
    pub(crate) fn hung(&self, now: Instant) -> bool {
        self.ready.is_none() && now >= self.tried + HUNG
    }

    /// What is to be said now, if that is news.
    pub(crate) fn news(&mut self, now: Instant) -> Option<Health> {
        let health = self.health(now).filter(|health| self.said.as_ref() != Some(health))?;
        self.said = Some(health.clone());
        Some(health)
    }

    fn health(&self, now: Instant) -> Option<Health> {
        if let Some(why) = &self.down {
            return Some(Health::Down(why.clone()));
        }
        if self.ready.is_none() {
            let down = self.doubted.is_some_and(|since| now >= since + DOUBT);
            return down.then(|| Health::Down("no connection to Discord's gateway".to_owned()));
        }
        Some(match (self.troubles.values().next(), self.troubles.len()) {
            (None, _) => Health::Up,
            (Some(first), 1) => Health::Degraded(first.clone()),
            (Some(first), troubles) => Health::Degraded(format!("{first} (and {} more)", troubles - 1)),
        })
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a beginning for the test's own clock")]
mod tests {
    use super::*;

    #[test]
    fn up_after_ready_and_down_when_it_does_not_come_back() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut standing = Standing::new(start);
        assert_eq!(standing.news(after(1000)), None);
        standing.up(after(1000));
        assert_eq!(standing.news(after(1000)), Some(Health::Up));
        standing.lost(after(5000));
        standing.lost(after(6000));
        assert_eq!(standing.news(after(6999)), None);
        assert!(matches!(standing.news(after(7000)), Some(Health::Down(_))));
        assert_eq!(standing.news(after(8000)), None, "said once");
        assert!(!standing.hung(after(65_999)) && standing.hung(after(66_000)));
        standing.up(after(9000));
        assert_eq!(standing.news(after(9000)), Some(Health::Up));
        assert!(!standing.held(after(68_999)) && standing.held(after(69_000)));
        standing.lost(after(70_000));
        standing.up(after(70_010));
        assert_eq!(standing.news(after(80_000)), None, "came back at once");
    }

    #[test]
    fn each_trouble_is_told_until_it_is_gone() {
        let now = Instant::now();
        let mut standing = Standing::new(now);
        standing.up(now);
        standing.part(Part::Channel(5), Some("no channel 5".into()));
        assert_eq!(standing.news(now), Some(Health::Degraded("no channel 5".into())));
        standing.part(Part::Calls, Some("slow".into()));
        assert_eq!(standing.news(now), Some(Health::Degraded("slow (and 1 more)".into())));
        standing.part(Part::Channel(5), None);
        standing.part(Part::Calls, None);
        assert_eq!(standing.news(now), Some(Health::Up));
        standing.down("it says 500".into());
        assert_eq!(standing.news(now), Some(Health::Down("it says 500".into())));
    }
}
