//! Interactions: deadlines, kinds of answers, and what comes after the first one.

use super::*;
use crate::world::flags;

fn hi() -> Value {
    json!({"type": 4, "data": {"content": "hi", "flags": 64, "allowed_mentions": {"parse": []}}})
}

#[test]
fn three_seconds_and_not_a_moment_more() {
    let mut bot = Bot::new();
    let (in_time, late) = (bot.open(Kind::Command, None), bot.open(Kind::Command, None));
    bot.later(3);
    assert_eq!(bot.callback(in_time, hi()), (204, 0));
    bot.world.clock.advance(Duration::from_millis(1));
    assert_eq!(bot.callback(late, hi()), (404, 10062));
    assert_eq!(bot.code("POST", &format!("/interactions/{late}/wrong/callback"), hi()), (404, 10062));
    assert_eq!(bot.world.interactions[&late].refused, 1);
    assert_eq!(bot.violations(), 0, "being late is no broken rule");
}

#[test]
fn what_is_replayed_after_half_a_minute_is_too_late() {
    let mut bot = Bot::new();
    let data = json!({"id": "77", "name": "kick", "type": 1});
    let age = Duration::from_secs(30);
    let opening =
        Opening { kind: Kind::Command, channel: Id(CREW), user: Id(HELEN), data, message: None, age };
    let old = bot.world.open(opening).unwrap();
    assert_eq!(old.born(), START - 30_000);
    assert_eq!(bot.callback(old, hi()), (404, 10062));
}

#[test]
fn a_second_answer_is_refused_and_held_against_the_bot() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    assert_eq!(bot.callback(it, hi()), (204, 0));
    assert_eq!(bot.callback(it, hi()), (400, 40060));
    assert_eq!(bot.violations(), 1);
    assert_eq!(bot.world.answers(it).len(), 1);
}

#[test]
fn a_refused_answer_does_not_use_the_interaction_up() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    for wrong in [
        json!({"type": 4, "data": {"content": ""}}),
        json!({"type": 4, "data": {"content": "x".repeat(2001)}}),
        json!({"type": 7, "data": {"content": "x"}}),
        json!({"type": 8, "data": {"choices": []}}),
        json!({"type": 99}),
    ] {
        assert_eq!(bot.callback(it, wrong.clone()).0, 400, "{wrong}");
    }
    assert_eq!(bot.violations(), 5);
    assert_eq!(bot.callback(it, hi()), (204, 0));
}

#[test]
fn with_response_tells_the_message() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    let token = bot.world.interactions[&it].token.clone();
    let (status, told) =
        bot.ask("POST", &format!("/interactions/{it}/{token}/callback?with_response=true"), hi());
    assert_eq!((status, &told["resource"]["message"]["content"]), (200, &json!("hi")));
    assert_eq!(told["interaction"]["response_message_ephemeral"], true);
}

#[test]
fn an_ephemeral_answer_is_seen_by_the_asker_alone() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    bot.callback(it, hi());
    let id = bot.world.answers(it)[0].id;
    assert_eq!(bot.world.messages_for(Id(HELEN), Id(CREW)).len(), 1);
    assert!(bot.world.messages_for(Id(1), Id(CREW)).is_empty());
    let path = format!("/channels/{CREW}/messages/{id}");
    for method in ["GET", "DELETE"] {
        assert_eq!(bot.code(method, &path, Value::Null), (404, 10008), "by the bot's own token");
    }
    let original = format!("{}/messages/@original", bot.webhook(it));
    assert_eq!(bot.get(&original).1["content"], "hi");
    assert_eq!(bot.ask("DELETE", &original, Value::Null).0, 204);
    assert_eq!(bot.code("GET", &original, Value::Null), (404, 10008));
}

#[test]
fn a_deferred_answer_thinks_until_it_is_filled() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    bot.callback(it, json!({"type": 5, "data": {"flags": 64}}));
    let thinking = bot.world.answers(it)[0];
    assert_eq!(thinking.flags, flags::LOADING | flags::EPHEMERAL);
    let original = format!("{}/messages/@original", bot.webhook(it));
    assert_eq!(bot.ask("PATCH", &original, json!({"content": "done"})).0, 200);
    let filled = bot.world.answers(it)[0];
    assert_eq!((filled.flags, filled.edits, filled.content.as_str()), (flags::EPHEMERAL, 0, "done"));
    assert_eq!(bot.ask("PATCH", &original, json!({"content": "done!"})).1["content"], "done!");
    assert_eq!(bot.world.answers(it)[0].edits, 1);
}

#[test]
fn the_first_follow_up_after_a_deferral_takes_its_place() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    let hook = bot.webhook(it);
    assert_eq!(bot.code("POST", &hook, json!({"content": "early"})), (404, 10015));
    bot.callback(it, json!({"type": 5}));
    assert_eq!(bot.ask("POST", &hook, json!({"content": "one", "flags": 64})).0, 200);
    assert_eq!(bot.world.answers(it).len(), 1);
    assert!(bot.world.answers(it)[0].only.is_none(), "that was decided when it was deferred");
    bot.ask("POST", &hook, json!({"content": "two", "flags": 64}));
    let second = bot.world.answers(it)[1].clone();
    assert_eq!((second.content.as_str(), second.only), ("two", Some(Id(HELEN))));
    let path = format!("{hook}/messages/{}", second.id);
    assert_eq!(bot.ask("PATCH", &path, json!({"content": "2"})).1["content"], "2");
    assert_eq!(bot.code("PATCH", &path, json!({"content": ""})), (400, 50006));
}

#[test]
fn a_token_is_good_for_a_quarter_of_an_hour() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    bot.callback(it, hi());
    let original = format!("{}/messages/@original", bot.webhook(it));
    bot.later(15 * 60);
    assert_eq!(bot.ask("PATCH", &original, json!({"content": "still"})).0, 200);
    bot.later(1);
    assert_eq!(bot.code("PATCH", &original, json!({"content": "over"})), (401, 50027));
    assert_eq!(bot.code("PATCH", "/webhooks/1/x/messages/@original", json!({"content": "x"})), (404, 10015));
}

#[test]
fn a_press_can_change_the_message_it_is_on() {
    let mut bot = Bot::new();
    let button =
        json!([{"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}]);
    let card = bot.send(CREW, json!({"content": "card", "components": button}));
    let it = bot.open(Kind::Component, Some(card));
    assert_eq!(bot.callback(it, json!({"type": 7, "data": {"content": "new card"}})), (204, 0));
    assert_eq!(bot.world.messages[&card].content, "new card");
    assert_eq!(bot.world.messages[&card].components.len(), 1, "what isn't named stays");
    assert!(bot.world.answers(it).is_empty());
    let it = bot.open(Kind::Component, Some(card));
    assert_eq!(bot.callback(it, json!({"type": 6})), (204, 0));
    let original = format!("{}/messages/@original", bot.webhook(it));
    bot.ask("PATCH", &original, json!({"content": "newer", "components": []}));
    assert_eq!(bot.world.messages[&card].content, "newer");
    let it = bot.open(Kind::Component, Some(card));
    let empty = json!({"type": 7, "data": {"content": "", "components": []}});
    assert_eq!(bot.callback(it, empty), (400, 50006));
}

#[test]
fn an_autocomplete_takes_choices_and_nothing_else() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Autocomplete, None);
    assert_eq!(bot.callback(it, json!({"type": 5})), (400, 50035));
    let choice = |number: usize| json!({"name": format!("{number} Joel"), "value": number.to_string()});
    let choices =
        |count: usize| json!({"type": 8, "data": {"choices": (0..count).map(choice).collect::<Vec<_>>()}});
    assert_eq!(bot.callback(it, choices(26)), (400, 50035));
    assert_eq!(bot.callback(it, choices(25)), (204, 0));
    let answer = bot.world.interactions[&it].answer.clone().unwrap();
    assert_eq!(answer.data["choices"].as_array().unwrap().len(), 25);
}

#[test]
fn a_modal_is_shown_but_not_for_a_modal() {
    let mut bot = Bot::new();
    let input = json!({"type": 4, "custom_id": "t", "label": "Topic", "style": 1});
    let modal = json!({"type": 9, "data": {"custom_id": "m", "title": "Topic",
        "components": [{"type": 1, "components": [input]}]}});
    let it = bot.open(Kind::Command, None);
    assert_eq!(bot.callback(it, modal.clone()), (204, 0));
    let it = bot.open(Kind::Modal, None);
    assert_eq!(bot.callback(it, modal), (400, 50035));
    assert_eq!(bot.callback(it, hi()), (204, 0));
}

#[test]
fn the_payload_tells_roles_and_permissions() {
    let mut bot = Bot::new();
    let it = bot.open(Kind::Command, None);
    let it = bot.world.interactions[&it].clone();
    let payload = bot.world.interaction_json(&it);
    assert_eq!(payload["member"]["permissions"], json!(Permissions::MEMBER.0.to_string()));
    assert_eq!(payload["app_permissions"], json!(Permissions::MEMBER.0.to_string()));
    assert_eq!(payload["member"]["user"]["id"], "1001");
    assert_eq!(bot.world.take_events().last().map(|event| event.name), Some("INTERACTION_CREATE"));
}
