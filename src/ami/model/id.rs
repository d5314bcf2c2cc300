//! Newtypes for the names of things. All are cheap to clone.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name as it is.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The user's name for one Asterisk server (`[asterisk.NAME]` in the configuration).
    ServerName
}
name! {
    /// The user's name for a room (`[room.NAME]`): one conference and, if configured, its lobby.
    RoomName
}
name! {
    /// The name of a conference on its server, as Asterisk spells it (`Conference:`, `Meetme:`).
    ConferenceName
}

/// One call on one Asterisk. Uniqueids of two servers can be equal.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct CallId {
    /// The server that carries the call.
    pub server: ServerName,
    /// Asterisk's `Uniqueid`: `seconds.counter`, with a `SYSTEMNAME-` before it where one is set.
    pub uniqueid: Arc<str>,
}

/// Names one order for its whole life; chosen by whoever orders. The core does one id once.
///
/// Ids with the highest bit set are the core's own (a standing order muting a late joiner).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct OrderId(pub u64);
