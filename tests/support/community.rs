//! A homeserver with a crew's rooms, its people at clients of their own, and the part of gavel's configuration that
//! brings it there.
//!
//! Invariant: what is asserted is what a person's client shows: messages with their latest edit, decrypted by a client
//! that shares no code with gavel.

use std::time::{Duration, Instant};

use gavel_matrix_lab::{Account, Event, Homeserver, Limits, Person, Room};
use serde_json::{Value, json};

/// For what takes a moment, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The homeserver, gavel's account, the rooms, and who is in them.
pub(crate) struct Community {
    pub(crate) server: Homeserver,
    pub(crate) bot: Account,
    /// Host by her id, who made the rooms.
    pub(crate) dana: Member,
    /// Co-host by the power level.
    pub(crate) sam: Member,
    /// Screener by the id.
    pub(crate) lee: Member,
    /// Somebody.
    pub(crate) ola: Member,
    pub(crate) crew: String,
    pub(crate) other: String,
    pub(crate) public: String,
}

/// Somebody at a client, and what it shows.
pub(crate) struct Member {
    pub(crate) person: Person,
    /// All messages, in their order.
    pub(crate) shown: Vec<Message>,
    /// Everything that is no message.
    pub(crate) events: Vec<Event>,
    /// Events that no client can read.
    pub(crate) forged: Vec<String>,
}

/// A message as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) replies_to: String,
    /// It and all its edits came encrypted, and could be read.
    pub(crate) decrypted: bool,
    /// It was redacted.
    pub(crate) gone: bool,
    /// Events: itself and its edits.
    pub(crate) events: usize,
    /// When it was first seen here, and when it last changed.
    pub(crate) first: Instant,
    pub(crate) last: Instant,
}

impl Community {
    /// Rooms where everybody has come in but gavel. The crew's is encrypted.
    pub(crate) fn start(server: &Homeserver) -> Self {
        let server = server.clone();
        let bot = server.register("gavel");
        let [mut dana, sam, lee, ola] =
            ["dana", "sam", "lee", "ola"].map(|name| Member::new(server.person(name)));
        if server.limits() == Limits::Default {
            // It is gavel that is to live with the limits.
            [&dana, &sam, &lee, &ola].into_iter().for_each(|member| server.lift_limit(&member.user()));
        }
        let mut people = [sam, lee, ola];
        let [crew, other, public] = [true, true, false].map(|encrypted| {
            let power = json!({"users": {bot.user.clone(): 50, people[0].user(): 50}});
            let invite: Vec<_> =
                people.iter().map(|member| member.person.user()).chain([bot.user.as_str()]).collect();
            let room = dana.person.create(&Room { encrypted, version: "12", invite: &invite, power });
            people.iter_mut().for_each(|member| member.person.join(&room));
            room
        });
        for (member, name) in [&mut dana].into_iter().chain(&mut people).zip(["Dana", "Sam", "Lee", "Ola"]) {
            member.person.order("display_name", json!({"name": name}));
        }
        let [sam, lee, ola] = people;
        Self { server, bot, dana, sam, lee, ola, crew, other, public }
    }

    /// For a configuration with a `[room.thursday]`; the password's file stands beside it.
    pub(crate) fn configuration(&self) -> String {
        self.bound(&[(&self.crew, "crew"), (&self.other, "crew"), (&self.public, "public")])
    }

    /// The same, where only the crew's room is bound.
    pub(crate) fn with_one_place(&self) -> String {
        self.bound(&[(&self.crew, "crew")])
    }

    fn bound(&self, places: &[(&String, &str)]) -> String {
        let (url, user) = (self.server.url(), &self.bot.user);
        let place = |(room, view): &(&String, &str)| {
            format!("\n[[matrix.place]]\nroom_id = \"{room}\"\nroom = \"thursday\"\nview = \"{view}\"\n")
        };
        let places: String = places.iter().map(place).collect();
        format!(
            r#"
[matrix]
homeserver = "{url}"
user = "{user}"
password = {{ file = "matrix-password" }}
recovery_key = {{ file = "matrix-recovery-key" }}
{places}"#
        )
    }

    /// Who may what.
    pub(crate) fn access(&self) -> String {
        let (dana, lee) = (self.dana.user(), self.lee.user());
        format!(
            r#"
[access]
host = ["matrix:{dana}"]
cohost = ["matrix:power:50"]
screener = ["matrix:{lee}"]
duty = ["matrix:{lee}"]
"#
        )
    }

    /// Waits until gavel has come in and everybody can talk to it, and its card stands in the crew's room.
    #[track_caller]
    pub(crate) fn open(&mut self) {
        let rooms = [self.crew.clone(), self.other.clone(), self.public.clone()];
        self.meet(&rooms);
    }

    /// The same, where only the crew's room is bound.
    #[track_caller]
    pub(crate) fn open_one(&mut self) {
        let rooms = [self.crew.clone()];
        self.meet(&rooms);
    }

    fn meet(&mut self, rooms: &[String]) {
        let bot = self.bot.user.clone();
        for member in [&mut self.dana, &mut self.sam, &mut self.lee, &mut self.ola] {
            rooms.iter().for_each(|room| member.person.meet(room, &bot));
        }
        self.card("a card", |text| text.contains("Thursday Line: "));
    }

    /// gavel's devices: each with whether its owner's key has signed it.
    pub(crate) fn devices(&self) -> Vec<(String, bool)> {
        let (bot, token) = (&self.bot.user, &self.sam.person.account.token);
        let asked = json!({"device_keys": {bot: []}});
        let keys = self.server.ask("POST", "/_matrix/client/v3/keys/query", Some(token), Some(&asked)).body;
        let devices = keys["device_keys"][bot].as_object().cloned().unwrap_or_default();
        let signed = |device: &Value| {
            let names = device["signatures"][bot].as_object().cloned().unwrap_or_default();
            let own = keys["self_signing_keys"][bot]["keys"].as_object().cloned().unwrap_or_default();
            names.keys().any(|name| own.contains_key(name))
        };
        devices.iter().map(|(id, device)| (id.clone(), signed(device))).collect()
    }

    /// How often gavel's account was told to wait.
    pub(crate) fn refusals(&self) -> usize {
        let who = format!("{{{}}}", self.bot.user);
        let log = self.server.log();
        log.lines().filter(|line| line.contains(&who) && line.contains("B 429 \"")).count()
    }

    /// The card in the crew's room as Dana sees it, once it fits.
    #[track_caller]
    pub(crate) fn card(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> Message {
        let crew = self.crew.clone();
        let bot = self.bot.user.clone();
        self.dana.until(what, |shown| {
            let card = shown.iter().find(|message| message.room == crew && message.is_card(&bot))?;
            fits(&card.text).then(|| card.clone())
        })
    }
}

impl Member {
    fn new(person: Person) -> Self {
        Self { person, shown: Vec::new(), events: Vec::new(), forged: Vec::new() }
    }

    pub(crate) fn user(&self) -> String {
        self.person.user().to_owned()
    }

    /// Takes in what has come.
    pub(crate) fn look(&mut self) {
        let now = Instant::now();
        for event in self.person.seen() {
            match event.kind() {
                "m.room.message" | "m.room.encrypted" => self.message(event, now),
                "m.room.redaction" => {
                    let of = event.at("/redacts").to_owned();
                    self.shown.iter_mut().filter(|message| message.id == of).for_each(|it| it.gone = true);
                    self.events.push(event);
                }
                _ => self.events.push(event),
            }
        }
    }

    fn message(&mut self, event: Event, now: Instant) {
        if self.forged.iter().any(|id| id == event.id()) {
            return;
        }
        assert!(!event.undecryptable(), "{} can't read {event:?}", self.user());
        let id = event.message();
        if let Some(known) = self.shown.iter_mut().find(|message| message.id == id) {
            if id != event.id() && known.sender == event.sender() {
                event.body().clone_into(&mut known.text);
                known.decrypted &= event.decrypted();
                (known.events, known.last) = (known.events + 1, now);
            }
            return;
        }
        self.shown.push(Message {
            id: id.to_owned(),
            room: event.room().to_owned(),
            sender: event.sender().to_owned(),
            text: event.body().to_owned(),
            replies_to: event.replies_to().to_owned(),
            decrypted: event.decrypted(),
            gone: false,
            events: 1,
            first: now,
            last: now,
        });
    }

    /// What is meant among all that is shown, waited for.
    #[track_caller]
    pub(crate) fn until<T>(&mut self, what: &str, meant: impl Fn(&[Message]) -> Option<T>) -> T {
        self.within(PATIENCE, what, meant)
    }

    #[track_caller]
    pub(crate) fn within<T>(
        &mut self,
        patience: Duration,
        what: &str,
        meant: impl Fn(&[Message]) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + patience;
        loop {
            self.look();
            if let Some(found) = meant(&self.shown) {
                return found;
            }
            assert!(Instant::now() < deadline, "{what}: not within {patience:?}; shown:\n{}", self.tail());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Says something and waits for the last word of the answer to it.
    #[track_caller]
    pub(crate) fn asks(&mut self, room: &str, words: &str) -> Message {
        let typed = self.person.say(room, words);
        self.answer(words, &typed)
    }

    /// The last word of the answer to what was typed.
    #[track_caller]
    pub(crate) fn answer(&mut self, words: &str, typed: &str) -> Message {
        self.until(words, |shown| {
            let answer = shown.iter().find(|message| message.replies_to == typed)?;
            is_last(&answer.text).then(|| answer.clone())
        })
    }

    /// The last message of that room that fits, waited for.
    #[track_caller]
    pub(crate) fn line(&mut self, room: &str, what: &str, fits: impl Fn(&str) -> bool) -> Message {
        self.until(what, |shown| {
            let mut lines = shown.iter().rev();
            lines.find(|message| message.room == room && message.text.lines().any(&fits)).cloned()
        })
    }

    /// Reacts to a message.
    pub(crate) fn reacts(&mut self, message: &Message, key: &str) -> String {
        self.person.react(&message.room, &message.id, key)
    }

    fn tail(&self) -> String {
        let last = self.shown.iter().rev().take(20).rev();
        last.map(|message| format!("{} {}: {}\n", message.id, message.sender, message.text)).collect()
    }
}

impl Message {
    /// gavel's card.
    pub(crate) fn is_card(&self, bot: &str) -> bool {
        // An old one says first how old it is.
        let mut head = self.text.lines().take(2);
        let titled = head.any(|line| line.starts_with("Thursday Line: "));
        self.sender == bot && !self.gone && self.replies_to.is_empty() && titled
    }
}

/// Nothing is under way any more.
pub(crate) fn is_last(text: &str) -> bool {
    !text.is_empty() && !text.ends_with("...")
}

/// An event by whoever has that token, around every client: as the homeserver itself could write it.
pub(crate) fn forge(server: &Homeserver, token: &str, room: &str, kind: &str, content: &Value) -> String {
    // Without an id of its own, which Synapse takes: nothing is repeated here.
    let path = format!("/_matrix/client/v3/rooms/{room}/send/{kind}");
    let answer = server.ask("POST", &path, Some(token), Some(content));
    answer.body["event_id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
