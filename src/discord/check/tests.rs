//! What is said of what Discord may answer: of answers made up here, and of the stand-in's.

use std::time::Duration;

use gavel_chat::text::Zone;
use gavel_discord_standin as standin;
use serde_json::{Value, json};
use standin::{Discord, Fault, Id, Permissions, Setup, What, Which, Whom};

use super::*;
use crate::{Reach, Token};

const RADIO: u64 = 10;
const CLUB: u64 = 11;
const CREW: u64 = 30;
const EVERYBODY: u64 = 31;
const CLUB_ROOM: u64 = 32;
const NONE: Permissions = Permissions(0);

/// A guild with a bot that was invited by the link.
fn guild(id: u64, name: &str, channels: Vec<standin::Channel>) -> standin::Guild {
    let role = standin::Role::new(id + 100, "gavel", Permissions(WANTED));
    let guild = standin::Guild::new(id, name).role(role).member(Setup::default().application, &[id + 100]);
    channels.into_iter().fold(guild, standin::Guild::channel)
}

fn radio() -> standin::Guild {
    let channels = vec![standin::Channel::new(CREW, "crew"), standin::Channel::new(EVERYBODY, "everybody")];
    guild(RADIO, "Radio", channels)
}

fn settings(discord: &Discord, token: &str) -> Settings {
    let reach = Reach { address: discord.address(), ca: discord.ca_pem().as_bytes().to_vec() };
    let zone = Zone::new(jiff::tz::TimeZone::UTC);
    Settings { token: Token::new(token), group: None, zone, reach: Some(reach) }
}

fn asked(settings: &Settings, channels: &[u64], roles: &[u64]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sought = |id: &u64| Sought { id: *id, purpose: "room thursday, crew".to_owned() };
    let inquiry = Inquiry { channels: channels.iter().map(sought).collect(), roles: roles.to_vec() };
    let findings = runtime.block_on(check(settings, &inquiry));
    findings.into_iter().map(|found| format!("{:?}: {}", found.level, found.words)).collect()
}

/// All that is said after who the bot is.
#[track_caller]
fn said(guilds: Vec<standin::Guild>, channels: &[u64]) -> Vec<String> {
    let setup = guilds.into_iter().fold(Setup::default(), Setup::guild);
    let token = setup.token.clone();
    let discord = Discord::start(setup);
    let mut said = asked(&settings(&discord, &token), channels, &[]);
    let who = said.remove(0);
    assert_eq!(who, "Ok: the token is that of the bot gavel, application 1100000000000000001");
    discord.assert_clean();
    said
}

#[test]
fn all_is_well_in_two_guilds() {
    let club = guild(CLUB, "Club", vec![standin::Channel::new(CLUB_ROOM, "net")]);
    let said = said(vec![radio(), club], &[CREW, CLUB_ROOM, EVERYBODY]);
    let has = "gavel has View Channel, Send Messages, Embed Links, Read Message History, Pin Messages";
    assert_eq!(
        said,
        [
            "Ok: server Radio: gavel is in it and may register its commands".to_owned(),
            "Ok: server Club: gavel is in it and may register its commands".to_owned(),
            format!("Ok: #crew in Radio (channel 30, room thursday, crew): {has}"),
            format!("Ok: #net in Club (channel 32, room thursday, crew): {has}"),
            format!("Ok: #everybody in Radio (channel 31, room thursday, crew): {has}"),
        ]
    );
}

#[test]
fn what_a_channel_forbids_is_allowed_there() {
    let mut radio = radio();
    let deny = Permissions::SEND_MESSAGES | Permissions::PIN_MESSAGES;
    radio.channels[0] = standin::Channel::new(CREW, "crew").overwrite(Whom::Role(Id(RADIO)), NONE, deny);
    let said = said(vec![radio], &[CREW]);
    let at = "#crew in Radio (channel 30, room thursday, crew): gavel lacks";
    let remedy = "Edit Channel, Permissions, add the role gavel and allow it";
    assert_eq!(
        said[1..],
        [
            format!("Problem: {at} Send Messages; {remedy}"),
            format!("Warning: {at} Pin Messages, so its card is not pinned; {remedy}"),
        ]
    );
}

#[test]
fn what_the_role_lacks_comes_with_the_link() {
    let mut radio = radio();
    radio.roles.iter_mut().for_each(|role| {
        role.permissions = role.permissions & !Permissions::EMBED_LINKS & !Permissions::READ_MESSAGE_HISTORY;
    });
    let said = said(vec![radio], &[CREW]);
    let link = "https://discord.com/oauth2/authorize?client_id=1100000000000000001\
                &scope=bot%20applications.commands&permissions=2251799813770240";
    let at = "#crew in Radio (channel 30, room thursday, crew)";
    let lacks = "gavel lacks Embed Links, Read Message History";
    assert_eq!(said[1..], [format!("Problem: {at}: {lacks}; open {link} and choose Radio again")]);
}

#[test]
fn a_channel_that_is_hidden_is_named() {
    let mut radio = radio();
    radio.channels[0] =
        standin::Channel::new(CREW, "crew").overwrite(Whom::Role(Id(RADIO)), NONE, Permissions::VIEW_CHANNEL);
    let said = said(vec![radio], &[CREW]);
    assert!(said[1].starts_with("Problem: #crew in Radio ("), "{said:?}");
    assert!(said[1].contains("gavel lacks View Channel; Edit Channel"), "{said:?}");
    assert!(said[2].contains("nobody but administrators may give commands"), "{said:?}");
    assert_eq!(said.len(), 3, "{said:?}");
}

#[test]
fn a_channel_that_is_nowhere() {
    let said = said(vec![radio()], &[CREW, 99]);
    let expected = "Problem: there is no channel 99 (room thursday, crew); correct its id in the configuration \
                    (right-click the channel, Copy Channel ID)";
    assert_eq!(said.last().unwrap(), expected);
}

#[test]
fn a_channel_of_others() {
    let setup = Setup::default().guild(radio());
    let token = setup.token.clone();
    let discord = Discord::start(setup);
    let error = What::Error { status: 403, code: 50001, words: "Missing Access".into() };
    discord.fault(Fault::new(Which::Only("GET /channels/99".into()), error));
    let said = asked(&settings(&discord, &token), &[99], &[]);
    let expected = "Problem: channel 99 (room thursday, crew) is in no server that gavel is in (Radio); invite it \
                    there: https://discord.com/oauth2/";
    assert!(said[1].starts_with(expected), "{said:?}");
}

#[test]
fn no_scope_no_guild_and_too_much_power() {
    let mut whole = radio().without_commands();
    whole.roles[1].permissions = Permissions::ADMINISTRATOR;
    let powerful = said(vec![whole], &[CREW]);
    assert!(
        powerful[0].starts_with("Problem: server Radio: gavel may not register its commands"),
        "{powerful:?}"
    );
    assert!(powerful[1].starts_with("Warning: server Radio: gavel has Administrator"), "{powerful:?}");
    assert!(powerful[2].ends_with("Pin Messages"), "{powerful:?}");
    let alone = said(vec![], &[CREW]);
    assert!(
        alone[0].starts_with("Problem: gavel is in no server; invite it: https://discord.com/"),
        "{alone:?}"
    );
}

#[test]
fn roles_are_named_or_missed() {
    let setup = Setup::default().guild(radio());
    let token = setup.token.clone();
    let discord = Discord::start(setup);
    let said = asked(&settings(&discord, &token), &[CREW], &[RADIO, 110, 7]);
    assert_eq!(said[3], "Ok: role 10 of [access] is @everyone in Radio");
    assert_eq!(said[4], "Ok: role 110 of [access] is gavel in Radio");
    assert!(said[5].starts_with("Warning: no server with a place has the role 7 of [access]"), "{said:?}");
}

#[test]
fn an_application_that_is_set_up_for_something_else() {
    let setup = Setup::default().guild(radio());
    let token = setup.token.clone();
    let discord = Discord::start(setup);
    discord.world().change(|world| {
        world.endpoint = Some("https://example.org/hook".into());
        world.code_grant = true;
    });
    let said = asked(&settings(&discord, &token), &[], &[]);
    assert!(said[1].starts_with("Problem: commands go to https://example.org/hook and not"), "{said:?}");
    assert!(said[2].starts_with("Warning: no link can invite the bot"), "{said:?}");
}

#[test]
fn nothing_can_be_found_out() {
    let setup = Setup::default().guild(radio());
    let (token, discord) = (setup.token.clone(), Discord::start(setup));
    let good = settings(&discord, &token);
    for wrong in ["nonsense", "a\nb", ""] {
        let said = asked(&settings(&discord, wrong), &[CREW], &[]);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("Problem: Discord does not know this token; at https://"), "{said:?}");
    }
    let mut stranger = good.clone();
    stranger.reach.as_mut().unwrap().ca.clear();
    let said = asked(&stranger, &[CREW], &[]);
    assert!(said[0].contains("UnknownIssuer") && said[0].contains("extra_ca"), "{said:?}");

    let server = "Problem: Discord answers 502; look at https://discordstatus.com and try again";
    let limited =
        "Problem: Discord wants no questions for 60 s (too many were asked with this token); try again then";
    for (what, expected) in [(What::Status(502), server), (What::Limited(Duration::from_secs(60)), limited)] {
        discord.fault(Fault::new(Which::Only("GET /channels/*".into()), what));
        assert_eq!(asked(&good, &[CREW], &[]).last().unwrap(), expected);
        discord.heal();
    }
    drop(discord);
    let said = asked(&good, &[CREW], &[]);
    assert!(said[0].starts_with("Problem: Discord is not reached: Connection refused"), "{said:?}");
    assert!(said[0].ends_with("; look at resolve and extra_ca of [discord]"), "{said:?}");
}

#[test]
fn a_short_limit_is_waited_for() {
    let setup = Setup::default().guild(radio());
    let (token, discord) = (setup.token.clone(), Discord::start(setup));
    let limit = What::Limited(Duration::from_millis(300));
    discord.fault(Fault::new(Which::Only("GET /users/@me".into()), limit).times(1));
    let said = asked(&settings(&discord, &token), &[CREW], &[]);
    assert!(said.iter().all(|line| line.starts_with("Ok")), "{said:?}");
}

/// What is said of a channel of that kind.
fn kind(kind: u64) -> String {
    let told = json!({ "id": "30", "type": kind, "guild_id": "10", "name": "crew" });
    let bot = Bot { id: 1, name: "gavel".into(), application: 1 };
    let findings = channel_kind(&serde_json::from_value(told).unwrap(), None, &bot, "#crew");
    findings.into_iter().map(|found| format!("{:?}: {}\n", found.level, found.words)).collect()
}

#[test]
fn only_text_channels_will_do() {
    let cases = [
        (4, "Problem: #crew is a category; put the id of a text channel"),
        (15, "Problem: #crew is a forum;"),
        (16, "Problem: #crew is a forum;"),
        (1, "Problem: #crew is no text channel;"),
        (2, "Warning: #crew is the chat of a voice channel,"),
        (11, "Warning: #crew is a thread,"),
    ];
    for (number, expected) in cases {
        assert!(kind(number).starts_with(expected), "{}", kind(number));
    }
}

fn parsed(roles: Value, overwrites: Value) -> (Guild, Channel) {
    let guild = json!({ "id": "10", "name": "Radio", "owner_id": "5", "roles": roles });
    let channel = json!({ "id": "30", "type": 0, "name": "x", "permission_overwrites": overwrites });
    (serde_json::from_value(guild).unwrap(), serde_json::from_value(channel).unwrap())
}

#[test]
fn rights_are_what_discord_computes() {
    let member = Member { roles: vec![Number(20), Number(21)] };
    let bits = |bits: u64| Value::from(bits.to_string());
    let (view, send) = (1_u64 << 10, 1_u64 << 11);
    let role = |id: &str, has: u64| json!({ "id": id, "name": "r", "permissions": bits(has) });
    let rule = |id: &str, kind: u64, allow: u64, deny: u64| json!({ "id": id, "type": kind, "allow": bits(allow), "deny": bits(deny) });
    let roles = json!([role("10", NEEDED), role("20", 0), role("21", 0)]);
    let has = |overwrites: Value| {
        let (guild, channel) = parsed(roles.clone(), overwrites);
        permissions::rights(&guild, &member, 1, &channel).has
    };
    assert_eq!(has(json!([])), NEEDED);
    assert_eq!(has(json!([rule("10", 0, 0, view), rule("20", 0, view, 0)])), NEEDED);
    assert_eq!(has(json!([rule("20", 0, view, 0), rule("21", 0, 0, view)])), NEEDED, "a role's allow wins");
    assert_eq!(
        has(json!([rule("20", 0, send, 0), rule("1", 1, 0, send)])),
        NEEDED & !send,
        "the member's own"
    );
    assert_eq!(has(json!([rule("99", 0, 0, view), rule("2", 1, 0, view)])), NEEDED, "of others");
    let (guild, channel) = parsed(json!([role("10", 0), role("20", 8)]), json!([rule("1", 1, 0, view)]));
    assert_eq!(permissions::rights(&guild, &member, 1, &channel).has, WANTED, "an administrator");
    assert_eq!(permissions::rights(&guild, &Member { roles: vec![] }, 5, &channel).has, WANTED, "the owner");
}

#[test]
fn somebody_may_ask() {
    let ask = ((1_u64 << 10) | (1 << 31)).to_string();
    let may = |roles: Value, overwrites: Value| {
        let (guild, channel) = parsed(roles, overwrites);
        permissions::anybody_may_ask(&guild, 1, &channel)
    };
    let role = |id: &str, has: &str| json!({ "id": id, "name": "r", "permissions": has });
    let allow = |id: &str, kind: u64| json!([{ "id": id, "type": kind, "allow": ask, "deny": "0" }]);
    assert!(may(json!([role("10", &ask)]), json!([])));
    assert!(may(json!([role("10", "0"), role("20", "0")]), allow("20", 0)));
    assert!(may(json!([role("10", "0")]), allow("77", 1)));
    assert!(!may(json!([role("10", "0")]), allow("1", 1)), "gavel itself");
    assert!(!may(json!([role("10", "0"), role("20", "8")]), json!([])), "administrators");
    let mut ours = role("20", &ask);
    ours["tags"] = json!({ "bot_id": "1" });
    assert!(!may(json!([role("10", "0"), ours]), json!([])), "gavel's own role");
}
