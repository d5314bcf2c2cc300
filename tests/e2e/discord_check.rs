//! `gavel check` of Discord, along the manual's page: each step before and after, and what goes wrong.
//!
//! The configurations are those of the page, and each line that it quotes must be one that some run here prints.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use gavel_discord_standin::{Channel, Fault, Guild, Id, Permissions, Role, What, Which, Whom};

use crate::fake::{LEAST, asterisk};
use crate::gavel::{Home, Said, repository, small};
use crate::guild::{CREW, PUBLIC, Radio};

const GAVEL: u64 = 204;
const HOSTS: u64 = 201;
const NONE: Permissions = Permissions(0);
const LINK: &str = "https://discord.com/oauth2/authorize?client_id=1100000000000000001\
                    &scope=bot%20applications.commands&permissions=2251799813770240";
const ALL: &str = "gavel has View Channel, Send Messages, Embed Links, Read Message History, Pin Messages";

/// What the link asks for.
const INVITED: Permissions = Permissions(2_251_799_813_770_240);

/// The page's blocks of that language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(repository("deploy/discord.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// The page's configuration after so many of its blocks.
fn page(upto: usize) -> String {
    let blocks = blocks("toml");
    assert_eq!(blocks.len(), 3, "the page has three parts of a configuration");
    blocks[..upto].concat()
}

/// The Radio as it is when all steps are done.
fn radio() -> Radio {
    let radio = Radio::start();
    change(&radio, |guild| {
        guild.roles.push(Role::new(GAVEL, "gavel", INVITED));
        let bot = guild.members.iter_mut().find(|member| member.user.0 == 1_100_000_000_000_000_001).unwrap();
        bot.roles.push(Id(GAVEL));
    });
    for (id, deny) in [(CREW, Permissions::VIEW_CHANNEL), (PUBLIC, Permissions::SEND_MESSAGES)] {
        channel(&radio, id, |channel| {
            everyone(channel, deny);
            *channel = channel.clone().overwrite(Whom::Role(Id(GAVEL)), INVITED, NONE);
        });
    }
    channel(&radio, CREW, |channel| {
        *channel = channel.clone().overwrite(Whom::Role(Id(HOSTS)), Permissions::VIEW_CHANNEL, NONE);
    });
    radio
}

fn everyone(channel: &mut Channel, deny: Permissions) {
    *channel = channel.clone().overwrite(Whom::Role(Id(10 << 22)), NONE, deny);
}

fn change(radio: &Radio, change: impl FnOnce(&mut Guild)) {
    radio.discord.world().change(|world| change(world.guilds.first_mut().unwrap()));
}

fn channel(radio: &Radio, id: u64, change: impl FnOnce(&mut Channel)) {
    radio.discord.world().change(|world| world.channel_mut(Id(id), change));
}

/// Takes gavel's own rule away, or puts another there.
fn ours(radio: &Radio, id: u64, allow: Permissions, deny: Permissions) {
    channel(radio, id, |channel| {
        channel.overwrites.retain(|rule| rule.whom != Whom::Role(Id(GAVEL)));
        *channel = channel.clone().overwrite(Whom::Role(Id(GAVEL)), allow, deny);
    });
}

fn fault(radio: &Radio, route: &str, what: What) {
    radio.discord.fault(Fault::new(Which::Only(route.into()), what));
}

/// Runs the program against this stand-in and an Asterisk at that port.
fn run(radio: &Radio, config: &str, token: Option<&str>, port: u16) -> Said {
    let said = at(radio.discord.address(), radio.discord.ca_pem(), config, token, port);
    let right = radio.token();
    assert!(!said.out.contains(&right) && !said.err.contains(&right), "the token is told: {said:?}");
    said
}

fn at(address: SocketAddr, ca: &str, config: &str, token: Option<&str>, port: u16) -> Said {
    let reach = format!("[discord]\nresolve = \"{address}\"\nextra_ca = \"ca.pem\"\n");
    assert!(config.contains("[discord]\n"), "it must not ask the real one");
    let home = Home::with(&format!("{}{}", small(port), config.replace("[discord]\n", &reach)));
    fs::write(home.path("ca.pem"), ca).unwrap();
    let mut command = home.command(&["check", "--config", "gavel.toml"]);
    command.envs(token.map(|token| ("DISCORD_TOKEN", token)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said = Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    let told = token.is_some_and(|token| said.out.contains(token) || said.err.contains(token));
    assert!(!told, "the token is told: {said:?}");
    said
}

/// With the right token and an Asterisk that is well.
fn check(radio: &Radio, config: &str) -> Said {
    run(radio, config, Some(&radio.token()), asterisk(LEAST))
}

/// What is said of Discord.
fn discord(said: &Said) -> Vec<&str> {
    said.out.lines().filter(|line| line.contains(" discord: ")).collect()
}

#[track_caller]
fn says(said: &Said, code: i32, line: &str) {
    assert_eq!(said.code, Some(code), "{said:?}");
    assert!(said.out.lines().any(|printed| printed == line), "{line:?} is not in {:#?}", discord(said));
}

fn no_token() -> Said {
    run(&radio(), &page(1), None, asterisk(LEAST))
}

fn bad_token() -> Said {
    run(&radio(), &page(1), Some("MTEw.a-token-that-was-reset"), asterisk(LEAST))
}

fn another_purpose() -> Said {
    let radio = radio();
    radio.discord.world().change(|world| {
        world.endpoint = Some("https://example.org/hook".into());
        world.code_grant = true;
    });
    check(&radio, &page(1))
}

fn no_server() -> Said {
    let radio = radio();
    radio.discord.world().change(|world| world.guilds.clear());
    check(&radio, &page(1))
}

fn no_scope() -> Said {
    let radio = radio();
    change(&radio, |guild| guild.scoped = false);
    check(&radio, &page(1))
}

fn administrator() -> Said {
    let radio = radio();
    change(&radio, |guild| guild.roles.last_mut().unwrap().permissions = Permissions::ADMINISTRATOR);
    check(&radio, &page(1))
}

fn no_channel() -> Said {
    check(&radio(), &page(1).replace("301", "999"))
}

fn a_stranger_s_channel() -> Said {
    let radio = radio();
    let error = What::Error { status: 403, code: 50001, words: "Missing Access".into() };
    fault(&radio, "GET /channels/999", error);
    check(&radio, &page(1).replace("301", "999"))
}

fn hidden() -> Said {
    let radio = radio();
    ours(&radio, CREW, NONE, NONE);
    check(&radio, &page(1))
}

fn silenced_here(what: Permissions) -> Said {
    let radio = radio();
    ours(&radio, CREW, INVITED & !what, what);
    check(&radio, &page(1))
}

fn silenced_everywhere() -> Said {
    let radio = radio();
    change(&radio, |guild| {
        guild
            .roles
            .iter_mut()
            .for_each(|role| role.permissions = role.permissions & !Permissions::SEND_MESSAGES);
    });
    ours(&radio, CREW, Permissions::VIEW_CHANNEL, NONE);
    check(&radio, &page(1))
}

fn no_role() -> Said {
    check(&radio(), &page(2).replace("role:201", "role:999"))
}

fn public_silence() -> Said {
    let radio = radio();
    ours(&radio, PUBLIC, NONE, NONE);
    check(&radio, &page(3))
}

fn nobody_asks() -> Said {
    let radio = radio();
    change(&radio, |guild| {
        let commands = Permissions::USE_APPLICATION_COMMANDS;
        guild.roles.iter_mut().for_each(|role| role.permissions = role.permissions & !commands);
    });
    check(&radio, &page(1))
}

fn all_good() -> Said {
    let radio = radio();
    let said = check(&radio, &page(3));
    radio.discord.assert_clean();
    said
}

fn refused(what: What) -> Said {
    let radio = radio();
    fault(&radio, "GET /channels/*", what);
    check(&radio, &page(1))
}

fn out_of_reach() -> Said {
    let radio = radio();
    let (address, ca, token) = (radio.discord.address(), radio.discord.ca_pem().to_owned(), radio.token());
    drop(radio);
    at(address, &ca, &page(1), Some(&token), asterisk(LEAST))
}

#[test]
fn the_last_step_finds_nothing_wrong() {
    let said = all_good();
    assert_eq!(said.code, Some(0), "{said:?}");
    let expected = [
        "ok      discord: the token is that of the bot gavel, application 1100000000000000001".to_owned(),
        "ok      discord: server Radio: gavel is in it and may register its commands".to_owned(),
        format!("ok      discord: #crew in Radio (channel 301, room thursday, crew): {ALL}"),
        format!("ok      discord: #everybody in Radio (channel 303, room thursday, public): {ALL}"),
        "ok      discord: role 201 of [access] is Hosts in Radio".to_owned(),
    ];
    assert_eq!(discord(&said), expected);
    assert!(said.out.lines().all(|line| line.starts_with("ok ")), "{said:?}");
    assert!(said.err.ends_with("Asking Discord ...\n"), "{said:?}");
}

#[test]
fn what_is_said_before_the_token_is_right() {
    let said = Home::at(asterisk(LEAST)).gavel(&["check", "--config", "gavel.toml"]);
    assert!(said.code == Some(0) && !said.out.contains("discord"), "{said:?}");
    let said = no_token();
    assert_eq!(said.code, Some(78), "{said:?}");
    assert!(said.out.contains("the environment variable DISCORD_TOKEN is not set"), "{said:?}");
    let said = bad_token();
    let remedy = "at https://discord.com/developers/applications choose the application, press Reset Token on the \
                  page Bot, and put the new token where token of [discord] says";
    says(&said, 69, &format!("problem discord: Discord does not know this token; {remedy}"));
    assert_eq!(discord(&said).len(), 1, "{said:?}");
}

#[test]
fn what_is_said_before_the_bot_is_there() {
    let said = no_server();
    says(&said, 69, &format!("problem discord: gavel is in no server; invite it: {LINK}"));
    says(
        &another_purpose(),
        69,
        "warning discord: no link can invite the bot; turn off Requires OAuth2 Code Grant \
         on the page Bot of https://discord.com/developers/applications/1100000000000000001",
    );
    let scope = "it was invited without the scope applications.commands";
    let words = format!(
        "server Radio: gavel may not register its commands ({scope}); open {LINK} and choose Radio again"
    );
    says(&no_scope(), 69, &format!("problem discord: {words}"));
    let words = "gavel has Administrator, which it never needs; take it away (Server Settings, Roles)";
    says(&administrator(), 0, &format!("warning discord: server Radio: {words}"));
}

#[test]
fn what_is_said_of_a_wrong_channel() {
    let words = "correct its id in the configuration (right-click the channel, Copy Channel ID)";
    says(
        &no_channel(),
        69,
        &format!("problem discord: there is no channel 999 (room thursday, crew); {words}"),
    );
    let words = "is in no server that gavel is in (Radio); invite it there:";
    says(
        &a_stranger_s_channel(),
        69,
        &format!("problem discord: channel 999 (room thursday, crew) {words} {LINK}"),
    );
}

#[test]
fn what_is_said_of_missing_permissions() {
    let crew = "discord: #crew in Radio (channel 301, room thursday, crew)";
    let here = "Edit Channel, Permissions, add the role gavel and allow it";
    says(&hidden(), 69, &format!("problem {crew}: gavel lacks View Channel; {here}"));
    let said = silenced_here(Permissions::SEND_MESSAGES);
    says(&said, 69, &format!("problem {crew}: gavel lacks Send Messages; {here}"));
    let link = format!("open {LINK} and choose Radio again");
    says(&silenced_everywhere(), 69, &format!("problem {crew}: gavel lacks Send Messages; {link}"));
    let said = silenced_here(Permissions::PIN_MESSAGES);
    says(&said, 0, &format!("warning {crew}: gavel lacks Pin Messages, so its card is not pinned; {here}"));
    let public = "discord: #everybody in Radio (channel 303, room thursday, public)";
    says(&public_silence(), 69, &format!("problem {public}: gavel lacks Send Messages; {here}"));
}

#[test]
fn what_is_said_of_a_discord_that_does_not_answer() {
    let said = out_of_reach();
    assert_eq!((said.code, discord(&said).len()), (Some(69), 1), "{said:?}");
    assert!(discord(&said)[0].starts_with("problem discord: Discord is not reached: "), "{said:?}");
    let words = "problem discord: Discord answers 502; look at https://discordstatus.com and try again";
    says(&refused(What::Status(502)), 69, words);
}

/// Discord is asked all the same, and its findings stand beside those of Asterisk.
#[test]
fn what_is_said_while_asterisk_is_away() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let radio = radio();
    let said = run(&radio, &page(1), Some(&radio.token()), port);
    says(&said, 69, &format!("ok      discord: #crew in Radio (channel 301, room thursday, crew): {ALL}"));
    assert!(said.out.contains("problem main: "), "{said:?}");
}

#[test]
fn the_manual_s_configuration_is_right_after_each_step() {
    for upto in 1..=3 {
        let said = check(&radio(), &page(upto));
        assert_eq!(said.code, Some(0), "{upto}: {said:?}");
        assert!(!said.out.contains("problem ") && !said.out.contains("warning "), "{upto}: {said:?}");
    }
}

#[test]
fn the_manual_quotes_what_is_printed() {
    let runs = [
        no_token(),
        bad_token(),
        another_purpose(),
        no_server(),
        no_scope(),
        administrator(),
        no_channel(),
        a_stranger_s_channel(),
        hidden(),
        silenced_here(Permissions::SEND_MESSAGES),
        silenced_here(Permissions::PIN_MESSAGES),
        silenced_everywhere(),
        no_role(),
        public_silence(),
        nobody_asks(),
        out_of_reach(),
        refused(What::Status(502)),
        refused(What::Limited(Duration::from_secs(60))),
        all_good(),
    ];
    let printed: Vec<&str> = runs.iter().flat_map(|said| said.out.lines()).collect();
    let quoted: Vec<String> = blocks("text")
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let levels = ["ok      ", "warning ", "problem "];
    let of_ours = |line: &&String| levels.iter().any(|level| line.starts_with(level));
    assert!(quoted.len() > 20 && quoted.iter().all(|line| of_ours(&line)), "{quoted:#?}");
    let unsaid: Vec<_> = quoted.iter().filter(|line| !printed.iter().any(|said| fits(line, said))).collect();
    assert!(unsaid.is_empty(), "nothing prints {unsaid:#?}");
}

/// Whether a line is the pattern, in which `*` is anything.
fn fits(pattern: &str, line: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == line };
    let Some(mut line) = line.strip_prefix(head) else { return false };
    while let Some((part, more)) = rest.split_once('*') {
        let Some(at) = line.find(part) else { return false };
        (line, rest) = (&line[at + part.len()..], more);
    }
    line.ends_with(rest)
}

#[test]
fn stars_are_anything() {
    assert!(fits("a*c", "abc") && fits("a*c*", "abcd") && fits("*", "") && fits("a", "a"));
    assert!(!fits("a*c", "abcd") && !fits("a*c", "bc") && !fits("a*b*c", "acc") && !fits("a", "ab"));
}
