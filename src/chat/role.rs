//! Who may do what: four roles, each of which may do what the lower ones may.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person's role in one room.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever can write in a bound place.
    #[default]
    Listener,
    /// Talks to callers before the show does.
    Screener,
    /// Moderates.
    CoHost,
    /// Runs the show.
    Host,
}

impl Role {
    /// In a sentence: "Co-hosts only."
    pub fn plural(self) -> &'static str {
        match self {
            Self::Listener => "Listeners",
            Self::Screener => "Screeners",
            Self::CoHost => "Co-hosts",
            Self::Host => "Hosts",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listener => "listener",
            Self::Screener => "screener",
            Self::CoHost => "co-host",
            Self::Host => "host",
        })
    }
}
