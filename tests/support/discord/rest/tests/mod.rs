//! REST, asked as a bot asks it, but without sockets. Every answer is held against Discord's description too.

mod answering;
mod asking;
mod limits;
mod sending;
mod wire;

use std::time::Duration;

use axum::http::{self, Request};
use serde_json::{Value, json};

use super::call::Reply;
use crate::world::{Channel, Clock, Guild, Id, Kind, Opening, Permissions, Role, Whom, World};
use crate::{Setup, schema};

/// A time to begin at: 2026-01-01.
const START: u64 = 1_767_225_600_000;
const GUILD: u64 = 10;
const CREW: u64 = 30;
const HIDDEN: u64 = 31;
const QUIET: u64 = 32;
const HELEN: u64 = 1001;

/// A bot and what it talks to.
struct Bot {
    world: World,
    token: String,
    last: Reply,
}

fn setup() -> Setup {
    let none = Permissions::default();
    let hidden =
        Channel::new(HIDDEN, "hidden").overwrite(Whom::Role(Id(GUILD)), none, Permissions::VIEW_CHANNEL);
    let send = Permissions::SEND_MESSAGES;
    let quiet = Channel::new(QUIET, "quiet").overwrite(Whom::Role(Id(GUILD)), none, send);
    let guild = Guild::new(GUILD, "Radio")
        .channel(Channel::new(CREW, "crew"))
        .channel(hidden)
        .channel(quiet)
        .role(Role::new(20, "gavel", Permissions::default()))
        .member(HELEN, &[])
        .member(Setup::default().application, &[20]);
    Setup::default().guild(guild).user(HELEN, "Helen")
}

impl Bot {
    fn new() -> Self {
        let world = setup().world(Clock::fixed(START));
        Self { token: world.token.clone(), world, last: Reply::default() }
    }

    /// What Discord answers.
    fn ask(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(format!("/api/v10{path}"));
        let request = request.header("authorization", format!("Bot {}", self.token));
        let (parts, ()): (http::request::Parts, ()) = request.body(()).unwrap().into_parts();
        let reply = super::steps(&mut self.world, "ws://127.0.0.1:1", &parts, Ok(body));
        self.last = reply.unwrap_or_else(|refusal| refusal);
        self.check(method, parts.uri.path());
        (self.last.status, self.last.body.clone().unwrap_or_default())
    }

    fn check(&self, method: &str, path: &str) {
        let (Some(body), 200..300) = (&self.last.body, self.last.status) else { return };
        let (template, _) = schema::operation(method, path.trim_start_matches("/api/v10")).unwrap();
        let wrong = schema::check_answer(method, template, self.last.status, body);
        assert!(wrong.is_empty(), "{method} {path} was answered {body:#}: {wrong:#?}");
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask("GET", path, Value::Null)
    }

    /// The code of Discord's error.
    fn code(&mut self, method: &str, path: &str, body: Value) -> (u16, u64) {
        let (status, body) = self.ask(method, path, body);
        (status, body["code"].as_u64().unwrap_or(0))
    }

    fn send(&mut self, channel: u64, body: Value) -> Id {
        let (status, told) = self.ask("POST", &format!("/channels/{channel}/messages"), body);
        assert_eq!(status, 200, "{told}");
        told["id"].as_str().unwrap().parse().unwrap()
    }

    /// Helen does something in the crew's channel.
    fn open(&mut self, kind: Kind, message: Option<Id>) -> Id {
        let data = match kind {
            Kind::Command | Kind::Autocomplete => {
                json!({"id": "77", "name": "kick", "type": 1, "options": []})
            }
            _ => json!({"custom_id": "x", "component_type": 2}),
        };
        let opening =
            Opening { kind, channel: Id(CREW), user: Id(HELEN), data, message, age: Duration::ZERO };
        self.world.open(opening).unwrap()
    }

    fn callback(&mut self, interaction: Id, body: Value) -> (u16, u64) {
        let token = self.world.interactions[&interaction].token.clone();
        self.code("POST", &format!("/interactions/{interaction}/{token}/callback"), body)
    }

    fn webhook(&self, interaction: Id) -> String {
        format!("/webhooks/{}/{}", self.world.application, self.world.interactions[&interaction].token)
    }

    fn later(&mut self, seconds: u64) {
        self.world.clock.advance(Duration::from_secs(seconds));
    }

    /// Takes a permission from the bot in the crew's channel.
    fn forbid(&mut self, what: Permissions) {
        let bot = self.world.bot();
        self.world.channel_mut(Id(CREW), |it| {
            *it = it.clone().overwrite(Whom::Member(bot), Permissions::default(), what);
        });
    }

    /// Gives the bot a permission everywhere.
    fn allow(&mut self, what: Permissions) {
        let roles = &mut self.world.guilds[0].roles;
        roles.iter_mut().filter(|role| role.id == Id(20)).for_each(|role| role.permissions = what);
    }

    fn violations(&self) -> usize {
        self.world.violations.len()
    }
}
