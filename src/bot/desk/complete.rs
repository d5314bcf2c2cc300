//! Choices for something half typed. Authorised like a command: who may not run it gets none.

use gavel_chat::command::{Command, SlotKind, complete};
use gavel_chat::text::Foreign;
use gavel_chat::{Choice, CrewPerson, Input, Partial};

use super::Desk;
use crate::board::{View, crew};
use crate::room::RoomView;

impl Desk {
    pub(super) fn complete(&self, partial: &Partial) -> Vec<Choice> {
        let Some((room, bound)) = self.bindings.view(&partial.place) else { return Vec::new() };
        let role = bound.rules.role(&partial.asker, &partial.place);
        let may = |command| bound.rules.may(role, command, room.view);
        if partial.command.is_empty() {
            return complete::words(&partial.typed, may);
        }
        let Some(command) = Command::named(&partial.command).filter(|command| may(*command)) else {
            return Vec::new();
        };
        let slots = command.spec().slots;
        let named = slots.iter().find(|slot| slot.name == partial.slot);
        let slot = if partial.slot.is_empty() { slots.first() } else { named };
        match slot.map(|slot| slot.kind) {
            Some(SlotKind::Callers { all, .. }) => callers(&room, &partial.typed, all),
            Some(SlotKind::Command) => complete::words(&partial.typed, may),
            Some(SlotKind::Text { .. }) | None => Vec::new(),
        }
    }
}

/// Something was chosen that was offered in another show: who has that number now is somebody else.
pub(super) fn outdated(input: &Input, room: &RoomView) -> bool {
    let Input::Slots { command, slots } = input else { return false };
    let Some(callers) = Command::named(command).and_then(|command| command.spec().callers()) else {
        return false;
    };
    let people = people(room);
    let mut chosen = slots.iter().filter(|(name, _)| name == callers.name);
    chosen.any(|(_, shown)| complete::is_outdated(shown, &people))
}

fn callers(room: &RoomView, typed: &str, all: bool) -> Vec<Choice> {
    let everybody = Choice { value: "all".to_owned(), label: Foreign::text("all") };
    let wanted = all && "all".starts_with(&typed.trim().to_lowercase());
    let choices = complete::callers(typed, &people(room));
    wanted.then_some(everybody).into_iter().chain(choices).take(complete::MOST).collect()
}

/// Whom the place may know: in public no ends of numbers, and names only where the room shows them.
pub(super) fn people(room: &RoomView) -> Vec<CrewPerson> {
    let people = crew(&room.look, &room.snapshot).people;
    let hide = |person: CrewPerson| CrewPerson {
        name: person.name.filter(|_| room.look.public_names),
        ends: None,
        ..person
    };
    match room.view {
        View::Crew => people,
        View::Public => people.into_iter().map(hide).collect(),
    }
}
