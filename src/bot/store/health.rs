//! How the state file is, in words for the log, for the start and for the crew.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Told through a watch: who announces it compares with what was told last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreHealth {
    /// All is written.
    Good {
        /// Journal entries of this run that were lost while it was not.
        missed: u64,
    },
    /// Not written at the moment; tried again every second. Phone acts go on.
    Failing {
        /// Since when (Unix milliseconds).
        since: u64,
        /// Why.
        trouble: Trouble,
    },
    /// Not used in this run. Phone acts go on; what is there stays untouched.
    Off {
        /// Why.
        trouble: Trouble,
    },
}

/// What is wrong with the state file. `Display` is for the log and the start (with the path), [`Trouble::crew`] for
/// chat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trouble {
    /// Which kind.
    pub kind: TroubleKind,
    /// The state file.
    pub path: PathBuf,
    /// The system's or SQLite's words; may be empty.
    pub detail: String,
}

/// The kinds of trouble with a state file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TroubleKind {
    /// No room on its disk.
    Full,
    /// It, or its folder, can't be written.
    ReadOnly,
    /// Another program holds it locked.
    Busy,
    /// It is damaged, or no database at all.
    Corrupt,
    /// A database of something else.
    Foreign,
    /// Written by a newer gavel.
    Newer,
    /// Its folder is not there, or it can't be opened.
    Unopened,
    /// Anything else.
    Other,
}

impl Trouble {
    pub(super) fn new(kind: TroubleKind, path: &Path, detail: impl fmt::Display) -> Self {
        Self { kind, path: path.to_owned(), detail: detail.to_string() }
    }

    pub(super) fn io(path: &Path, e: &io::Error) -> Self {
        let kind = match e.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => TroubleKind::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => TroubleKind::ReadOnly,
            _ => TroubleKind::Unopened,
        };
        Self::new(kind, path, e)
    }

    pub(super) fn sqlite(path: &Path, e: &rusqlite::Error) -> Self {
        let kind = match e.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => TroubleKind::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => TroubleKind::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => TroubleKind::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => TroubleKind::Corrupt,
            Some(ErrorCode::CannotOpen) => TroubleKind::Unopened,
            _ => TroubleKind::Other,
        };
        Self::new(kind, path, e)
    }

    /// What somebody can do about it.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            TroubleKind::Full => "make room on that disk",
            TroubleKind::ReadOnly => "let gavel's user write the file and its folder",
            TroubleKind::Busy => "end the other program that has it open",
            TroubleKind::Corrupt => "move the file away, or put a backup in its place, and restart gavel",
            TroubleKind::Foreign => "set path in [state] to a file of gavel's own, and restart gavel",
            TroubleKind::Newer => "install the newer gavel again, or set path in [state] to another file",
            TroubleKind::Unopened => {
                "make sure that its folder exists and gavel's user may write it, and restart gavel"
            }
            TroubleKind::Other => "make sure that the disk works and has room",
        }
    }

    /// One sentence for chat: no path, no foreign text.
    pub fn crew(&self) -> &'static str {
        match self.kind {
            TroubleKind::Full => "The disk for gavel's state is full.",
            TroubleKind::ReadOnly => "gavel's state can't be written.",
            TroubleKind::Busy => "Another program holds gavel's state.",
            TroubleKind::Corrupt => "gavel's state file is damaged; it is left as it is.",
            TroubleKind::Foreign => "gavel's state file belongs to another program.",
            TroubleKind::Newer => "gavel's state file is of a newer gavel; it is left as it is.",
            TroubleKind::Unopened => "gavel's state file can't be opened.",
            TroubleKind::Other => "gavel's state can't be written.",
        }
    }

    fn words(&self) -> &'static str {
        match self.kind {
            TroubleKind::Full => "is on a full disk",
            TroubleKind::ReadOnly => "can't be written",
            TroubleKind::Busy => "is locked by another program",
            TroubleKind::Corrupt => "is damaged or no database; it is left as it is",
            TroubleKind::Foreign => "is a database of another program; it is left as it is",
            TroubleKind::Newer => "was written by a newer gavel; it is left as it is",
            TroubleKind::Unopened => "can't be opened",
            TroubleKind::Other => "can't be used",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state file {} {}", self.path.display(), self.words())?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, "; {}", self.remedy())
    }
}
