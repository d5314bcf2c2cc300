//! What the network needs to know before it opens: whose bot it is, how its commands are named, how Discord is reached.
//!
//! Where to work is not here: a place's id (`discord:CHANNEL`) says it, its board whether it is the crew's.

use std::fmt;
use std::net::SocketAddr;

use gavel_chat::PlaceId;
use gavel_chat::text::Zone;

/// What the operator decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's token.
    pub token: Token,
    /// One root that all commands stand under (`/conf kick`); `None`: each by its own name.
    pub group: Option<String>,
    /// The zone that times on cards are in.
    pub zone: Zone,
    /// Another way to Discord than the usual one.
    pub reach: Option<Reach>,
}

/// A bot's token, without the word `Bot` before it. Never shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(String);

/// Where Discord is, if not where its name says: behind a relay, or played by a test.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reach {
    /// `discord.com` is there.
    pub address: SocketAddr,
    /// Certificates that are trusted besides the usual ones, in PEM; may be empty.
    pub ca: Vec<u8>,
}

impl Token {
    /// Takes it as it was read; what people paste around it is cut off.
    pub fn new(token: &str) -> Self {
        let token = token.trim();
        Self(token.strip_prefix("Bot ").unwrap_or(token).trim().to_owned())
    }

    /// For the one header that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The id of the place that a channel is.
pub fn place(channel: u64) -> PlaceId {
    PlaceId::new(format!("discord:{channel}"))
}

/// The channel that a place is; `None`: it is not Discord's.
pub(crate) fn channel(place: &PlaceId) -> Option<u64> {
    place.as_str().strip_prefix("discord:")?.parse().ok().filter(|channel| *channel != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new(" Bot abc.def.ghi\n");
        assert_eq!(token.reveal(), "abc.def.ghi");
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn a_place_is_a_channel() {
        assert_eq!(channel(&place(123)), Some(123));
        for id in ["discord:", "discord:0", "discord:x", "console", "discord:user:1"] {
            assert_eq!(channel(&PlaceId::new(id)), None, "{id}");
        }
    }
}
