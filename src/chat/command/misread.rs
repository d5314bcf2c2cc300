//! Why words made no command. Nothing was changed; the text says what to type.

use crate::text::{Doc, Foreign};

use super::Command;

/// Why words made no command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Misread {
    /// Nothing was typed.
    Nothing,
    /// There is no such command.
    Unknown {
        /// What was typed.
        typed: Foreign,
        /// What may have been meant.
        nearest: Option<Command>,
    },
    /// The arguments are not those of this command.
    Usage(Command),
    /// It can be read in two ways: `kick 3 5 minutes`.
    TwoWays {
        /// Each as it would have to be typed.
        readings: [Foreign; 2],
    },
    /// More than can be shown.
    TooLong {
        /// Signs at most.
        limit: usize,
    },
}

impl Misread {
    /// What the asker is told.
    pub fn doc(&self) -> Doc {
        match self {
            Self::Nothing => Doc::from("Type help for what you can do here."),
            Self::Unknown { typed, nearest } => {
                let doc = Doc::new().say("There is no \"").foreign(typed).say("\". ");
                match nearest {
                    Some(command) => doc.say(format!("Did you mean {}?", command.word())),
                    None => doc.say("Type help for what you can do here."),
                }
            }
            Self::Usage(command) => Doc::new().say("Usage: ").strong(command.spec().usage),
            Self::TwoWays { readings: [first, second] } => {
                Doc::from("Nothing done. Which one?").line().foreign(first).line().foreign(second)
            }
            Self::TooLong { limit } => {
                Doc::new().say(format!("Too long: {limit} signs at most. Nothing done."))
            }
        }
    }
}
