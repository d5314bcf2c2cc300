//! `topic`: shows or sets what the show is about.

use gavel_ami::model::{Topic, Wish};
use gavel_chat::command::Wording;
use gavel_chat::text::{Doc, Foreign};

use super::{Ask, Plan};
use crate::board::View;
use crate::desk::orders::Orders;
use crate::desk::phrase::{Item, name};

pub(super) fn plan(ask: Ask<'_>) -> Plan {
    let room = ask.room.snapshot.room.clone();
    let text = match &ask.args.text {
        None => return shown(ask).into(),
        Some(Wording::Set(text)) => Some(text.as_str().to_owned()),
        Some(Wording::Clear) => None,
    };
    Plan::Run(Box::new(Orders::new(vec![Item::of_room(Wish::Topic { room, text })], None)))
}

fn shown(ask: Ask<'_>) -> Doc {
    let Some(Topic { text, by, at }) = &ask.room.snapshot.topic else {
        return Doc::from("There is no topic.");
    };
    let doc = Doc::from("Topic: ").foreign(&Foreign::text(text));
    match ask.room.view {
        View::Crew => doc.say(" (").foreign(&name(by)).say(format!(", {}).", ask.zone.minute(*at))),
        View::Public => doc.say("."),
    }
}
