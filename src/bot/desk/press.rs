//! What a press means. Each is authorised anew, as if its words had been typed.
//!
//! A verb is a command's words (`mute all`), `ask` with these where a question may come first, or one of the desk's own.
//! Invariant: a number is good for its show, what is about the room as a whole only for the picture that it was drawn on
//! or for the minute after its question. What is neither changes nothing.

use gavel_chat::card::{self, ASK, MANAGE, REFRESH};
use gavel_chat::command::{Args, Call, CallerRef, Callers, Command, parse, parse_slots};
use gavel_chat::text::Doc;
use gavel_chat::{Audience, Input, Invocation, Press};

use super::Desk;
use super::panel::PICK;
use super::signs::YES;
use crate::board::board;
use crate::commands::confirm::{CANCEL, question};
use crate::room::RoomView;

/// What a press comes to.
#[derive(Debug, PartialEq)]
enum Meaning {
    /// Do this.
    Run(Call),
    /// Do this, perhaps after a question. `changed`: the room is not what it was.
    Ask { call: Call, changed: bool },
    /// Show who can be chosen.
    Panel,
    /// Show what can be done about this one.
    Pick(u32),
    /// Do nothing.
    Cancel,
    /// Show the room.
    Look,
    /// It is out of date.
    Old,
}

impl Desk {
    /// Somebody pressed something.
    pub(super) fn pressed(
        &mut self,
        invocation: &Invocation,
        press: &Press,
        chosen: Option<&str>,
        room: RoomView,
    ) {
        let asked = self.questions.good(self.clock.now().mono, &invocation.place, press);
        match meaning(press, chosen, &room, asked) {
            Meaning::Run(call) => self.called(invocation, &call, room),
            Meaning::Ask { call, changed } => self.asked(invocation, &call, changed, room),
            Meaning::Panel => self.panel(invocation, &room),
            Meaning::Pick(number) => self.one(invocation, number, &room),
            Meaning::Cancel => {
                self.answer(invocation, Doc::from("Nothing was done."), Vec::new(), Audience::Asker)
            }
            Meaning::Look => self.answer(invocation, self.today(&room), Vec::new(), Audience::Asker),
            Meaning::Old => {
                let doc = Doc::from("This button is old. Nothing was done.").line().then(self.today(&room));
                self.answer(invocation, doc, Vec::new(), Audience::Asker);
            }
        }
    }

    /// The room as this place may see it.
    pub(super) fn today(&self, room: &RoomView) -> Doc {
        card::roster(&board(room.view, &room.look, &room.snapshot), self.clock.now().wall, &self.zone)
    }

    /// Asks before it is done, where that is called for. Without a link there is nothing to ask about: the core says so.
    pub(super) fn asked(&mut self, invocation: &Invocation, call: &Call, changed: bool, room: RoomView) {
        let Some((_, bound)) = self.bindings.view(&invocation.place) else { return };
        if let Err(denied) = bound.rules.authorise(call, &invocation.asker, &invocation.place, room.view) {
            return self.answer(invocation, denied.doc(), Vec::new(), Audience::Asker);
        }
        let stale = room.stale().is_some();
        let reacted = matches!(invocation.input, Input::On { .. });
        let Some(mut question) = question(call, &room, changed).filter(|_| !stale) else {
            return self.called(invocation, call, room);
        };
        if changed {
            let doc = Doc::from("The room has changed since this button was drawn. Nothing was done yet.");
            question.doc = doc.line().then(question.doc);
        }
        if reacted {
            question.doc = question.doc.say(format!(", or put {YES} on this message."));
        }
        let (doc, yes) = (question.doc.clone(), question.yes.clone());
        let key = self.put(invocation, doc, question.controls(), Audience::Asker);
        self.questions.asked(self.clock.now().mono, invocation, key, yes);
    }
}

fn meaning(press: &Press, chosen: Option<&str>, room: &RoomView, asked: bool) -> Meaning {
    let snapshot = &room.snapshot;
    let (of_show, of_picture) = (press.show == snapshot.show, press.version == snapshot.version);
    match press.verb.as_str() {
        CANCEL => return Meaning::Cancel,
        REFRESH => return Meaning::Look,
        // It draws what is there now, whatever it was drawn on.
        MANAGE => return Meaning::Panel,
        _ if !of_show => return Meaning::Old,
        PICK => return picked(chosen),
        _ => {}
    }
    let (asks, words) = match press.verb.strip_prefix(ASK) {
        Some(words) => (true, words),
        None => (false, press.verb.as_str()),
    };
    let Some(call) = call(words, press.number, chosen) else { return Meaning::Old };
    let good = press.number.is_some() || chosen.is_some() || of_picture || asked;
    match (asks, good) {
        (true, _) if is_so(&call, room) => Meaning::Old,
        // Where a question comes anyway, it shows what is there now.
        (true, good) => Meaning::Ask { changed: !good && question(&call, room, false).is_none(), call },
        (false, true) => Meaning::Run(call),
        (false, false) => Meaning::Ask { call, changed: true },
    }
}

/// A choice is a number; a client may send what it showed in its place.
fn picked(chosen: Option<&str>) -> Meaning {
    let slots = |chosen: &str| [("caller".to_owned(), chosen.to_owned())];
    let call = chosen.and_then(|chosen| parse_slots(Command::Who.word(), &slots(chosen)).ok());
    match call.map(|call| call.args.callers) {
        Some(Callers::These(whom)) => match whom.as_slice() {
            [CallerRef::Number(number)] => Meaning::Pick(*number),
            _ => Meaning::Old,
        },
        _ => Meaning::Old,
    }
}

fn call(words: &str, number: Option<u32>, chosen: Option<&str>) -> Option<Call> {
    match (number, chosen) {
        (Some(number), _) => {
            let callers = Callers::These(vec![CallerRef::Number(number)]);
            Some(Call { command: Command::named(words)?, args: Args { callers, ..Args::default() } })
        }
        (None, Some(chosen)) => parse(&format!("{words} {chosen}")).ok(),
        (None, None) => parse(words).ok(),
    }
}

/// The button offers what is there already.
pub(super) fn is_so(call: &Call, room: &RoomView) -> bool {
    let snapshot = &room.snapshot;
    match (call.command, &call.args.callers) {
        (Command::Lock, _) => snapshot.locked,
        (Command::Unlock, _) => !snapshot.locked,
        (Command::Mute, Callers::All) => snapshot.mute_all.is_some(),
        (Command::Unmute, Callers::All) => snapshot.mute_all.is_none(),
        _ => false,
    }
}
