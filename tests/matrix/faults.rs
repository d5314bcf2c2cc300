//! A homeserver that misbehaves in every way that a proxy can make it.

use std::time::Duration;

use gavel_chat::{Health, Input};
use gavel_matrix_lab::{Fault, Limits, Proxy};

use crate::bot::Stage;

fn stage() -> (Proxy, Stage) {
    let mut stage = Stage::new(Limits::Relaxed, false, "12");
    let proxy = Proxy::start(&stage.server);
    stage.settings.homeserver = proxy.url();
    (proxy, stage)
}

#[test]
fn a_storm_of_refusals_is_waited_out() {
    let (proxy, mut stage) = stage();
    let bot = stage.up();
    let refusal = r#"{"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 700}"#;
    let before = proxy.count("/send/");
    proxy.fault("/send/", 3, Fault::Answer(429, refusal.into()));
    bot.notice(1, "Notice.");
    stage.reads("Notice.");
    let tries = proxy.count("/send/") - before;
    assert!(tries <= 5, "{tries}");
}

#[test]
fn an_answer_that_is_lost_doubles_nothing() {
    let (proxy, mut stage) = stage();
    let bot = stage.up();
    proxy.fault("/send/", 2, Fault::Lost);
    for number in 0..3 {
        bot.notice(number, &format!("Notice {number}."));
    }
    bot.notice(9, "Last.");
    let mut seen = Vec::new();
    while !seen.iter().any(|text: &String| text.contains("Last.")) {
        seen.push(stage.reads("").body().to_owned());
    }
    let firsts = seen.iter().filter(|text| text.contains("Notice 0.")).count();
    assert_eq!(firsts, 1, "{seen:?}");
}

#[test]
fn an_ill_server_is_down_until_it_is_well() {
    let (proxy, mut stage) = stage();
    let mut bot = stage.up();
    for (status, body) in [(502, "<html>bad gateway"), (200, "{\"next_batch\":"), (500, "{}"), (404, "")] {
        proxy.fault("/sync", 3, Fault::Answer(status, body.into()));
        stage.say("Nothing for us.");
        bot.until("down", |up| matches!(up, gavel_chat::Up::Health(Health::Down(_))).then_some(()));
        bot.until("up", |up| {
            matches!(up, gavel_chat::Up::Health(Health::Up | Health::Degraded(_))).then_some(())
        });
        stage.say("!roster");
        assert_eq!(bot.asked().input, Input::Text("roster".into()));
    }
}

#[test]
fn a_slow_answer_is_an_answer() {
    let (proxy, mut stage) = stage();
    let mut bot = stage.up();
    proxy.fault("/sync", 1, Fault::Slow(Duration::from_millis(20)));
    stage.say("!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
}

#[test]
fn what_one_sync_left_out_is_read_from_the_other_end() {
    let (proxy, mut stage) = stage();
    let mut bot = stage.up();
    proxy.fault("/sync", 1000, Fault::Hold);
    for number in 0..260 {
        stage.alice.begin_say(&stage.room, &format!("!mute {number}"));
    }
    stage.say("!lock");
    proxy.release();
    // A minute old is too old, and writing all this may take one.
    let first = bot.asked();
    let Input::Text(words) = first.input else { panic!() };
    let mut next: u32 = words.trim_start_matches("mute ").parse().expect("a number");
    assert!(next < 60, "older than the 200 of one sync: {next}");
    loop {
        next += 1;
        match bot.asked().input {
            Input::Text(words) if words == "lock" => break,
            input => assert_eq!(input, Input::Text(format!("mute {next}")), "none twice, none left out"),
        }
    }
    assert_eq!(next, 260, "to the last");
    assert!(proxy.count("/messages") >= 1);
}
