//! One of the crew, with matrix-nio in a process of its own: what it is told to do it does, what its timelines bring
//! is told as it comes.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::server::{Account, Homeserver, environment};

/// Longer than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A person at a client. Ends with this value.
#[derive(Debug)]
pub struct Person {
    /// Who.
    pub account: Account,
    process: Child,
    orders: ChildStdin,
    number: u64,
    told: mpsc::UnboundedReceiver<Value>,
    events: VecDeque<Event>,
    _store: TempDir,
}

/// A room to be made.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    /// With encryption.
    pub encrypted: bool,
    /// `"12"`.
    pub version: &'a str,
    /// Who is invited.
    pub invite: &'a [&'a str],
    /// Content of `m.room.power_levels` that replaces the default's; `Null` for none.
    pub power: Value,
}

/// Something on a timeline.
#[derive(Clone, Debug)]
pub struct Event {
    /// The whole of it as the client told it.
    pub raw: Value,
}

impl Event {
    /// A part of it by its JSON pointer, as text; empty if there is none.
    pub fn at(&self, pointer: &str) -> &str {
        self.raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.at("/id")
    }

    /// Its type.
    pub fn kind(&self) -> &str {
        self.at("/type")
    }

    /// The room.
    pub fn room(&self) -> &str {
        self.at("/room")
    }

    /// Who sent it.
    pub fn sender(&self) -> &str {
        self.at("/sender")
    }

    /// The id of the message that it is about: itself, or the one that it edits.
    pub fn message(&self) -> &str {
        match self.at("/content/m.relates_to/rel_type") {
            "m.replace" => self.at("/content/m.relates_to/event_id"),
            _ => self.id(),
        }
    }

    /// What it says now: an edit's new content.
    pub fn content(&self) -> &Value {
        self.raw.pointer("/content/m.new_content").unwrap_or(&self.raw["content"])
    }

    /// Its text.
    pub fn body(&self) -> &str {
        self.content()["body"].as_str().unwrap_or_default()
    }

    /// It came encrypted and could be read.
    pub fn decrypted(&self) -> bool {
        self.raw["decrypted"].as_bool().unwrap_or_default()
    }

    /// It came encrypted and could not be read.
    pub fn undecryptable(&self) -> bool {
        self.raw["undecryptable"].as_bool().unwrap_or_default()
    }

    /// Whom it mentions by `m.mentions`; `None` where it has none, and clients search the text for names.
    pub fn mentions(&self) -> Option<Vec<&str>> {
        let mentions = self.raw.pointer("/content/m.mentions")?;
        let users = mentions["user_ids"].as_array().map(Vec::as_slice).unwrap_or_default();
        Some(users.iter().filter_map(Value::as_str).collect())
    }

    /// The message that it replies to.
    pub fn replies_to(&self) -> &str {
        self.at("/content/m.relates_to/m.in_reply_to/event_id")
    }
}

impl Person {
    /// With a fresh client on the device that the registration made.
    pub fn start(server: &Homeserver, account: &Account) -> Self {
        let store = tempfile::Builder::new().prefix("gavel-nio").tempdir().expect("a folder for the keys");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nio/crew.py");
        let mut command = Command::new(environment("GAVEL_NIO").join("bin/python"));
        command.arg(script).arg(server.url()).arg(&account.user).arg(&account.device).arg(&account.token);
        command.arg(store.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("the client starts");
        let orders = process.stdin.take().expect("a pipe");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let (tx, told) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let told = serde_json::from_str(&line).unwrap_or(Value::Null);
                if tx.send(told).is_err() {
                    break;
                }
            }
        });
        let (account, events) = (account.clone(), VecDeque::new());
        Self { account, process, orders, number: 0, told, events, _store: store }
    }

    /// Her id.
    pub fn user(&self) -> &str {
        &self.account.user
    }

    /// Tells her client to do something and waits until it is done.
    #[track_caller]
    pub fn order(&mut self, what: &str, details: Value) -> Value {
        self.try_order(what, details).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Like [`Person::order`], where the server may refuse.
    #[track_caller]
    pub fn try_order(&mut self, what: &str, details: Value) -> Result<Value, String> {
        let number = self.begin(what, details);
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let Some(told) = self.told(deadline) else { panic!("{what} is not done within {PATIENCE:?}") };
            if told["id"] == number {
                let wrong = told["error"].as_str().map(ToOwned::to_owned);
                return wrong.map_or_else(|| Ok(told["ok"].clone()), Err);
            }
            self.keep(&told);
        }
    }

    /// Tells her client to do something and does not wait: orders are carried out one after another.
    pub fn begin(&mut self, what: &str, mut details: Value) -> u64 {
        self.number += 1;
        (details["id"], details["do"]) = (self.number.into(), what.into());
        writeln!(self.orders, "{details}").expect("the client lives");
        self.number
    }

    /// Makes a room.
    pub fn create(&mut self, room: &Room<'_>) -> String {
        let made = json!({"encrypted": room.encrypted, "version": room.version, "invite": room.invite, "power": room.power});
        self.order("create", made).as_str().expect("a room").to_owned()
    }

    /// Takes an invitation.
    pub fn join(&mut self, room: &str) {
        self.order("join", json!({"room": room}));
    }

    /// Waits until somebody is in the room, and can read what is said there from now on.
    pub fn meet(&mut self, room: &str, user: &str) {
        self.order("meet", json!({"room": room, "user": user}));
    }

    /// Says something; the event's id.
    pub fn say(&mut self, room: &str, words: &str) -> String {
        self.send(room, json!({"msgtype": "m.text", "body": words}))
    }

    /// Says something without waiting.
    pub fn begin_say(&mut self, room: &str, words: &str) {
        self.begin("send", json!({"room": room, "content": {"msgtype": "m.text", "body": words}}));
    }

    /// Replies to a message.
    pub fn reply(&mut self, room: &str, to: &str, words: &str) -> String {
        let relation = json!({"m.in_reply_to": {"event_id": to}});
        self.send(room, json!({"msgtype": "m.text", "body": words, "m.relates_to": relation}))
    }

    /// Sends any content.
    pub fn send(&mut self, room: &str, content: Value) -> String {
        self.order("send", json!({"room": room, "content": content})).as_str().expect("an id").to_owned()
    }

    /// Sends any content around the encryption, as a server could forge it.
    pub fn send_clear(&mut self, room: &str, content: Value) -> String {
        let order = json!({"room": room, "content": content, "clear": true});
        self.order("send", order).as_str().expect("an id").to_owned()
    }

    /// Reacts to a message.
    pub fn react(&mut self, room: &str, to: &str, key: &str) -> String {
        let relation = json!({"rel_type": "m.annotation", "event_id": to, "key": key});
        let order = json!({"room": room, "type": "m.reaction", "content": {"m.relates_to": relation}});
        self.order("send", order).as_str().expect("an id").to_owned()
    }

    /// Takes something back.
    pub fn redact(&mut self, room: &str, event: &str) {
        self.order("redact", json!({"room": room, "event": event}));
    }

    /// A state event's content.
    pub fn state(&mut self, room: &str, kind: &str) -> Result<Value, String> {
        self.try_order("state", json!({"room": room, "type": kind}))
    }

    /// The first event from now on (or not taken yet) that is meant; those before it are dropped.
    #[track_caller]
    pub fn until(&mut self, what: &str, meant: impl Fn(&Event) -> bool) -> Event {
        let deadline = std::time::Instant::now() + PATIENCE;
        let mut passed = Vec::new();
        loop {
            while let Some(event) = self.events.pop_front() {
                if meant(&event) {
                    return event;
                }
                passed.push(event.raw.to_string());
            }
            let Some(told) = self.told(deadline) else {
                panic!("{what}: not within {PATIENCE:?}; seen:\n{}", passed.join("\n"))
            };
            self.keep(&told);
        }
    }

    /// The next event. Cancel-safe.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let told = self.told.recv().await.expect("the client lives");
            self.keep(&told);
        }
    }

    /// Everything that has come by now.
    pub fn seen(&mut self) -> Vec<Event> {
        while let Ok(told) = self.told.try_recv() {
            self.keep(&told);
        }
        self.events.drain(..).collect()
    }

    fn told(&mut self, deadline: std::time::Instant) -> Option<Value> {
        loop {
            match self.told.try_recv() {
                Ok(told) => return Some(told),
                Err(mpsc::error::TryRecvError::Disconnected) => panic!("the client has died"),
                Err(mpsc::error::TryRecvError::Empty) if std::time::Instant::now() > deadline => return None,
                // The channel is also awaited: a thread cannot wait for it with a deadline.
                Err(mpsc::error::TryRecvError::Empty) => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn keep(&mut self, told: &Value) {
        if told["event"].is_object() {
            self.events.push_back(Event { raw: told["event"].clone() });
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
