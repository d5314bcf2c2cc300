//! Whether the clock can be gone by: what is measured in seconds says nothing of gavel where the machine itself stood
//! still, as one that is busy with other things does.
//!
//! Invariant: only what failed while it did is tried again, and never without end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

const TRIES: u32 = 4;
/// A thread that sleeps for so long...
const NAP: Duration = Duration::from_millis(20);
/// ...wakes up within this on a machine that has time for it.
const STOOD_STILL: Duration = Duration::from_millis(150);
/// It is looked at for so long, and waited for as often.
const LOOK: Duration = Duration::from_secs(3);
const WAITS: u32 = 60;

/// Plays the story, and again if it failed while the machine stood still.
pub(crate) fn timed(story: impl Fn()) {
    for left in (0..TRIES).rev() {
        let pulse = Pulse::begin();
        let ended = catch_unwind(AssertUnwindSafe(&story));
        let worst = pulse.end();
        let Err(panic) = ended else { return };
        if worst < STOOD_STILL || left == 0 {
            resume_unwind(panic);
        }
        eprintln!("=== the machine stood still for {worst:?}: this was no measurement, it is made again");
        let calm = || {
            let pulse = Pulse::begin();
            sleep(LOOK);
            pulse.end() < STOOD_STILL
        };
        let _ = (0..WAITS).any(|_| calm());
    }
}

/// Sleeps and looks at the clock.
struct Pulse {
    beats: Arc<AtomicBool>,
    worst: Arc<AtomicU64>,
}

impl Pulse {
    fn begin() -> Self {
        let (beats, worst) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let pulse = Self { beats: beats.clone(), worst: worst.clone() };
        spawn(move || {
            while beats.load(Ordering::Relaxed) {
                let due = Instant::now() + NAP;
                sleep(NAP);
                let late = u64::try_from(due.elapsed().as_millis()).unwrap_or(u64::MAX);
                worst.fetch_max(late, Ordering::Relaxed);
            }
        });
        pulse
    }

    /// The latest that it woke up.
    fn end(self) -> Duration {
        self.beats.store(false, Ordering::Relaxed);
        Duration::from_millis(self.worst.load(Ordering::Relaxed))
    }
}
