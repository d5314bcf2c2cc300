//! `help`: what the asker may do here.

use gavel_chat::command::help;

use super::{Ask, Plan};

pub(super) fn plan(ask: Ask<'_>) -> Plan {
    let doc = match ask.args.about {
        Some(command) => help::about(command),
        None => help::overview(|command| ask.rules.may(ask.grant.role(), command, ask.room.view)),
    };
    doc.into()
}
