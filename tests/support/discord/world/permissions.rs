//! What a member may do: Discord's permission bits, and how roles and a channel's overwrites make them.

use std::ops::{BitAnd, BitOr, Not};

use serde::{Serialize, Serializer};

/// A set of permissions. JSON carries it as a string of digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(pub u64);

macro_rules! bits {
    ($($name:ident = $bit:literal),* $(,)?) => {
        impl Permissions {
            $(#[doc = concat!("Bit ", stringify!($bit), ".")]
            pub const $name: Self = Self(1 << $bit);)*

            /// Everything that Discord has a name for.
            pub const ALL: Self = Self(0 $(| 1 << $bit)*);

            /// The names of these permissions, as Discord writes them.
            pub fn names(self) -> Vec<&'static str> {
                let mut names = Vec::new();
                $(if self.has(Self::$name) { names.push(stringify!($name)); })*
                names
            }
        }
    };
}

bits! {
    CREATE_INSTANT_INVITE = 0, KICK_MEMBERS = 1, BAN_MEMBERS = 2, ADMINISTRATOR = 3, MANAGE_CHANNELS = 4,
    MANAGE_GUILD = 5, ADD_REACTIONS = 6, VIEW_AUDIT_LOG = 7, PRIORITY_SPEAKER = 8, STREAM = 9,
    VIEW_CHANNEL = 10, SEND_MESSAGES = 11, SEND_TTS_MESSAGES = 12, MANAGE_MESSAGES = 13, EMBED_LINKS = 14,
    ATTACH_FILES = 15, READ_MESSAGE_HISTORY = 16, MENTION_EVERYONE = 17, USE_EXTERNAL_EMOJIS = 18,
    VIEW_GUILD_INSIGHTS = 19, CONNECT = 20, SPEAK = 21, MUTE_MEMBERS = 22, DEAFEN_MEMBERS = 23,
    MOVE_MEMBERS = 24, USE_VAD = 25, CHANGE_NICKNAME = 26, MANAGE_NICKNAMES = 27, MANAGE_ROLES = 28,
    MANAGE_WEBHOOKS = 29, MANAGE_GUILD_EXPRESSIONS = 30, USE_APPLICATION_COMMANDS = 31, REQUEST_TO_SPEAK = 32,
    MANAGE_EVENTS = 33, MANAGE_THREADS = 34, CREATE_PUBLIC_THREADS = 35, CREATE_PRIVATE_THREADS = 36,
    USE_EXTERNAL_STICKERS = 37, SEND_MESSAGES_IN_THREADS = 38, USE_EMBEDDED_ACTIVITIES = 39,
    MODERATE_MEMBERS = 40, SET_VOICE_CHANNEL_STATUS = 48, SEND_POLLS = 49, USE_EXTERNAL_APPS = 50,
    PIN_MESSAGES = 51, BYPASS_SLOWMODE = 52,
}

impl Permissions {
    /// What `@everyone` has in a fresh guild and a bot needs besides: see, read, send, embed, commands.
    pub const MEMBER: Self = Self(
        Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::EMBED_LINKS.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::ADD_REACTIONS.0
            | Self::USE_APPLICATION_COMMANDS.0,
    );

    /// Whether all of `others` are in it.
    pub const fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// What members have once a channel's overwrites are applied: `@everyone`'s, then those of all roles together,
    /// then the member's own. Without VIEW_CHANNEL there is nothing; without SEND_MESSAGES no way to embed or mention.
    pub fn overwritten(self, everyone: [Self; 2], roles: [Self; 2], own: [Self; 2]) -> Self {
        if self.has(Self::ADMINISTRATOR) {
            return Self::ALL;
        }
        let apply = |have: Self, [allow, deny]: [Self; 2]| (have & !deny) | allow;
        let mut have = [everyone, roles, own].into_iter().fold(self, apply);
        if !have.has(Self::SEND_MESSAGES) {
            let gone =
                Self::EMBED_LINKS | Self::ATTACH_FILES | Self::MENTION_EVERYONE | Self::SEND_TTS_MESSAGES;
            have = have & !gone;
        }
        if have.has(Self::VIEW_CHANNEL) { have } else { Self::default() }
    }
}

impl BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Permissions {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Permissions {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [Permissions; 2] = [Permissions(0), Permissions(0)];

    #[test]
    fn a_members_own_overwrite_beats_its_roles_which_beat_everyones() {
        let send = Permissions::SEND_MESSAGES;
        let (allow, deny) = ([send, Permissions(0)], [Permissions(0), send]);
        let base = Permissions::VIEW_CHANNEL;
        assert!(base.overwritten(deny, allow, NONE).has(send));
        assert!(!base.overwritten(allow, deny, NONE).has(send));
        assert!(base.overwritten(deny, deny, allow).has(send));
    }

    #[test]
    fn who_cannot_see_a_channel_can_do_nothing_there() {
        let blind = [Permissions(0), Permissions::VIEW_CHANNEL];
        assert_eq!(Permissions::MEMBER.overwritten(blind, NONE, NONE), Permissions(0));
    }

    #[test]
    fn an_administrator_passes_every_overwrite() {
        let blind = [Permissions(0), Permissions::ALL];
        assert_eq!(Permissions::ADMINISTRATOR.overwritten(blind, blind, blind), Permissions::ALL);
    }

    #[test]
    fn who_may_not_send_may_not_embed() {
        let mute = [Permissions(0), Permissions::SEND_MESSAGES];
        assert!(!Permissions::MEMBER.overwritten(mute, NONE, NONE).has(Permissions::EMBED_LINKS));
    }

    #[test]
    fn names_are_discords() {
        assert_eq!(
            (Permissions::PIN_MESSAGES | Permissions::MANAGE_GUILD).names(),
            ["MANAGE_GUILD", "PIN_MESSAGES"]
        );
    }
}
