//! Snowflakes: ids that carry the time at which they were made.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The first millisecond of 2015: Discord's epoch, in Unix time.
const EPOCH: u64 = 1_420_070_400_000;

/// Any of Discord's ids. JSON carries it as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

impl Id {
    /// The smallest id of that millisecond of Unix time.
    pub fn at(millis: u64) -> Self {
        Self(millis.saturating_sub(EPOCH) << 22)
    }

    /// When it was made, in milliseconds of Unix time.
    pub fn born(self) -> u64 {
        (self.0 >> 22) + EPOCH
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse().map(Self).map_err(|_| ()) } else { Err(()) }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snowflake_tells_when_it_was_made() {
        // The example of Discord's reference: 175928847299117063 is 2016-04-30 11:18:25.796 UTC.
        assert_eq!(Id(175_928_847_299_117_063).born(), 1_462_015_105_796);
        assert_eq!(Id::at(1_462_015_105_796).born(), 1_462_015_105_796);
    }

    #[test]
    fn only_digits_are_an_id() {
        assert_eq!("42".parse(), Ok(Id(42)));
        for wrong in ["", "+42", "@me", "4 2", "99999999999999999999999"] {
            assert_eq!(wrong.parse::<Id>(), Err(()), "{wrong}");
        }
    }
}
