//! Newtypes for what networks name. All but [`Ticket`] are opaque to everybody but the network itself.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the id as it is.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// The id.
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

id! {
    /// A channel, a chat room, a terminal: where people read and type. With its network before it
    /// (`discord:123`, `matrix:!abc:example.org`, `console`), so that no two networks share one.
    PlaceId
}
id! {
    /// The stable id that a network vouches for (`discord:111`, `matrix:@sam:example.org`), never a display name.
    UserId
}
id! {
    /// The network's own id of a message of ours; stored by the bot so that a card is found again.
    MessageRef
}

/// The adapter's own number of one question (its map: ticket -> interaction token, or the message to reply to).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Ticket(pub u64);
