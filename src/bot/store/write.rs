//! What is written, as values: so that a batch is one transaction, and what a broken disk refused can wait.

use std::sync::Arc;

use gavel_ami::model::{CallId, Caller, Entry, Order, OrderId, Outcome, ServerName, Stage, What};
use gavel_chat::text::{Ends, Name};
use gavel_chat::{Key, MessageRef, PlaceId};
use rusqlite::{Connection, params};
use serde::Serialize;

use super::ledger::{Change, Ledger};

/// One thing to write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Ledger(ServerName, Change),
    Entry(ServerName, Arc<Entry>),
    Card { place: PlaceId, key: Key, message: Option<MessageRef> },
    Intent { server: ServerName, order: Box<Order>, at: u64 },
    Settle { order: OrderId, outcome: Outcome, at: u64 },
    Sweep { before: u64 },
}

impl Write {
    /// Worth keeping until the disk comes back: everything else is in memory as a whole, or too late by then.
    pub(super) fn can_wait(&self) -> bool {
        matches!(self, Self::Entry(..) | Self::Settle { .. })
    }

    pub(super) fn execute(&self, to: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Ledger(server, Change::Put { key, pos, row }) => put(to, server, key, *pos, row),
            Self::Ledger(server, Change::Delete(key)) => delete(to, server, key),
            Self::Entry(server, entry) => entry_of(to, server, entry),
            Self::Card { place, key, message } => card(to, place, key, message.as_ref()),
            Self::Intent { server, order, at } => intent(to, server, order, *at),
            Self::Settle { order, outcome, at } => settle(to, *order, outcome, *at),
            Self::Sweep { before } => sweep(to, *before),
        }
    }
}

/// A server's whole ledger in place of what is there.
pub(super) fn ledger(to: &Connection, server: &ServerName, ledger: &Ledger) -> rusqlite::Result<()> {
    to.prepare_cached("DELETE FROM ledger WHERE server = ?1")?.execute([server.as_str()])?;
    ledger.rows().into_iter().try_for_each(|(key, pos, row)| put(to, server, key, pos, row))
}

/// All cards in place of what is there.
pub(super) fn cards<'c>(
    to: &Connection,
    cards: impl Iterator<Item = (&'c PlaceId, &'c Key, &'c MessageRef)>,
) -> rusqlite::Result<()> {
    to.execute("DELETE FROM cards", [])?;
    for (place, key, message) in cards {
        card(to, place, key, Some(message))?;
    }
    Ok(())
}

fn put(
    to: &Connection,
    server: &ServerName,
    key: &super::ledger::Key,
    pos: u64,
    row: &gavel_ami::model::LedgerRow,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO ledger (server, kind, room, call, pos, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (server, kind, room, call) DO UPDATE SET row = excluded.row";
    let (room, call) = columns(key);
    to.prepare_cached(sql)?.execute(params![
        server.as_str(),
        key.kind,
        room,
        call,
        number(pos),
        json(row)?
    ])?;
    Ok(())
}

fn delete(to: &Connection, server: &ServerName, key: &super::ledger::Key) -> rusqlite::Result<()> {
    let sql = "DELETE FROM ledger WHERE server = ?1 AND kind = ?2 AND room = ?3 AND call = ?4";
    let (room, call) = columns(key);
    to.prepare_cached(sql)?.execute(params![server.as_str(), key.kind, room, call])?;
    Ok(())
}

fn columns(key: &super::ledger::Key) -> (&str, &str) {
    (key.room.as_ref().map_or("", |room| room.as_str()), key.call.as_deref().unwrap_or(""))
}

/// The person goes into its own table; the journal names the call alone. An order's end settles its intent.
fn entry_of(to: &Connection, server: &ServerName, entry: &Entry) -> rusqlite::Result<()> {
    let mut bare = entry.clone();
    let caller = bare.caller.take();
    let sql = "INSERT INTO journal (server, seq, at, epoch, entry) VALUES (?1, ?2, ?3, ?4, ?5)";
    let (seq, at, epoch) = (number(entry.seq), number(entry.at), number(entry.epoch));
    to.prepare_cached(sql)?.execute(params![server.as_str(), seq, at, epoch, json(&bare)?])?;
    if let (Some(caller), Some(call)) = (caller, &entry.call) {
        person(to, call, &caller, entry.at)?;
    }
    match &entry.what {
        What::Order { order, stage: Stage::Settled(outcome) } => settle(to, order.id, outcome, entry.at),
        _ => Ok(()),
    }
}

/// Of a number only its end; a name that is a number is none.
fn person(to: &Connection, call: &CallId, caller: &Caller, seen: u64) -> rusqlite::Result<()> {
    let raw = caller.name.as_deref().unwrap_or_default();
    let name = Name::new(raw);
    let ends = caller.phone.ends().and_then(Ends::new).or_else(|| Ends::of_name(raw)).map(String::from);
    let sql = "INSERT INTO people (server, uniqueid, name, ends, tech, crew, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (server, uniqueid) DO UPDATE SET name = excluded.name, ends = excluded.ends,
               tech = excluded.tech, crew = excluded.crew, seen = excluded.seen";
    let name = name.as_ref().map(Name::as_str);
    let who = params![
        call.server.as_str(),
        call.uniqueid,
        name,
        ends,
        json(&caller.tech)?,
        caller.crew,
        number(seen)
    ];
    to.prepare_cached(sql)?.execute(who)?;
    Ok(())
}

fn card(to: &Connection, place: &PlaceId, key: &Key, message: Option<&MessageRef>) -> rusqlite::Result<()> {
    let (place, key) = (place.as_str(), json(key)?);
    match message {
        Some(message) => {
            let sql = "INSERT OR REPLACE INTO cards (place, key, message) VALUES (?1, ?2, ?3)";
            to.prepare_cached(sql)?.execute(params![place, key, message.as_str()])?;
        }
        None => {
            to.prepare_cached("DELETE FROM cards WHERE place = ?1 AND key = ?2")?
                .execute(params![place, key])?;
        }
    }
    Ok(())
}

fn intent(to: &Connection, server: &ServerName, order: &Order, at: u64) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO intents (id, server, opened, intent) VALUES (?1, ?2, ?3, ?4)";
    to.prepare_cached(sql)?.execute(params![
        number(order.id.0),
        server.as_str(),
        number(at),
        json(order)?
    ])?;
    Ok(())
}

fn settle(to: &Connection, order: OrderId, outcome: &Outcome, at: u64) -> rusqlite::Result<()> {
    // The core's own orders have the highest bit set and no intent.
    let Ok(id) = i64::try_from(order.0) else { return Ok(()) };
    let sql = "UPDATE intents SET settled = ?2, outcome = ?3 WHERE id = ?1 AND settled IS NULL";
    to.prepare_cached(sql)?.execute(params![id, number(at), json(outcome)?])?;
    Ok(())
}

/// The last intent stays: the ids of orders go on after it. The version is written to write something: a disk that
/// takes nothing is told of at the start, not when the first caller joins.
fn sweep(to: &Connection, before: u64) -> rusqlite::Result<()> {
    to.pragma_update(None, "user_version", super::schema::VERSION)?;
    to.execute("DELETE FROM people WHERE seen < ?1", [number(before)])?;
    let sql = "DELETE FROM intents WHERE settled < ?1 AND id < (SELECT max(id) FROM intents)";
    to.execute(sql, [number(before)])?;
    Ok(())
}

/// SQLite's integers are signed; no time or counter of ours comes near.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}
