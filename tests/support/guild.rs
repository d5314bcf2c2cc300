//! A guild at the stand-in Discord with a crew and a public, and the part of gavel's configuration that brings it there.
//!
//! Leaves to the stand-in what its people can do, and what the bot must not.

use std::time::Duration;

use gavel_discord_standin::{Channel, Discord, Guild, Member, Message, Permissions, Role, Setup};

/// The crew's channel, another one of theirs, and everybody's.
pub(crate) const CREW: u64 = 301;
pub(crate) const OTHER: u64 = 302;
pub(crate) const PUBLIC: u64 = 303;

/// People by their roles in gavel.
pub(crate) const HOST: u64 = 1001;
pub(crate) const COHOST: u64 = 1002;
pub(crate) const SCREENER: u64 = 1003;
pub(crate) const LISTENER: u64 = 1004;

/// For what takes a moment, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const GUILD: u64 = 10 << 22;
const HOSTS: u64 = 201;
const MODERATORS: u64 = 202;

/// The stand-in with its people.
pub(crate) struct Radio {
    pub(crate) discord: Discord,
}

impl Radio {
    pub(crate) fn start() -> Self {
        let guild = Guild::new(GUILD, "Radio")
            .role(Role::new(HOSTS, "Hosts", Permissions(0)))
            .role(Role::new(MODERATORS, "Moderators", Permissions::MANAGE_GUILD))
            .channel(Channel::new(CREW, "crew"))
            .channel(Channel::new(OTHER, "studio"))
            .channel(Channel::new(PUBLIC, "everybody"))
            .member(HOST, &[HOSTS])
            .member(COHOST, &[MODERATORS])
            .member(SCREENER, &[])
            .member(LISTENER, &[]);
        let people = [(HOST, "Dana"), (COHOST, "Sam"), (SCREENER, "Lee"), (LISTENER, "Ola")];
        let setup =
            people.into_iter().fold(Setup::default().guild(guild), |it, (id, name)| it.user(id, name));
        Self { discord: Discord::start(setup) }
    }

    /// For the end of a configuration with a `[room.thursday]`; the authority's file stands beside it.
    pub(crate) fn configuration(&self) -> String {
        let address = self.discord.address();
        format!(
            r#"
[discord]
token = {{ env = "DISCORD_TOKEN" }}
resolve = "{address}"
extra_ca = "discord-ca.pem"

[[discord.place]]
channel = {CREW}
room = "thursday"

[[discord.place]]
channel = {OTHER}
room = "thursday"

[[discord.place]]
channel = {PUBLIC}
room = "thursday"
view = "public"

[access]
host = ["discord:role:{HOSTS}"]
cohost = ["discord:permission:MANAGE_GUILD"]
screener = ["discord:user:{SCREENER}"]
duty = ["discord:user:{SCREENER}"]
"#
        )
    }

    pub(crate) fn token(&self) -> String {
        Setup::default().token
    }

    pub(crate) fn member(&self, id: u64) -> Member {
        self.discord.member(id)
    }

    /// Waits until the commands are registered and the card stands in the crew's channel.
    #[track_caller]
    pub(crate) fn open(&self, room: &str) -> Message {
        let offered = |world: &gavel_discord_standin::World| {
            world.guilds.iter().any(|guild| !guild.commands.is_empty()).then_some(())
        };
        self.discord.until("commands", PATIENCE, offered);
        self.card(CREW, "a card", |text| text.contains(room))
    }

    /// The card of that channel, once it fits.
    #[track_caller]
    pub(crate) fn card(&self, channel: u64, what: &str, fits: impl Fn(&str) -> bool) -> Message {
        self.member(HOST).until(what, channel, PATIENCE, |shown| {
            let card = shown.iter().find(|message| message.button("Refresh").is_some())?;
            fits(&plain(&card.text())).then(|| (*card).clone())
        })
    }

    /// The last message of that channel that fits, waited for.
    #[track_caller]
    pub(crate) fn line(&self, channel: u64, what: &str, fits: impl Fn(&str) -> bool) -> Message {
        self.member(HOST).until(what, channel, PATIENCE, |shown| {
            shown.iter().rev().find(|message| fits(&plain(&message.text()))).map(|message| (*message).clone())
        })
    }
}

/// Discord's Markdown as it is read: without escapes and stars.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' if signs.peek().is_some_and(char::is_ascii_punctuation) => out.extend(signs.next()),
            '*' if signs.peek() == Some(&'*') => drop(signs.next()),
            _ => out.push(sign),
        }
    }
    out
}
