//! Rate limits, as requests meet them.

use super::*;

#[test]
fn every_answer_tells_its_bucket() {
    let mut bot = Bot::new();
    bot.send(CREW, json!({"content": "x"}));
    let bucket = bot.last.bucket.clone().unwrap();
    assert_eq!((bucket.limit, bucket.remaining, bucket.reset), (5, 4, START + 5_000));
    bot.code("GET", "/channels/999", Value::Null);
    assert!(bot.last.bucket.is_some(), "errors too");
}

#[test]
fn a_sixth_message_is_too_much() {
    let mut bot = Bot::new();
    for _ in 0..5 {
        bot.send(CREW, json!({"content": "x"}));
    }
    let (status, body) = bot.ask("POST", "/channels/30/messages", json!({"content": "x"}));
    assert_eq!(status, 429);
    assert_eq!(body, json!({"message": "You are being rate limited.", "retry_after": 5.0, "global": false}));
    assert_eq!((bot.world.limits.limited, bot.world.messages.len()), (1, 5));
    bot.later(5);
    bot.send(CREW, json!({"content": "x"}));
}

#[test]
fn a_third_topic_is_limited_while_the_headers_say_otherwise() {
    let mut bot = Bot::new();
    bot.allow(Permissions::MANAGE_CHANNELS);
    for topic in ["a", "b"] {
        assert_eq!(bot.ask("PATCH", "/channels/30", json!({"topic": topic})).0, 200);
    }
    assert_eq!(bot.ask("PATCH", "/channels/30", json!({"topic": "c"})).0, 429);
    assert!(bot.last.bucket.as_ref().unwrap().remaining > 0);
    assert_eq!(bot.last.limited.as_ref().unwrap().after, 600_000);
}

#[test]
fn an_old_message_is_not_edited_often() {
    let mut bot = Bot::new();
    let id = bot.send(CREW, json!({"content": "card"}));
    let path = format!("/channels/30/messages/{id}");
    bot.later(3600);
    for _ in 0..4 {
        assert_eq!(bot.ask("PATCH", &path, json!({"content": "x"})).0, 200, "an hour is not over");
    }
    bot.later(10);
    let codes: Vec<_> = (0..4).map(|_| bot.code("PATCH", &path, json!({"content": "x"}))).collect();
    assert_eq!(codes, [(200, 0), (200, 0), (200, 0), (429, 30046)]);
}

#[test]
fn the_global_limit_spares_interactions() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    for channel in 100..150 {
        assert_eq!(bot.ask("GET", &format!("/channels/{channel}"), Value::Null).0, 404);
    }
    let (status, body) = bot.ask("GET", "/channels/30", Value::Null);
    assert_eq!((status, &body["global"]), (429, &json!(true)));
    assert_eq!(bot.callback(it, json!({"type": 5})), (204, 0));
}
