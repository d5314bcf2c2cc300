//! What an earlier gavel left, read once at the start.

use std::collections::{BTreeSet, HashMap};

use gavel_ami::model::{Order, OrderId, Restored, ServerName};
use gavel_chat::{Key, MessageRef, PlaceId};
use rusqlite::{Connection, OptionalExtension};
use serde::de::DeserializeOwned;

use super::ledger::Ledger;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) ledgers: HashMap<ServerName, Ledger>,
    pub(super) cards: HashMap<(PlaceId, Key), MessageRef>,
    pub(super) restored: HashMap<ServerName, Restored>,
    pub(super) next_order: u64,
}

pub(super) fn load(from: &Connection) -> rusqlite::Result<Left> {
    let mut left = Left { cards: cards(from)?, next_order: next_order(from)?, ..Left::default() };
    for server in servers(from)? {
        let ledger = Ledger::load(ledger(from, &server)?);
        let (seq, epoch) = last(from, &server)?;
        let rows = ledger.rows().into_iter().map(|(_, _, row)| row.clone()).collect();
        let orders = orders(from, &server)?;
        left.restored.insert(server.clone(), Restored { seq, epoch, rows, orders });
        left.ledgers.insert(server, ledger);
    }
    Ok(left)
}

fn servers(from: &Connection) -> rusqlite::Result<BTreeSet<ServerName>> {
    let sql = "SELECT server FROM ledger UNION SELECT server FROM journal UNION SELECT server FROM intents";
    from.prepare(sql)?.query_map([], |row| row.get::<_, String>(0).map(ServerName::new))?.collect()
}

fn ledger(
    from: &Connection,
    server: &ServerName,
) -> rusqlite::Result<Vec<(u64, gavel_ami::model::LedgerRow)>> {
    let mut query = from.prepare("SELECT pos, row FROM ledger WHERE server = ?1 ORDER BY pos")?;
    query.query_map([server.as_str()], |row| Ok((unsigned(row.get(0)?), json(row, 1)?)))?.collect()
}

fn last(from: &Connection, server: &ServerName) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT coalesce(max(seq), 0), coalesce(max(epoch), 0) FROM journal WHERE server = ?1";
    from.query_row(sql, [server.as_str()], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))
}

fn orders(from: &Connection, server: &ServerName) -> rusqlite::Result<Vec<Order>> {
    let mut query =
        from.prepare("SELECT intent FROM intents WHERE server = ?1 AND settled IS NULL ORDER BY id")?;
    query.query_map([server.as_str()], |row| json(row, 0))?.collect()
}

fn cards(from: &Connection) -> rusqlite::Result<HashMap<(PlaceId, Key), MessageRef>> {
    let mut query = from.prepare("SELECT place, key, message FROM cards")?;
    let card = |row: &rusqlite::Row<'_>| {
        let (place, message) = (row.get::<_, String>(0)?, row.get::<_, String>(2)?);
        Ok(((PlaceId::new(place), json(row, 1)?), MessageRef::new(message)))
    };
    query.query_map([], card)?.collect()
}

fn next_order(from: &Connection) -> rusqlite::Result<u64> {
    let last: Option<i64> =
        from.query_row("SELECT max(id) FROM intents", [], |row| row.get(0)).optional()?.flatten();
    Ok(last.map_or(OrderId(1).0, |last| unsigned(last) + 1))
}

fn json<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e))
    })
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
