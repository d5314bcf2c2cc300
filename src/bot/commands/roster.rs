//! `roster`: the room and who is in it, as far as the place may know.

use gavel_chat::card;

use super::{Ask, Plan};
use crate::board::board;

pub(super) fn plan(ask: Ask<'_>) -> Plan {
    let board = board(ask.room.view, &ask.room.look, &ask.room.snapshot);
    card::roster(&board, ask.now, ask.zone).into()
}
