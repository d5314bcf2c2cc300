//! What a run learnt of the homeserver's limit, for whoever looks later: a line in the state folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::session::folder;

/// The seconds between two events; 0 where no limit was found.
pub(crate) fn read(state_dir: &Path) -> Option<f64> {
    fs::read_to_string(file(state_dir)).ok()?.trim().parse().ok()
}

/// Keeps it; that it can't be kept harms nothing. `None`: there is no limit.
pub(crate) fn keep(state_dir: &Path, each: Option<Duration>) {
    let seconds = each.unwrap_or_default().as_secs_f64();
    let _ = folder::write(&file(state_dir), format!("{seconds}\n").as_bytes());
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("seconds-per-event")
}
