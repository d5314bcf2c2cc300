//! Commands that come too late: how old an interaction is, and what the crew is told of those that were too old.
//! Pure: the times are arguments.
//!
//! Discord shows "did not respond" after three seconds, and people press again: what arrives later must not act. Ids
//! say when Discord made them, by its clock; ours may be wrong, so that the difference is learnt from the `Date` of Discord's answers.
//! Invariant: an interaction that is too old by every clock that its age could be read from never acts; one line per
//! channel says how many there were.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gavel_chat::text::Doc;

/// Discord waits so long for the first answer.
pub(crate) const DEADLINE: u64 = 3000;
/// The first of a burst waits for the others, so that they are one line.
const GATHER: Duration = Duration::from_millis(500);
/// A line that nothing was added to for so long is closed.
const QUIET: Duration = Duration::from_secs(60);

/// How far our wall clock is ahead of Discord's, in milliseconds, as far as the answers tell: between these two.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Skew(Option<(i64, i64)>);

/// Those that came too late, by channel.
#[derive(Debug, Default)]
pub(crate) struct Late {
    folds: BTreeMap<u64, Fold>,
    lines: u64,
}

#[derive(Debug)]
struct Fold {
    line: u64,
    count: u32,
    told: u32,
    last: Instant,
    due: Instant,
}

/// One line for the crew; the same number again is an edit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) channel: u64,
    pub(crate) number: u64,
    pub(crate) doc: Doc,
}

impl Skew {
    /// An answer of this `date` (Unix milliseconds, whole seconds) came to a request that was made between these two
    /// times of ours.
    pub(crate) fn learn(&mut self, date: u64, asked: u64, answered: u64) {
        let (date, asked, answered) = (signed(date), signed(asked), signed(answered));
        let new = (asked.saturating_sub(date.saturating_add(1000)), answered.saturating_sub(date));
        // What agrees with no earlier answer means that a clock was set.
        self.0 = match self.0 {
            Some(old) if old.0.max(new.0) <= old.1.min(new.1) => Some((old.0.max(new.0), old.1.min(new.1))),
            _ => Some(new),
        };
    }

    /// The age of what Discord made then (by its own clock), in milliseconds, at this time of ours.
    pub(crate) fn age(&self, born: u64, now: u64) -> u64 {
        let ahead = self.0.map_or(0, |(least, most)| least.midpoint(most));
        let age = signed(now).saturating_sub(ahead).saturating_sub(signed(born));
        u64::try_from(age).unwrap_or(0)
    }
}

impl Late {
    /// One more, in this channel.
    pub(crate) fn came(&mut self, now: Instant, channel: u64) {
        if self.folds.get(&channel).is_none_or(|fold| now >= fold.last + QUIET) {
            self.lines += 1;
            let fold = Fold { line: self.lines, count: 0, told: 0, last: now, due: now + GATHER };
            self.folds.insert(channel, fold);
        }
        if let Some(fold) = self.folds.get_mut(&channel) {
            fold.due = if fold.count == fold.told { now + GATHER } else { fold.due };
            fold.count = fold.count.saturating_add(1);
            fold.last = now;
        }
    }

    /// When [`Late::due`] has something.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.folds.values().filter(|fold| fold.told < fold.count).map(|fold| fold.due).min()
    }

    /// Lines to be shown now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Line> {
        let waiting = |fold: &Fold| fold.told < fold.count && fold.due <= now;
        let lines = self.folds.iter_mut().filter(|(_, fold)| waiting(fold));
        lines
            .map(|(channel, fold)| {
                fold.told = fold.count;
                Line { channel: *channel, number: fold.line, doc: Doc::new().say(words(fold.count)) }
            })
            .collect()
    }
}

fn words(count: u32) -> String {
    match count {
        1 => "1 command came too late from Discord. Nothing was done.".to_owned(),
        count => format!("{count} commands came too late from Discord. Nothing was done."),
    }
}

fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a beginning for the test's own clock")]
mod tests {
    use gavel_chat::text::plain;
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    #[test]
    fn ages_are_by_discords_clock() {
        let mut skew = Skew::default();
        assert_eq!(skew.age(NOW, NOW + 2500), 2500);
        // Ours is an hour ahead.
        let ours = NOW + 3_600_000;
        skew.learn(NOW, ours + 400, ours + 500);
        assert!(skew.age(NOW, ours + 500) <= 1050, "{skew:?}");
        assert!(skew.age(NOW - 30_000, ours + 500) > 29_000);
        // It was set right meanwhile.
        skew.learn(NOW + 10_000, NOW + 10_200, NOW + 10_300);
        assert!(skew.age(NOW + 10_000, NOW + 10_500) < 1300, "{skew:?}");
    }

    proptest! {
        #[test]
        fn whatever_the_clocks_say_the_age_is_near(ahead in -90_000_i64..90_000, trips in prop::collection::vec((0_u64..5000, 0_u64..400), 1..9)) {
            let ours = |theirs: u64| theirs.saturating_add_signed(ahead);
            let mut skew = Skew::default();
            let mut time = NOW;
            for (pause, trip) in trips {
                time += pause;
                skew.learn(time / 1000 * 1000, ours(time - trip.min(pause)), ours(time + trip));
            }
            let age = skew.age(time, ours(time + 5000));
            prop_assert!(age.abs_diff(5000) <= 1000, "{age}");
        }

        #[test]
        fn no_time_is_too_much(born: u64, now: u64, date: u64) {
            let mut skew = Skew::default();
            skew.learn(date, now, now);
            skew.age(born, now);
        }
    }

    #[test]
    fn a_burst_is_one_line() {
        let mut late = Late::default();
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        assert_eq!(late.deadline(), None);
        (0..10).for_each(|i| late.came(after(i * 20), 5));
        late.came(start, 6);
        assert_eq!(late.deadline(), Some(after(500)));
        assert!(late.due(after(499)).is_empty());
        let told = late.due(after(500));
        let said: Vec<_> = told.iter().map(|line| (line.channel, plain(&line.doc))).collect();
        assert_eq!(
            said,
            [
                (5, "10 commands came too late from Discord. Nothing was done.".to_owned()),
                (6, "1 command came too late from Discord. Nothing was done.".to_owned())
            ]
        );
        assert_eq!((late.deadline(), late.due(after(501)).len()), (None, 0));
        // One more soon after is an edit, one much later a line of its own.
        late.came(after(5000), 5);
        let again = late.due(after(5500));
        assert_eq!(again[0].number, told[0].number);
        assert!(plain(&again[0].doc).starts_with("11 "));
        late.came(after(65_000), 5);
        assert_ne!(late.due(after(65_500))[0].number, told[0].number);
    }
}
