//! Interactions: what a member's client opens, and what the bot made of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Id, Message, World};

/// For how long the first answer is taken, in milliseconds.
pub const ANSWER_WITHIN: u64 = 3_000;
/// For how long the token is good, in milliseconds.
pub const TOKEN_LASTS: u64 = 15 * 60 * 1_000;

/// What a member did. The numbers are Discord's types of interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Used a command.
    Command = 2,
    /// Pressed a button or chose from a select.
    Component = 3,
    /// Types in an option that has autocomplete.
    Autocomplete = 4,
    /// Sent a modal off.
    Modal = 5,
}

/// What a member's client sends to Discord.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What was done.
    pub kind: Kind,
    /// Where.
    pub channel: Id,
    /// By whom.
    pub user: Id,
    /// The interaction's `data`, as the bot shall get it.
    pub data: Value,
    /// The message that the component is on.
    pub message: Option<Id>,
    /// How long ago it was done: more than nothing for what a gateway replays.
    pub age: Duration,
}

/// An interaction, as Discord keeps it.
#[derive(Clone, Debug)]
pub struct Interaction {
    /// Its id, which tells when it was born.
    pub id: Id,
    /// What lets the bot answer.
    pub token: String,
    /// What was done.
    pub kind: Kind,
    /// Where.
    pub guild: Id,
    /// Where.
    pub channel: Id,
    /// By whom.
    pub user: Id,
    /// Its `data`.
    pub data: Value,
    /// The message that the component is on.
    pub message: Option<Id>,
    /// The first answer, once it is taken.
    pub answer: Option<Answer>,
    /// How often it was answered once more or too late.
    pub refused: u32,
}

/// The first answer to an interaction.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Discord's type of callback: 4, 5, 6, 7, 8 or 9.
    pub kind: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Its `data`: the choices of an autocomplete, a modal; a message is found by `original`.
    pub data: Value,
    /// The message that `@original` names: the one that was made, or the one that was pressed (types 6 and 7).
    pub original: Option<Id>,
}

impl World {
    /// A member does something: the bot's gateway hears of it. Whether a client would let the member do so is not
    /// asked here. `None` where there is no such channel.
    pub fn open(&mut self, opening: Opening) -> Option<Id> {
        let guild = self.guild_of(opening.channel)?.id;
        let born = self.now() - opening.age.as_millis() as u64;
        let id = self.fresh_at(born);
        let token = format!("standin-{}-{:x}", id, id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let Opening { kind, channel, user, data, message, .. } = opening;
        let answer = None;
        let interaction =
            Interaction { id, token, kind, guild, channel, user, data, message, answer, refused: 0 };
        let payload = self.interaction_json(&interaction);
        self.interactions.insert(id, interaction);
        self.dispatch("INTERACTION_CREATE", payload);
        Some(id)
    }

    /// The interaction that a token belongs to.
    pub fn by_token(&self, token: &str) -> Option<&Interaction> {
        self.interactions.values().find(|it| it.token == token)
    }

    /// The messages that answer an interaction, oldest first; those of others, if they were pressed, are not among them.
    pub fn answers(&self, interaction: Id) -> Vec<&Message> {
        self.messages.values().filter(|it| it.interaction == Some(interaction)).collect()
    }

    /// What the bot gets: Discord's payload of INTERACTION_CREATE.
    pub fn interaction_json(&self, it: &Interaction) -> Value {
        let mut payload = json!({
            "id": it.id, "application_id": self.application, "type": it.kind as u8, "token": it.token, "version": 1,
            "data": it.data, "guild_id": it.guild, "channel_id": it.channel,
            "locale": "en-US", "guild_locale": "en-US", "entitlements": [], "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": it.guild}, "context": 0, "attachment_size_limit": 10_485_760,
            "app_permissions": self.permissions(self.bot(), it.channel),
        });
        if let Some(guild) = self.guilds.iter().find(|guild| guild.id == it.guild) {
            payload["guild"] = json!({"id": guild.id, "locale": "en-US", "features": []});
            payload["member"] = self.member_json(guild, it.user);
            payload["member"]["permissions"] = json!(self.permissions(it.user, it.channel));
            if let Some(channel) = guild.channels.iter().find(|channel| channel.id == it.channel) {
                payload["channel"] = self.channel_json(guild, channel);
                payload["channel"]["permissions"] = json!(self.permissions(it.user, it.channel));
            }
        }
        if let Some(message) = it.message.and_then(|id| self.messages.get(&id)) {
            payload["message"] = self.message_json(message);
        }
        payload
    }
}
