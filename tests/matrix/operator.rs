//! What an operator sees and does: `gavel check`, a new recovery key, a new identity, a lifted limit.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use gavel_chat::{Health, Input, Key, Ticket};
use gavel_matrix::check::{Finding, Level, Sought, check};
use gavel_matrix::{RecoveryKey, Secret, account};
use gavel_matrix_lab::Limits;
use serde_json::json;

use crate::bot::Stage;

fn alone<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn checked(stage: &Stage) -> Vec<Finding> {
    let rooms = [Sought { room_id: stage.room.clone(), purpose: "room thursday, crew".into() }];
    alone(check(&stage.settings, &rooms))
}

/// A file that another thread writes.
fn until_there(file: &Path) {
    let deadline = Instant::now() + crate::bot::PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} is never there", file.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn says(findings: &[Finding], level: Level, words: &[&str]) {
    let fits =
        |finding: &&Finding| finding.level == level && words.iter().all(|word| finding.words.contains(word));
    assert!(findings.iter().any(|finding| fits(&finding)), "{words:?} in {findings:#?}");
}

#[test]
fn check_before_and_after_the_first_run() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.by_password();
    let found = checked(&stage);
    says(&found, Level::Ok, &["speaks Matrix up to v1.", "Synapse"]);
    says(&found, Level::Ok, &["logged in as", &stage.account.user]);
    says(&found, Level::Problem, &["not in that room", "invite", &stage.account.user]);
    assert!(!stage.settings.state_dir.exists(), "it only looks");
    let mut bot = stage.up();
    // Not yet what it wants, as it may not pin; but its keys are made by now.
    bot.health("its rights", |health| matches!(health, Health::Degraded(words) if words.contains("pin")));
    until_there(&stage.dir.path().join("key"));
    let found = checked(&stage);
    says(&found, Level::Ok, &["is verified"]);
    says(&found, Level::Ok, &["there is a recovery key"]);
    says(&found, Level::Ok, &[&stage.room, "\"Crew\"", "room thursday, crew", "version 12", "encrypted"]);
    says(&found, Level::Warning, &["may not pin the card", "needs power level 50", "has 0"]);
    says(&found, Level::Ok, &["no rate limit"]);
    assert!(!format!("{found:?}").contains(&stage.account.token));
    bot.stop();
    let store = stage.settings.state_dir.join("session");
    fs::remove_file(store.join("session.json")).expect("lost");
    says(&checked(&stage), Level::Problem, &["session.json is missing", "backup"]);
}

#[test]
fn check_says_what_is_wrong_with_the_login() {
    let mut stage = Stage::new(Limits::Relaxed, false, "10");
    stage.settings.login = gavel_matrix::Login::Token(Secret::new("wrong"));
    says(&checked(&stage), Level::Problem, &["session was ended", "token"]);
    stage.settings.login = gavel_matrix::Login::Password(Secret::new("wrong"));
    says(&checked(&stage), Level::Problem, &["password"]);
    stage.settings.homeserver = "http://127.0.0.1:1".into();
    let found = checked(&stage);
    says(&found, Level::Problem, &["127.0.0.1:1 can't be reached"]);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_new_recovery_key_opens_and_the_old_one_does_not() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.by_password();
    let bot = stage.up();
    until_there(&stage.dir.path().join("key"));
    bot.stop();
    let old = fs::read_to_string(stage.dir.path().join("key")).expect("a key").trim().to_owned();
    let new = alone(account::recovery_key(&stage.settings)).expect("a new key");
    assert_ne!(new.reveal(), old);
    for (key, opens) in [(Secret::new(old), false), (new, true)] {
        fs::remove_dir_all(&stage.settings.state_dir).expect("lost");
        stage.settings.recovery_key = RecoveryKey { known: Some(key), file: None };
        let mut bot = stage.open();
        let health =
            bot.health("how its keys are", |health| matches!(health, Health::Degraded(_) | Health::Up));
        let wrong =
            |health: &Health| matches!(health, Health::Degraded(words) if words.contains("does not open"));
        if opens {
            bot.card();
            let found = checked(&stage);
            says(&found, Level::Ok, &["is verified"]);
        } else if !wrong(&health) {
            bot.health("that the key is wrong", wrong);
        }
        bot.stop();
    }
}

#[test]
fn when_everything_is_lost_the_account_begins_anew() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.by_password();
    let bot = stage.up();
    until_there(&stage.dir.path().join("key"));
    bot.stop();
    fs::remove_dir_all(&stage.settings.state_dir).expect("lost");
    fs::remove_file(stage.dir.path().join("key")).expect("lost");
    let key = alone(account::reset(&stage.settings, None)).expect("a new identity");
    account::keep(&stage.settings, &key).expect("kept");
    let mut bot = stage.open();
    bot.card();
    let found = checked(&stage);
    says(&found, Level::Ok, &["is verified"]);
    stage.alice.order("rekey", json!({"room": stage.room}));
    stage.say("!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
}

#[test]
fn a_limit_is_seen_and_its_lifting_too() {
    let mut stage = Stage::new(Limits::Default, false, "12");
    let mut bot = stage.up();
    let card = bot.old_card();
    // Somebody else spends what the account may send.
    let path = format!("/_matrix/client/v3/rooms/{}/send/m.room.message", stage.room);
    let body = json!({"msgtype": "m.notice", "body": "spends the budget"});
    while stage.server.ask("POST", &path, Some(&stage.account.token), Some(&body)).status == 200 {}
    bot.notice(1, "Notice.");
    stage.reads("Notice.");
    // Ours after the one of whoever spent it; and no more than one or two, however long it took.
    assert!((2..=3).contains(&stage.server.refusals(&stage.account.user)));
    bot.stop();
    says(&checked(&stage), Level::Warning, &["one event per 5 s", "lift"]);
    stage.server.lift_limit(&stage.account.user);
    stage.known = vec![(Key::Roster, card)];
    let bot = stage.open();
    let learnt = stage.settings.state_dir.join("seconds-per-event");
    let mut number = 0;
    while fs::read_to_string(&learnt).is_ok_and(|seconds| seconds.trim() != "0") {
        number += 1;
        assert!(number < 200, "it never notices");
        bot.answer(Ticket(number), &format!("Answer {number}."), true);
        stage.reads(&format!("Answer {number}."));
    }
    bot.stop();
    says(&checked(&stage), Level::Ok, &["no rate limit"]);
}
