//! gavel's core against the rehearsal Asterisk, by the hundred: every fault at a random moment under a flood of events,
//! and MeetMe's race of numbers. What fails names the seed that makes it fail again.
//!
//! Plain: 20 rounds of every fault; with `--include-ignored`: 200. `GAVEL_SEED` chooses the random numbers.
#![allow(clippy::disallowed_methods, reason = "these tests watch a server by the real clock")]
#![allow(clippy::expect_used, reason = "a test may fail")]

mod crew;
mod crowd;
mod faults;
mod race;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The seed of this run, said where it can be found again.
fn seed() -> u64 {
    let given = std::env::var("GAVEL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("GAVEL_SEED={seed}");
    seed
}

/// Runs all cases, so many at a time, each on a thread of its own. What they have to complain about is shown together.
fn run_all(cases: usize, at_once: usize, case: impl Fn(usize) -> Result<(), String> + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(cases) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= cases {
                        return;
                    }
                    if let Err(words) = case(at) {
                        eprintln!("{words}");
                        wrong.lock().expect("no other case panics with it").push(words);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("all threads are done");
    assert!(wrong.is_empty(), "{} of {cases} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}
