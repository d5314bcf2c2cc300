//! The life of a device's keys: first login, restart, a lost store, half a store, a revoked token.

use std::fs;

use gavel_chat::{AdapterError, Health, Input, Key};
use gavel_matrix::{RecoveryKey, Secret};
use gavel_matrix_lab::Limits;

use crate::bot::Stage;

fn remedy(ended: Result<(), AdapterError>) -> String {
    match ended {
        Err(AdapterError::Remedy(words)) => words,
        other => panic!("{other:?}"),
    }
}

/// A stage whose bot has a power that leaves nothing to wish for.
fn stage() -> Stage {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.by_password();
    let users = serde_json::json!({ stage.account.user.clone(): 50 });
    let order =
        serde_json::json!({"room": stage.room, "type": "m.room.power_levels", "content": {"users": users}});
    stage.alice.order("set_state", order);
    stage
}

#[test]
fn a_device_lives_through_a_restart() {
    let mut stage = stage();
    let mut bot = stage.up();
    bot.health("its keys in order", |health| *health == Health::Up);
    let key = fs::read_to_string(stage.dir.path().join("key")).expect("a recovery key");
    assert!(key.trim().len() > 40, "{key}");
    let card = bot.old_card();
    bot.stop();
    stage.known = vec![(Key::Roster, card.clone())];
    let mut bot = stage.up();
    bot.health("its keys in order", |health| *health == Health::Up);
    stage.say("!roster");
    let asked = bot.asked();
    bot.answer(asked.ticket, "Still here.", true);
    assert!(stage.reads("Still here.").decrypted());
}

#[test]
fn a_lost_store_comes_back_with_the_recovery_key() {
    let mut stage = stage();
    let mut bot = stage.up();
    bot.health("its keys in order", |health| *health == Health::Up);
    bot.stop();
    fs::remove_dir_all(stage.settings.state_dir.join("session")).expect("lost");
    // Without the key it says what to do, and works as far as it can.
    stage.settings.recovery_key = RecoveryKey::default();
    let mut bot = stage.open();
    let health = bot.health("what is missing", |health| matches!(health, Health::Degraded(_)));
    assert!(matches!(&health, Health::Degraded(words) if words.contains("recovery key")), "{health:?}");
    bot.stop();
    let key = fs::read_to_string(stage.dir.path().join("key")).expect("a recovery key");
    stage.settings.recovery_key = RecoveryKey { known: Some(Secret::new(key.trim())), file: None };
    let mut bot = stage.open();
    bot.health("its keys again", |health| *health == Health::Up);
    bot.card();
    stage.alice.order("rekey", serde_json::json!({"room": stage.room}));
    stage.say("!roster");
    assert_eq!(bot.asked().input, Input::Text("roster".into()));
}

#[test]
fn half_a_store_is_refused() {
    for lost in ["session.json", "matrix-sdk-crypto.sqlite3", "matrix-sdk-state.sqlite3"] {
        let mut stage = stage();
        stage.up().stop();
        let store = stage.settings.state_dir.join("session");
        fs::remove_file(store.join(lost)).expect("lost");
        let words = remedy(stage.open().ends());
        assert!(words.contains(lost) && words.contains("backup") && words.contains("delete"), "{words}");
        assert!(store.exists());
    }
}

#[test]
fn a_revoked_token_ends_it_with_the_remedy() {
    let mut stage = Stage::new(Limits::Relaxed, false, "12");
    let mut bot = stage.up();
    stage.server.revoke(&stage.account.token);
    let words = remedy(bot.ends());
    assert!(words.contains(&stage.account.user) && words.contains("token"), "{words}");
    let words = remedy(stage.open().ends());
    assert!(words.contains("token"), "at the next start, too: {words}");
}

#[test]
fn a_wrong_password_is_told() {
    let mut stage = Stage::new(Limits::Relaxed, false, "12");
    stage.settings.login = gavel_matrix::Login::Password(Secret::new("wrong"));
    let words = remedy(stage.open().ends());
    assert!(words.contains("password") && !words.contains("wrong"), "{words}");
}
