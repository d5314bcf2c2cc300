//! `lock` and `unlock`: the room's door.

use gavel_ami::model::Wish;

use super::{Ask, Plan};
use crate::desk::orders::Orders;
use crate::desk::phrase::Item;

pub(super) fn plan(ask: Ask<'_>, on: bool) -> Plan {
    let wish = Wish::Lock { room: ask.room.snapshot.room.clone(), on };
    Plan::Run(Box::new(Orders::new(vec![Item::of_room(wish)], None)))
}
