//! The outbox against a model of Discord.

mod chaos;
mod model;

use std::time::Duration;

use gavel_chat::{Audience, Class, Fault, Key};

use super::*;
use model::{Act, Model, body, words};

const CREW: u64 = 50;
const OTHER: u64 = 60;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn refusal(code: i64) -> Trouble {
    Trouble::Refused { status: 403, code, words: "no".to_owned() }
}

fn failed(model: &Model) -> Vec<&Fault> {
    model
        .told
        .iter()
        .filter_map(|told| match told {
            Told::Failed { fault, .. } => Some(fault),
            _ => None,
        })
        .collect()
}

/// All that was written to a channel, in order.
fn written(model: &Model) -> Vec<&str> {
    model
        .calls
        .iter()
        .filter_map(|(_, request)| match request {
            Request::Create { body, .. } | Request::Edit { body, .. } => Some(words(body)),
            _ => None,
        })
        .collect()
}

#[test]
fn answers_go_first_then_alerts_then_notices_then_the_card() {
    let mut model = Model::new();
    model.card(CREW, "card");
    model.post(Key::Notice(1), CREW, Class::Notice, "notice");
    model.post(Key::Thing("stream".into()), CREW, Class::Alert, "alert");
    model.post(Key::Answer(1), CREW, Class::Answer, "answer");
    model.run(secs(1));
    assert_eq!(written(&model), ["answer", "alert", "notice", "card"]);
}

#[test]
fn the_latest_of_a_key_wins_while_it_waits() {
    let mut model = Model::new();
    model.post(Key::Notice(1), CREW, Class::Notice, "1 joined");
    model.run(Duration::ZERO);
    model.post(Key::Notice(1), CREW, Class::Notice, "2 joined");
    model.post(Key::Notice(1), CREW, Class::Notice, "3 joined");
    model.run(secs(1));
    assert_eq!(written(&model), ["1 joined", "3 joined"]);
    assert_eq!(model.seen(CREW), ["3 joined"]);
    let sent = |told: &&Told| matches!(told, Told::Sent { key: Key::Notice(1), .. });
    assert_eq!(model.told.iter().filter(sent).count(), 2);
}

#[test]
fn a_card_is_edited_every_two_seconds_and_never_starved_by_notices() {
    let mut model = Model::new();
    let mut cards = Vec::new();
    for turn in 0..600u32 {
        model.post(Key::Notice(1), CREW, Class::Notice, &format!("{turn} joined"));
        model.card(CREW, &format!("card {turn}"));
        model.run(Duration::from_millis(50));
    }
    for (at, request) in &model.calls {
        if let Request::Create { body, .. } | Request::Edit { body, .. } = request
            && words(body).starts_with("card")
        {
            cards.push(*at);
        }
    }
    assert!(cards.windows(2).all(|two| two[1] - two[0] >= secs(2)), "too often");
    assert!(cards.windows(2).all(|two| two[1] - two[0] <= secs(3)), "starved");
    assert_eq!(model.provoked, 0);
    model.run(secs(3));
    assert!(model.seen(CREW).contains(&"card 599"), "{:?}", model.seen(CREW));
}

#[test]
fn the_first_card_is_pinned_and_later_ones_replace_it() {
    let mut model = Model::new();
    model.card(CREW, "one");
    model.run(secs(54 * 60));
    let first = *model.messages.keys().next().unwrap();
    assert!(model.messages[&first].pinned);
    assert_eq!(model.messages[&first].body["flags"], 1 << 12, "no phone rings");
    model.card(CREW, "two");
    model.run(secs(120));
    assert_eq!(model.messages.keys().collect::<Vec<_>>(), [&first], "edited");
    model.card(CREW, "three");
    model.run(secs(10));
    let (second, message) = model.messages.iter().next().unwrap();
    assert_eq!(
        (model.messages.len(), words(&message.body)),
        (1, "three"),
        "posted anew, the old one deleted"
    );
    assert!(*second != first && !message.pinned);
    // An idle night marks nothing as unread.
    let calls = model.calls.len();
    model.run(secs(8 * 3600));
    assert_eq!(model.calls.len(), calls);
}

#[test]
fn a_card_that_takes_no_edits_or_was_deleted_is_posted_anew() {
    let mut model = Model::new();
    model.card(CREW, "one");
    model.run(secs(5));
    let first = *model.messages.keys().next().unwrap();
    let mut refused = false;
    model.faults = Box::new(move |_, request| match request {
        Request::Edit { .. } if !std::mem::replace(&mut refused, true) => Act::Not(Trouble::TooOld),
        _ => Act::Well(80),
    });
    model.card(CREW, "two");
    model.run(secs(5));
    assert_eq!(model.seen(CREW), ["two"]);
    assert!(!model.messages.contains_key(&first));
    model.messages.clear();
    model.card(CREW, "three");
    model.run(secs(5));
    assert_eq!(model.seen(CREW), ["three"]);
    assert!(failed(&model).is_empty());
}

#[test]
fn of_the_cards_of_earlier_runs_the_newest_is_gone_on_with() {
    let mut model = Model::new();
    let ids: Vec<_> = ["a", "b", "c"].iter().map(|words| model.insert(CREW, body(words), true)).collect();
    // Made a minute ago, by Discord's clock.
    let age = |id: u64| ((WALL - EPOCH - 60_000) << 22) | id;
    for id in [ids[1], ids[2], ids[0]] {
        let message = model.messages.remove(&id).unwrap();
        model.messages.insert(age(id), message);
        model.outbox.known(model.now, WALL, CREW, Key::Roster, age(id));
    }
    model.card(CREW, "now");
    model.run(secs(5));
    assert_eq!(model.messages.keys().collect::<Vec<_>>(), [&age(ids[2])]);
    assert_eq!(model.seen(CREW), ["now"]);
    assert!(!model.messages.values().any(|message| message.pinned));
}

const WALL: u64 = model::WALL;

#[test]
fn an_old_card_of_an_earlier_run_is_replaced() {
    let mut model = Model::new();
    let old = ((WALL - EPOCH - 3_500_000) << 22) | 1;
    let id = model.insert(CREW, body("old"), true);
    let message = model.messages.remove(&id).unwrap();
    model.messages.insert(old, message);
    model.outbox.known(model.now, WALL, CREW, Key::Roster, old);
    model.card(CREW, "now");
    model.run(secs(5));
    assert_eq!(model.seen(CREW), ["now"]);
    assert!(!model.messages.contains_key(&old));
}

#[test]
fn ready_draws_the_card_again() {
    let mut model = Model::new();
    model.card(CREW, "card");
    model.run(secs(5));
    model.card(CREW, "card");
    model.run(secs(5));
    assert_eq!(written(&model), ["card"]);
    model.outbox.again(model.now);
    model.run(secs(5));
    assert_eq!(written(&model), ["card", "card"]);
}

#[test]
fn a_refusal_is_told_once_and_ends_by_itself() {
    let mut model = Model::new();
    model.faults = Box::new(|_, request| match request {
        Request::Create { channel: CREW, .. } => Act::Not(refusal(50013)),
        _ => Act::Well(80),
    });
    for number in 0..20 {
        model.post(Key::Notice(number), CREW, Class::Notice, "line");
        model.card(CREW, &format!("card {number}"));
        model.post(Key::Notice(number), OTHER, Class::Notice, "line");
        model.run(secs(20));
    }
    assert!(matches!(failed(&model)[..], [Fault::Remedy(words)] if words.contains("Send Messages")));
    let degraded = |told: &&Told| matches!(told, Told::Degraded(words) if words.contains("channel 50"));
    assert_eq!(model.told.iter().filter(degraded).count(), 1);
    let tries =
        model.calls.iter().filter(|(_, r)| matches!(r, Request::Create { channel: CREW, .. })).count();
    assert!(tries <= 3, "{tries} tries in 400 s");
    assert_eq!(model.seen(OTHER).len(), 20, "the other channel waits for nothing");
    // Somebody gave the permission, and the gateway is ready again: nobody waits for five minutes.
    model.faults = Box::new(|_, _| Act::Well(80));
    model.outbox.again(model.now);
    model.run(secs(60));
    assert!(model.seen(CREW).contains(&"card 19"));
    assert_eq!(model.told.iter().filter(|told| **told == Told::Fine).count(), 1);
}

#[test]
fn what_discord_refuses_the_form_of_is_not_tried_again() {
    let mut model = Model::new();
    let refused = || Trouble::Refused { status: 400, code: 50035, words: "Invalid Form Body".to_owned() };
    model.faults = Box::new(move |_, request| match request {
        Request::Create { body, .. } if words(body) == "bad" => Act::Not(refused()),
        _ => Act::Well(80),
    });
    model.post(Key::Notice(1), CREW, Class::Notice, "bad");
    model.card(CREW, "bad");
    model.run(secs(30));
    model.post(Key::Notice(2), CREW, Class::Notice, "good");
    model.card(CREW, "good");
    model.run(secs(61));
    assert_eq!(model.seen(CREW), ["good", "good"]);
    assert_eq!(failed(&model).len(), 2);
    assert_eq!(written(&model), ["bad", "bad", "good", "good"]);
}

#[test]
fn a_limit_holds_one_channel_and_one_kind_only() {
    let mut model = Model::new();
    model.post(Key::Notice(1), CREW, Class::Notice, "one");
    model.run(secs(1));
    let end = model.now + secs(60);
    model.faults = Box::new(move |now, request| match request {
        Request::Create { channel: CREW, .. } if now < end => {
            Act::Not(Trouble::Limited { after: end - now, global: false })
        }
        _ => Act::Well(80),
    });
    model.post(Key::Notice(2), CREW, Class::Notice, "two");
    model.post(Key::Notice(2), OTHER, Class::Notice, "two");
    model.run(secs(1));
    model.post(Key::Notice(1), CREW, Class::Notice, "one, edited");
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(2));
    assert_eq!(model.seen(CREW), ["one, edited", "#7 muted."]);
    assert_eq!(model.seen(OTHER), ["two"]);
    model.run(secs(60));
    assert_eq!(model.seen(CREW), ["one, edited", "#7 muted.", "two"]);
    assert!(model.calls.len() < 10, "asked again while it was limited");
}

#[test]
fn a_global_limit_holds_all_but_first_answers() {
    let mut model = Model::new();
    let mut limited = false;
    model.faults = Box::new(move |_, _| match std::mem::replace(&mut limited, true) {
        false => Act::Not(Trouble::Limited { after: secs(30), global: true }),
        true => Act::Well(80),
    });
    model.post(Key::Notice(1), CREW, Class::Notice, "one");
    model.run(secs(1));
    model.post(Key::Notice(2), OTHER, Class::Notice, "two");
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Place, "Muting...");
    model.run(secs(1));
    assert_eq!((model.seen(CREW), model.seen(OTHER).len()), (vec!["Muting..."], 0));
    model.run(secs(30));
    assert_eq!((model.seen(CREW).len(), model.seen(OTHER).len()), (2, 1));
}

#[test]
fn what_nobody_takes_is_bounded_and_counted() {
    let mut model = Model::new();
    model.faults = Box::new(|_, _| Act::Not(Trouble::Offline));
    model.post(Key::Answer(1), CREW, Class::Answer, "answer");
    for number in 0..1000 {
        model.post(Key::Notice(number), CREW, Class::Notice, "notice");
    }
    model.run(secs(300));
    assert!(model.calls.len() < 30, "{}", model.calls.len());
    model.faults = Box::new(|_, _| Act::Well(80));
    model.run(secs(400));
    let seen = model.seen(CREW);
    assert_eq!((seen[0], seen.len()), ("answer", 128));
    assert!(model.told.contains(&Told::Shed { channel: CREW, count: 873 }), "{:?}", model.told);
    assert!(failed(&model).is_empty());
    // What is ten minutes old is no news.
    model.faults = Box::new(|_, _| Act::Not(Trouble::Server(502)));
    model.post(Key::Notice(5000), CREW, Class::Notice, "old");
    model.run(secs(700));
    model.faults = Box::new(|_, _| Act::Well(80));
    model.post(Key::Notice(5001), CREW, Class::Notice, "new");
    model.run(secs(60));
    assert!(!model.seen(CREW).contains(&"old") && model.seen(CREW).contains(&"new"));
}

mod interactions;
