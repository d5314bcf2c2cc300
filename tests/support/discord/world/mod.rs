//! What Discord knows: guilds, users, messages, interactions, and what it has to hold against the bot.
//!
//! Pure data and rules: no sockets, and no clock but [`Clock`]. REST changes it on the bot's behalf, `member` on that of
//! people, and both tell the gateway through [`World::dispatch`].

mod clock;
mod guild;
mod id;
mod interaction;
mod json;
mod message;
mod permissions;
mod pings;
mod shown;

use std::collections::BTreeMap;

pub use clock::Clock;
pub use guild::{Channel, Guild, Member, Overwrite, Role, User, Whom};
pub use id::Id;
pub use interaction::{ANSWER_WITHIN, Answer, Interaction, Kind, Opening, TOKEN_LASTS};
pub use json::timestamp;
pub(crate) use json::{civil, components};
pub use message::{Draft, Message, flags};
pub use permissions::Permissions;
pub use pings::{Default_ as MentionDefault, Pings};
use serde_json::Value;

use crate::faults::Faults;
use crate::gateway;
use crate::limits::Limits;

/// As many requests are remembered.
const REQUESTS: usize = 100_000;

/// An event for the bot's gateway sessions.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name, as `t` of a dispatch carries it.
    pub name: &'static str,
    /// Its `d`.
    pub data: Value,
}

/// A rule of Discord's that the bot broke.
#[derive(Clone, Debug)]
pub struct Violation {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// By which request, or by which op of the gateway.
    pub by: String,
    /// What is wrong with it.
    pub rule: String,
}

/// A request by REST that was dealt with; those that a fault swallowed are not among them.
#[derive(Clone, Debug)]
pub struct Requested {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// GET, POST, ...
    pub method: String,
    /// The path without `/api/v10`.
    pub path: String,
    /// What it was answered with.
    pub status: u16,
    /// Its body; null if it had none.
    pub body: Value,
}

/// Everything that Discord knows.
#[derive(Debug)]
pub struct World {
    /// What time it is.
    pub clock: Clock,
    /// The id of the bot's application; the bot user has the same.
    pub application: Id,
    /// The bot's token, without "Bot ".
    pub token: String,
    /// Whether others may add the bot to their guilds.
    pub public: bool,
    /// Where its interactions go instead of to the gateway, as its owner set it.
    pub endpoint: Option<String>,
    /// Whether its owner made it impossible to invite by a link alone.
    pub code_grant: bool,
    /// Everybody.
    pub users: BTreeMap<Id, User>,
    /// The guilds that the bot is in.
    pub guilds: Vec<Guild>,
    /// The messages that there are, ephemeral ones too.
    pub messages: BTreeMap<Id, Message>,
    /// Those that were deleted.
    pub deleted: Vec<Message>,
    /// Every interaction since the start.
    pub interactions: BTreeMap<Id, Interaction>,
    /// What the bot did wrong.
    pub violations: Vec<Violation>,
    /// The bot's global commands, as REST tells them; those of guilds are with their guilds.
    pub commands: Vec<Value>,
    /// The rate limits.
    pub limits: Limits,
    /// What goes wrong with REST because a test wants it so.
    pub faults: Faults,
    /// The requests, oldest first.
    pub requests: Vec<Requested>,
    /// What the gateway half keeps here, so that its changes too wake those who wait.
    pub gateway: gateway::State,
    created: u32,
    pending: Vec<Event>,
    last: Id,
}

impl World {
    /// An empty world with one bot in it.
    pub fn new(clock: Clock, application: Id, token: &str) -> Self {
        let bot = User { id: application, username: "gavel".into(), global_name: None, bot: true };
        Self {
            clock,
            application,
            token: token.into(),
            public: true,
            endpoint: None,
            code_grant: false,
            users: BTreeMap::from([(application, bot)]),
            guilds: Vec::new(),
            messages: BTreeMap::new(),
            deleted: Vec::new(),
            interactions: BTreeMap::new(),
            violations: Vec::new(),
            commands: Vec::new(),
            limits: Limits::default(),
            faults: Faults::default(),
            requests: Vec::new(),
            gateway: gateway::State::default(),
            created: 0,
            pending: Vec::new(),
            last: Id(0),
        }
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// A new id, higher than all before.
    pub fn fresh(&mut self) -> Id {
        self.last = Id::at(self.now()).max(Id(self.last.0 + 1));
        self.last
    }

    /// A new id that was born in that millisecond.
    pub fn fresh_at(&mut self, born: u64) -> Id {
        let unique = self.fresh().0 & 0x3f_ffff;
        let mut id = Id(Id::at(born).0 | unique);
        while self.interactions.contains_key(&id) {
            id = Id(id.0 + 1);
        }
        id
    }

    /// The user that the bot is.
    pub fn bot(&self) -> Id {
        self.application
    }

    /// The guild that a channel belongs to.
    pub fn guild_of(&self, channel: Id) -> Option<&Guild> {
        self.guilds.iter().find(|guild| guild.channels.iter().any(|it| it.id == channel))
    }

    /// What a user may do in a channel; nothing where there is no such channel.
    pub fn permissions(&self, user: Id, channel: Id) -> Permissions {
        let guild = self.guild_of(channel);
        let found = guild.and_then(|guild| Some((guild, guild.channels.iter().find(|it| it.id == channel)?)));
        found.map_or(Permissions::default(), |(guild, channel)| guild.permissions(user, channel))
    }

    /// Changes a channel, if there is one.
    pub fn channel_mut(&mut self, id: Id, change: impl FnOnce(&mut Channel)) {
        let mut all = self.guilds.iter_mut().flat_map(|guild| &mut guild.channels);
        if let Some(channel) = all.find(|channel| channel.id == id) {
            change(channel);
        }
    }

    /// The bot's commands in a guild, or the global ones.
    pub(crate) fn commands_mut(&mut self, guild: Option<Id>) -> &mut Vec<Value> {
        let found = self.guilds.iter_mut().find(|it| Some(it.id) == guild);
        found.map_or(&mut self.commands, |guild| &mut guild.commands)
    }

    /// How many commands were created there.
    pub(crate) fn created_mut(&mut self, guild: Option<Id>) -> &mut u32 {
        let found = self.guilds.iter_mut().find(|it| Some(it.id) == guild);
        found.map_or(&mut self.created, |guild| &mut guild.created)
    }

    pub(crate) fn keep(&mut self, request: Requested) {
        if self.requests.len() < REQUESTS {
            self.requests.push(request);
        }
    }

    /// Tells the bot's gateway sessions of something. It leaves when the change that is under way is done.
    pub fn dispatch(&mut self, name: &'static str, data: Value) {
        self.pending.push(Event { name, data });
    }

    /// Notes that the bot broke a rule.
    pub fn violate(&mut self, by: impl Into<String>, rule: impl Into<String>) {
        let at = self.now();
        self.violations.push(Violation { at, by: by.into(), rule: rule.into() });
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.pending)
    }
}
