//! `who`: one participant in detail, for the crew alone (the catalog says so).

use gavel_chat::card;
use gavel_chat::text::Doc;

use super::targets::targets;
use super::{Ask, Plan, Refusal};
use crate::board::crew;
use crate::words::ago;

pub(super) fn plan(ask: Ask<'_>) -> Result<Plan, Refusal> {
    let view = crew(&ask.room.look, &ask.room.snapshot);
    let told = targets(ask)?.into_iter().map(|target| {
        let inside = card::who(&view, target.number, ask.now, ask.zone);
        inside.unwrap_or_else(|| left(ask, target.number, target.who))
    });
    Ok(told.reduce(|doc, more| doc.line().then(more)).unwrap_or_default().into())
}

fn left(ask: Ask<'_>, number: u32, who: Doc) -> Doc {
    match ask.room.departed(number) {
        Some(gone) => who.say(format!(" left {}.", ago(ask.now, gone.at))),
        None => who.say(" has left."),
    }
}
