//! The panel behind a card's "Manage": first whom, then what. It is for the presser alone, and always fresh.
//!
//! Invariant: only what the presser may do is offered, and the words that do the same stand in the text.

use gavel_chat::card;
use gavel_chat::command::{Command, complete};
use gavel_chat::text::Doc;
use gavel_chat::{Audience, Control, Invocation, Press, Style};

use super::Desk;
use super::complete::people;
use crate::access::Denied;
use crate::board::crew;
use crate::room::RoomView;
use crate::words::ago;

/// The verb of the select of callers.
pub(super) const PICK: &str = "pick";

/// What can be done about one caller, in the order of the buttons.
const ACTIONS: [Command; 4] = [Command::Mute, Command::Unmute, Command::Kick, Command::Hangup];

impl Desk {
    /// Whom the presser can choose.
    pub(super) fn panel(&mut self, invocation: &Invocation, room: &RoomView) {
        match self.offered(invocation, room) {
            Err(denied) => self.answer(invocation, denied.doc(), Vec::new(), Audience::Asker),
            Ok(offered) => {
                let (doc, controls) = self.choose(room, &offered);
                self.answer(invocation, doc, controls, Audience::Asker);
            }
        }
    }

    /// What the presser can do about this one.
    pub(super) fn one(&mut self, invocation: &Invocation, number: u32, room: &RoomView) {
        let offered = match self.offered(invocation, room) {
            Err(denied) => return self.answer(invocation, denied.doc(), Vec::new(), Audience::Asker),
            Ok(offered) => offered,
        };
        let Some(person) = room.numbered(number) else {
            let (doc, controls) = self.choose(room, &offered);
            let doc = self.missing(number, room).say(" Nothing was done.").line().then(doc);
            return self.answer(invocation, doc, controls, Audience::Asker);
        };
        let useless = if person.muted { Command::Mute } else { Command::Unmute };
        let offered: Vec<_> = offered.into_iter().filter(|command| *command != useless).collect();
        let words: Vec<_> = offered.iter().map(|command| format!("{} {number}", command.word())).collect();
        let view = crew(&room.look, &room.snapshot);
        let told = card::who(&view, number, self.clock.now().wall, &self.zone)
            .filter(|_| self.may(invocation, room, Command::Who));
        let doc = told.unwrap_or_else(|| room.person(number, &person.caller));
        let doc = doc.line().say(format!("Or type: {}", words.join(", ")));
        let buttons = offered.iter().map(|command| button(room, *command, number));
        let controls = buttons.chain([other(room)]).collect();
        self.answer(invocation, doc, controls, Audience::Asker);
    }

    /// What of the panel this person may do here; none of it is a refusal.
    fn offered(&self, invocation: &Invocation, room: &RoomView) -> Result<Vec<Command>, Denied> {
        let offered: Vec<_> =
            ACTIONS.into_iter().filter(|command| self.may(invocation, room, *command)).collect();
        match self.bindings.view(&invocation.place) {
            Some((_, bound)) if offered.is_empty() => Err(Denied::Needs(bound.rules.lowest(&ACTIONS))),
            _ => Ok(offered),
        }
    }

    fn may(&self, invocation: &Invocation, room: &RoomView, command: Command) -> bool {
        self.bindings.view(&invocation.place).is_some_and(|(_, bound)| {
            let role = bound.rules.role(&invocation.asker, &invocation.place);
            bound.rules.may(role, command, room.view)
        })
    }

    fn choose(&self, room: &RoomView, offered: &[Command]) -> (Doc, Vec<Control>) {
        let view = crew(&room.look, &room.snapshot);
        let doc = card::headline(&view, self.clock.now().wall, &self.zone);
        let people = people(room);
        let Some(first) = people.first().filter(|_| room.stale().is_none()) else { return (doc, Vec::new()) };
        let word = offered.first().map_or("", |command| command.word());
        let doc = doc.line().say(format!("Choose a caller, or type for example: {word} {}", first.number));
        // How many fit, the network knows.
        let choices = people.iter().map(complete::choice).collect();
        let hint = "Choose a caller".to_owned();
        (doc, vec![Control::Select { hint, press: press(room, PICK.to_owned(), None), choices }])
    }

    /// "#5 left 4 s ago."
    fn missing(&self, number: u32, room: &RoomView) -> Doc {
        Doc::new().say(match room.departed(number) {
            Some(gone) => format!("#{number} left {}.", ago(self.clock.now().wall, gone.at)),
            None => format!("There is no #{number}."),
        })
    }
}

/// What cannot be taken back asks first.
fn button(room: &RoomView, command: Command, number: u32) -> Control {
    let (label, style, ask) = match command {
        Command::Mute => ("Mute", Style::Plain, ""),
        Command::Unmute => ("Unmute", Style::Good, ""),
        Command::Kick => ("Remove", Style::Danger, card::ASK),
        _ => ("End the call", Style::Danger, card::ASK),
    };
    let verb = format!("{ask}{}", command.word());
    Control::Button { label: label.to_owned(), style, press: press(room, verb, Some(number)) }
}

fn other(room: &RoomView) -> Control {
    let press = press(room, card::MANAGE.to_owned(), None);
    Control::Button { label: "Another caller".to_owned(), style: Style::Plain, press }
}

fn press(room: &RoomView, verb: String, number: Option<u32>) -> Press {
    Press { verb, show: room.snapshot.show, number, version: room.snapshot.version }
}
