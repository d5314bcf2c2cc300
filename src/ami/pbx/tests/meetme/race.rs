//! The race of the numbers: 3 goes, the next who joins is MeetMe's 3. A thousand timings each.

use std::collections::HashSet;

use proptest::prelude::*;

use super::peer::{ALL, Happening, Peer, may};
use super::*;

/// Whoever may call.
const POOL: [&str; 10] = ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10"];

/// When things happen, in milliseconds.
#[derive(Clone, Debug)]
struct Timing {
    delays: [u64; 3],
    ordered: u64,
    /// 3 goes by himself, or another kicks him.
    leaves: u64,
    /// The next joins so long after.
    gap: u64,
    again: u64,
}

fn timing() -> impl Strategy<Value = Timing> {
    let delays = [0..6u64, 0..6, 0..60];
    (delays, 0..40u64, 0..40u64, 0..30u64, 0..60u64)
        .prop_map(|(delays, ordered, leaves, gap, again)| Timing { delays, ordered, leaves, gap, again })
}

/// 3 is meant twice by the crew, and goes himself; the next becomes MeetMe's 3 while all that is under way.
fn play(kick_by: Option<KickBy>, timing: &Timing, wish: &Wish) -> Peer {
    let mut peer = Peer::new(kick_by, may(&ALL), &["1.1", "1.2", "1.3"]);
    peer.delays = timing.delays;
    peer.later(timing.leaves, Happening::Leave("1.3"));
    peer.later(timing.leaves + timing.gap, Happening::Join("1.9"));
    peer.later(timing.ordered, Happening::Order(1, wish.clone()));
    peer.later(timing.ordered + timing.again, Happening::Order(2, wish.clone()));
    peer.run(45_000);
    peer
}

fn check(peer: &mut Peer) -> Result<(), TestCaseError> {
    prop_assert!(!peer.hit.contains(&"1.9"), "the wrong caller was hit: {:?}", peer.heard);
    prop_assert!(peer.seats.iter().any(|s| s.uniqueid == "1.9" && s.slot == 3 && !s.muted));
    let numbers = peer.s.numbers();
    prop_assert_eq!(numbers, [(1, "1.1"), (2, "1.2"), (4, "1.9")].map(|(n, c)| (n, c.to_owned())));
    for order in [1, 2] {
        prop_assert!(peer.s.last(order).is_end(), "{:?}", peer.s.stages(order));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_kick_never_hits_the_next_who_joins(timing in timing()) {
        check(&mut play(None, &timing, &Wish::Kick { call: call("1.3") }))?;
    }

    /// By number alone it holds as long as nobody can leave and another join within one round trip.
    #[test]
    fn nor_does_one_by_number_where_joining_takes_a_round_trip(timing in timing()) {
        let gap = timing.gap + timing.delays[0] + timing.delays[1] + 1;
        let timing = Timing { gap, ..timing };
        check(&mut play(Some(KickBy::Command), &timing, &Wish::Kick { call: call("1.3") }))?;
    }

    /// Whatever happens when: in the end the picture is Asterisk's, and every order ended.
    #[test]
    fn the_end_is_asterisks_truth(
        delays in [0..30u64, 0..30, 0..3000],
        kick_by in prop::option::of(prop::sample::select(vec![KickBy::Command, KickBy::Hangup])),
        script in prop::collection::vec((0..4000u64, 0..POOL.len(), 0..8u8), 1..30),
    ) {
        let mut peer = Peer::new(kick_by, may(&ALL), &POOL[..3]);
        peer.delays = delays;
        let mut joined: HashSet<&str> = POOL[..3].iter().copied().collect();
        let mut orders = 0;
        for (at, who, what) in script {
            let who = POOL[who];
            let wish = match what {
                0 if joined.insert(who) => { peer.later(at, Happening::Join(who)); continue }
                0 | 1 => { peer.later(at, Happening::Leave(who)); continue }
                2 => { peer.later(at, Happening::Mute(who, at % 2 == 0)); continue }
                3 => Wish::Lock { room: room(), on: at % 2 == 0 },
                4 => Wish::Hangup { call: call(who) },
                5 => Wish::Kick { call: call(who) },
                _ => Wish::Mute { call: call(who), on: what == 6 },
            };
            orders += 1;
            peer.later(at, Happening::Order(orders, wish));
        }
        peer.run(80_000);
        let mut truth: Vec<(String, bool)> =
            peer.seats.iter().map(|s| (s.uniqueid.to_owned(), s.muted)).collect();
        let snapshot = peer.s.snapshot();
        let mut seen: Vec<(String, bool)> =
            snapshot.people.iter().map(|p| (p.call.uniqueid.to_string(), p.muted)).collect();
        truth.sort();
        seen.sort();
        prop_assert_eq!(seen, truth);
        prop_assert_eq!(snapshot.locked, peer.locked && !peer.seats.is_empty());
        for order in 1..=orders {
            prop_assert!(peer.s.last(order).is_end(), "{}: {:?}", order, peer.s.stages(order));
        }
    }

    /// A mute may, and is undone and told.
    #[test]
    fn nobody_stays_muted_for_another(timing in timing()) {
        let mut peer = play(None, &timing, &Wish::Mute { call: call("1.3"), on: true });
        let wrong = peer.s.told().iter().any(|(what, _)| matches!(what, What::WrongCall { muted: true, .. }));
        let undone = peer.heard.iter().any(|line| line.starts_with("MeetmeUnmute"));
        prop_assert_eq!(wrong, undone, "{:?}", peer.heard);
        check(&mut peer)?;
    }
}
