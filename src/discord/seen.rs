//! Which interactions were heard already. Pure.
//!
//! After a RESUME Discord may deliver once more what it delivered before (after close 4007 all of the session comes
//! again). Invariant: of the last [`KEPT`] interactions none is heard twice.

use std::collections::VecDeque;

/// More than anybody can ask for while a command is still young enough to act.
const KEPT: usize = 1024;

/// The last ones, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Seen(VecDeque<u64>);

impl Seen {
    /// Whether this one is new; from now on it is not.
    pub(crate) fn first(&mut self, id: u64) -> bool {
        if self.0.contains(&id) {
            return false;
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(id);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_once_and_the_oldest_are_forgotten() {
        let mut seen = Seen::default();
        assert!(seen.first(1) && !seen.first(1));
        assert!((2..=KEPT as u64).all(|id| seen.first(id)) && !seen.first(1));
        assert!(seen.first(0) && !seen.first(2));
        assert!(seen.first(1), "forgotten");
        assert_eq!(seen.0.len(), KEPT);
    }
}
