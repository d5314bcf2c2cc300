//! `mute` and `unmute`: callers, or all who are not crew, with whoever joins late.

use gavel_ami::model::Wish;
use gavel_chat::command::Callers;

use super::targets::targets;
use super::{Ask, Plan, Refusal};
use crate::desk::orders::Orders;
use crate::desk::phrase::Item;

pub(super) fn plan(ask: Ask<'_>, on: bool) -> Result<Plan, Refusal> {
    let items = match ask.args.callers {
        Callers::All => vec![Item::of_room(Wish::MuteAll { room: ask.room.snapshot.room.clone(), on })],
        Callers::None | Callers::These(_) => {
            targets(ask)?.into_iter().map(|target| target.item(|call| Wish::Mute { call, on })).collect()
        }
    };
    Ok(Plan::Run(Box::new(Orders::new(items, None))))
}
