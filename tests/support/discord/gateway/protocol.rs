//! The numbers of Discord's gateway, version 10: opcodes, close codes, intents, and which event needs which intent.

/// Opcodes of payloads.
pub(crate) mod op {
    pub(crate) const DISPATCH: u64 = 0;
    pub(crate) const HEARTBEAT: u64 = 1;
    pub(crate) const IDENTIFY: u64 = 2;
    pub(crate) const PRESENCE: u64 = 3;
    pub(crate) const VOICE_STATE: u64 = 4;
    pub(crate) const RESUME: u64 = 6;
    pub(crate) const RECONNECT: u64 = 7;
    pub(crate) const REQUEST_MEMBERS: u64 = 8;
    pub(crate) const INVALID_SESSION: u64 = 9;
    pub(crate) const HELLO: u64 = 10;
    pub(crate) const ACK: u64 = 11;
    pub(crate) const REQUEST_SOUNDS: u64 = 31;
}

/// Codes with which Discord closes a connection.
pub mod close {
    /// Something went wrong on Discord's side; resume.
    pub const UNKNOWN: u16 = 4000;
    /// A payload with an opcode that clients do not send.
    pub const UNKNOWN_OPCODE: u16 = 4001;
    /// A payload that is no JSON, not of the right shape, or over 4096 bytes.
    pub const DECODE: u16 = 4002;
    /// A payload before IDENTIFY, or the session has been invalidated.
    pub const NOT_AUTHENTICATED: u16 = 4003;
    /// The token is not one of a bot.
    pub const AUTHENTICATION_FAILED: u16 = 4004;
    /// A second IDENTIFY on one connection.
    pub const ALREADY_AUTHENTICATED: u16 = 4005;
    /// A RESUME from a number that was never sent.
    pub const INVALID_SEQ: u16 = 4007;
    /// Over 120 payloads in 60 s.
    pub const RATE_LIMITED: u16 = 4008;
    /// No heartbeat for too long; identify again.
    pub const SESSION_TIMED_OUT: u16 = 4009;
    /// A shard that is not below the number of shards.
    pub const INVALID_SHARD: u16 = 4010;
    /// Too many guilds for one shard.
    pub const SHARDING_REQUIRED: u16 = 4011;
    /// A version of the gateway that is no longer there.
    pub const INVALID_VERSION: u16 = 4012;
    /// Intents that do not exist.
    pub const INVALID_INTENTS: u16 = 4013;
    /// Privileged intents that the application does not have.
    pub const DISALLOWED_INTENTS: u16 = 4014;

    /// Whether the session is over too, so that a RESUME of it finds nothing.
    pub(crate) fn ends_session(code: u16) -> bool {
        matches!(code, 4003 | 4004 | 4007 | 4009..=4014)
    }
}

/// Intents that exist: 0 to 16, 20, 21, 24 and 25.
pub(crate) const KNOWN_INTENTS: u64 = 0x0001_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

/// GUILD_MEMBERS, GUILD_PRESENCES and MESSAGE_CONTENT: the application must have been given these.
pub(crate) const PRIVILEGED_INTENTS: u64 = 1 << 1 | 1 << 8 | 1 << 15;

/// The intents of which one is enough to be sent that event in a guild; 0: everybody gets it.
pub(crate) fn intents_for(event: &str) -> u64 {
    match event {
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => 1 << 1,
        "GUILD_BAN_ADD" | "GUILD_BAN_REMOVE" | "GUILD_AUDIT_LOG_ENTRY_CREATE" => 1 << 2,
        "GUILD_EMOJIS_UPDATE" | "GUILD_STICKERS_UPDATE" => 1 << 3,
        "WEBHOOKS_UPDATE" => 1 << 5,
        "INVITE_CREATE" | "INVITE_DELETE" => 1 << 6,
        "VOICE_STATE_UPDATE" => 1 << 7,
        "PRESENCE_UPDATE" => 1 << 8,
        "TYPING_START" => 1 << 11 | 1 << 14,
        _ if event.starts_with("GUILD_INTEGRATION") || event.starts_with("INTEGRATION_") => 1 << 4,
        _ if event.starts_with("MESSAGE_REACTION_") => 1 << 10 | 1 << 13,
        _ if event.starts_with("MESSAGE_POLL_") => 1 << 24 | 1 << 25,
        _ if event.starts_with("MESSAGE_") => 1 << 9 | 1 << 12,
        _ if ["GUILD_", "CHANNEL_", "THREAD_", "STAGE_INSTANCE_"]
            .iter()
            .any(|head| event.starts_with(head)) =>
        {
            1
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interactions_need_no_intent_and_messages_do() {
        assert_eq!(intents_for("INTERACTION_CREATE"), 0);
        assert_eq!(intents_for("GUILD_CREATE"), 1);
        assert_eq!(intents_for("MESSAGE_CREATE") & 1 << 9, 1 << 9);
        assert_eq!(intents_for("SOMETHING_NEW"), 0);
    }

    #[test]
    fn the_codes_that_end_a_session_are_those_after_which_discord_wants_a_new_one() {
        for code in [1000, 1001, 4000, 4001, 4002, 4005, 4008] {
            assert!(!close::ends_session(code), "{code}");
        }
        for code in [4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014] {
            assert!(close::ends_session(code), "{code}");
        }
    }
}
