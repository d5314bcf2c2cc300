//! Somebody whose device is signed by its owner, played by the SDK itself: the independent client signs none.

use gavel_chat::Input;
use gavel_matrix_lab::{Account, Limits};
use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::EncryptionSettings;
use matrix_sdk::ruma::RoomId;
use matrix_sdk::ruma::events::room::message::RoomMessageEventContent;

use crate::bot::Stage;

async fn says(stage: &Stage, who: &Account, words: &str) {
    let settings = EncryptionSettings { auto_enable_cross_signing: true, ..EncryptionSettings::default() };
    let builder = Client::builder().homeserver_url(stage.server.url()).with_encryption_settings(settings);
    let client = builder.build().await.expect("a client");
    client.matrix_auth().login_username(&who.local, &who.password).send().await.expect("a login");
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    client.sync_once(SyncSettings::default()).await.expect("a sync");
    let id = RoomId::parse(&stage.room).expect("an id");
    client.join_room_by_id(&id).await.expect("joined");
    client.sync_once(SyncSettings::default()).await.expect("a sync");
    let room = client.get_room(&id).expect("joined");
    room.send(RoomMessageEventContent::text_plain(words)).await.expect("sent");
}

#[test]
fn a_device_that_its_owner_has_signed_may_command() {
    let mut stage = Stage::new(Limits::Relaxed, true, "12");
    stage.settings.require_verified = true;
    let mut bot = stage.up();
    let bob = stage.server.register("bob");
    stage.alice.order("invite", serde_json::json!({"room": stage.room, "user": bob.user}));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(says(&stage, &bob, "!mute 2"));
    let asked = bot.asked();
    assert_eq!((asked.input, asked.asker.trusted_device), (Input::Text("mute 2".into()), Some(true)));
    assert_eq!(asked.asker.user.as_str(), format!("matrix:{}", bob.user));
}
