use proptest::prelude::*;

use super::*;
use crate::text::plain;

#[allow(clippy::disallowed_methods, reason = "some instant to count from")]
fn start() -> Instant {
    Instant::now()
}

fn joined(number: u32) -> Change {
    Change { kind: Kind::Joined, number: Some(number), doc: Doc::new().say(format!("#{number} joined.")) }
}

fn other(words: &str) -> Change {
    Change { kind: Kind::Other, number: None, doc: Doc::from(words) }
}

fn said(action: Option<Action>) -> (bool, String) {
    action.map(|action| (action.new, plain(&action.doc))).unwrap()
}

#[test]
fn a_burst_folds_into_one_line_that_is_edited() {
    let (now, mut digest) = (start(), Digest::new(6, 1));
    for number in 1..=4 {
        assert_eq!(said(digest.offer(now, joined(number))), (true, format!("#{number} joined.")));
    }
    let later = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(digest.offer(now, joined(5)), None, "edits keep a pace");
    assert_eq!(digest.deadline(), Some(later(1)));
    assert_eq!(digest.due(now), None);
    assert_eq!(said(digest.due(later(1))), (false, "2 joined in 1 s: #4, #5.".into()));
    assert_eq!(said(digest.offer(later(4), joined(6))), (false, "3 joined in 4 s: #4 to #6.".into()));
    assert_eq!(
        said(digest.offer(later(8), joined(7))),
        (false, "4 joined in 8 s: #4 to #7.".into()),
        "there is room again, but the burst goes on"
    );
    assert_eq!(said(digest.offer(later(14), joined(8))), (true, "#8 joined.".into()), "after a quiet time");
    assert_eq!(digest.deadline(), None);
}

#[test]
fn a_line_about_one_alone_says_so() {
    let (now, mut digest) = (start(), Digest::new(1, 1));
    let left = |number| Change { kind: Kind::Left, number, ..other("left.") };
    assert_eq!(digest.offer(now, joined(4)).unwrap().about, Some(4));
    digest.offer(now, left(Some(4)));
    assert_eq!(digest.flush(now).unwrap().about, Some(4));
    for more in [left(None), joined(5), other("Room locked.")] {
        let mut digest = Digest::new(1, 1);
        digest.offer(now, joined(4));
        digest.offer(now, more);
        assert_eq!(digest.flush(now).unwrap().about, None);
    }
    assert_eq!(Digest::new(1, 1).offer(now, other("x")).unwrap().about, None);
}

#[test]
fn kinds_are_counted_apart_and_the_rest_keeps_its_words() {
    let (now, mut digest) = (start(), Digest::new(1, 1));
    digest.offer(now, joined(4));
    for change in [
        Change { kind: Kind::Left, number: Some(2), ..other("#2 left.") },
        joined(9),
        other("Room locked by Dana."),
    ] {
        digest.offer(now, change);
    }
    let line = said(digest.flush(now)).1;
    assert_eq!(line, "2 joined, 1 left in 1 s. Joined: #4, #9. Left: #2. Room locked by Dana.");
    assert_eq!(digest.flush(now), None);
}

#[test]
fn without_numbers_it_counts_alone() {
    let (now, mut digest) = (start(), Digest::new(1, 1));
    let caller = || Change { kind: Kind::Joined, number: None, doc: Doc::from("A caller joined.") };
    digest.offer(now, caller());
    digest.offer(now, caller());
    assert_eq!(said(digest.flush(now)).1, "2 joined in 1 s.");
    digest.offer(now, other("Topic: a."));
    digest.offer(now, other("Topic: b."));
    digest.offer(now, other("Topic: c."));
    assert_eq!(said(digest.flush(now)).1, "2 joined, 1 more change in 1 s. Topic: b. Topic: c.");
}

proptest! {
    #[test]
    fn never_over_budget_and_nothing_lost(
        per_minute in 1u32..10,
        waits in proptest::collection::vec(prop_oneof![Just(0u64), 0..800u64, 0..20_000u64], 1..200),
    ) {
        let (mut now, mut digest) = (start(), Digest::new(per_minute, 1));
        let (mut fresh, mut shown) = (Vec::new(), BTreeMap::new());
        for (wait, number) in waits.iter().zip(1u32..) {
            now += Duration::from_millis(*wait);
            let waited = digest.due(now);
            let offered = digest.offer(now, joined(number));
            for action in waited.into_iter().chain(offered) {
                if action.new { fresh.push(now); }
                shown.insert(action.notice, plain(&action.doc));
            }
        }
        shown.extend(digest.flush(now).map(|action| (action.notice, plain(&action.doc))));
        for (i, at) in fresh.iter().enumerate() {
            let within = |length| fresh[i..].iter().filter(|other| **other < *at + length).count();
            prop_assert!(within(MINUTE) <= per_minute as usize);
            prop_assert!(within(BURST) <= BURST_MOST);
        }
        let count = |line: &String| line.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(1usize);
        prop_assert_eq!(shown.values().map(count).sum::<usize>(), waits.len());
    }
}
