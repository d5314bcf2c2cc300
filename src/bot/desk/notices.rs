//! Whom the latest notices are about, so that a reply or a reaction can choose.
//!
//! Memory for the sake of convenience alone: who replies to what is forgotten is told so, and nothing is done.

use std::collections::{HashMap, VecDeque};

use gavel_ami::model::CallId;
use gavel_chat::PlaceId;

/// Notices of one place that are remembered: nobody scrolls back further in a show.
const REMEMBERED: usize = 512;

/// One caller.
pub(super) type About = (u32, CallId);

/// The latest notices of each place, oldest first.
#[derive(Debug, Default)]
pub(super) struct Notices(HashMap<PlaceId, VecDeque<(u64, Option<About>)>>);

impl Notices {
    /// A notice says this now.
    pub(super) fn told(&mut self, place: PlaceId, notice: u64, about: Option<About>) {
        let told = self.0.entry(place).or_default();
        match told.iter_mut().rev().find(|(known, _)| *known == notice) {
            Some(known) => known.1 = about,
            None => told.push_back((notice, about)),
        }
        told.drain(..told.len().saturating_sub(REMEMBERED));
    }

    /// Whom it is about, if that is one caller alone.
    pub(super) fn about(&self, place: &PlaceId, notice: u64) -> Option<&About> {
        let told = self.0.get(place)?;
        told.iter().rev().find(|(known, _)| *known == notice)?.1.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::call;

    #[test]
    fn the_latest_word_counts_and_the_oldest_are_forgotten() {
        let (here, there) = (PlaceId::new("a"), PlaceId::new("b"));
        let mut notices = Notices::default();
        notices.told(here.clone(), 1, Some((7, call(7))));
        assert_eq!(notices.about(&here, 1), Some(&(7, call(7))));
        assert_eq!(notices.about(&there, 1), None);
        notices.told(here.clone(), 1, None);
        assert_eq!(notices.about(&here, 1), None, "more was folded into it");
        for notice in 2..2 + REMEMBERED as u64 {
            notices.told(here.clone(), notice, Some((3, call(3))));
        }
        assert_eq!(notices.0[&here].len(), REMEMBERED);
        assert!(notices.about(&here, 2).is_some());
    }
}
