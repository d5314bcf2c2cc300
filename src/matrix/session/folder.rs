//! Where the session and the keys are kept: one folder, whole or not at all.
//!
//! A session without its keys starts, and reads nothing for ever after; keys without their session start as nothing. So
//! both live in `session/`, and half of it is refused in words. A first login that was cut off is no half: it left its
//! mark, and is begun again. Beside it, `device.json` says which device this was should `session/` be lost.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gavel_chat::AdapterError;
use matrix_sdk::authentication::matrix::MatrixSession;
use serde::{Deserialize, Serialize};

/// The databases without which nothing goes on; the others are caches.
const STORES: [&str; 2] = ["matrix-sdk-crypto.sqlite3", "matrix-sdk-state.sqlite3"];
const SESSION: &str = "session.json";
const UNFINISHED: &str = "unfinished";

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
}

/// What is in it.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing: a new device is to be made.
    Nothing,
    /// All of it.
    Whole(Box<MatrixSession>),
}

/// Which device this is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Device {
    pub(crate) user: String,
    pub(crate) device: String,
}

impl Folder {
    /// Makes it if it is not there.
    pub(crate) fn open(dir: &Path) -> Result<Self, AdapterError> {
        let folder = Self { dir: dir.to_owned() };
        private(&folder.dir)
            .and_then(|()| private(&folder.store()))
            .map_err(|error| folder.unusable(&error))?;
        Ok(folder)
    }

    /// What [`Folder::look`] would say, for whoever only looks.
    pub(crate) fn peek(dir: &Path) -> Result<Found, AdapterError> {
        let folder = Self { dir: dir.to_owned() };
        if folder.store().join(UNFINISHED).exists() { Ok(Found::Nothing) } else { folder.look() }
    }

    /// Where the databases are.
    pub(crate) fn store(&self) -> PathBuf {
        self.dir.join("session")
    }

    /// What is there; half of it is refused, and nothing is touched.
    pub(crate) fn look(&self) -> Result<Found, AdapterError> {
        if self.store().join(UNFINISHED).exists() {
            fs::remove_dir_all(self.store())
                .and_then(|()| private(&self.store()))
                .map_err(|error| self.unusable(&error))?;
        }
        let filled = |name: &str| fs::metadata(self.store().join(name)).is_ok_and(|file| file.len() > 0);
        let missing: Vec<_> = [SESSION].iter().chain(&STORES).copied().filter(|name| !filled(name)).collect();
        match missing.len() {
            0 => self.session().map(|session| Found::Whole(Box::new(session))),
            n if n > STORES.len() => Ok(Found::Nothing),
            _ => Err(self.half(&format!("{} is missing", missing.join(", ")))),
        }
    }

    /// A login begins: until [`Folder::finish`], what is there is of no worth.
    pub(crate) fn begin(&self) -> Result<(), AdapterError> {
        write(&self.store().join(UNFINISHED), b"").map_err(|error| self.unusable(&error))
    }

    /// The login is done.
    pub(crate) fn finish(&self, session: &MatrixSession) -> Result<(), AdapterError> {
        self.keep(session)?;
        let device =
            Device { user: session.meta.user_id.to_string(), device: session.meta.device_id.to_string() };
        let device = serde_json::to_vec_pretty(&device).unwrap_or_default();
        write(&self.dir.join("device.json"), &device)
            .and_then(|()| fs::remove_file(self.store().join(UNFINISHED)))
            .map_err(|error| self.unusable(&error))
    }

    /// Another token for the same device.
    pub(crate) fn keep(&self, session: &MatrixSession) -> Result<(), AdapterError> {
        let session = serde_json::to_vec_pretty(session).unwrap_or_default();
        write(&self.store().join(SESSION), &session).map_err(|error| self.unusable(&error))
    }

    /// Which device this was, even if the rest is lost.
    pub(crate) fn device(&self) -> Option<Device> {
        serde_json::from_slice(&fs::read(self.dir.join("device.json")).ok()?).ok()
    }

    /// What is there cannot be used, and what to do.
    pub(crate) fn half(&self, what: &str) -> AdapterError {
        AdapterError::Remedy(format!(
            "Matrix's state in {} is no whole: {what}. Nothing was changed. Put the folder back from a backup, or delete all \
             of it: then gavel logs in as a new device, and gets its keys back by the recovery key.",
            self.store().display()
        ))
    }

    fn session(&self) -> Result<MatrixSession, AdapterError> {
        let read = fs::read(self.store().join(SESSION)).map_err(|error| self.unusable(&error))?;
        serde_json::from_slice(&read).map_err(|_| self.half(&format!("{SESSION} is damaged")))
    }

    fn unusable(&self, error: &io::Error) -> AdapterError {
        let dir = self.dir.display();
        AdapterError::Remedy(format!(
            "Matrix's state_dir {dir} can't be used ({error}): let gavel write there"
        ))
    }
}

/// A folder that nobody else may look into.
fn private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Whole or not at all, for our eyes only.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> MatrixSession {
        let text = r#"{"user_id": "@gavel:e.test", "device_id": "ABC", "access_token": "t"}"#;
        serde_json::from_str(text).unwrap()
    }

    fn whole() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("matrix")).unwrap();
        folder.begin().unwrap();
        STORES.iter().for_each(|name| fs::write(folder.store().join(name), "x").unwrap());
        folder.finish(&session()).unwrap();
        (dir, folder)
    }

    #[test]
    fn whole_or_nothing() {
        let (_dir, folder) = whole();
        assert!(matches!(folder.look(), Ok(Found::Whole(found)) if found.meta.device_id == "ABC"));
        fs::remove_dir_all(folder.store()).unwrap();
        assert!(matches!(Folder::open(&folder.dir).unwrap().look(), Ok(Found::Nothing)));
        assert_eq!(folder.device().unwrap().device, "ABC", "kept apart");
    }

    #[test]
    fn every_half_is_refused_and_left_alone() {
        for lost in [SESSION, STORES[0], STORES[1]] {
            for empty in [false, true] {
                let (_dir, folder) = whole();
                let path = folder.store().join(lost);
                if empty {
                    fs::write(&path, "").unwrap()
                } else {
                    fs::remove_file(&path).unwrap()
                }
                let Err(AdapterError::Remedy(words)) = folder.look() else { panic!("{lost}") };
                assert!(words.contains(lost) && words.contains("backup"), "{words}");
                assert_eq!(path.exists(), empty);
            }
        }
        let (_dir, folder) = whole();
        fs::write(folder.store().join(SESSION), "{").unwrap();
        assert!(matches!(folder.look(), Err(AdapterError::Remedy(words)) if words.contains("damaged")));
    }

    #[test]
    fn a_login_that_was_cut_off_begins_again() {
        let (_dir, folder) = whole();
        folder.begin().unwrap();
        assert!(matches!(folder.look(), Ok(Found::Nothing)));
        assert!(!folder.store().join(STORES[0]).exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, folder) = whole();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.store()), mode(folder.store().join(SESSION))), (0o700, 0o600));
    }
}
