//! The stand-in as a program, for clients that are not Rust: it tells where it is in one line of JSON, then takes
//! orders, one a line, and answers each with one line. It ends with its standard input.
//!
//! ```text
//! {"do": "slash", "member": "1001", "command": "kick", "options": [["caller", "3"]]}
//! {"answer": 4, "text": "Removed.", "message": "12", "ephemeral": false, ...}
//! ```

use std::collections::HashMap;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Duration;

use gavel_discord_standin::{
    Act, Channel, Choice, Discord, Guild, Id, Member, Message, Permissions, Refused, Role, Setup, World,
};
use serde_json::{Value, json};

const GUILD: u64 = 1_200_000_000_000_000_000;
const CREW: u64 = 1_200_000_000_000_000_001;
const HOST: u64 = 1_300_000_000_000_000_001;
const LISTENER: u64 = 1_300_000_000_000_000_002;
const HOSTS: u64 = 1_200_000_000_000_000_009;
/// How long an order waits for what it is about.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let mut desk = Desk::open();
    println!("{}", desk.welcome());
    for line in stdin().lock().lines() {
        let Ok(line) = line else { return };
        let answer = match serde_json::from_str(&line) {
            Ok(order) => {
                desk.obey(&order).unwrap_or_else(|refused| json!({"refused": format!("{refused:?}")}))
            }
            Err(error) => json!({"refused": error.to_string()}),
        };
        println!("{answer}");
        let _ = stdout().flush();
    }
}

struct Desk {
    discord: Discord,
    token: String,
    /// What was done, by the id of its interaction, as the client is told.
    acts: HashMap<String, Act>,
}

impl Desk {
    fn open() -> Desk {
        let manages = Permissions::MANAGE_GUILD;
        let mut guild = Guild::new(GUILD, "Radio").channel(Channel::new(CREW, "crew"));
        guild = guild.role(Role::new(HOSTS, "Hosts", manages)).member(HOST, &[HOSTS]).member(LISTENER, &[]);
        let bots = HOSTS + 1;
        guild = guild.role(Role::new(bots, "Bots", Permissions::PIN_MESSAGES));
        let setup = Setup::default();
        let application = setup.application;
        let setup = setup.guild(guild.member(application, &[bots])).user(HOST, "Hanna").user(LISTENER, "Leo");
        let token = setup.token.clone();
        Desk { discord: Discord::start(setup), token, acts: HashMap::new() }
    }

    fn welcome(&self) -> Value {
        json!({
            "port": self.discord.address().port(), "ca": self.discord.ca_pem(), "gateway": self.discord.gateway_url(),
            "token": self.token, "guild": GUILD.to_string(), "channel": CREW.to_string(),
            "listener": LISTENER.to_string(),
        })
    }

    fn obey(&mut self, order: &Value) -> Result<Value, Refused> {
        let word = |key: &str| order[key].as_str().unwrap_or_default();
        let member = self.member(order);
        let message = Id(word("message").parse().unwrap_or(0));
        let pairs = pairs(&order["options"]);
        let gateway = self.discord.gateway();
        match word("do") {
            "slash" => self.shown(member.slash(CREW, word("command"), &pairs)?),
            "autocomplete" => {
                let act = member.autocomplete(CREW, word("command"), word("option"), word("text"))?;
                let choices = act.choices().map(|choices| choices.iter().map(choice).collect::<Vec<_>>());
                Ok(json!({"choices": choices}))
            }
            "press" => self.shown(member.press(message, word("custom_id"))?),
            "choose" => {
                let values: Vec<&str> =
                    order["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                self.shown(member.choose(message, word("custom_id"), &values)?)
            }
            "submit" => {
                let opened = self.acts.get(word("act")).ok_or(Refused::Modal)?;
                self.shown(member.submit(opened, &pairs)?)
            }
            "look" => {
                let act = self.acts.get(word("act")).ok_or(Refused::Message)?;
                let followed = usize::try_from(order["followups"].as_u64().unwrap_or(0)).unwrap_or(0);
                let there = |world: &World| {
                    let all = world.answers(act.id());
                    let reads = all.iter().any(|it| it.text() == word("text"));
                    (reads && all.len() > followed).then_some(())
                };
                // What is missing then is seen in what is told.
                self.discord.world().wait(PATIENCE, there);
                Ok(told(act))
            }
            "drop" => done(|| gateway.abort()),
            "reconnect" => done(|| gateway.reconnect()),
            "invalidate" => done(|| gateway.invalidate(order["resumable"] == true)),
            "counts" => Ok(self.counts()),
            "violations" => {
                let all = self.discord.violations();
                let lines: Vec<String> = all.iter().map(|it| format!("{}: {}", it.by, it.rule)).collect();
                Ok(json!({"violations": lines}))
            }
            _ => Ok(json!({"refused": "no such order"})),
        }
    }

    fn member(&self, order: &Value) -> Member {
        let id = order["member"].as_str().and_then(|id| id.parse().ok()).unwrap_or(HOST);
        let late = Duration::from_secs(order["late"].as_u64().unwrap_or(0));
        self.discord.member(id).late(late)
    }

    /// Waits for the first answer, as the member does.
    fn shown(&mut self, act: Act) -> Result<Value, Refused> {
        act.answer();
        let told = told(&act);
        self.acts.insert(act.id().to_string(), act);
        Ok(told)
    }

    fn counts(&self) -> Value {
        let counts = self.discord.gateway().counts();
        json!({"readies": counts.readies, "resumes": counts.resumes, "on_resume_url": counts.on_resume_url})
    }
}

fn done(act: impl FnOnce()) -> Result<Value, Refused> {
    act();
    Ok(json!({"done": true}))
}

fn pairs(options: &Value) -> Vec<(&str, &str)> {
    let list = options.as_array().into_iter().flatten();
    list.filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?))).collect()
}

fn choice(choice: &Choice) -> Value {
    json!({"name": choice.name, "value": choice.value})
}

fn told(act: &Act) -> Value {
    let it = act.interaction();
    let mut told = act.reply().as_ref().map(shown).unwrap_or_else(|| json!({}));
    told["act"] = json!(it.id);
    told["answer"] = json!(it.answer.as_ref().map(|answer| answer.kind));
    told["modal"] = json!(it.answer.filter(|answer| answer.kind == 9).map(|answer| answer.data));
    told["followups"] = act.followups().iter().map(shown).collect();
    told
}

fn shown(message: &Message) -> Value {
    json!({"message": message.id, "text": message.text(), "ephemeral": message.ephemeral()})
}
