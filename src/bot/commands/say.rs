//! `say`: a notice to the room's other crew places.

use gavel_chat::command::Wording;
use gavel_chat::text::Doc;

use super::{Ask, Plan, Refusal};
use crate::desk::phrase::name;
use crate::words::count;

pub(super) fn plan(ask: Ask<'_>) -> Result<Plan, Refusal> {
    let Some(Wording::Set(text)) = &ask.args.text else { return Err(Refusal(Doc::from("Usage: say TEXT"))) };
    if ask.others == 0 {
        return Err(Refusal(Doc::from("Nobody to tell: this room has no other crew place.")));
    }
    let notice = Doc::new().foreign(&name(ask.grant.by())).say(" says: ").foreign(text);
    Ok(Plan::Tell {
        notice,
        answer: Doc::new().say(format!("Told {}.", count(ask.others, "other place", "other places"))),
    })
}
