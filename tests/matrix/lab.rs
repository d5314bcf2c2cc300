//! The tests' own ground: the homeserver and the people's client do what the other tests take for granted.

use gavel_matrix_lab::{Homeserver, Limits, Room};
use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::ruma::RoomId;
use matrix_sdk::ruma::events::room::message::RoomMessageEventContent;
use serde_json::Value;

#[test]
fn the_clients_talk_in_an_encrypted_room() {
    let server = Homeserver::shared(Limits::Relaxed);
    let mut alice = server.person("alice");
    let bot = server.register("bot");
    let invite = [bot.user.as_str()];
    let room = alice.create(&Room { encrypted: true, version: "12", invite: &invite, power: Value::Null });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = Client::builder().homeserver_url(server.url()).build().await.expect("a client");
        client.matrix_auth().login_username(&bot.local, &bot.password).send().await.expect("a login");
        client.sync_once(SyncSettings::default()).await.expect("a sync");
        let id = RoomId::parse(&room).expect("an id");
        client.get_room(&id).expect("invited").join().await.expect("joined");
        client.sync_once(SyncSettings::default()).await.expect("a sync");
        alice.meet(&room, &bot.user);
        alice.say(&room, "hello bot");
        let hello = client.sync_once(SyncSettings::default()).await.expect("a sync");
        let timeline = &hello.rooms.joined[&*id].timeline.events;
        assert!(timeline.iter().any(|event| event.raw().json().get().contains("hello bot")), "{timeline:?}");
        let words = RoomMessageEventContent::text_plain("hello alice");
        client.get_room(&id).expect("joined").send(words).await.expect("sent");
        let heard = alice.until("the bot's words", |event| event.body() == "hello alice");
        assert!(heard.decrypted(), "{heard:?}");
    });
}
