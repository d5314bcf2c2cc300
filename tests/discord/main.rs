//! gavel on Discord where it is hard: the program, the stand-in and the rehearsal server, with everything going wrong.
//!
//! A target of its own, so that nothing else runs beside what is held against a clock. What takes more than a minute is
//! ignored here and run by `tests/run --long`.
#![allow(clippy::disallowed_methods, reason = "these tests hold a program against the real clock")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod blocked;
mod clock;
mod faults;
mod freeze;
#[path = "../support/guild.rs"]
mod guild;
mod hostile;
mod load;
mod replay;
mod show;
mod work;

use std::time::{Duration, Instant};

/// For what takes a moment, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer. For what can't be waited for otherwise.
#[track_caller]
fn until<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
