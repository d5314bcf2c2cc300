//! What a stand-in begins with.

use crate::world::{Clock, Guild, Id, User, World};

/// What a stand-in begins with: [`Setup::default`] is a bot without guilds.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The bot's token, without "Bot ". The default looks like a real one, as clients check the shape.
    pub token: String,
    /// The id of the bot's application, and of its user.
    pub application: u64,
    /// Whether others may add the bot to their guilds.
    pub public: bool,
    /// The guilds that the bot is in. The bot becomes a member of each, if it isn't one yet.
    pub guilds: Vec<Guild>,
    /// People.
    pub users: Vec<User>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            // The first part is the application's id in base 64, as in real tokens.
            token: "MTEwMDAwMDAwMDAwMDAwMDAwMQ.GaVeLg.a-token-of-the-stand-in-for-tests-only".into(),
            application: 1_100_000_000_000_000_001,
            public: true,
            guilds: Vec::new(),
            users: Vec::new(),
        }
    }
}

impl Setup {
    /// The same, with a guild.
    pub fn guild(mut self, guild: Guild) -> Self {
        self.guilds.push(guild);
        self
    }

    /// The same, with a person.
    pub fn user(mut self, id: u64, name: &str) -> Self {
        self.users.push(User::person(id, name));
        self
    }

    /// The world as it begins.
    pub fn world(self, clock: Clock) -> World {
        let mut world = World::new(clock, Id(self.application), &self.token);
        world.public = self.public;
        world.users.extend(self.users.into_iter().map(|user| (user.id, user)));
        for mut guild in self.guilds {
            if guild.members.iter().all(|member| member.user.0 != self.application) {
                guild = guild.member(self.application, &[]);
            }
            world.guilds.push(guild);
        }
        world
    }
}
