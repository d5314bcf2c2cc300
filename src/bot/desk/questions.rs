//! Questions that were asked a moment ago.
//!
//! What is about the room as a whole is good only for the picture that it was drawn on. In a room where somebody joins
//! every second no picture lives as long as it takes to press "Lock": so a question stays good for a minute, whoever
//! comes and goes meanwhile. It is memory for leniency alone: what is forgotten is asked again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use gavel_chat::{PlaceId, Press};

/// As long as somebody may think.
const GOOD: Duration = Duration::from_secs(60);
/// More than all crews ask in a minute.
const REMEMBERED: usize = 256;

/// The latest questions, oldest first.
#[derive(Default)]
pub(super) struct Questions(VecDeque<(Instant, PlaceId, Press)>);

impl Questions {
    /// This press would say yes.
    pub(super) fn asked(&mut self, now: Instant, place: &PlaceId, yes: &Press) {
        self.0.push_back((now, place.clone(), yes.clone()));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    /// Whether this press says yes to a question that is still good.
    pub(super) fn good(&self, now: Instant, place: &PlaceId, press: &Press) -> bool {
        let young = |at: &Instant| now.saturating_duration_since(*at) < GOOD;
        self.0.iter().any(|(at, there, yes)| young(at) && there == place && yes == press)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_good_for_a_minute_and_for_its_place() {
        #[allow(clippy::disallowed_methods, reason = "a test needs some moment to begin with")]
        let now = Instant::now();
        let (here, there) = (PlaceId::new("a"), PlaceId::new("b"));
        let press = |version| Press { verb: "lock".to_owned(), show: 1, number: None, version };
        let mut questions = Questions::default();
        questions.asked(now, &here, &press(1));
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(questions.good(after(59), &here, &press(1)));
        assert!(!questions.good(after(60), &here, &press(1)));
        assert!(!questions.good(now, &there, &press(1)) && !questions.good(now, &here, &press(2)));
        for version in 2..2 + REMEMBERED as u32 {
            questions.asked(now, &here, &press(version));
        }
        assert!(!questions.good(now, &here, &press(1)), "forgotten: it is asked again");
    }
}
