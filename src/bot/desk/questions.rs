//! Questions that were asked a moment ago.
//!
//! What is about the room as a whole is good only for the picture that it was drawn on. In a room where somebody joins
//! every second no picture lives as long as it takes to press "Lock": so a question stays good for a minute, whoever
//! comes and goes meanwhile. Where nothing can be pressed, who was asked says yes with a sign on the question, once.
//! It is memory for leniency alone: what is forgotten is asked again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use gavel_chat::{Invocation, Key, PlaceId, Press, UserId};

/// As long as somebody may think.
const GOOD: Duration = Duration::from_secs(60);
/// More than all crews ask in a minute.
const REMEMBERED: usize = 256;

/// The latest questions, oldest first.
#[derive(Debug, Default)]
pub(super) struct Questions(VecDeque<Question>);

#[derive(Debug)]
struct Question {
    at: Instant,
    place: PlaceId,
    /// Who was asked.
    user: UserId,
    /// The message that asks.
    key: Key,
    /// This press would say yes.
    yes: Press,
    /// It was answered by a sign.
    answered: bool,
}

/// What a sign on a message says.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Answered {
    /// As if this had been pressed.
    Yes(Press),
    /// Yes, but too late.
    Late,
    /// Nothing: it asks nothing, or asked somebody else, or was answered.
    Nothing,
}

impl Questions {
    /// Who invoked this was asked by that message; this press would say yes.
    pub(super) fn asked(&mut self, now: Instant, invocation: &Invocation, key: Key, yes: Press) {
        let (place, user) = (invocation.place.clone(), invocation.asker.user.clone());
        self.0.push_back(Question { at: now, place, user, key, yes, answered: false });
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    /// Whether this press says yes to a question that is still good.
    pub(super) fn good(&self, now: Instant, place: &PlaceId, press: &Press) -> bool {
        self.0.iter().any(|asked| asked.young(now) && asked.place == *place && asked.yes == *press)
    }

    /// Somebody put the sign for yes on this message.
    pub(super) fn signed(&mut self, now: Instant, place: &PlaceId, user: &UserId, key: &Key) -> Answered {
        let open = |asked: &&mut Question| !asked.answered && asked.key == *key && asked.place == *place;
        let Some(asked) = self.0.iter_mut().find(open).filter(|asked| asked.user == *user) else {
            return Answered::Nothing;
        };
        asked.answered = true;
        if asked.young(now) { Answered::Yes(asked.yes.clone()) } else { Answered::Late }
    }
}

impl Question {
    fn young(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < GOOD
    }
}

#[cfg(test)]
mod tests {
    use gavel_chat::text::Foreign;
    use gavel_chat::{Asker, Input, Ticket};

    use super::*;

    fn of(place: &str, user: &str) -> Invocation {
        let name = Foreign::name("Sam");
        let asker = Asker { user: UserId::new(user), name, claims: Vec::new(), trusted_device: None };
        let input = Input::Text(String::new());
        Invocation { ticket: Ticket(1), place: PlaceId::new(place), asker, input }
    }

    fn press(version: u32) -> Press {
        Press { verb: "lock".to_owned(), show: 1, number: None, version }
    }

    #[allow(clippy::disallowed_methods, reason = "a test needs some moment to begin with")]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_question_is_good_for_a_minute_and_for_its_place() {
        let (now, here, there) = (now(), PlaceId::new("a"), PlaceId::new("b"));
        let mut questions = Questions::default();
        questions.asked(now, &of("a", "sam"), Key::Answer(1), press(1));
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(questions.good(after(59), &here, &press(1)));
        assert!(!questions.good(after(60), &here, &press(1)));
        assert!(!questions.good(now, &there, &press(1)) && !questions.good(now, &here, &press(2)));
        for version in 2..2 + REMEMBERED as u32 {
            questions.asked(now, &of("a", "sam"), Key::Answer(1), press(version));
        }
        assert!(!questions.good(now, &here, &press(1)), "forgotten: it is asked again");
    }

    #[test]
    fn a_sign_of_whom_was_asked_says_yes_once() {
        let (now, here, sam) = (now(), PlaceId::new("a"), UserId::new("sam"));
        let mut questions = Questions::default();
        questions.asked(now, &of("a", "sam"), Key::Answer(1), press(1));
        questions.asked(now, &of("a", "sam"), Key::Answer(2), press(2));
        let late = now + Duration::from_secs(60);
        let mut signed = |at, place: &PlaceId, user: &str, key| {
            questions.signed(at, place, &UserId::new(user), &Key::Answer(key))
        };
        assert_eq!(signed(now, &here, "lee", 1), Answered::Nothing, "it was not Lee who was asked");
        assert_eq!(signed(now, &PlaceId::new("b"), "sam", 1), Answered::Nothing);
        assert_eq!(signed(now, &here, "sam", 1), Answered::Yes(press(1)));
        assert_eq!(signed(now, &here, "sam", 1), Answered::Nothing, "once");
        assert_eq!(signed(late, &here, sam.as_str(), 2), Answered::Late);
        assert_eq!(signed(late, &here, sam.as_str(), 2), Answered::Nothing);
    }
}
