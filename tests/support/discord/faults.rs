//! What goes wrong with REST because a test wants it so.

use std::time::Duration;

/// Which requests a fault hits. A pattern is a method and a path without `/api/v10`; `*` stands for any method or one
/// part of a path, `**` at the end for all the rest: `POST /channels/*/messages`, `* /webhooks/**`.
#[derive(Clone, Debug)]
pub enum Which {
    /// Every request.
    All,
    /// Those of one pattern.
    Only(String),
    /// Every one but those of the pattern.
    AllBut(String),
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum What {
    /// A 429, as for a route's own bucket.
    Limited(Duration),
    /// A 429, as for the global limit.
    Global(Duration),
    /// A status with an empty body, as from what stands before Discord: 500, 502, 503, 504.
    Status(u16),
    /// Discord's own JSON error.
    Error {
        /// The status.
        status: u16,
        /// Discord's code.
        code: u64,
        /// Discord's words.
        words: String,
    },
    /// No answer, ever. Nothing is done.
    Hang,
    /// It is done, but no answer comes.
    Lost,
    /// It is done, but the answer is a status with an empty body.
    DoneBut(u16),
    /// It is done, but the answer breaks off.
    CutOff,
    /// It is done at once, and the answer comes that much later.
    SlowAnswer(Duration),
    /// It is done that much later.
    Slow(Duration),
}

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    which: Which,
    what: What,
    until: Option<u64>,
    times: Option<u32>,
}

impl Fault {
    /// It lasts until the faults are cleared.
    pub fn new(which: Which, what: What) -> Self {
        Self { which, what, until: None, times: None }
    }

    /// The same, for so many requests.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same, until that time (milliseconds since 1970).
    pub fn until(mut self, millis: u64) -> Self {
        self.until = Some(millis);
        self
    }
}

/// What goes wrong at present.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
    /// How many requests were hit.
    pub hits: u32,
}

impl Faults {
    /// From now on this goes wrong too. Of several that fit a request the first counts.
    pub fn add(&mut self, fault: Fault) {
        self.list.push(fault);
    }

    /// Nothing goes wrong any more. What hangs goes on hanging.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    pub(crate) fn strike(&mut self, now: u64, method: &str, path: &str) -> Option<What> {
        self.list.retain(|it| it.until.is_none_or(|until| now < until) && it.times != Some(0));
        let fault = self.list.iter_mut().find(|it| it.which.hits(method, path))?;
        fault.times = fault.times.map(|times| times - 1);
        self.hits += 1;
        Some(fault.what.clone())
    }
}

impl Which {
    fn hits(&self, method: &str, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(pattern) => fits(pattern, method, path),
            Self::AllBut(pattern) => !fits(pattern, method, path),
        }
    }
}

pub(crate) fn fits(pattern: &str, method: &str, path: &str) -> bool {
    let (verb, wanted) = pattern.split_once(' ').expect("a pattern is a method and a path");
    let mut given = path.split('/');
    let all = (verb == "*" || verb == method)
        && wanted.split('/').all(|part| match part {
            "**" => given.by_ref().last().is_some(),
            "*" => given.next().is_some(),
            literal => given.next() == Some(literal),
        });
    all && given.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(fits("POST /channels/*/messages", "POST", "/channels/1/messages"));
        assert!(!fits("POST /channels/*/messages", "GET", "/channels/1/messages"));
        assert!(!fits("POST /channels/*", "POST", "/channels/1/messages"));
        assert!(!fits("POST /channels/*/messages", "POST", "/channels/1"));
        assert!(fits("* /webhooks/**", "PATCH", "/webhooks/1/t/messages/@original"));
    }

    #[test]
    fn faults_end_by_count_or_by_time() {
        let mut faults = Faults::default();
        faults.add(Fault::new(Which::Only("* /gateway".into()), What::Hang).times(1));
        faults.add(Fault::new(Which::AllBut("POST /interactions/**".into()), What::Status(500)).until(10));
        assert!(matches!(faults.strike(0, "GET", "/gateway"), Some(What::Hang)));
        assert!(matches!(faults.strike(0, "GET", "/gateway"), Some(What::Status(500))));
        assert!(faults.strike(0, "POST", "/interactions/1/t/callback").is_none());
        assert!(faults.strike(10, "GET", "/gateway").is_none());
        assert_eq!(faults.hits, 2);
    }
}
