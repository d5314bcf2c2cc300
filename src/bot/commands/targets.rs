//! Whom a command is about: typed numbers and names become calls of this very moment.

use gavel_ami::model::{CallId, Wish};
use gavel_chat::command::{Callers, Resolution, resolve};
use gavel_chat::text::{Doc, Name};

use super::{Ask, Refusal};
use crate::desk::phrase::{Item, stale};

/// One caller who is meant.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The call that has the number now, or had it.
    pub(super) call: CallId,
    /// The number.
    pub(super) number: u32,
    /// The caller as the asker's place may see one.
    pub(super) who: Doc,
    /// Found by a name.
    pub(super) by_name: bool,
}

/// Everybody who is meant; one who cannot be found refuses the whole, so that nothing half-meant happens.
pub(super) fn targets(ask: Ask<'_>) -> Result<Vec<Target>, Refusal> {
    let Callers::These(callers) = &ask.args.callers else { return Ok(Vec::new()) };
    let Resolution { found, problems } = resolve(callers, &known(ask));
    if let Some(since) = ask.room.stale().filter(|_| !problems.is_empty()) {
        // Who is not on an old picture may well be in the room.
        return Err(Refusal(stale(since, ask.now, ask.zone).say(" Nothing was done.")));
    }
    if !problems.is_empty() {
        let docs = problems.iter().map(|problem| problem.doc());
        let doc = docs.reduce(|doc, more| doc.say(" ").then(more)).unwrap_or_default();
        return Err(Refusal(if found.is_empty() { doc } else { doc.say(" Nothing was done.") }));
    }
    Ok(found.iter().filter_map(|found| target(ask, found.number, found.by_name)).collect())
}

impl Target {
    /// An order about this one.
    pub(super) fn item(self, wish: impl FnOnce(CallId) -> Wish) -> Item {
        Item { wish: wish(self.call), number: Some(self.number), who: self.who }
    }
}

/// Who can be meant: who is in, by number and name; who left lately, by number alone.
fn known(ask: Ask<'_>) -> Vec<(u32, Option<Name>)> {
    let people = ask.room.snapshot.people.iter();
    let inside = people.map(|person| (person.number, ask.room.name(&person.caller)));
    inside.chain(ask.room.snapshot.departed.iter().map(|gone| (gone.number, None))).collect()
}

fn target(ask: Ask<'_>, number: u32, by_name: bool) -> Option<Target> {
    let inside = ask.room.numbered(number).map(|person| (&person.call, &person.caller));
    let (call, caller) =
        inside.or_else(|| ask.room.departed(number).map(|gone| (&gone.call, &gone.caller)))?;
    Some(Target { call: call.clone(), number, who: ask.room.person(number, caller), by_name })
}
