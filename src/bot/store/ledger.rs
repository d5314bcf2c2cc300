//! One server's ledger in memory: which rows stand, and what a new row changes of them.
//!
//! The database follows this, never the other way round after the start: so that a disk that comes back can be given
//! the whole truth. Invariant: one row per key, in the order in which the keys were first written.

use std::collections::HashMap;
use std::sync::Arc;

use gavel_ami::model::{CallId, LedgerRow, RoomName};

/// What a later row with the same key replaces.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key {
    pub(super) kind: &'static str,
    pub(super) room: Option<RoomName>,
    pub(super) call: Option<Arc<str>>,
}

/// What is to be done to the database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Change {
    Put { key: Key, pos: u64, row: LedgerRow },
    Delete(Key),
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    rows: HashMap<Key, (u64, LedgerRow)>,
    next: u64,
}

const SHOW: &str = "show";
const NUMBER: &str = "number";
const TOPIC: &str = "topic";
const NOTE: &str = "note";
const MUTE_ALL: &str = "mute_all";
const MUTED: &str = "muted_by_all";
const STARTUP: &str = "startup";

impl Ledger {
    /// Takes a row in; what that changes.
    pub(super) fn apply(&mut self, row: LedgerRow) -> Vec<Change> {
        let mut changes = self.void(&row);
        match key(&row) {
            Some(key) if is_nothing(&row) => changes.extend(self.remove(key)),
            Some(key) => changes.push(self.put(key, row)),
            None => {}
        }
        changes
    }

    /// The rows of an earlier run with their positions.
    pub(super) fn load(rows: Vec<(u64, LedgerRow)>) -> Self {
        let next = rows.iter().map(|(pos, _)| pos + 1).max().unwrap_or(0);
        let keyed = rows.into_iter().filter_map(|(pos, row)| Some((key(&row)?, (pos, row))));
        Self { rows: keyed.collect(), next }
    }

    /// Takes the whole ledger in, in place of what was there.
    pub(super) fn replace(&mut self, rows: Vec<LedgerRow>) -> Vec<Change> {
        let old: Vec<Key> = self.rows.keys().cloned().collect();
        let mut changes: Vec<Change> = old.into_iter().filter_map(|key| self.remove(key)).collect();
        changes.extend(rows.into_iter().flat_map(|row| self.apply(row)));
        changes
    }

    /// The rows, in the order in which they were first written.
    pub(super) fn rows(&self) -> Vec<(&Key, u64, &LedgerRow)> {
        let mut rows: Vec<_> = self.rows.iter().map(|(key, (pos, row))| (key, *pos, row)).collect();
        rows.sort_by_key(|(_, pos, _)| *pos);
        rows
    }

    fn put(&mut self, key: Key, row: LedgerRow) -> Change {
        let next = self.next;
        let (pos, kept) = self.rows.entry(key.clone()).or_insert_with(|| (next, row.clone()));
        if *pos == next {
            self.next += 1;
        }
        kept.clone_from(&row);
        Change::Put { key, pos: *pos, row }
    }

    fn remove(&mut self, key: Key) -> Option<Change> {
        self.rows.remove(&key).map(|_| Change::Delete(key))
    }

    /// What a new show, or a restart of Asterisk, ends.
    fn void(&mut self, row: &LedgerRow) -> Vec<Change> {
        let (room, kinds): (_, &[&str]) = match row {
            LedgerRow::Show { room, show, .. } if self.is_later(room, *show) => {
                (room, &[NUMBER, NOTE, TOPIC, MUTED])
            }
            LedgerRow::Unbind { room } => (room, &[NUMBER, NOTE, MUTED]),
            _ => return Vec::new(),
        };
        let ends = |key: &&Key| key.room.as_ref() == Some(room) && kinds.contains(&key.kind);
        let void: Vec<Key> = self.rows.keys().filter(ends).cloned().collect();
        void.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    fn is_later(&self, room: &RoomName, show: u32) -> bool {
        let key = Key { kind: SHOW, room: Some(room.clone()), call: None };
        self.rows
            .get(&key)
            .is_some_and(|(_, row)| matches!(row, LedgerRow::Show { show: old, .. } if *old < show))
    }
}

/// The key of a row; `None`: the row is no state of its own.
fn key(row: &LedgerRow) -> Option<Key> {
    let of = |kind, room: &RoomName, call: Option<&CallId>| {
        Some(Key { kind, room: Some(room.clone()), call: call.map(|call| call.uniqueid.clone()) })
    };
    match row {
        LedgerRow::Show { room, .. } => of(SHOW, room, None),
        LedgerRow::Number { room, call, .. } => of(NUMBER, room, Some(call)),
        LedgerRow::Unbind { .. } => None,
        LedgerRow::Topic { room, .. } => of(TOPIC, room, None),
        LedgerRow::Note { room, call, .. } => of(NOTE, room, Some(call)),
        LedgerRow::MuteAll { room, .. } => of(MUTE_ALL, room, None),
        LedgerRow::MutedByAll { room, call, .. } => of(MUTED, room, Some(call)),
        LedgerRow::Startup { .. } => Some(Key { kind: STARTUP, room: None, call: None }),
    }
}

/// The row says that there is nothing under its key any more.
fn is_nothing(row: &LedgerRow) -> bool {
    matches!(
        row,
        LedgerRow::Topic { topic: None, .. }
            | LedgerRow::Note { note: None, .. }
            | LedgerRow::MuteAll { standing: None, .. }
            | LedgerRow::MutedByAll { on: false, .. }
    )
}
