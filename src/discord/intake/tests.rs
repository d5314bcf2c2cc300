use serde_json::{Value, json};

use super::*;

/// An interaction as Discord sends it.
fn sent(kind: u8, data: Value) -> Value {
    let user =
        json!({ "id": "111", "username": "sam", "global_name": "Sam", "discriminator": "0", "avatar": null });
    json!({
        "id": "1187442178023915520", "application_id": "5", "type": kind, "token": "secret", "version": 1,
        "guild_id": "900", "channel_id": "123", "channel": { "id": "123", "type": 0, "permissions": "0" },
        "locale": "en-GB", "entitlements": [], "context": 0, "attachment_size_limit": 10_485_760,
        "app_permissions": "0", "authorizing_integration_owners": { "0": "900" },
        "member": {
            "user": user, "nick": null, "avatar": null, "roles": ["71", "72"], "joined_at": "2024-01-01T00:00:00Z",
            "deaf": false, "mute": false, "flags": 0, "permissions": ((1_u64 << 5) | (1 << 22)).to_string(),
        },
        "data": data,
    })
}

fn asked(payload: Value) -> Asked {
    read(&serde_json::from_value(payload).unwrap()).unwrap()
}

fn slash(name: &str, options: Value) -> Value {
    sent(2, json!({ "id": "1", "name": name, "type": 1, "options": options }))
}

fn pressed(kind: Value, flags: u64) -> Value {
    let mut payload = sent(3, kind);
    payload["message"] = json!({
        "id": "777", "channel_id": "123", "content": "", "timestamp": "2024-01-01T00:00:00Z",
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
        "attachments": [], "embeds": [], "pinned": false, "type": 0, "flags": flags, "components": [],
        "author": { "id": "5", "username": "gavel", "discriminator": "0", "avatar": null, "bot": true },
    });
    payload
}

#[test]
fn a_command_by_its_own_name_or_under_a_root() {
    let options = json!([
        { "type": 3, "name": "callers", "value": "7 Joel, talking" },
        { "type": 3, "name": "reason", "value": "noise" },
    ]);
    let kick = What::Slash {
        command: "kick".into(),
        slots: vec![("callers".into(), "7 Joel, talking".into()), ("reason".into(), "noise".into())],
    };
    let plain = asked(slash("kick", options.clone()));
    assert_eq!(plain.what, kick);
    assert_eq!((plain.id, plain.channel, plain.token.reveal()), (1_187_442_178_023_915_520, 123, "secret"));
    let root = asked(slash("conf", json!([{ "type": 1, "name": "kick", "options": options }])));
    assert_eq!(root.what, kick);
    let bare = What::Slash { command: "lock".into(), slots: Vec::new() };
    assert_eq!(asked(slash("lock", json!([]))).what, bare);
    assert_eq!(asked(slash("conf", json!([{ "type": 1, "name": "lock", "options": [] }]))).what, bare);
}

#[test]
fn what_is_being_typed() {
    let typed = json!([
        { "type": 3, "name": "caller", "value": "7" },
        { "type": 3, "name": "text", "value": "bu", "focused": true },
    ]);
    let complete = What::Complete { command: "note".into(), slot: "text".into(), typed: "bu".into() };
    for options in [typed.clone(), json!([{ "type": 1, "name": "note", "options": typed }])] {
        let name = if options[0]["type"] == 1 { "conf" } else { "note" };
        let payload = sent(4, json!({ "id": "1", "name": name, "type": 1, "options": options }));
        assert_eq!(asked(payload).what, complete);
    }
    let nothing = sent(4, json!({ "id": "1", "name": "note", "type": 1, "options": [] }));
    assert_eq!(asked(nothing).what, What::Unknown);
}

#[test]
fn presses_and_choices() {
    let press = Press { verb: "ask kick".into(), show: 6, number: Some(7), version: 41 };
    let id = press::write(&press).unwrap();
    let button = json!({ "custom_id": id, "component_type": 2 });
    let what = |chosen, panel| What::Press { press: press.clone(), chosen, message: 777, panel };
    assert_eq!(asked(pressed(button.clone(), 0)).what, what(None, false));
    assert_eq!(asked(pressed(button, 64)).what, what(None, true));
    let select = json!({ "custom_id": id, "component_type": 3, "values": ["7", "8"] });
    assert_eq!(asked(pressed(select, 64)).what, what(Some("7".into()), true));
    for data in [
        json!({ "custom_id": "g0:6:7:41:mute", "component_type": 2 }),
        json!({ "custom_id": "", "component_type": 2 }),
        json!({ "custom_id": id, "component_type": 5, "values": ["1"] }),
    ] {
        assert_eq!(asked(pressed(data, 0)).what, What::Unknown);
    }
}

#[test]
fn who_asks_is_what_discord_says_now() {
    let sam = asked(slash("lock", json!([]))).asker;
    assert_eq!(sam.user, UserId::new("discord:user:111"));
    assert_eq!(sam.name, Foreign::name("Sam"));
    let claims: Vec<_> = sam.claims.iter().map(|claim| claim.0.as_str()).collect();
    assert_eq!(
        claims,
        [
            "discord:user:111",
            "discord:role:71",
            "discord:role:72",
            "discord:role:900",
            "discord:permission:MANAGE_GUILD",
            "discord:permission:MUTE_MEMBERS",
        ]
    );
    let mut direct = slash("lock", json!([]));
    let user = direct["member"]["user"].take();
    let fields = direct.as_object_mut().unwrap();
    fields.remove("member");
    fields.remove("guild_id");
    fields.insert("user".into(), user);
    assert_eq!(asked(direct).asker.claims, [Claim("discord:user:111".into())], "nothing but who it is");
}

#[test]
fn permissions_have_discord_s_own_names() {
    let mut payload = slash("lock", json!([]));
    payload["member"]["permissions"] = json!(((1_u64 << 60) - 1).to_string());
    let claims = asked(payload).asker.claims;
    let held = |name: &str| claims.contains(&Claim(format!("discord:permission:{name}")));
    assert_eq!(claims.iter().filter(|claim| claim.0.starts_with("discord:permission:")).count(), 50);
    assert!(
        ["ADMINISTRATOR", "VIEW_CHANNEL", "MANAGE_GUILD_EXPRESSIONS", "USE_EXTERNAL_APPS"]
            .into_iter()
            .all(held)
    );
    assert!(!held("MANAGE_EMOJIS_AND_STICKERS"), "its old name");
}

#[test]
fn the_name_is_what_others_see() {
    let named = |nick: Value, global: Value, name: &str| {
        let mut payload = slash("lock", json!([]));
        payload["member"]["nick"] = nick;
        payload["member"]["user"]["global_name"] = global;
        payload["member"]["user"]["username"] = json!(name);
        asked(payload).asker.name.to_string()
    };
    assert_eq!(named(json!("Sammy"), json!("Sam"), "sam_1"), "Sammy");
    assert_eq!(named(Value::Null, json!("Sam"), "sam_1"), "Sam");
    assert_eq!(named(Value::Null, Value::Null, "sam_1"), "sam_1");
    assert_eq!(named(json!("\u{202e}\u{200b}"), json!("\u{1b}[31mSam"), "sam_1"), "[31mSam");
    assert_eq!(named(json!("\u{200b}"), Value::Null, "\u{3164}"), "user 111");
}

#[test]
fn what_is_not_for_us() {
    assert!(
        read(
            &serde_json::from_value(
                json!({ "id": "1", "application_id": "5", "type": 1, "token": "x", "version": 1 })
            )
            .unwrap()
        )
        .is_none()
    );
    let on_a_person = sent(2, json!({ "id": "1", "name": "kick", "type": 2, "target_id": "111" }));
    assert_eq!(asked(on_a_person).what, What::Unknown);
}

#[test]
fn ids_tell_when() {
    assert_eq!(
        born(175_928_847_299_117_063),
        1_462_015_105_796,
        "the example of Discord's own documentation"
    );
    assert_eq!(asked(slash("lock", json!([]))).born, born(1_187_442_178_023_915_520));
}
