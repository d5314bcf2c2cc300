//! What there is, commands, and who may ask.

use super::*;

#[test]
fn everything_that_is_told_is_as_discord_describes_it() {
    let mut bot = Bot::new();
    let application = bot.world.application;
    for path in [
        "/gateway",
        "/gateway/bot",
        "/users/@me",
        "/users/@me/guilds",
        "/applications/@me",
        "/oauth2/applications/@me",
        "/channels/30",
        "/guilds/10",
        "/guilds/10?with_counts=true",
        "/guilds/10/channels",
        "/guilds/10/roles",
        "/guilds/10/members/1001",
        &format!("/guilds/10/members/{application}"),
    ] {
        assert_eq!(bot.get(path).0, 200, "{path}");
    }
    assert_eq!(bot.violations(), 0);
}

#[test]
fn what_there_is_not_has_discords_codes() {
    let mut bot = Bot::new();
    let codes = [
        ("/channels/999", (404, 10003)),
        ("/channels/31", (403, 50001)),
        ("/guilds/999", (404, 10004)),
        ("/guilds/10/members/1", (404, 10013)),
        ("/channels/x", (400, 50035)),
    ];
    for (path, code) in codes {
        assert_eq!(bot.code("GET", path, Value::Null), code, "{path}");
    }
    assert_eq!(bot.violations(), 0);
    assert_eq!(bot.get("/nowhere").0, 404);
    assert_eq!(bot.ask("DELETE", "/gateway", Value::Null).0, 405);
    assert_eq!(bot.violations(), 2, "routes that there are not");
}

#[test]
fn a_wrong_token_gets_nothing_but_the_gateways_address() {
    let mut bot = Bot::new();
    bot.token = "wrong".into();
    assert_eq!(bot.get("/users/@me"), (401, json!({"message": "401: Unauthorized", "code": 0})));
    assert_eq!(bot.get("/gateway").0, 200);
}

fn kick() -> Value {
    json!({"name": "kick", "description": "Remove a caller", "default_member_permissions": "32", "nsfw": false,
        "options": [{"type": 3, "name": "caller", "description": "Who", "required": true, "autocomplete": true,
            "choices": [], "min_value": null, "channel_types": []}]})
}

fn commands(bot: &Bot) -> String {
    format!("/applications/{}/guilds/{GUILD}/commands", bot.world.application)
}

#[test]
fn commands_keep_their_ids_when_all_are_written_again() {
    let mut bot = Bot::new();
    let path = commands(&bot);
    let (status, first) = bot.ask("PUT", &path, json!([kick()]));
    assert_eq!(status, 200, "{first}");
    let again = bot.ask("PUT", &path, json!([{"name": "who", "description": "Who is there"}, kick()])).1;
    assert_eq!(again[1]["id"], first[0]["id"]);
    assert_eq!(
        first[0]["options"][0],
        json!({"type": 3, "name": "caller", "description": "Who",
        "required": true, "autocomplete": true})
    );
    let told = bot.get(&path).1;
    assert_eq!(json!([told[1], told[0]]), again);
    assert_eq!(bot.ask("PUT", &path, json!([])).1, json!([]));
    assert_eq!(bot.violations(), 0);
}

#[test]
fn one_command_can_be_made_changed_and_removed() {
    let mut bot = Bot::new();
    let path = commands(&bot);
    let (status, made) = bot.ask("POST", &path, kick());
    assert_eq!(status, 201);
    assert_eq!(bot.ask("POST", &path, kick()).0, 200, "the same again");
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let changed = bot.ask("PATCH", &one, json!({"description": "Throw out"})).1;
    assert_eq!((&changed["description"], &changed["id"]), (&json!("Throw out"), &made["id"]));
    assert_eq!(bot.ask("DELETE", &one, Value::Null).0, 204);
    assert_eq!(bot.code("GET", &one, Value::Null), (404, 10063));
}

#[test]
fn wrong_commands_are_refused_and_kept_in_mind() {
    let mut bot = Bot::new();
    let path = commands(&bot);
    let mut wrong = kick();
    wrong["name"] = json!("BAD NAME");
    let (status, body) = bot.ask("PUT", &path, json!([kick(), wrong]));
    assert_eq!((status, &body["code"]), (400, &json!(50035)));
    assert_eq!(body["errors"]["1"]["name"]["_errors"][0]["code"], "APPLICATION_COMMAND_INVALID_NAME");
    assert_eq!(bot.violations(), 1);
    let mut typo = kick();
    typo["descripton"] = json!("x");
    assert_eq!(bot.ask("PUT", &path, json!([typo])).0, 200, "Discord takes it");
    assert_eq!(bot.violations(), 2, "and we don't");
    assert_eq!(bot.code("PUT", "/applications/5/guilds/10/commands", json!([])), (403, 20012));
}

#[test]
fn without_its_scope_there_are_no_commands() {
    let mut bot = Bot::new();
    let path = commands(&bot);
    bot.world.guilds[0].scoped = false;
    assert_eq!(bot.code("PUT", &path, json!([kick()])), (403, 50001));
    assert_eq!(bot.code("GET", &path, Value::Null), (403, 50001));
}

#[test]
fn only_so_many_commands_are_made_in_a_day() {
    let mut bot = Bot::new();
    let path = commands(&bot);
    bot.world.guilds[0].created = 199;
    assert_eq!(bot.ask("PUT", &path, json!([kick()])).0, 200);
    assert_eq!(bot.ask("PUT", &path, json!([kick()])).0, 200, "it is there already");
    let two = json!([kick(), {"name": "who", "description": "x"}]);
    assert_eq!(bot.code("PUT", &path, two), (400, 30034));
}
