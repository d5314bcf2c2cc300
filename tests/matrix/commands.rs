//! What acts and what does not: in plain and encrypted rooms, of version 12 and an older one.

use std::time::{Duration, Instant};

use gavel_chat::{Claim, Input, Key, Sign, UserId};
use gavel_matrix_lab::Limits;
use serde_json::{Value, json};

use crate::bot::Stage;

fn a_day(encrypted: bool, version: &str) {
    let mut stage = Stage::new(Limits::Relaxed, encrypted, version);
    let mut bot = stage.up();
    let typed = stage.say("!mute 2");
    let asked = bot.asked();
    assert_eq!(asked.input, Input::Text("mute 2".into()));
    assert_eq!(asked.asker.user, UserId::new(format!("matrix:{}", stage.alice.user())));
    let power = if version == "12" { i64::MAX } else { 100 };
    assert_eq!(asked.asker.claims, [Claim(format!("matrix:power:{power}"))]);
    assert_eq!(asked.asker.trusted_device, encrypted.then_some(false), "nio signs no devices");
    bot.answer(asked.ticket, "#2 muted.", true);
    let answer = stage.reads("#2 muted.");
    assert_eq!((answer.replies_to(), answer.decrypted()), (typed.as_str(), encrypted));

    bot.notice(7, "#7 Joel joined.");
    let joined = stage.reads("#7 Joel joined.");
    stage.alice.reply(&stage.room, joined.id(), "mute");
    assert_eq!(bot.asked().input, Input::On { post: Key::Notice(7), with: Sign::Reply("mute".into()) });
    let boot = stage.alice.react(&stage.room, joined.id(), "👢\u{fe0f}");
    assert_eq!(bot.asked().input, Input::On { post: Key::Notice(7), with: Sign::React("👢".into()) });
    stage.alice.redact(&stage.room, &boot);
    assert_eq!(bot.asked().input, Input::On { post: Key::Notice(7), with: Sign::Unreact("👢".into()) });

    let me = stage.account.user.clone();
    let thread = json!({"rel_type": "m.thread", "event_id": typed, "is_falling_back": true, "m.in_reply_to": {"event_id": typed}});
    let content = json!({"msgtype": "m.text", "body": format!("{me}: roster"), "m.relates_to": thread});
    stage.alice.send(&stage.room, content);
    let asked = bot.asked();
    assert_eq!(asked.input, Input::Text("roster".into()));
    bot.answer(asked.ticket, "Nobody.", true);
    assert_eq!(stage.reads("Nobody.").at("/content/m.relates_to/event_id"), typed, "in the thread");
    bot.stop();
}

#[test]
fn a_day_in_a_plain_room() {
    a_day(false, "12");
}

#[test]
fn a_day_in_an_encrypted_room() {
    a_day(true, "12");
}

#[test]
fn a_day_in_an_older_room() {
    a_day(true, "10");
}

#[test]
fn edits_notices_and_forgeries_never_act() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    let mut bot = stage.up();
    let (room, alice) = (stage.room.clone(), &mut stage.alice);
    let first = alice.say(&room, "hello");
    let new = json!({"msgtype": "m.text", "body": "!kick 3"});
    let relation = json!({"rel_type": "m.replace", "event_id": first});
    alice.send(
        &room,
        json!({"msgtype": "m.text", "body": "* !kick 3", "m.new_content": new, "m.relates_to": relation}),
    );
    alice.send(&room, json!({"msgtype": "m.notice", "body": "!kick 3"}));
    alice.send(&room, json!({"msgtype": "m.emote", "body": "!kick 3"}));
    alice.send_clear(&room, json!({"msgtype": "m.text", "body": "!kick 3"}));
    alice.say(&room, "!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
    assert_eq!(bot.invocations().len(), 1);
}

#[test]
fn unverified_devices_are_refused_where_that_is_wanted() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.settings.require_verified = true;
    let mut bot = stage.up();
    let typed = stage.say("!kick 3");
    let told = stage.reads("not verified");
    assert_eq!(told.replies_to(), typed);
    let card = bot.heard.iter().find_map(|up| match up {
        gavel_chat::Up::Sent { key: Key::Roster, message, .. } => Some(message.as_str().to_owned()),
        _ => None,
    });
    stage.alice.react(&stage.room, &card.expect("a card"), "🔇");
    bot.notice(1, "Later.");
    stage.reads("Later.");
    assert!(bot.invocations().is_empty());
}

#[test]
fn what_was_said_before_or_while_gavel_was_away_does_not_act() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.alice.say(&stage.room.clone(), "!kick 1");
    let mut bot = stage.up();
    stage.say("!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
    stage.known = vec![(Key::Roster, bot.old_card())];
    bot.stop();
    for number in 0..25 {
        stage.say(&format!("!kick {number}"));
    }
    let mut bot = stage.open();
    stage.reads("25 commands came too late");
    stage.say("!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
    assert_eq!(bot.invocations().len(), 1);
}

#[test]
fn thirty_commands_in_a_second() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    let mut bot = stage.up();
    for number in 0..30 {
        stage.alice.begin_say(&stage.room, &format!("!mute {number}"));
    }
    // Done when all those are: a busy machine stretches the second.
    stage.alice.order("hears", json!({"room": stage.room, "user": "nobody", "times": 0}));
    let began = Instant::now();
    for number in 0..30 {
        let asked = bot.asked();
        assert_eq!(asked.input, Input::Text(format!("mute {number}")), "in order");
        bot.answer(asked.ticket, &format!("Muted: {number}."), true);
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let mut missing: Vec<String> = (0..30).map(|number| format!("Muted: {number}.")).collect();
    while !missing.is_empty() {
        let seen = stage.reads("Muted:");
        missing.retain(|line| !seen.body().lines().any(|seen| seen == line));
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn the_card_is_pinned_and_the_topic_follows_where_that_may_be() {
    let mut stage = Stage::new(Limits::Relaxed, false, "12");
    stage.settings.places[0].sync_topic = true;
    let mut bot = stage.up();
    let lacks = bot.health("what is missing", |health| matches!(health, gavel_chat::Health::Degraded(_)));
    let gavel_chat::Health::Degraded(words) = lacks else { panic!() };
    assert!(words.contains("pin the card") && words.contains("set the topic"), "{words}");
    let me = stage.account.user.clone();
    let power = json!({"users": {me: 50}, "state_default": 50});
    stage
        .alice
        .order("set_state", json!({"room": stage.room, "type": "m.room.power_levels", "content": power}));
    bot.health("nothing is missing", |health| *health == gavel_chat::Health::Up);
    let pinned = stage.alice.until("the pin", |event| event.kind() == "m.room.pinned_events");
    let card = stage.alice.order("state", json!({"room": stage.room, "type": "m.room.pinned_events"}));
    assert_eq!(card["pinned"].as_array().map(Vec::len), Some(1), "{pinned:?}");
    bot.board.send_modify(|board| {
        let gavel_chat::Board::Crew(view) = board else { panic!() };
        let mut changed = (**view).clone();
        let (text, by) =
            (gavel_chat::text::Foreign::text("night buses"), gavel_chat::text::Foreign::name("Dana"));
        changed.topic = Some(gavel_chat::Topic { text, by, at: 0 });
        *board = gavel_chat::Board::Crew(changed.into());
    });
    let is = |topic: &'static str| move |event: &gavel_matrix_lab::Event| event.at("/content/topic") == topic;
    stage.alice.until("the topic", is("night buses"));
    let topic = json!({"room": stage.room, "type": "m.room.topic", "content": {"topic": "day buses"}});
    let _: Value = stage.alice.order("set_state", topic);
    assert_eq!(bot.asked().input, Input::Topic("day buses".into()));
}
