//! From an invocation to its first answer: bind, read, authorise, plan. No I/O and no waiting.

use gavel_chat::command::{Args, Call, Command, Misread, Wording, parse, parse_slots};
use gavel_chat::text::{Doc, Foreign};
use gavel_chat::{Audience, Control, Input, Invocation, Key, Sign, Up};
use tracing::info;

use super::Desk;
use super::complete::outdated;
use crate::access::Grant;
use crate::commands::{Ask, Plan, Refusal, plan};
use crate::room::RoomView;
use crate::supervisor::Said;

/// What people asked for, as far as it can be read.
pub(super) enum Wanted {
    Call(Call),
    /// What the asker is told instead.
    Not(Doc),
    /// Nothing that asks for an answer.
    Nothing,
}

impl Desk {
    /// Somebody wants something.
    pub(super) fn invoked(&mut self, invocation: Invocation) {
        let Some((room, _)) = self.bindings.view(&invocation.place) else {
            self.stranger(&invocation.place);
            return;
        };
        let wanted = match &invocation.input {
            Input::Press { press, chosen } => {
                return self.pressed(&invocation, press, chosen.as_deref(), room);
            }
            Input::On { with: Sign::React(emoji), post } => {
                return self.reacted(&invocation, post, emoji, room);
            }
            // What somebody takes back was done already.
            Input::On { with: Sign::Unreact(_), .. } => return,
            Input::On { with: Sign::Reply(typed), post } => {
                self.replied(&invocation.place, post, typed, &room)
            }
            Input::Text(typed) => read(parse(typed)),
            Input::Slots { command, slots } => read(parse_slots(command, slots)),
            Input::Topic(text) => topic(text),
        };
        match wanted {
            Wanted::Call(call) => self.called(&invocation, &call, room),
            Wanted::Not(doc) => {
                self.answer(&invocation, doc, Vec::new(), Audience::Asker);
            }
            Wanted::Nothing => {}
        }
    }

    /// Somebody wants something, too late.
    pub(super) fn turn_away(&mut self, said: Said) {
        match said.up {
            Up::Invoke(invocation) if self.bindings.view(&invocation.place).is_some() => {
                let doc = Doc::from("gavel is ending. Nothing was done.");
                self.answer(&invocation, doc, Vec::new(), Audience::Asker);
            }
            _ => {}
        }
    }

    pub(super) fn called(&mut self, invocation: &Invocation, call: &Call, room: RoomView) {
        let Some((_, bound)) = self.bindings.view(&invocation.place) else { return };
        let grant = match bound.rules.authorise(call, &invocation.asker, &invocation.place, room.view) {
            Ok(grant) => grant,
            Err(denied) => return self.answer(invocation, denied.doc(), Vec::new(), Audience::Asker),
        };
        info!(place = %invocation.place, user = %invocation.asker.user, command = call.command.word(), "command");
        match self.plan(invocation, call, &grant, &room) {
            Ok(Plan::Say { doc, controls }) => self.answer(invocation, doc, controls, Audience::Asker),
            Ok(Plan::Tell { notice, answer }) => {
                self.tell_others(&invocation.place, &notice);
                self.answer(invocation, answer, Vec::new(), Audience::Asker);
            }
            Ok(Plan::Run(job)) => self.start(invocation, grant, room, job),
            Err(Refusal(doc)) => {
                let doc = if chose(&invocation.input) { doc.line().then(self.today(&room)) } else { doc };
                self.answer(invocation, doc, Vec::new(), Audience::Asker);
            }
        }
    }

    fn plan(
        &self,
        invocation: &Invocation,
        call: &Call,
        grant: &Grant,
        room: &RoomView,
    ) -> Result<Plan, Refusal> {
        let Some((_, bound)) = self.bindings.view(&invocation.place) else { return Ok(Doc::new().into()) };
        if outdated(&invocation.input, room) {
            return Err(Refusal(Doc::from("That choice is of another show. Nothing was done.")));
        }
        let ask = Ask {
            grant,
            args: &call.args,
            room,
            rules: &bound.rules,
            house: &self.bindings.house(),
            others: self.bindings.others(&invocation.place).len(),
            now: self.clock.now().wall,
            zone: &self.zone,
        };
        plan(call.command, ask)
    }

    pub(super) fn answer(
        &mut self,
        invocation: &Invocation,
        doc: Doc,
        controls: Vec<Control>,
        audience: Audience,
    ) {
        self.put(invocation, doc, controls, audience);
    }

    /// The same, for whoever wants to know which message it is.
    pub(super) fn put(
        &mut self,
        invocation: &Invocation,
        doc: Doc,
        controls: Vec<Control>,
        audience: Audience,
    ) -> Key {
        let key = self.key();
        let post = super::work::post(key.clone(), invocation, doc, audience);
        self.bindings.post(gavel_chat::Post { controls, last: true, ..post });
        key
    }
}

fn topic(text: &str) -> Wanted {
    match Foreign::whole(text) {
        Some(text) if text.is_empty() => Wanted::Nothing,
        Some(text) => {
            Wanted::Call(with(Command::Topic, Args { text: Some(Wording::Set(text)), ..Args::default() }))
        }
        None => Wanted::Not(Misread::TooLong { limit: Foreign::LONGEST }.doc()),
    }
}

/// Chosen from what was shown a moment ago: then it is worth showing what is there now.
fn chose(input: &Input) -> bool {
    let Input::Slots { command, .. } = input else { return false };
    Command::named(command).is_some_and(|command| command.spec().callers().is_some())
}

pub(super) fn read(read: Result<Call, Misread>) -> Wanted {
    match read {
        Ok(call) => Wanted::Call(call),
        Err(misread) => Wanted::Not(misread.doc()),
    }
}

fn with(command: Command, args: Args) -> Call {
    Call { command, args }
}
