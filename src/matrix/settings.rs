//! What the operator configured, as the bot hands it over. Secrets show themselves to nobody.

use std::fmt;
use std::path::PathBuf;

/// The account, its state, and the rooms.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://matrix.example.org`.
    pub homeserver: String,
    /// `@gavel:example.org`.
    pub user: String,
    /// How it proves to be that.
    pub login: Login,
    /// Where the session and the keys are kept; made if it is not there.
    pub state_dir: PathBuf,
    /// What brings the keys back when the state is lost.
    pub recovery_key: RecoveryKey,
    /// What a command begins with.
    pub prefixes: Vec<String>,
    /// Commands of devices that their owner has not verified are refused.
    pub require_verified: bool,
    /// Whose invitations into other rooms are taken.
    pub invite_from: Vec<String>,
    /// Where it works.
    pub places: Vec<MatrixPlace>,
    /// How times are shown on cards.
    pub zone: gavel_chat::text::Zone,
}

/// One room.
#[derive(Clone, Debug)]
pub struct MatrixPlace {
    /// `!abcdef:example.org`.
    pub room_id: String,
    /// A command needs no prefix here.
    pub bare_words: bool,
    /// The room's own topic follows the show's.
    pub sync_topic: bool,
}

/// How the account proves to be itself.
#[derive(Clone, Debug)]
pub enum Login {
    /// Asked for once: after that, the session is kept.
    Password(Secret),
    /// Of a session that somebody made.
    Token(Secret),
}

/// Where the recovery key is.
#[derive(Clone, Debug, Default)]
pub struct RecoveryKey {
    /// The key, if there is one yet.
    pub known: Option<Secret>,
    /// A file that takes a new one.
    pub file: Option<PathBuf>,
}

/// Something that appears in no log.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Keeps it.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// For whoever it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let login = Login::Password(Secret::new("correct horse"));
        assert!(!format!("{login:?}").contains("horse"));
    }
}
