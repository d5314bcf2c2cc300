//! The homeserver goes and comes back.

use std::time::{Duration, Instant};

use gavel_chat::{Health, Input, Key};
use gavel_matrix_lab::{Homeserver, Limits};

use crate::bot::Stage;

#[test]
fn what_is_said_while_the_server_is_away_is_said_when_it_is_back() {
    let server = Homeserver::start(Limits::Default);
    let mut stage = Stage::on(&server, true, "12");
    let mut bot = stage.up();
    bot.health("up", |health| !matches!(health, Health::Down(_)));
    server.kill();
    bot.health("down", |health| matches!(health, Health::Down(_)));
    for number in 0..10 {
        bot.notice(number, &format!("Notice {number}."));
        std::thread::sleep(Duration::from_millis(100));
    }
    server.start_again();
    let back = Instant::now();
    bot.health("up again", |health| !matches!(health, Health::Down(_)));
    let mut texts = Vec::new();
    while !(0..10).all(|number| texts.iter().any(|text: &String| text.contains(&format!("Notice {number}."))))
    {
        texts.push(stage.reads("Notice").body().to_owned());
    }
    assert!(back.elapsed() < Duration::from_secs(10), "{:?}", back.elapsed());
    assert!(texts.len() <= 2, "{texts:?}");
    stage.say("!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
}

#[test]
fn it_starts_before_the_server_does() {
    let server = Homeserver::start(Limits::Relaxed);
    let mut stage = Stage::on(&server, false, "12");
    server.stop();
    let mut bot = stage.open();
    bot.health("down", |health| matches!(health, Health::Down(_)));
    server.start_again();
    bot.card();
    stage.reads("Thursday Line");
}

#[test]
fn the_card_is_the_same_after_a_restart() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    let mut bot = stage.up();
    let card = bot.old_card();
    bot.stop();
    for known in [vec![(Key::Roster, card.clone())], Vec::new()] {
        stage.known = known;
        let mut bot = stage.open();
        assert_eq!(bot.card(), card, "known, or found again by its transaction");
        bot.stop();
    }
}
