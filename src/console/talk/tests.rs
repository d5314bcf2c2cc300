use gavel_chat::text::Doc;
use gavel_chat::{Audience, PlaceId};

use super::*;

#[allow(clippy::disallowed_methods, reason = "some instant to count from")]
fn start() -> Instant {
    Instant::now()
}

fn post(class: Class, key: Key, answers: Option<Ticket>, last: bool) -> Post {
    let (place, doc, controls, wake) = (PlaceId::new("console"), Doc::new(), Vec::new(), Vec::new());
    Post { key, place, answers, audience: Audience::Place, class, doc, controls, wake, last }
}

fn say(talk: &mut Talk, now: Instant, post: &Post, words: &str) -> Option<String> {
    talk.post(now, post, words.to_owned())
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_script_sees_the_outcome_and_stages_that_stay() {
    let (now, mut talk) = (start(), Talk::new(false));
    let ticket = talk.ask(now);
    let progress = post(Class::Answer, Key::Answer(1), Some(ticket), false);
    assert_eq!(say(&mut talk, now, &progress, "Muting #7..."), None);
    assert_eq!(say(&mut talk, now, &progress, "#7: not confirmed yet."), None);
    assert!(talk.due(now).is_empty());
    assert_eq!(talk.due(now + SECOND), ["#7: not confirmed yet."]);
    assert!(!talk.settled());
    let last = Post { last: true, ..progress };
    assert_eq!(say(&mut talk, now + SECOND, &last, "#7 Joel muted.").as_deref(), Some("#7 Joel muted."));
    assert!(talk.settled());
    assert_eq!(say(&mut talk, now + SECOND, &last, "#7 Joel muted."), None, "no news");
    assert_eq!(talk.deadline(), None);
}

#[test]
fn an_outcome_overtakes_a_stage_that_waits() {
    let (now, mut talk) = (start(), Talk::new(false));
    let ticket = talk.ask(now);
    let progress = post(Class::Answer, Key::Answer(1), Some(ticket), false);
    for words in ["Muting...", "#3 muted. #4..."] {
        assert_eq!(say(&mut talk, now, &progress, words), None);
    }
    assert!(say(&mut talk, now, &Post { last: true, ..progress }, "#3 muted. #4 muted.").is_some());
    assert!(talk.due(now + 10 * SECOND).is_empty());
    assert!(talk.rest().is_empty());
}

#[test]
fn words_kept_quiet_can_be_the_outcome() {
    let (now, mut talk) = (start(), Talk::new(false));
    let ticket = talk.ask(now);
    let progress = post(Class::Answer, Key::Answer(1), Some(ticket), false);
    assert_eq!(say(&mut talk, now, &progress, "Nobody."), None);
    assert!(say(&mut talk, now, &Post { last: true, ..progress }, "Nobody.").is_some());
}

#[test]
fn what_an_earlier_run_asked_is_told_too() {
    let (now, mut talk) = (start(), Talk::new(false));
    let late = post(Class::Answer, Key::Answer(7), None, false);
    assert!(say(&mut talk, now, &late, "Outcome unknown: gavel was restarted.").is_some());
}

#[test]
fn a_person_sees_that_it_began() {
    let (now, mut talk) = (start(), Talk::new(true));
    let ticket = talk.ask(now);
    let progress = post(Class::Answer, Key::Answer(1), Some(ticket), false);
    assert!(say(&mut talk, now, &progress, "Muting #7...").is_some());
    assert!(say(&mut talk, now, &Post { last: true, ..progress }, "#7 Joel muted.").is_some());
}

#[test]
fn a_growing_notice_is_printed_when_it_stands_still() {
    let (now, mut talk) = (start(), Talk::new(false));
    let notice = post(Class::Notice, Key::Notice(4), None, true);
    assert!(say(&mut talk, now, &notice, "#4 joined.").is_some());
    for (seconds, words) in [(1, "2 joined."), (3, "3 joined."), (5, "4 joined.")] {
        let now = now + seconds * SECOND;
        assert!(talk.due(now).is_empty());
        assert_eq!(say(&mut talk, now, &notice, words), None);
    }
    assert_eq!(talk.deadline(), Some(now + 8 * SECOND));
    assert_eq!(talk.due(now + 8 * SECOND), ["4 joined."]);
    assert_eq!(say(&mut talk, now + 9 * SECOND, &notice, "5 joined."), None);
    assert_eq!(talk.rest(), ["5 joined."]);
    assert!(say(&mut talk, now, &post(Class::Card, Key::Roster, None, true), "card").is_none());
    let alert = post(Class::Alert, Key::Notice(5), None, true);
    assert!(say(&mut talk, now, &alert, "Lost Asterisk.").is_some());
    assert!(say(&mut talk, now, &alert, "Asterisk back.").is_some());
}

#[test]
fn a_notice_that_never_stands_still_is_printed_now_and_then() {
    let (now, mut talk) = (start(), Talk::new(true));
    let notice = post(Class::Notice, Key::Notice(4), None, true);
    assert!(say(&mut talk, now, &notice, "#4 joined.").is_some());
    for second in 1..=10 {
        assert_eq!(say(&mut talk, now + second * SECOND, &notice, &format!("{second} left.")), None);
    }
    assert!(talk.due(now + 10 * SECOND).is_empty());
    assert_eq!(talk.due(now + 11 * SECOND), ["10 left."]);
}

#[test]
fn nobody_waits_for_ever() {
    let (now, mut talk) = (start(), Talk::new(false));
    talk.ask(now);
    assert_eq!(talk.deadline(), Some(now + PATIENCE));
    assert_eq!(talk.due(now + PATIENCE), ["No answer after 60 s."]);
    assert!(talk.settled());
    let ticket = talk.ask(now);
    talk.forget(ticket);
    assert!(talk.settled());
}

#[test]
fn memory_is_bounded() {
    let (now, mut talk) = (start(), Talk::new(false));
    for number in 0..10_000 {
        say(&mut talk, now, &post(Class::Notice, Key::Notice(number), None, true), "news");
    }
    assert_eq!(talk.said.len(), REMEMBERED);
}
