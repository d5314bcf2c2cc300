//! Messages and pins by the bot's own token.

use super::*;

fn messages(channel: u64) -> String {
    format!("/channels/{channel}/messages")
}

#[test]
fn a_channel_may_keep_the_bot_from_sending() {
    let mut bot = Bot::new();
    let (text, embed) = (json!({"content": "x"}), json!({"embeds": [{"description": "x"}]}));
    assert_eq!(bot.code("POST", &messages(HIDDEN), text.clone()), (403, 50001));
    assert_eq!(bot.code("POST", &messages(QUIET), text.clone()), (403, 50013));
    assert_eq!(bot.code("POST", &messages(999), text.clone()), (404, 10003));
    bot.forbid(Permissions::EMBED_LINKS);
    assert_eq!(bot.code("POST", &messages(CREW), embed), (403, 50013));
    assert_eq!(bot.ask("POST", &messages(CREW), text).0, 200);
    assert_eq!(bot.violations(), 0);
}

#[test]
fn what_is_not_in_an_edit_stays() {
    let mut bot = Bot::new();
    let id = bot.send(CREW, json!({"content": "one", "embeds": [{"title": "t"}]}));
    let path = format!("{}/{id}", messages(CREW));
    let (status, told) = bot.ask("PATCH", &path, json!({"content": null, "flags": null}));
    assert_eq!((status, &told["content"], &told["embeds"][0]["title"]), (200, &json!(""), &json!("t")));
    assert!(told["edited_timestamp"].is_string());
    assert_eq!(bot.code("PATCH", &path, json!({"embeds": []})), (400, 50006));
    assert_eq!(bot.world.messages[&id].edits, 1);
    assert_eq!(bot.code("PATCH", &format!("{}/5", messages(CREW)), json!({"content": "x"})), (404, 10008));
    assert_eq!(bot.ask("DELETE", &path, Value::Null).0, 204);
    assert_eq!(bot.code("GET", &path, Value::Null), (404, 10008));
    assert_eq!(bot.world.deleted.len(), 1);
}

#[test]
fn what_others_wrote_is_theirs() {
    let mut bot = Bot::new();
    let draft = crate::world::Draft { body: json!({"content": "mine"}), ..Default::default() };
    let id = bot.world.post(Id(HELEN), Id(CREW), draft);
    let path = format!("{}/{id}", messages(CREW));
    assert_eq!(bot.code("PATCH", &path, json!({"content": "x"})), (403, 50005));
    assert_eq!(bot.code("DELETE", &path, Value::Null), (403, 50013));
    bot.allow(Permissions::MANAGE_MESSAGES);
    assert_eq!(bot.ask("DELETE", &path, Value::Null).0, 204);
}

#[test]
fn an_enforced_nonce_makes_one_message_of_two() {
    let mut bot = Bot::new();
    let body = json!({"content": "x", "nonce": "n1", "enforce_nonce": true});
    let first = bot.send(CREW, body.clone());
    assert_eq!(bot.send(CREW, body.clone()), first);
    assert_ne!(bot.send(CREW, json!({"content": "x", "nonce": "n1"})), first, "not enforced");
    bot.later(181);
    assert_ne!(bot.send(CREW, body), first, "some minutes later");
    assert_eq!(
        bot.code("POST", &messages(CREW), json!({"content": "x", "nonce": "x".repeat(26)})),
        (400, 50035)
    );
}

#[test]
fn lists_are_newest_first_and_need_the_history() {
    let mut bot = Bot::new();
    let ids: Vec<Id> = (0..5).map(|number| bot.send(CREW, json!({"content": number.to_string()}))).collect();
    let texts = |bot: &mut Bot, query: &str| -> Vec<String> {
        let told = bot.get(&format!("{}{query}", messages(CREW))).1;
        told.as_array().unwrap().iter().map(|it| it["content"].as_str().unwrap().into()).collect()
    };
    assert_eq!(texts(&mut bot, ""), ["4", "3", "2", "1", "0"]);
    assert_eq!(texts(&mut bot, "?limit=2"), ["4", "3"]);
    assert_eq!(texts(&mut bot, &format!("?before={}&limit=2", ids[3])), ["2", "1"]);
    assert_eq!(texts(&mut bot, &format!("?after={}&limit=2", ids[1])), ["3", "2"]);
    assert_eq!(bot.code("GET", &format!("{}?limit=101", messages(CREW)), Value::Null), (400, 50035));
    bot.forbid(Permissions::READ_MESSAGE_HISTORY);
    assert!(texts(&mut bot, "").is_empty());
    assert_eq!(bot.code("GET", &format!("{}/{}", messages(CREW), ids[0]), Value::Null), (403, 50013));
}

#[test]
fn pins_need_their_own_permission_by_either_route() {
    let mut bot = Bot::new();
    let id = bot.send(CREW, json!({"content": "card"}));
    let (new, old) = (format!("/channels/30/messages/pins/{id}"), format!("/channels/30/pins/{id}"));
    bot.allow(Permissions::MANAGE_MESSAGES);
    for path in [&new, &old] {
        assert_eq!(bot.code("PUT", path, Value::Null), (403, 50013));
    }
    bot.allow(Permissions::PIN_MESSAGES);
    assert_eq!(bot.ask("PUT", &old, Value::Null).0, 204);
    assert_eq!(bot.ask("PUT", &new, Value::Null).0, 204, "again");
    let notices = bot.world.messages.values().filter(|it| it.kind == 6).count();
    assert_eq!(notices, 1, "a pin posts a message of its own");
    assert_eq!(bot.get("/channels/30/messages/pins").1["items"][0]["message"]["id"], json!(id));
    assert_eq!(bot.get("/channels/30/pins").1[0]["id"], json!(id));
    assert_eq!(bot.ask("DELETE", &new, Value::Null).0, 204);
    assert_eq!(bot.get("/channels/30/pins").1, json!([]));
    assert_eq!(bot.code("PUT", "/channels/30/messages/pins/5", Value::Null), (404, 10008));
}

#[test]
fn a_channel_has_250_pins_at_most() {
    let mut bot = Bot::new();
    bot.allow(Permissions::PIN_MESSAGES);
    let draft = || crate::world::Draft { body: json!({"content": "x"}), ..Default::default() };
    let ids: Vec<Id> = (0..251).map(|_| bot.world.post(Id(HELEN), Id(CREW), draft())).collect();
    ids[..250].iter().for_each(|id| bot.world.pin(*id, true));
    assert_eq!(bot.code("PUT", &format!("/channels/30/pins/{}", ids[250]), Value::Null), (400, 30003));
    assert_eq!(bot.get("/channels/30/messages/pins").1["has_more"], true);
}

#[test]
fn what_pings_is_known() {
    let mut bot = Bot::new();
    let text = "wake up <@1001> <@&20> @everyone";
    let quiet = bot.send(CREW, json!({"content": text, "allowed_mentions": {"parse": []}}));
    assert!(bot.world.messages[&quiet].pings.is_empty());
    let loud = bot.send(CREW, json!({"content": text}));
    let pings = &bot.world.messages[&loud].pings;
    assert!(pings.users.contains(&Id(1001)) && pings.roles.is_empty() && !pings.everyone, "{pings:?}");
    bot.allow(Permissions::MENTION_EVERYONE);
    let louder = bot.send(CREW, json!({"content": text}));
    let pings = &bot.world.messages[&louder].pings;
    assert!(pings.everyone && pings.roles.contains(&Id(20)), "{pings:?}");
    bot.ask("PATCH", &format!("{}/{quiet}", messages(CREW)), json!({"content": "<@1001>"}));
    assert!(!bot.world.messages[&quiet].pings.is_empty(), "an edit without allowed_mentions shows a mention");
}
