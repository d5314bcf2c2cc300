//! One gavel per state file: an operating system's lock on `PATH.lock`, held as long as the process lives.
//!
//! Beside the database and not on it, because SQLite's own locks on a file are lost when anything in the process
//! closes that file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held until it is dropped. The file stays: removing it would let two gavels lock two files of one name.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "held, not used")] File);

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum NoLock {
    /// Another process has it.
    Held,
    /// It can't be had at all.
    Io(io::Error),
}

impl Lock {
    pub(super) fn take(state: &Path) -> Result<Self, NoLock> {
        // On a disk that became read-only the file of an earlier run is still there, and can be locked.
        let path = beside(state);
        let file = private().open(&path).or_else(|e| File::open(&path).map_err(|_| e)).map_err(NoLock::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(NoLock::Held),
            Err(TryLockError::Error(e)) => Err(NoLock::Io(e)),
        }
    }
}

/// Creates what is not there, for our user alone, and changes nothing of what is.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn beside(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
