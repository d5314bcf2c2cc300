//! The stand-in itself plays the bot here: answers are put into the world as REST would.

use super::*;
use crate::Setup;
use crate::world::{Answer, Channel, Guild, Overwrite, Role, Whom, flags};

const GUILD: u64 = 10 << 22;
const CREW: u64 = 31;
const PUBLIC: u64 = 32;
const HOST: u64 = 1001;
const LISTENER: u64 = 1002;
const SOON: Duration = Duration::from_secs(5);

fn commands() -> Vec<Value> {
    let text = |name: &str, required: bool| json!({"type": 3, "name": name, "description": "d", "required": required});
    let mut caller = text("caller", true);
    caller["autocomplete"] = json!(true);
    let count = json!({"type": 4, "name": "count", "description": "d", "min_value": 1, "max_value": 9});
    let switch = json!({"type": 3, "name": "switch", "description": "d", "required": true,
                        "choices": [{"name": "On", "value": "on"}]});
    let whom = json!({"type": 6, "name": "whom", "description": "d"});
    let kick = json!({"type": 1, "name": "kick", "description": "d", "options": [caller.clone()]});
    vec![
        json!({"id": "501", "name": "mute", "type": 1, "options": [caller, text("reason", false), count, whom],
               "default_member_permissions": null}),
        json!({"id": "502", "name": "stream", "type": 1, "options": [switch], "default_member_permissions": "32"}),
        json!({"id": "503", "name": "admin", "type": 1, "default_member_permissions": "0"}),
        json!({"id": "504", "name": "conf", "type": 1, "options": [kick]}),
    ]
}

fn discord() -> Discord {
    let none = Permissions(0);
    let view = Permissions::VIEW_CHANNEL;
    let mut crew = Channel::new(CREW, "crew").overwrite(Whom::Role(Id(21)), view, none);
    crew.overwrites.insert(0, Overwrite { whom: Whom::Role(Id(GUILD)), allow: none, deny: view });
    let mut guild = Guild::new(GUILD, "Radio")
        .role(Role::new(21, "Host", Permissions::MANAGE_GUILD))
        .channel(crew)
        .channel(Channel::new(PUBLIC, "public"))
        .member(HOST, &[21])
        .member(LISTENER, &[]);
    guild.commands = commands();
    Discord::start(Setup::default().guild(guild).user(HOST, "Hanna").user(LISTENER, "Leo"))
}

/// The bot answers as REST would have it answer: with a message, or with `data` alone.
fn reply(discord: &Discord, act: &Act, kind: u64, body: Value) -> Id {
    discord.world().change(|world| {
        let opened = world.interactions[&act.id()].clone();
        let only = (body["flags"] == 64).then_some(opened.user);
        let draft = Draft { body: body.clone(), only, interaction: Some(act.id()), ..Draft::default() };
        let original = matches!(kind, 4 | 5).then(|| world.post(world.bot(), opened.channel, draft));
        let answer = Answer { kind, at: world.now(), data: body, original: original.or(opened.message) };
        world.interactions.get_mut(&act.id()).unwrap().answer = Some(answer);
        original.unwrap_or(Id(0))
    })
}

fn row(components: Value) -> Value {
    json!([{"type": 1, "components": components}])
}

#[test]
fn a_command_reaches_the_bot_as_discord_sends_it() {
    let discord = discord();
    let act = discord.member(HOST).slash(PUBLIC, "mute", &[("caller", "3"), ("count", "2")]).unwrap();
    let data = act.interaction().data;
    let options =
        json!([{"name": "caller", "type": 3, "value": "3"}, {"name": "count", "type": 4, "value": 2}]);
    assert_eq!((&data["id"], &data["name"], &data["options"]), (&json!("501"), &json!("mute"), &options));
    let payload = discord.world().read(|world| world.interaction_json(&world.interactions[&act.id()]));
    assert_eq!(payload["member"]["roles"], json!(["21"]));
    let permissions: u64 = payload["member"]["permissions"].as_str().unwrap().parse().unwrap();
    assert!(Permissions(permissions).has(Permissions::MANAGE_GUILD));
}

#[test]
fn a_subcommand_is_nested_and_its_root_alone_is_none() {
    let discord = discord();
    let host = discord.member(HOST);
    let data = host.slash(CREW, "conf kick", &[("caller", "3")]).unwrap().interaction().data;
    let inner = json!([{"name": "caller", "type": 3, "value": "3"}]);
    assert_eq!(data["options"], json!([{"name": "kick", "type": 1, "options": inner}]));
    assert_eq!(host.slash(CREW, "conf", &[]).unwrap_err(), Refused::Command("conf".into()));
    assert_eq!(host.slash(CREW, "conf mute", &[]).unwrap_err(), Refused::Command("conf mute".into()));
}

#[test]
fn a_named_user_comes_with_its_objects() {
    let discord = discord();
    let whom = LISTENER.to_string();
    let act = discord.member(HOST).slash(CREW, "mute", &[("caller", "3"), ("whom", &whom)]).unwrap();
    let resolved = &act.interaction().data["resolved"];
    assert_eq!(resolved["users"][&whom]["global_name"], "Leo");
    assert!(resolved["members"][&whom]["permissions"].is_string());
}

#[test]
fn a_client_does_not_send_what_the_command_does_not_take() {
    let discord = discord();
    let host = discord.member(HOST);
    for (options, refused) in [
        (&[][..], Refused::Missing("caller".into())),
        (&[("caller", "")][..], Refused::Value("caller".into())),
        (&[("caller", "3"), ("caller", "4")][..], Refused::Option("caller".into())),
        (&[("caller", "3"), ("who", "4")][..], Refused::Option("who".into())),
        (&[("caller", "3"), ("count", "ten")][..], Refused::Value("count".into())),
        (&[("caller", "3"), ("count", "10")][..], Refused::Value("count".into())),
        (&[("caller", "3"), ("whom", "77")][..], Refused::Value("whom".into())),
    ] {
        assert_eq!(host.slash(CREW, "mute", options).unwrap_err(), refused, "{options:?}");
    }
    let sent = host.slash(CREW, "stream", &[("switch", "On")]).unwrap().interaction().data;
    assert_eq!(sent["options"][0]["value"], "on", "a choice's value is sent for its name");
    assert_eq!(host.slash(CREW, "stream", &[("switch", "on")]).unwrap_err(), Refused::Value("switch".into()));
}

#[test]
fn a_command_is_offered_to_those_whom_it_is_for() {
    let discord = discord();
    let (host, listener) = (discord.member(HOST), discord.member(LISTENER));
    let stream = &[("switch", "On")];
    assert!(host.slash(PUBLIC, "stream", stream).is_ok());
    assert_eq!(listener.slash(PUBLIC, "stream", stream).unwrap_err(), Refused::Command("stream".into()));
    assert_eq!(host.slash(PUBLIC, "admin", &[]).unwrap_err(), Refused::Command("admin".into()));
    assert_eq!(listener.slash(CREW, "mute", &[("caller", "3")]).unwrap_err(), Refused::Channel);
    discord.world().change(|world| {
        let deny = Permissions::USE_APPLICATION_COMMANDS;
        let whom = Whom::Member(Id(LISTENER));
        world.channel_mut(Id(PUBLIC), |it| {
            it.overwrites.push(Overwrite { whom, allow: Permissions(0), deny })
        });
    });
    let refused = listener.slash(PUBLIC, "mute", &[("caller", "3")]).unwrap_err();
    assert_eq!(refused, Refused::Forbidden("USE_APPLICATION_COMMANDS"));
}

#[test]
fn typing_asks_for_choices_and_a_phone_taps_the_first_of_a_name() {
    let discord = discord();
    let host = discord.member(HOST);
    let act = host.autocomplete_after(CREW, "mute", &[("count", "2")], "caller", "Jo").unwrap();
    let options = act.interaction().data["options"].clone();
    assert_eq!(options[1], json!({"name": "caller", "type": 3, "value": "Jo", "focused": true}));
    let twins = json!({"choices": [{"name": "Joel", "value": "7"}, {"name": "Joel", "value": "9"}]});
    reply(&discord, &act, 8, twins);
    let choices = act.choices().unwrap();
    assert_eq!((choices.len(), Choice::tap(&choices, "Joel").as_deref()), (2, Some("7")));
    let refused = host.autocomplete(CREW, "mute", "reason", "x").unwrap_err();
    assert_eq!(refused, Refused::NoAutocomplete("reason".into()));
}

#[test]
fn who_is_not_answered_in_3_s_is_told_so() {
    let discord = discord();
    let late = discord.member(HOST).late(Duration::from_secs(30));
    let act = late.slash(CREW, "mute", &[("caller", "3")]).unwrap();
    assert!(act.answer().is_none());
    let born = discord.world().read(World::now) - act.id().born();
    assert!((30_000..32_000).contains(&born), "{born}");
}

#[test]
fn an_ephemeral_answer_is_for_the_asker_alone() {
    let discord = discord();
    let (host, listener) = (discord.member(HOST), discord.member(LISTENER));
    let act = host.slash(PUBLIC, "mute", &[("caller", "3")]).unwrap();
    let body = json!({"content": "no", "flags": 64, "components": row(json!([
        {"type": 2, "style": 1, "label": "Ok", "custom_id": "ok"}]))});
    let id = reply(&discord, &act, 4, body);
    assert_eq!((act.said(SOON), act.deferred()), ("no".to_owned(), Some(false)));
    assert!(act.reply().unwrap().ephemeral());
    assert_eq!((host.messages(PUBLIC).len(), listener.messages(PUBLIC).len()), (1, 0));
    assert_eq!(listener.press(id, "ok").unwrap_err(), Refused::Message);
    let press = host.press(id, "ok").unwrap().interaction();
    assert_eq!((press.message, &press.data["component_type"]), (Some(id), &json!(2)));
}

#[test]
fn buttons_and_selects_are_used_as_they_are_shown() {
    let discord = discord();
    let host = discord.member(HOST);
    let act = host.slash(CREW, "mute", &[("caller", "3")]).unwrap();
    let options = json!([{"label": "Joel", "value": "7"}, {"label": "Ana", "value": "8"}]);
    let rows = json!([
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"},
                                   {"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": true}]},
        {"type": 1, "components": [{"type": 3, "custom_id": "whom", "options": options}]}]);
    let id = reply(&discord, &act, 4, json!({"content": "panel", "components": rows}));
    let shown = act.reply().unwrap();
    assert_eq!((shown.button("Go"), shown.select().unwrap().1[1]), (Some("go"), ("Ana", "8")));
    for wrong in ["off", "gone", "whom"] {
        assert_eq!(host.press(id, wrong).unwrap_err(), Refused::Component(wrong.into()));
    }
    for wrong in [&["9"][..], &[], &["7", "8"], &["7", "7"]] {
        assert_eq!(host.choose(id, "whom", wrong).unwrap_err(), Refused::Value("whom".into()), "{wrong:?}");
    }
    assert_eq!(host.choose(id, "whom", &["8"]).unwrap().interaction().data["values"], json!(["8"]));
    assert_eq!(host.choose(id, "whom", &["8"]).unwrap_err(), Refused::Unchanged);
    discord.world().change(|world| world.edit(id, &json!({"content": "again"})));
    host.choose(id, "whom", &["8"]).unwrap();
    discord.world().change(|world| world.delete(id));
    assert_eq!(host.press(id, "go").unwrap_err(), Refused::Message);
}

#[test]
fn a_modal_is_filled_in_and_sent_off() {
    let discord = discord();
    let host = discord.member(HOST);
    let act = host.slash(CREW, "mute", &[("caller", "3")]).unwrap();
    assert_eq!(host.submit(&act, &[]).unwrap_err(), Refused::Modal);
    let input = json!({"type": 4, "custom_id": "text", "label": "Topic", "style": 1, "max_length": 5});
    let label = json!({"type": 18, "label": "More", "component": {"type": 4, "custom_id": "more", "style": 2, "required": false}});
    let rows = json!([{"type": 1, "components": [input]}, label]);
    reply(&discord, &act, 9, json!({"custom_id": "m", "title": "Topic", "components": rows}));
    assert_eq!(act.modal().unwrap()["title"], "Topic");
    assert_eq!(host.submit(&act, &[]).unwrap_err(), Refused::Missing("text".into()));
    assert_eq!(host.submit(&act, &[("text", "too long")]).unwrap_err(), Refused::Value("text".into()));
    assert_eq!(host.submit(&act, &[("text", "buses"), ("x", "")]).unwrap_err(), Refused::Option("x".into()));
    let data = host.submit(&act, &[("text", "buses")]).unwrap().interaction().data;
    assert_eq!(
        (&data["custom_id"], &data["components"][0]["components"][0]["value"]),
        (&json!("m"), &json!("buses"))
    );
    assert_eq!(data["components"][1]["component"]["value"], "");
}

#[test]
fn pings_are_those_of_this_member() {
    let discord = discord();
    let (host, listener) = (discord.member(HOST), discord.member(LISTENER));
    listener.say(PUBLIC, &format!("<@{HOST}>")).unwrap();
    assert_eq!((host.pings(PUBLIC).len(), listener.pings(PUBLIC).len()), (1, 0));
    assert_eq!(listener.say(CREW, "hello").unwrap_err(), Refused::Channel);
}

#[test]
fn an_answer_that_thinks_is_awaited() {
    let discord = discord();
    let act = discord.member(HOST).slash(CREW, "mute", &[("caller", "3")]).unwrap();
    let id = reply(&discord, &act, 5, json!({}));
    discord.world().change(|world| world.messages.get_mut(&id).unwrap().flags |= flags::LOADING);
    assert_eq!(act.deferred(), Some(true));
    let shared = discord.world().clone();
    let bot = std::thread::spawn(move || {
        let embeds = json!([{"title": "Done", "fields": [{"name": "a", "value": "b"}]}]);
        shared.change(|world| world.edit(id, &json!({"content": "x", "embeds": embeds})));
    });
    assert_eq!(act.said(SOON), "x\nDone\na\nb");
    bot.join().unwrap();
}
