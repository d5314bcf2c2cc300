//! The race of the numbers: 3 goes, the next who joins is MeetMe's 3. A thousand timings each.

use proptest::prelude::*;

use super::peer::{ALL, Happening, Peer, may};
use super::*;

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
