//! What Discord's answers look like, as far as the check reads them.

use serde::Deserialize;

/// An id, or a set of permissions: Discord writes both as a text of digits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub(super) struct Number(pub(super) u64);

impl TryFrom<String> for Number {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// Who we are.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: Number,
    pub(super) username: String,
}

/// What we are part of.
#[derive(Debug, Deserialize)]
pub(super) struct Application {
    pub(super) id: Number,
    #[serde(default)]
    pub(super) bot_require_code_grant: bool,
    pub(super) interactions_endpoint_url: Option<String>,
}

/// A guild that we are in, in short.
#[derive(Debug, Deserialize)]
pub(super) struct Brief {
    pub(super) id: Number,
    pub(super) name: String,
}

/// A guild.
#[derive(Debug, Deserialize)]
pub(super) struct Guild {
    pub(super) id: Number,
    pub(super) name: String,
    pub(super) owner_id: Number,
    pub(super) roles: Vec<Role>,
}

/// A role; the one with the guild's id is everyone's.
#[derive(Debug, Deserialize)]
pub(super) struct Role {
    pub(super) id: Number,
    pub(super) name: String,
    pub(super) permissions: Number,
    pub(super) tags: Option<Tags>,
}

/// What a role is there for.
#[derive(Debug, Deserialize)]
pub(super) struct Tags {
    /// It came with this bot.
    pub(super) bot_id: Option<Number>,
}

/// A member.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) roles: Vec<Number>,
}

/// A channel.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Channel {
    pub(super) id: Number,
    #[serde(rename = "type")]
    pub(super) kind: u64,
    pub(super) guild_id: Option<Number>,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) permission_overwrites: Vec<Overwrite>,
}

/// What a channel changes.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Overwrite {
    pub(super) id: Number,
    /// 0: for a role; 1: for a member.
    #[serde(rename = "type")]
    pub(super) kind: u64,
    pub(super) allow: Number,
    pub(super) deny: Number,
}
