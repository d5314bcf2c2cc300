//! The classes of the manager interface: what a user may read and write, what a session asked to hear.

/// One class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    System,
    Call,
    User,
    Dtmf,
    Reporting,
    Dialplan,
    Security,
}

/// Names in the order of Asterisk's bits.
const NAMES: [&str; 19] = [
    "system",
    "call",
    "log",
    "verbose",
    "command",
    "agent",
    "user",
    "config",
    "dtmf",
    "reporting",
    "cdr",
    "dialplan",
    "originate",
    "agi",
    "cc",
    "aoc",
    "test",
    "security",
    "message",
];

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Classes(u32);

impl Class {
    pub(crate) fn bit(self) -> u32 {
        let name = match self {
            Self::System => "system",
            Self::Call => "call",
            Self::User => "user",
            Self::Dtmf => "dtmf",
            Self::Reporting => "reporting",
            Self::Dialplan => "dialplan",
            Self::Security => "security",
        };
        bit_of(name).unwrap_or_default()
    }

    /// As in `Privilege:`.
    pub(crate) fn word(self) -> &'static str {
        NAMES.get(self.bit().trailing_zeros() as usize).copied().unwrap_or("all")
    }
}

impl Classes {
    pub(crate) const ALL: Self = Self(u32::MAX);

    /// `system,call`, `all`; words that are no class are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let words = text.split(',').map(str::trim);
        Self(
            words.fold(0, |set, word| set | if word == "all" { u32::MAX } else { bit_of(word).unwrap_or(0) }),
        )
    }

    pub(crate) fn has(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    pub(crate) fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub(crate) fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

fn bit_of(word: &str) -> Option<u32> {
    NAMES.iter().position(|name| name.eq_ignore_ascii_case(word)).map(|at| 1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_words() {
        let set = Classes::parse("system, call,bogus");
        assert!(set.has(Class::System) && set.has(Class::Call) && !set.has(Class::User));
        assert!(Classes::parse("all").has(Class::Security) && Classes::parse("bogus").is_empty());
        assert_eq!((Class::Call.word(), Class::Dialplan.word()), ("call", "dialplan"));
    }
}
