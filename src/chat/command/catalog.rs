//! The table itself: words, slots, roles, one line of help each.

use serde::{Deserialize, Serialize};

use crate::Role;

/// One command of the table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// The room and who is in it.
    Roster,
    /// One participant.
    Who,
    /// Removes from the conference.
    Kick,
    /// Ends calls.
    Hangup,
    /// Mutes.
    Mute,
    /// Unmutes.
    Unmute,
    /// Locks the room.
    Lock,
    /// Unlocks the room.
    Unlock,
    /// Shows or sets the topic.
    Topic,
    /// Writes down what a caller wants to say.
    Note,
    /// A notice to the room's other crew places.
    Say,
    /// The links.
    Status,
    /// What you may do.
    Help,
}

/// What the table says of a command.
#[derive(Debug)]
pub struct Spec {
    /// Which.
    pub command: Command,
    /// The main word; networks that register commands register this one alone.
    pub word: &'static str,
    /// Other words for it, for typed text on every network; one-letter forms among them.
    pub aliases: &'static [&'static str],
    /// What follows, in this order.
    pub slots: &'static [Slot],
    /// The usage line.
    pub usage: &'static str,
    /// One line of help: at most 40 signs together with the usage where a phone can help it.
    pub help: &'static str,
    /// The lowest role that may run it, unless the configuration says another.
    pub role: Role,
    /// The lowest role for it without arguments, where that is another.
    pub bare: Option<Role>,
    /// The answer needs the crew's data: refused in a public place.
    pub crew_data: bool,
}

/// One thing that follows a command's word.
#[derive(Debug)]
pub struct Slot {
    /// Its name, for networks that have named options.
    pub name: &'static str,
    /// What goes in.
    pub kind: SlotKind,
    /// The command does nothing without it.
    pub required: bool,
    /// A few words for whoever fills it in.
    pub help: &'static str,
}

/// What goes into a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlotKind {
    /// Callers, by number or name.
    Callers {
        /// Several numbers may be given.
        several: bool,
        /// `all` may be given.
        all: bool,
    },
    /// The rest of the line.
    Text {
        /// `-` takes away what was there.
        clearable: bool,
    },
    /// A command's word.
    Command,
}

const CALLER: Slot = Slot {
    name: "caller",
    kind: SlotKind::Callers { several: false, all: false },
    required: true,
    help: "number or name",
};
const CALLERS: Slot =
    Slot { name: "callers", kind: SlotKind::Callers { several: true, all: false }, ..CALLER };
const CALLERS_OR_ALL: Slot = Slot {
    kind: SlotKind::Callers { several: true, all: true },
    help: "numbers, a name, or all: late callers too",
    ..CALLERS
};

/// What is true of most of them.
const SPEC: Spec = Spec {
    command: Command::Help,
    word: "",
    aliases: &[],
    slots: &[],
    usage: "",
    help: "",
    role: Role::CoHost,
    bare: None,
    crew_data: false,
};

/// The table, in the order in which people are shown it.
pub const CATALOG: &[Spec] = &[
    Spec {
        command: Command::Roster,
        word: "roster",
        aliases: &["list", "r"],
        usage: "roster",
        help: "who is in the room",
        role: Role::Listener,
        ..SPEC
    },
    Spec {
        command: Command::Who,
        word: "who",
        slots: &[CALLER],
        usage: "who N",
        help: "one caller in detail",
        role: Role::Screener,
        crew_data: true,
        ..SPEC
    },
    Spec {
        command: Command::Mute,
        word: "mute",
        aliases: &["m"],
        slots: &[CALLERS_OR_ALL],
        usage: "mute N.. or mute all",
        help: "not heard any more",
        ..SPEC
    },
    Spec {
        command: Command::Unmute,
        word: "unmute",
        aliases: &["u"],
        slots: &[Slot { help: "numbers, a name, or all: whom mute all muted", ..CALLERS_OR_ALL }],
        usage: "unmute N.. or unmute all",
        help: "heard again",
        ..SPEC
    },
    Spec {
        command: Command::Kick,
        word: "kick",
        aliases: &["k"],
        slots: &[
            CALLERS,
            Slot {
                name: "reason",
                kind: SlotKind::Text { clearable: false },
                required: false,
                help: "why, for the crew",
            },
        ],
        usage: "kick N.. [: reason]",
        help: "out of the room",
        ..SPEC
    },
    Spec {
        command: Command::Hangup,
        word: "hangup",
        slots: &[CALLERS],
        usage: "hangup N..",
        help: "ends the call itself",
        ..SPEC
    },
    Spec { command: Command::Lock, word: "lock", usage: "lock", help: "nobody else gets in", ..SPEC },
    Spec { command: Command::Unlock, word: "unlock", usage: "unlock", help: "callers get in again", ..SPEC },
    Spec {
        command: Command::Topic,
        word: "topic",
        slots: &[Slot {
            name: "text",
            kind: SlotKind::Text { clearable: true },
            required: false,
            help: "the new topic; - clears it",
        }],
        usage: "topic [TEXT]",
        help: "shows or sets it, - clears",
        bare: Some(Role::Listener),
        ..SPEC
    },
    Spec {
        command: Command::Note,
        word: "note",
        slots: &[
            CALLER,
            Slot {
                name: "text",
                kind: SlotKind::Text { clearable: true },
                required: true,
                help: "what this caller wants to say; - clears it",
            },
        ],
        usage: "note N TEXT",
        help: "what N wants to say",
        role: Role::Screener,
        crew_data: true,
        ..SPEC
    },
    Spec {
        command: Command::Say,
        word: "say",
        slots: &[Slot {
            name: "text",
            kind: SlotKind::Text { clearable: false },
            required: true,
            help: "for the other crew places",
        }],
        usage: "say TEXT",
        help: "to the other crew places",
        role: Role::Screener,
        ..SPEC
    },
    Spec {
        command: Command::Status,
        word: "status",
        usage: "status",
        help: "Asterisk and the networks",
        ..SPEC
    },
    Spec {
        command: Command::Help,
        word: "help",
        slots: &[Slot {
            name: "command",
            kind: SlotKind::Command,
            required: false,
            help: "the command to explain",
        }],
        usage: "help [COMMAND]",
        help: "this, or one command",
        role: Role::Listener,
        ..SPEC
    },
];

impl Command {
    /// The command with this main word or alias, in any case.
    pub fn named(word: &str) -> Option<Self> {
        let hit = |spec: &&Spec| spec.words().any(|known| known.eq_ignore_ascii_case(word));
        CATALOG.iter().find(hit).map(|spec| spec.command)
    }

    /// Its line of the table.
    pub fn spec(self) -> &'static Spec {
        // Every command has its line (a test sees to it); the first one stands in so that this cannot panic.
        CATALOG.iter().find(|spec| spec.command == self).unwrap_or(&CATALOG[0])
    }

    /// Its main word.
    pub fn word(self) -> &'static str {
        self.spec().word
    }

    /// All of them, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOG.iter().map(|spec| spec.command)
    }

    /// The command whose word is nearest to something mistyped.
    pub fn nearest(typed: &str) -> Option<Self> {
        let typed = typed.to_lowercase();
        let far = |word: &str| strsim::damerau_levenshtein(&typed, word);
        let (distance, command) = CATALOG
            .iter()
            .flat_map(|spec| spec.words().map(|word| (far(word), spec.command)))
            .min_by_key(|(distance, _)| *distance)?;
        // With more changes it would be another word: nobody who types "foo" means "who".
        let length = typed.chars().count();
        (distance < length && distance <= (length / 3).max(1)).then_some(command)
    }
}

impl Spec {
    /// The main word, then the others.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.word).chain(self.aliases.iter().copied())
    }

    /// The slot into which callers go.
    pub fn callers(&self) -> Option<&'static Slot> {
        self.slots.iter().find(|slot| matches!(slot.kind, SlotKind::Callers { .. }))
    }

    /// The slot into which the rest of the line goes.
    pub fn text(&self) -> Option<&'static Slot> {
        self.slots.iter().find(|slot| matches!(slot.kind, SlotKind::Text { .. }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_word_means_one_command() {
        let words: Vec<_> = CATALOG.iter().flat_map(Spec::words).collect();
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
        for spec in CATALOG {
            assert_eq!(spec.command.spec().word, spec.word);
            assert!(spec.usage.starts_with(spec.word));
            for word in spec.words() {
                assert_eq!(Command::named(&word.to_uppercase()), Some(spec.command));
            }
        }
    }

    #[test]
    fn a_required_slot_follows_no_optional_one() {
        for spec in CATALOG {
            assert!(spec.slots.is_sorted_by_key(|slot| !slot.required), "{}", spec.word);
        }
    }

    #[test]
    fn mistyped_words_find_their_command() {
        for (typed, meant) in [
            ("mtue", Command::Mute),
            ("Kik", Command::Kick),
            ("rooster", Command::Roster),
            ("halp", Command::Help),
        ] {
            assert_eq!(Command::nearest(typed), Some(meant), "{typed}");
        }
        assert_eq!(Command::nearest("foo"), None);
        assert_eq!(Command::nearest(""), None);
    }
}
