//! One guild with one channel on the stand-in, and people in it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use gavel_chat::UserId;
use gavel_chat::testing::battery::Seen;
use gavel_chat::text::Zone;
use gavel_discord_standin::markdown;
use gavel_discord_standin::{
    Channel, Fault, Guild, Id, Kind, Message, Opening, Permissions, Role, Setup, What, Which, World,
};
use serde_json::{Value, json};

use crate::{Discord, Reach, Settings, Token};

pub(super) const GUILD: u64 = 1_100_000_000_000_000_100;
pub(super) const CHANNEL: u64 = 1_100_000_000_000_000_200;
/// A channel of the same guild that is bound to nothing.
pub(super) const ELSEWHERE: u64 = 1_100_000_000_000_000_201;
const PEOPLE: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(10);

/// A running stand-in.
pub(super) struct Stage {
    pub(super) discord: gavel_discord_standin::Discord,
    token: String,
}

/// What one member has seen so far.
#[derive(Default)]
pub(super) struct Eyes {
    known: HashMap<Id, u32>,
    waiting: VecDeque<Seen>,
}

/// The id of a person.
pub(super) fn user(id: u32) -> u64 {
    1_100_000_000_000_000_300 + u64::from(id)
}

impl Stage {
    pub(super) fn new() -> Self {
        let everyone = Role::new(GUILD, "@everyone", Permissions::ALL);
        let mut guild = Guild::new(GUILD, "Radio")
            .role(everyone)
            .channel(Channel::new(CHANNEL, "crew"))
            .channel(Channel::new(ELSEWHERE, "kitchen"));
        let mut setup = Setup::default();
        for id in 1..=PEOPLE {
            guild = guild.member(user(id), &[]);
            setup = setup.user(user(id), &format!("user{id}"));
        }
        let token = setup.token.clone();
        Self { discord: gavel_discord_standin::Discord::start(setup.guild(guild)), token }
    }

    pub(super) fn settings(&self) -> Settings {
        let reach = Reach { address: self.discord.address(), ca: self.discord.ca_pem().into() };
        Settings { token: Token::new(&self.token), group: None, zone: Zone::utc(), reach: Some(reach) }
    }

    pub(super) fn network(&self) -> Discord {
        Discord::new(self.settings())
    }

    pub(super) fn member(&self, person: u32) -> gavel_discord_standin::Member {
        self.discord.member(user(person))
    }

    /// Waits for the commands.
    pub(super) fn registered(&self) {
        let some = |world: &World| (!world.guilds[0].commands.is_empty()).then_some(());
        self.discord.until("commands", PATIENCE, some);
    }

    /// How many commands were created so far.
    pub(super) fn created(&self) -> u32 {
        self.discord.world().read(|world| world.guilds[0].created)
    }

    /// Waits for the card, which says this.
    pub(super) fn card(&self, words: &str) -> Message {
        let card = |message: &&&Message| !message.embeds.is_empty() && message.text().contains(words);
        self.member(1)
            .until("the card", CHANNEL, PATIENCE, |shown| shown.iter().find(card).map(|&m| m.clone()))
    }

    /// Somebody does something that no client of ours knows.
    pub(super) fn unreadable(&self, person: u32) -> Id {
        let data = json!({ "id": 7 });
        self.discord
            .world()
            .change(|world| world.open(opening(Kind::Command, person, data)))
            .expect("a channel")
    }

    pub(super) fn rename(&self, person: u32, name: &str) {
        self.discord.world().change(|world| {
            if let Some(user) = world.users.get_mut(&Id(user(person))) {
                user.global_name = Some(name.to_owned());
            }
        });
    }

    /// A command of words, by its registered form, as soon as it is there and somebody listens.
    pub(super) fn say(&self, person: u32, words: &str) {
        let (world, words) = (self.discord.world().clone(), words.to_owned());
        let gateway = self.discord.gateway();
        std::thread::spawn(move || {
            let _ = gateway.until(|counts| counts.live > 0, PATIENCE);
            let Some(data) = world.wait(PATIENCE, |world| slash(world, &words)) else { return };
            world.change(|world| world.open(opening(Kind::Command, person, data)));
        });
    }

    pub(super) fn limit(&self) {
        let which = Which::Only("POST /channels/*/messages".into());
        self.discord.fault(Fault::new(which, What::Limited(Duration::from_millis(300))).times(2));
    }

    /// Some interaction was answered with "later".
    pub(super) async fn deferred(&self) {
        let later = |world: &World| {
            let mut answers = world.interactions.values().filter_map(|it| it.answer.as_ref());
            answers.any(|answer| matches!(answer.kind, 5 | 6)).then_some(())
        };
        self.discord.until_async("deferred answer", PATIENCE, later).await;
    }
}

/// What somebody does in the bound channel, just now.
pub(super) fn opening(kind: Kind, person: u32, data: Value) -> Opening {
    Opening { kind, channel: Id(CHANNEL), user: Id(user(person)), data, message: None, age: Duration::ZERO }
}

/// A slash command as a client sends it: what follows the word stands in its first option.
pub(super) fn slash(world: &World, words: &str) -> Option<Value> {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    let guild = world.guilds.first()?;
    let command = guild.commands.iter().find(|command| command["name"] == word)?;
    let option = || json!([{ "name": command["options"][0]["name"], "type": 3, "value": rest }]);
    let options = if rest.is_empty() { json!([]) } else { option() };
    Some(json!({ "id": command["id"], "name": word, "type": 1, "options": options }))
}

impl Eyes {
    /// The next thing that the first person sees in the bound channel. Cancel-safe.
    pub(super) async fn next(&mut self, stage: &Stage) -> Seen {
        while self.waiting.is_empty() {
            let known = self.known.clone();
            let news = move |world: &World| {
                let seen = world.messages_for(Id(user(1)), Id(CHANNEL));
                let new = seen.into_iter().filter(|message| known.get(&message.id) != Some(&message.edits));
                let new: Vec<_> = new.map(|message| (message.id, message.edits, seen_of(message))).collect();
                (!new.is_empty()).then_some(new)
            };
            let Some(news) = stage.discord.world().wait_async(Duration::from_secs(60), news).await else {
                continue;
            };
            for (id, edits, seen) in news {
                self.known.insert(id, edits);
                self.waiting.push_back(seen);
            }
        }
        self.waiting.pop_front().expect("there is something")
    }
}

fn seen_of(message: &Message) -> Seen {
    let embeds = message.embeds.iter().filter_map(|embed| embed["description"].as_str());
    let texts: Vec<_> = std::iter::once(message.content.as_str()).chain(embeds).collect();
    let text = markdown::read(&texts.join("\n")).text;
    let users = message.pings.users.iter().map(|id| format!("discord:user:{}", id.0));
    let others = message.pings.roles.iter().map(|id| format!("discord:role:{}", id.0));
    let everyone = message.pings.everyone.then(|| "discord:everyone".to_owned());
    let pings = users.chain(others).chain(everyone).map(UserId::new).collect();
    Seen { message: message.id.0.to_string(), text, pings }
}

impl Drop for Stage {
    /// Whatever a test is about, no rule of Discord's is broken.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.discord.assert_clean();
        }
    }
}
