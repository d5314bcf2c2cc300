//! Synapse with its own limits: one event per 5 s, ten at once.

use std::time::{Duration, Instant};

use gavel_chat::{Input, Up};
use gavel_matrix_lab::Limits;

use crate::bot::Stage;

#[test]
fn thirty_commands_are_answered_in_a_few_messages() {
    let mut stage = Stage::new(Limits::Default, true, "12");
    // She writes faster than the server lets her.
    stage.server.lift_limit(&stage.alice.account.user);
    let mut bot = stage.up();
    for number in 0..30 {
        stage.alice.begin_say(&stage.room, &format!("!mute {number}"));
    }
    let began = Instant::now();
    for number in 0..30 {
        let asked = bot.asked();
        assert_eq!(asked.input, Input::Text(format!("mute {number}")), "in order");
        bot.answer(asked.ticket, &format!("Muting {number}..."), false);
        bot.answer(asked.ticket, &format!("Muted: {number}."), true);
    }
    // A busy machine stretches the second in which she writes them.
    let (took, asked) = (began.elapsed(), Instant::now());
    let mut missing: Vec<String> = (0..30).map(|number| format!("Muted: {number}.")).collect();
    let mut messages = 0;
    while !missing.is_empty() {
        let seen = stage.reads("Mut");
        messages += 1;
        missing.retain(|line| !seen.body().lines().any(|seen| seen == line));
    }
    assert!(asked.elapsed() < Duration::from_secs(9), "{:?}", asked.elapsed());
    let allowed = 3 + took.as_millis() / 1000;
    assert!(messages <= allowed, "{messages} messages, {allowed} allowed");
    assert_eq!(stage.server.refusals(&stage.account.user), 0);
}

#[test]
fn fifty_joins_and_a_kick_among_them() {
    let mut stage = Stage::new(Limits::Default, true, "12");
    let mut bot = stage.up();
    std::thread::sleep(Duration::from_secs(10));
    let before = stage.server.refusals(&stage.account.user);
    let draw = |bot: &crate::bot::Bot, people: u32| {
        bot.board.send_modify(|board| {
            let gavel_chat::Board::Crew(view) = board else { panic!() };
            let mut changed = (**view).clone();
            changed.people = (1..=people).map(|number| gavel_chat::testing::person(number, "Joel")).collect();
            *board = gavel_chat::Board::Crew(changed.into());
        });
    };
    let mut kicked = None;
    for people in 1..=50 {
        draw(&bot, people);
        bot.notice(u64::from(people.min(4)), &format!("{people} joined."));
        if people == 25 {
            stage.alice.begin_say(&stage.room, "!kick 3");
            kicked = Some(Instant::now());
        }
        std::thread::sleep(Duration::from_millis(40));
        let asked = bot.so_far().iter().rev().find_map(|up| match up {
            Up::Invoke(asked) => Some(asked.ticket),
            _ => None,
        });
        if let Some(ticket) = asked {
            bot.answer(ticket, "#3 removed.", true);
        }
    }
    let joined = Instant::now();
    if !bot.invocations().is_empty() {
        let ticket = bot.invocations()[0].ticket;
        bot.answer(ticket, "#3 removed.", true);
    } else {
        let ticket = bot.asked().ticket;
        bot.answer(ticket, "#3 removed.", true);
    }
    let (mut outcome, mut card) = (None, None);
    while outcome.is_none() || card.is_none() {
        let seen = stage.reads("");
        if seen.body().contains("#3 removed.") {
            outcome.get_or_insert(kicked.expect("kicked").elapsed());
        }
        if seen.body().contains("50 in the room") {
            card.get_or_insert(joined.elapsed());
        }
    }
    assert!(outcome.expect("told") < Duration::from_secs(6), "{outcome:?}");
    assert!(card.expect("drawn") < Duration::from_secs(10), "{card:?}");
    assert!(
        stage.server.refusals(&stage.account.user) - before <= 2,
        "{}",
        stage.server.refusals(&stage.account.user) - before
    );
}
