//! Replies to our messages, and reactions on them: whom a message is about need not be typed.
//!
//! Each is authorised as if its words had been typed. Invariant: only a notice about one caller chooses, and only that
//! very call; a reaction of somebody who may not is passed over in silence, as is one that means nothing.

use gavel_chat::card;
use gavel_chat::command::{Args, Call, CallerRef, Callers, Command, parse, parse_slots};
use gavel_chat::text::Doc;
use gavel_chat::{Audience, Class, Invocation, Key, PlaceId, Post};
use tracing::info;

use super::Desk;
use super::intake::{Wanted, read};
use super::press::is_so;
use super::questions::Answered;
use crate::room::RoomView;

/// Says yes to a question.
pub(super) const YES: &str = "\u{2705}";
const MUTE: &str = "\u{1f507}";
const UNMUTE: &str = "\u{1f50a}";
const KICK: &str = "\u{1f462}";
const LOCK: &str = "\u{1f512}";
const REFRESH: &str = "\u{1f504}";

/// Why nobody is chosen.
enum Unclear {
    /// It is about several, or about nobody, or forgotten.
    Nobody,
    /// Somebody else has the number now.
    Earlier,
}

impl Desk {
    /// Somebody put an emoji on one of our messages.
    pub(super) fn reacted(&mut self, invocation: &Invocation, post: &Key, emoji: &str, room: RoomView) {
        let all = |command, callers| Call { command, args: Args { callers, ..Args::default() } };
        match (post, emoji) {
            (_, YES) => self.confirmed(invocation, post, room),
            (Key::Roster, REFRESH) => self.redraw(invocation, &room),
            (Key::Roster, MUTE) => self.wished(invocation, &all(Command::Mute, Callers::All), room),
            (Key::Roster, LOCK) => self.wished(invocation, &all(Command::Lock, Callers::default()), room),
            (Key::Notice(_), MUTE) => self.chose(invocation, post, Command::Mute, room),
            (Key::Notice(_), UNMUTE) => self.chose(invocation, post, Command::Unmute, room),
            (Key::Notice(_), KICK) => self.chose(invocation, post, Command::Kick, room),
            _ => {}
        }
    }

    /// What a reply asks for. A command that needs a caller and names none is about the one whom the message is about.
    pub(super) fn replied(&self, place: &PlaceId, post: &Key, typed: &str, room: &RoomView) -> Wanted {
        let typed = typed.trim();
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let rest = rest.trim().trim_start_matches(':').trim_start();
        let word = word.trim_end_matches(':');
        let spec = Command::named(word).map(Command::spec);
        let Some((spec, slot)) = spec.and_then(|spec| Some((spec, spec.callers()?))) else {
            return read(parse(typed));
        };
        let chosen = self.chosen(place, post, room);
        if numbered(rest) {
            return match (read(parse(typed)), chosen) {
                (Wanted::Call(call), Ok(number)) if contradicts(&call, number) => {
                    let doc = format!("You replied to #{number} and wrote another number. Nothing was done.");
                    Wanted::Not(Doc::new().say(doc))
                }
                (wanted, _) => wanted,
            };
        }
        // A name, or `all`.
        if !rest.is_empty() && (spec.text().is_none() || !matches!(post, Key::Notice(_))) {
            return read(parse(typed));
        }
        let number = match chosen {
            Ok(number) => number.to_string(),
            Err(_) if !matches!(post, Key::Notice(_)) => return read(parse(typed)),
            Err(unclear) => return Wanted::Not(unclear.doc(spec.command)),
        };
        let text = spec.text().map(|text| (text.name.to_owned(), rest.to_owned()));
        let slots: Vec<_> = [(slot.name.to_owned(), number)].into_iter().chain(text).collect();
        read(parse_slots(spec.command.word(), &slots))
    }

    /// Does it, perhaps after a question.
    fn wished(&mut self, invocation: &Invocation, call: &Call, room: RoomView) {
        if !self.allowed(invocation, call, &room) {
            return;
        }
        // What is so already, the core says best.
        if is_so(call, &room) {
            self.called(invocation, call, room);
        } else {
            self.asked(invocation, call, false, room);
        }
    }

    fn chose(&mut self, invocation: &Invocation, post: &Key, command: Command, room: RoomView) {
        let chosen = self.chosen(&invocation.place, post, &room);
        let callers = Callers::These(vec![CallerRef::Number(*chosen.as_ref().unwrap_or(&0))]);
        let call = Call { command, args: Args { callers, ..Args::default() } };
        match chosen {
            Ok(_) => self.wished(invocation, &call, room),
            Err(unclear) if self.allowed(invocation, &call, &room) => {
                self.answer(invocation, unclear.doc(command), Vec::new(), Audience::Asker);
            }
            Err(_) => {}
        }
    }

    fn confirmed(&mut self, invocation: &Invocation, post: &Key, room: RoomView) {
        let now = self.clock.now().mono;
        match self.questions.signed(now, &invocation.place, &invocation.asker.user, post) {
            Answered::Yes(press) => self.pressed(invocation, &press, None, room),
            Answered::Late => {
                let doc = Doc::from("That question was asked more than a minute ago. Nothing was done.");
                self.answer(invocation, doc, Vec::new(), Audience::Asker);
            }
            Answered::Nothing => {}
        }
    }

    /// The card, as it is now.
    fn redraw(&mut self, invocation: &Invocation, room: &RoomView) {
        self.bindings.post(Post {
            key: Key::Roster,
            place: invocation.place.clone(),
            answers: Some(invocation.ticket),
            audience: Audience::Place,
            class: Class::Card,
            doc: self.today(room),
            controls: card::controls(&crate::board::board(room.view, &room.look, &room.snapshot)),
            wake: Vec::new(),
            last: true,
        });
    }

    fn allowed(&self, invocation: &Invocation, call: &Call, room: &RoomView) -> bool {
        let bound = self.bindings.view(&invocation.place);
        let granted = bound.is_some_and(|(_, bound)| {
            bound.rules.authorise(call, &invocation.asker, &invocation.place, room.view).is_ok()
        });
        if !granted {
            info!(place = %invocation.place, user = %invocation.asker.user, "a reaction of somebody who may not");
        }
        granted
    }

    /// Whom a message is about: the very call, whatever its number became.
    fn chosen(&self, place: &PlaceId, post: &Key, room: &RoomView) -> Result<u32, Unclear> {
        let Key::Notice(notice) = post else { return Err(Unclear::Nobody) };
        let (number, call) = self.notices.about(place, *notice).ok_or(Unclear::Nobody)?;
        let inside = room.numbered(*number).map(|person| &person.call);
        let known = inside.or_else(|| room.departed(*number).map(|gone| &gone.call));
        if known.is_some_and(|known| known != call) { Err(Unclear::Earlier) } else { Ok(*number) }
    }
}

impl Unclear {
    fn doc(&self, command: Command) -> Doc {
        let why = match self {
            Self::Nobody => "That message does not say which one caller is meant.",
            Self::Earlier => "That message is of an earlier show.",
        };
        Doc::new().say(format!("{why} Nothing was done. Type the number, such as: {} 3", command.word()))
    }
}

/// `3`, `#3`, `all`: said in so many words.
fn numbered(rest: &str) -> bool {
    let word = rest.split(|c: char| c.is_whitespace() || c == ':' || c == ',').next().unwrap_or_default();
    let digits = word.strip_prefix('#').unwrap_or(word);
    word.eq_ignore_ascii_case("all") || (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn contradicts(call: &Call, number: u32) -> bool {
    let Callers::These(whom) = &call.args.callers else { return false };
    whom.iter().any(|who| matches!(who, CallerRef::Number(typed) if *typed != number))
}
