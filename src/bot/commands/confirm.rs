//! What is asked once more before it is done, in words and with two buttons. Words that somebody typed are meant as they
//! stand; a thumb that came upon a button may not be.

use gavel_chat::command::{Call, CallerRef, Callers, Command};
use gavel_chat::text::Doc;
use gavel_chat::{Control, Press, Style};

use crate::room::RoomView;
use crate::words::count;

/// The verb that does nothing.
pub const CANCEL: &str = "cancel";

/// A question, with the button that says yes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// What is asked, and what can be typed in its place.
    pub doc: Doc,
    /// The word on the button.
    pub label: &'static str,
    /// Red, for what cannot be taken back.
    pub style: Style,
    /// What is done.
    pub yes: Press,
}

impl Question {
    /// Yes, and no.
    pub fn controls(self) -> Vec<Control> {
        let no = Press { verb: CANCEL.to_owned(), ..self.yes.clone() };
        vec![
            Control::Button { label: self.label.to_owned(), style: self.style, press: self.yes },
            Control::Button { label: "Cancel".to_owned(), style: Style::Plain, press: no },
        ]
    }
}

/// What to ask before this is done; `None`: nothing. `changed`: the room is not what it was when the button was drawn,
/// so that whatever is about the room as a whole is asked for.
pub fn question(call: &Call, room: &RoomView, changed: bool) -> Option<Question> {
    let callers = room.snapshot.people.iter().filter(|person| !person.caller.crew && !person.lobby).count();
    let many = count(callers, "caller", "callers");
    match (call.command, &call.args.callers) {
        (command @ (Command::Kick | Command::Hangup), Callers::These(whom)) => {
            let [CallerRef::Number(number)] = whom.as_slice() else { return None };
            // Who has left can be asked for without danger, and the answer tells when that was.
            let person = room.numbered(*number)?;
            Some(about_one(room, command, *number, room.person(*number, &person.caller)))
        }
        (Command::Mute, Callers::All) => {
            let doc = Doc::new()
                .say(format!("Mute all but the crew ({many})? Late callers too, until: unmute all."));
            Some(about_all(room, doc, "mute all", "Mute all", Style::Danger))
        }
        (Command::Lock, _) if callers > 0 || changed => {
            let doc = Doc::new().say(format!("Lock the room with {many} in it? Nobody else gets in."));
            Some(about_all(room, doc, "lock", "Lock", Style::Danger))
        }
        (Command::Unmute, Callers::All) if changed => {
            let doc = Doc::from("Unmute whom mute all had muted? Late callers are then heard.");
            Some(about_all(room, doc, "unmute all", "Unmute all", Style::Good))
        }
        (Command::Unlock, _) if changed => {
            Some(about_all(room, Doc::from("Unlock the room?"), "unlock", "Unlock", Style::Good))
        }
        _ => None,
    }
}

/// The button that removes somebody, or ends the call.
pub fn yes(room: &RoomView, command: Command, number: u32) -> (&'static str, Press) {
    let label = if command == Command::Kick { "Remove" } else { "End the call" };
    (label, press(room, command.word(), Some(number)))
}

fn about_one(room: &RoomView, command: Command, number: u32, who: Doc) -> Question {
    let (label, yes) = yes(room, command, number);
    let doc = match command {
        Command::Kick => Doc::from("Remove ").then(who).say(" from the room?"),
        _ => Doc::from("End the call of ").then(who).say("?"),
    };
    let doc = doc.say(format!(" Or type: {} {number}", command.word()));
    Question { doc, label, style: Style::Danger, yes }
}

fn about_all(room: &RoomView, doc: Doc, words: &str, label: &'static str, style: Style) -> Question {
    let doc = doc.say(format!(" Or type: {words}"));
    Question { doc, label, style, yes: press(room, words, None) }
}

fn press(room: &RoomView, verb: &str, number: Option<u32>) -> Press {
    let (show, version) = (room.snapshot.show, room.snapshot.version);
    Press { verb: verb.to_owned(), show, number, version }
}
