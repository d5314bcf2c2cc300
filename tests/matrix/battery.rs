//! What every network must pass, on a real homeserver with its own rate limits, in a plain and in an encrypted room.

use gavel_chat::testing::battery::{Able, Harness, Person, Seen};
use gavel_chat::text::Zone;
use gavel_chat::{Network, PlaceId, UserId};
use gavel_matrix::{Login, Matrix, MatrixPlace, RecoveryKey, Secret, Settings};
use gavel_matrix_lab::{Account, Homeserver, Limits, Room};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::reader;

/// One bot in one room with two people.
struct Lab<const ENCRYPTED: bool> {
    server: &'static Homeserver,
    bot: Account,
    people: Vec<gavel_matrix_lab::Person>,
    names: Vec<String>,
    room: String,
    aside: String,
    echoes: u32,
    state: TempDir,
}

impl<const ENCRYPTED: bool> Harness for Lab<ENCRYPTED> {
    const ABLE: Able = Able {
        edits: true,
        cards: true,
        pings: true,
        people: true,
        echoes: true,
        limits: true,
        defers: false,
    };

    fn new() -> Self {
        crate::log();
        let server = Homeserver::shared(Limits::Default);
        let bot = server.register("bot");
        let mut sam = server.person("sam");
        let mut dana = server.person("dana");
        let invite = [bot.user.as_str(), dana.user()];
        let room =
            sam.create(&Room { encrypted: ENCRYPTED, version: "12", invite: &invite, power: Value::Null });
        dana.join(&room);
        // Joining costs as much as a message: where nothing is left of the budget, that would take its time, too.
        let path = format!("/_matrix/client/v3/join/{room}");
        server.ask("POST", &path, Some(&bot.token), Some(&json!({})));
        let aside = server.ask("POST", "/_matrix/client/v3/createRoom", Some(&bot.token), Some(&json!({})));
        let aside = aside.body["room_id"].as_str().expect("a room").to_owned();
        let state = tempfile::tempdir().expect("a folder");
        Self {
            server,
            bot,
            people: vec![sam, dana],
            names: vec![String::new(); 2],
            room,
            aside,
            echoes: 0,
            state,
        }
    }

    fn network(&self) -> Box<dyn Network> {
        Box::new(Matrix::new(Settings {
            homeserver: self.server.url(),
            user: self.bot.user.clone(),
            login: Login::Token(Secret::new(self.bot.token.clone())),
            state_dir: self.state.path().join("matrix"),
            recovery_key: RecoveryKey { known: None, file: Some(self.state.path().join("key")) },
            prefixes: vec!["!".to_owned()],
            require_verified: false,
            invite_from: Vec::new(),
            places: vec![MatrixPlace { room_id: self.room.clone(), bare_words: false, sync_topic: false }],
            zone: Zone::utc(),
        }))
    }

    fn place(&self) -> PlaceId {
        gavel_matrix::place_id(&self.room)
    }

    fn user(&self, person: &Person) -> UserId {
        UserId::new(format!("matrix:{}", self.people[person.id as usize - 1].user()))
    }

    fn say(&mut self, person: &Person, words: &str) {
        let (me, room, bot) = (person.id as usize - 1, self.room.clone(), self.bot.user.clone());
        let people = &mut self.people[me];
        // What it hears before its first sync is over is none of its business; nothing here waits for it.
        people.begin("hears", json!({"room": room, "user": bot, "times": self.echoes + 1}));
        people.begin("meet", json!({"room": room, "user": bot}));
        if self.names[me] != person.name {
            person.name.clone_into(&mut self.names[me]);
            people.begin("display_name", json!({"name": person.name}));
        }
        people.begin_say(&room, &format!("!{words}"));
    }

    async fn seen(&mut self) -> Seen {
        loop {
            let event = self.people[0].next().await;
            if event.sender() == self.bot.user
                && event.kind() == "m.room.message"
                && event.room() == self.room
            {
                assert_eq!(event.decrypted(), ENCRYPTED, "{event:?}");
                let pings = event.mentions().expect("mentions are always said");
                let pings = pings.into_iter().map(|user| UserId::new(format!("matrix:{user}"))).collect();
                return Seen {
                    message: event.message().to_owned(),
                    text: reader::text(event.content()),
                    pings,
                };
            }
        }
    }

    fn echo(&mut self, words: &str) {
        self.echoes += 1;
        self.shout(&self.room, &format!("!{words}"));
    }

    fn limit(&mut self) {
        for _ in 0..10 {
            self.shout(&self.aside, "spends the budget");
        }
    }
}

impl<const ENCRYPTED: bool> Lab<ENCRYPTED> {
    /// The bot's account says something without gavel.
    fn shout(&self, room: &str, words: &str) {
        let body = json!({"msgtype": "m.text", "body": words});
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message");
        self.server.ask("POST", &path, Some(&self.bot.token), Some(&body));
    }
}

mod plain {
    gavel_chat::adapter_battery!(super::Lab<false>);
}

mod encrypted {
    gavel_chat::adapter_battery!(super::Lab<true>);
}
