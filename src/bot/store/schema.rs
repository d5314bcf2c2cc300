//! The shape of the database and its history.
//!
//! Each version is one script that leads from the version before; scripts that were released never change. Each
//! version leaves a small database in `tests/fixtures/state/`, which the newest code must open: see `fixture.rs`.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::health::{Trouble, TroubleKind};

/// "gavl": tells our databases from those of other programs.
const APPLICATION: i32 = 0x6761_766c;
/// Waited for another program's lock; longer would let the queue of writes grow for nothing.
const BUSY: std::time::Duration = std::time::Duration::from_millis(500);

const SCRIPTS: [&str; 1] = [
    // 1. `people` is the only table with names and ends of numbers: retention empties it. The journal has no key over
    //    seq: losing an audit row to a collision would be worse than having two.
    "CREATE TABLE ledger (
         server TEXT NOT NULL, kind TEXT NOT NULL, room TEXT NOT NULL, call TEXT NOT NULL,
         pos INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (server, kind, room, call)) WITHOUT ROWID;
     CREATE TABLE journal (
         id INTEGER PRIMARY KEY, server TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
         epoch INTEGER NOT NULL, entry TEXT NOT NULL);
     CREATE INDEX journal_seq ON journal (server, seq);
     CREATE TABLE people (
         server TEXT NOT NULL, uniqueid TEXT NOT NULL, name TEXT, ends TEXT, tech TEXT NOT NULL,
         crew INTEGER NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY (server, uniqueid)) WITHOUT ROWID;
     CREATE INDEX people_seen ON people (seen);
     CREATE TABLE cards (
         place TEXT NOT NULL, key TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (place, key)) WITHOUT ROWID;
     CREATE TABLE intents (
         id INTEGER PRIMARY KEY, server TEXT NOT NULL, opened INTEGER NOT NULL, intent TEXT NOT NULL,
         settled INTEGER, outcome TEXT);",
];

/// The version that this code writes.
pub(super) const VERSION: i32 = SCRIPTS.len() as i32;

/// Opens a database of ours, or makes one where there is an empty file; touches nothing else.
///
/// Readers beside us need a file for shared memory. Where none can be made (a full disk, a read-only one) we keep
/// them out instead: then what is there can still be read, and written once the disk is mended.
pub(super) fn open(path: &Path) -> Result<Connection, Trouble> {
    open_as(path, "NORMAL").or_else(|trouble| match trouble.kind {
        TroubleKind::Full | TroubleKind::ReadOnly | TroubleKind::Unopened | TroubleKind::Other => {
            open_as(path, "EXCLUSIVE").or_else(|_| open_frozen(path)).map_err(|_| trouble)
        }
        _ => Err(trouble),
    })
}

/// One that nothing outlives.
pub(super) fn memory() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    prepare(&connection)?;
    migrate(&mut connection, 0)?;
    Ok(connection)
}

fn open_as(path: &Path, locking: &str) -> Result<Connection, Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |e: rusqlite::Error| Trouble::sqlite(path, &e);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.pragma_update_and_check(None, "locking_mode", locking, |_| Ok(())).map_err(failed)?;
    let version = examine(&connection, path)?;
    prepare(&connection).map_err(failed)?;
    migrate(&mut connection, version).map_err(failed)?;
    Ok(connection)
}

/// On a read-only disk: to read what is there, if an earlier gavel closed it properly (no log beside it).
pub(super) fn open_frozen(path: &Path) -> Result<Connection, Trouble> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let frozen = std::fs::metadata(log).map_or(true, |log| log.len() == 0);
    let (true, Some(name)) = (frozen, path.to_str()) else {
        return Err(Trouble::new(TroubleKind::Unopened, path, ""));
    };
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
        .map_err(|e| Trouble::sqlite(path, &e))?;
    match examine(&connection, path)? {
        VERSION => Ok(connection),
        _ => Err(Trouble::new(TroubleKind::Unopened, path, "")),
    }
}

/// Whether it is a database that [`open`] would take; changes nothing.
pub(super) fn examine_only(path: &Path) -> Result<(), Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| Trouble::sqlite(path, &e))?;
    examine(&connection, path).map(drop)
}

/// Reads only. Which version it is (0: empty), or why it is not to be touched.
fn examine(connection: &Connection, path: &Path) -> Result<i32, Trouble> {
    let failed = |e: rusqlite::Error| Trouble::sqlite(path, &e);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(failed);
    let tables = number("SELECT count(*) FROM sqlite_master")?;
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    if tables == 0 && version == 0 {
        return Ok(0);
    }
    if application != APPLICATION {
        return Err(Trouble::new(TroubleKind::Foreign, path, ""));
    }
    if version > VERSION {
        let detail = format!("its schema is {version}, this gavel knows {VERSION}");
        return Err(Trouble::new(TroubleKind::Newer, path, detail));
    }
    let check: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if check != "ok" {
        return Err(Trouble::new(TroubleKind::Corrupt, path, check.lines().next().unwrap_or_default()));
    }
    Ok(version)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // A deleted name must not live on in a free page.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)
}

fn migrate(connection: &mut Connection, version: i32) -> rusqlite::Result<()> {
    if version >= VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for script in SCRIPTS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
