//! What an earlier gavel left, and the whole of what is to be kept.

use super::Pbx;
use super::deeds::{Deed, OWN, Origin, Phase};
use super::room::Room;
use crate::Now;
use crate::dialect::{Evidence, PATIENCE};
use crate::model::{LedgerRow, Order, Restored, RoomName, Stage};

impl Pbx {
    /// The whole of it, for a store that fell behind.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        let startup = self.startup.iter().map(|mark| LedgerRow::Startup { mark: mark.clone() });
        startup.chain(self.rooms.iter().flat_map(rows)).collect()
    }

    pub(super) fn restore(&mut self, now: Now, restored: Restored) {
        for row in restored.rows {
            self.restore_row(row);
        }
        for order in restored.orders {
            if order.id.0 & OWN == 0 && self.deeds.first_time(order.id) && !self.deeds.is_full() {
                self.tell(now, &order, Stage::Unknown);
                self.deeds.insert(lost(now, order));
            }
        }
    }

    fn restore_row(&mut self, row: LedgerRow) {
        if let LedgerRow::Startup { mark } = row {
            self.startup = Some(mark);
        } else if let Some(room) = self.rooms.iter_mut().find(|r| Some(&r.setup.name) == room_of(&row)) {
            restore_row(room, row);
        }
    }
}

fn room_of(row: &LedgerRow) -> Option<&RoomName> {
    match row {
        LedgerRow::Startup { .. } => None,
        LedgerRow::Show { room, .. }
        | LedgerRow::Number { room, .. }
        | LedgerRow::Unbind { room }
        | LedgerRow::Topic { room, .. }
        | LedgerRow::Note { room, .. }
        | LedgerRow::MuteAll { room, .. }
        | LedgerRow::MutedByAll { room, .. } => Some(room),
    }
}

fn restore_row(room: &mut Room, row: LedgerRow) {
    match row {
        LedgerRow::Startup { .. } => {}
        LedgerRow::Show { show, began, highest, empty_since, .. } => {
            room.show.restore(show, began, highest, empty_since);
        }
        LedgerRow::Number { call, number, joined, .. } => {
            room.show.restore_number(call.uniqueid, number, joined);
        }
        LedgerRow::Unbind { .. } => {
            room.show.unbind();
            room.by_all.clear();
        }
        LedgerRow::Topic { topic, .. } => room.topic = topic,
        LedgerRow::Note { call, note, .. } => room.show.set_note(&call.uniqueid, note),
        LedgerRow::MuteAll { standing, .. } => room.standing = standing,
        LedgerRow::MutedByAll { call, on: true, .. } => {
            room.by_all.insert(call.uniqueid);
        }
        LedgerRow::MutedByAll { call, .. } => {
            room.by_all.remove(&call.uniqueid);
        }
    }
}

fn rows(room: &Room) -> Vec<LedgerRow> {
    let name = &room.setup.name;
    let mut out = Vec::new();
    if room.show.number > 0 {
        out.push(room.show.row(name));
    }
    out.extend(room.show.rows(&room.server, name));
    if room.topic.is_some() {
        out.push(LedgerRow::Topic { room: name.clone(), topic: room.topic.clone() });
    }
    if room.standing.is_some() {
        out.push(LedgerRow::MuteAll { room: name.clone(), standing: room.standing.clone() });
    }
    let by_all = room.by_all.iter();
    out.extend(by_all.map(|c| LedgerRow::MutedByAll { room: name.clone(), call: room.call(c), on: true }));
    out
}

/// An order of an earlier run: its outcome is unknown until the first list.
fn lost(now: Now, order: Order) -> Deed {
    Deed {
        order,
        origin: Origin::Person,
        phase: Phase::Lost,
        due: None,
        born: now.mono,
        at: None,
        channel: "".into(),
        slot: None,
        action: "",
        evidence: Evidence::Answer,
        patience: PATIENCE,
        trapped: false,
    }
}
