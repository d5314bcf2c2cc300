//! Much at once: commands, commands for nobody, callers.

use std::time::{Duration, Instant};

use gavel_matrix_lab::{Homeserver, Limits};
use serde_json::json;

use super::{journal, open, room};
use crate::backend::{Asterisk, Backend};
use crate::community::{Community, PATIENCE};
use crate::control::{Call, Control, Member};
use crate::gavel::{Gavel, Home};
use crate::until;

const COMMANDS: usize = 30;
const JOINS: usize = 50;

/// So many callers, in the order of their numbers.
fn callers(control: &Control, count: usize) -> Vec<Member> {
    let call = |i: usize| {
        control.call(Call { name: name(i).as_bytes(), ..Call::silent(&format!("{}", 20_000 + i)) })
    };
    (1..=count).map(call).collect()
}

/// Caller 1 is Aa, and so on.
fn name(i: usize) -> String {
    let letter = |i: usize| char::from(b'a' + u8::try_from(i % 26).expect("small"));
    format!("C{}{}", letter(i / 26), letter(i))
}

/// gavel in the crew's room alone: all of the account's budget is for it.
fn open_one(backend: Backend, asterisk: &Asterisk, server: &Homeserver) -> (Home, Gavel, Community) {
    let mut community = Community::start(server);
    let (matrix, access) = (community.with_one_place(), community.access());
    let home = Home::new(&format!("{}{matrix}{access}", room(backend, asterisk)));
    home.write("matrix-password", &community.bot.password);
    let gavel = home.console();
    community.open_one();
    (home, gavel, community)
}

/// Who was muted since then, in the order in which it happened.
fn muted(control: &Control, mark: usize) -> Vec<(Instant, String)> {
    let packets = control.since(mark);
    let muted = packets.iter().filter(|packet| packet.is("ConfbridgeMute"));
    muted.map(|packet| (packet.at, packet.get("Uniqueid"))).collect()
}

fn commands_at_once(backend: Backend, limits: Limits) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let callers = callers(&control, COMMANDS);
    let (home, gavel, mut community) = open_one(backend, &asterisk, Homeserver::shared(limits));
    let (crew, bot) = (community.crew.clone(), community.bot.user.clone());
    community.card("all on the card", |text| text.contains("30 in the room"));
    // What a client sends first takes its keys along.
    community.sam.asks(&crew, "!roster");
    let (mark, refusals) = (control.mark(), community.refusals());
    let began = Instant::now();
    let words: Vec<_> = (1..=COMMANDS).map(|number| format!("!mute {number}")).collect();
    community.sam.person.order("burst", json!({"room": crew, "bodies": words}));
    let sent = Instant::now();
    until(PATIENCE, "all are muted", || (muted(&control, mark).len() == COMMANDS).then_some(()));
    let done = muted(&control, mark);
    let last = done.last().map_or(sent, |(at, _)| *at);
    // In the order that the homeserver gave them.
    let order = community.sam.until("her own words", |shown| {
        let own = shown.iter().filter_map(|it| it.text.strip_prefix("!mute ")?.parse::<usize>().ok());
        let order: Vec<_> = own.map(|number| callers[number - 1].uniqueid.clone()).collect();
        (order.len() == COMMANDS).then_some(order)
    });
    assert_eq!(done.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), order, "in order, each once");

    let lines = |number: usize| format!("#{number} {} muted.", name(number));
    let patience = if limits == Limits::Relaxed { PATIENCE } else { PATIENCE * 3 };
    let answers = community.sam.within(patience, "30 answers", |shown| {
        let answers: Vec<_> =
            shown.iter().filter(|it| it.sender == bot && !it.is_card(&bot)).cloned().collect();
        let told = |number| answers.iter().any(|it| it.text.lines().any(|line| line == lines(number)));
        (1..=COMMANDS).all(told).then_some(answers)
    });
    let told = Instant::now();
    let answers: Vec<_> = answers.iter().filter(|it| it.text.contains(" muted.")).collect();
    let events: usize = answers.iter().map(|it| it.events).sum();
    println!(
        "{limits:?}: sent in {:?}, acts {:?} after, answers {:?} after, in {events} events; told to wait {} times",
        sent - began,
        last.saturating_duration_since(sent),
        told - sent,
        community.refusals() - refusals,
    );
    assert!(last.saturating_duration_since(sent) < Duration::from_secs(3), "the acts are late");
    if limits == Limits::Relaxed {
        assert!(told - sent < Duration::from_secs(10), "the answers are late");
    } else {
        assert!(events <= 4, "{events} events: {answers:#?}");
    }
    let on_card = |text: &str| {
        (1..=COMMANDS).all(|number| text.contains(&format!("#{number} {}, muted by Sam", name(number))))
    };
    community.card("all on the card", on_card);
    assert!(community.refusals() - refusals <= 3, "a storm of retries");
    assert!(gavel.end().0.success());
    let journal = journal(&home);
    for caller in &callers {
        let is = |entry: &&String| {
            entry.contains("\"Muted\":true")
                && entry.contains("\"Sam\"")
                && entry.contains(&format!("\"{}\"", caller.uniqueid))
        };
        assert!(journal.iter().any(|entry| is(&entry)), "{caller:?} is not in the journal");
    }
}

pub(crate) fn thirty_commands_at_once(backend: Backend) {
    commands_at_once(backend, Limits::Relaxed);
}

pub(crate) fn thirty_commands_at_once_with_default_limits(backend: Backend) {
    commands_at_once(backend, Limits::Default);
}

pub(crate) fn commands_while_gavel_was_away(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let callers = callers(&control, 3);
    let (home, gavel, mut community) = open(backend, &asterisk, Limits::Relaxed);
    let (crew, bot) = (community.crew.clone(), community.bot.user.clone());
    community.sam.asks(&crew, "!roster");
    let card = community.card("three", |text| text.contains("3 in the room"));
    assert!(gavel.end().0.success());
    let mark = control.mark();
    for i in 0..25 {
        community.sam.person.say(&crew, &format!("!{} {}", ["mute", "kick"][i % 2], 1 + i % 3));
    }
    let gavel = home.console();
    let late = "25 commands came too late: gavel was away. Nothing was done.";
    community.sam.line(&crew, late, |line| line == late);
    let answer = community.sam.asks(&crew, "!mute 3");
    assert_eq!(answer.text, "#3 Cad muted.");
    let done = muted(&control, mark);
    assert_eq!(done.iter().map(|(_, id)| id).collect::<Vec<_>>(), [&callers[2].uniqueid], "none acts");
    assert_eq!(control.members("200").len(), 3);
    let lines = community.sam.shown.iter().filter(|it| it.sender == bot && it.text.contains("too late"));
    assert_eq!(lines.map(|it| it.events).sum::<usize>(), 1, "one line");
    let now = community.card("the mute on the card", |text| text.contains("#3 Cad, muted by Sam"));
    assert_eq!(now.id, card.id, "the same card");
    assert!(gavel.end().0.success());
}

pub(crate) fn fifty_join_with_default_limits(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let (home, gavel, mut community) = open_one(backend, &asterisk, Homeserver::shared(Limits::Default));
    let (crew, bot) = (community.crew.clone(), community.bot.user.clone());
    community.sam.asks(&crew, "!roster");
    let (mark, refusals) = (control.mark(), community.refusals());
    let began = Instant::now();
    let mut asked = (String::new(), began);
    for i in 1..=JOINS {
        control.dial(Call { name: name(i).as_bytes(), ..Call::silent(&format!("{}", 20_000 + i)) });
        if i == JOINS / 2 {
            asked = (community.sam.person.say(&crew, "!kick 5"), Instant::now());
        }
        std::thread::sleep(
            (began + Duration::from_millis(40) * u32::try_from(i).expect("few"))
                .saturating_duration_since(Instant::now()),
        );
    }
    let joined = |control: &Control| control.since(mark).iter().filter(|packet| packet.joined()).count();
    until(PATIENCE, "all are in", || (joined(&control) == JOINS).then_some(()));
    let last = control.since(mark).iter().rev().find(|packet| packet.joined()).expect("all are in").at;
    let left = control.wait(mark, |packet| packet.is("ConfbridgeLeave"));
    let outcome = community.sam.until("the outcome", |shown| {
        let outcome = |it: &&crate::community::Message| {
            it.sender == bot && it.text.lines().any(|line| line == "#5 Caf removed.")
        };
        shown.iter().find(outcome).cloned()
    });
    community.card("49 on the card", |text| text.contains("49 in the room"));
    let card = Instant::now();
    println!(
        "joined within {:?}; removed {:?} after the command, told {:?} after; the card right {:?} after the last join; \
         told to wait {} times",
        last - began,
        left.at.saturating_duration_since(asked.1),
        outcome.last.saturating_duration_since(asked.1),
        card.saturating_duration_since(last),
        community.refusals() - refusals,
    );
    assert!(left.at.saturating_duration_since(asked.1) < Duration::from_secs(1), "carried out late");
    assert!(outcome.last.saturating_duration_since(asked.1) < Duration::from_secs(6), "told late");
    assert!(card.saturating_duration_since(last) < Duration::from_secs(10), "the card is late");
    assert!(community.refusals() - refusals <= 4, "a storm of retries");
    assert!(gavel.end().0.success());
    let journal = journal(&home);
    assert_eq!(journal.iter().filter(|entry| entry.contains("\"Joined\"")).count(), JOINS, "nothing is lost");
}
