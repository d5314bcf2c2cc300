//! What every network must pass, against the stand-in; and what this one must besides.

mod world;

use gavel_chat::testing::battery::{Able, Harness, Person, Seen};
use gavel_chat::{Network, PlaceId, UserId};

use world::{CHANNEL, Eyes, Stage};

/// The stand-in, one channel, and the eyes of one member.
struct Members {
    stage: Stage,
    eyes: Eyes,
}

impl Harness for Members {
    const ABLE: Able = Able {
        edits: true,
        cards: true,
        pings: true,
        people: true,
        // Without intents Discord sends the bot nothing that anybody wrote.
        echoes: false,
        limits: true,
        defers: true,
    };

    fn new() -> Self {
        Self { stage: Stage::new(), eyes: Eyes::default() }
    }

    fn network(&self) -> Box<dyn Network> {
        Box::new(self.stage.network())
    }

    fn place(&self) -> PlaceId {
        crate::place(CHANNEL)
    }

    fn user(&self, person: &Person) -> UserId {
        UserId::new(format!("discord:user:{}", world::user(person.id)))
    }

    fn say(&mut self, person: &Person, words: &str) {
        self.stage.rename(person.id, person.name);
        self.stage.say(person.id, words);
    }

    async fn seen(&mut self) -> Seen {
        self.eyes.next(&self.stage).await
    }

    fn limit(&mut self) {
        self.stage.limit();
    }

    async fn deferred(&mut self) {
        self.stage.deferred().await;
    }
}

gavel_chat::adapter_battery!(Members);
