//! Between the timelines and the bot's desk: events become invocations, posts become letters.
//!
//! Owns the tickets, and what is said in the adapter's own name: that commands came too late, that a message could not
//! be read, that a device is not verified. Invariant: nothing of the first sync acts, nor what is older than a minute
//! by the homeserver's own clock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gavel_chat::text::Doc;
use gavel_chat::{
    Asker, Claim, Class, Input, Invocation, PlaceId, Post, Refused, Sign, Ticket, Uplink, UserId,
};

use crate::event::{Cover, What};
use crate::intake::{self, Rules, Verdict};
use crate::message::Reply;
use crate::outbox::{Letter, Name, Outbox};
use crate::rooms::Seat;
use crate::run::matrix_id;
use crate::settings::Settings;
use crate::sync::{Batch, OLD, Said};

/// Questions whose place in a conversation is remembered.
const TICKETS: usize = 1024;
/// Reactions that are remembered, so that one that is taken back is known.
const REACTIONS: usize = 1024;
/// One person is told the same hint this often.
const HINT: Duration = Duration::from_secs(120);

/// The state of all conversations.
#[derive(Debug)]
pub(crate) struct Desk {
    settings: Arc<Settings>,
    seats: Arc<Vec<Seat>>,
    me: String,
    tickets: HashMap<Ticket, Reply>,
    order: VecDeque<Ticket>,
    next: u64,
    own: u64,
    reactions: VecDeque<Reaction>,
    hinted: HashMap<(PlaceId, String), Instant>,
}

/// A reaction that went up.
#[derive(Debug)]
struct Reaction {
    event: String,
    sender: String,
    input: Input,
}

impl Desk {
    pub(crate) fn new(settings: Arc<Settings>, seats: Arc<Vec<Seat>>) -> Self {
        Self {
            settings,
            seats,
            me: String::new(),
            tickets: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
            own: 0,
            reactions: VecDeque::new(),
            hinted: HashMap::new(),
        }
    }

    /// Who we are.
    pub(crate) fn me(&mut self, me: String) {
        self.me = me;
    }

    /// The bot wants something shown.
    pub(crate) fn post(&self, now: Instant, outbox: &mut Outbox, post: Post) {
        let reply = post.answers.and_then(|ticket| self.tickets.get(&ticket)).cloned();
        let wake = post.wake.iter().filter_map(matrix_id).collect();
        let Post { key, place, class, doc, last, .. } = post;
        outbox.post(now, Letter { place, name: Name::Post(key), class, doc, last, wake, reply });
    }

    /// A sync brought something. `crew` knows which places are the crew's.
    pub(crate) fn batch(
        &mut self,
        now: Instant,
        batch: Batch,
        outbox: &mut Outbox,
        up: &Uplink,
        crew: impl Fn(&PlaceId) -> bool,
    ) {
        let mut late: BTreeMap<PlaceId, u32> = BTreeMap::new();
        for said in batch.events {
            let Some(seat) = self.seats.iter().position(|seat| seat.room == said.room) else { continue };
            if let What::Redaction { of } = &said.heard.what {
                outbox.forget(of);
            }
            if said.history {
                continue;
            }
            let (place, verdict) = self.judge(seat, &said, outbox);
            let old = batch.first || said.heard.age.is_some_and(|age| age > OLD);
            match verdict {
                Verdict::Ask(Input::Text(_) | Input::On { with: Sign::Reply(_), .. }) if old => {
                    *late.entry(place).or_default() += 1;
                }
                _ if old => {}
                Verdict::Ask(input) => self.ask(now, place, said, input, outbox, up),
                Verdict::Unverified => self.hint(now, place, &said, outbox, UNVERIFIED),
                Verdict::Unreadable if crew(&place) => self.hint(now, place, &said, outbox, UNREADABLE),
                Verdict::Unreadable | Verdict::Nothing => {}
            }
        }
        for (place, count) in late {
            self.say(now, outbox, place, Class::Notice, too_late(count), None);
        }
    }

    fn judge(&self, seat: usize, said: &Said, outbox: &Outbox) -> (PlaceId, Verdict) {
        let Some(seat) = self.seats.get(seat) else { return (PlaceId::new(""), Verdict::Nothing) };
        let rules = Rules {
            me: &self.me,
            my_name: &said.my_name,
            prefixes: &self.settings.prefixes,
            bare_words: seat.bare_words,
            sync_topic: seat.sync_topic,
            require_verified: self.settings.require_verified,
            encrypted: said.encrypted,
        };
        let verdict = match &said.heard.what {
            What::Redaction { of } => self.taken_back(of, &said.heard.sender),
            _ => intake::read(&said.heard, &rules, |event| outbox.post_of(event)),
        };
        (seat.place.clone(), verdict)
    }

    /// Who put a reaction somewhere has taken it away.
    fn taken_back(&self, event: &str, sender: &str) -> Verdict {
        let reaction = self.reactions.iter().find(|known| known.event == event && known.sender == sender);
        match reaction.map(|reaction| &reaction.input) {
            Some(Input::On { post, with: Sign::React(key) }) => {
                Verdict::Ask(Input::On { post: post.clone(), with: Sign::Unreact(key.clone()) })
            }
            _ => Verdict::Nothing,
        }
    }

    fn ask(
        &mut self,
        now: Instant,
        place: PlaceId,
        said: Said,
        input: Input,
        outbox: &mut Outbox,
        up: &Uplink,
    ) {
        if let Input::On { with: Sign::React(_), .. } = &input {
            let (event, sender) = (said.heard.id.clone(), said.heard.sender.clone());
            self.reactions.push_back(Reaction { event, sender, input: input.clone() });
            self.reactions.drain(..self.reactions.len().saturating_sub(REACTIONS));
        }
        let reply = reply_to(&said.heard.what, &said.heard.id);
        let ticket = self.ticket(reply.clone());
        let asker = asker(&said);
        if let Err(Refused::Busy) = up.invoke(Invocation { ticket, place: place.clone(), asker, input }) {
            let doc = Doc::from("Too much waits already. Nothing done: try again.");
            self.say(now, outbox, place, Class::Answer, doc, Some(reply));
        }
    }

    fn ticket(&mut self, reply: Reply) -> Ticket {
        self.next += 1;
        let ticket = Ticket(self.next);
        self.tickets.insert(ticket, reply);
        self.order.push_back(ticket);
        if self.order.len() > TICKETS
            && let Some(old) = self.order.pop_front()
        {
            self.tickets.remove(&old);
        }
        ticket
    }

    /// Tells somebody what is wrong, now and then.
    fn hint(&mut self, now: Instant, place: PlaceId, said: &Said, outbox: &mut Outbox, words: &str) {
        self.hinted.retain(|_, at| now.saturating_duration_since(*at) < HINT);
        let who = (place.clone(), said.heard.sender.clone());
        if self.hinted.len() < TICKETS && self.hinted.insert(who, now).is_none() {
            let reply = reply_to(&said.heard.what, &said.heard.id);
            self.say(now, outbox, place, Class::Notice, Doc::from(words), Some(reply));
        }
    }

    fn say(
        &mut self,
        now: Instant,
        outbox: &mut Outbox,
        place: PlaceId,
        class: Class,
        doc: Doc,
        reply: Option<Reply>,
    ) {
        self.own += 1;
        let name = Name::Own(self.own);
        outbox.post(now, Letter { place, name, class, doc, last: true, wake: Vec::new(), reply });
    }
}

const UNVERIFIED: &str = "Nothing done: this message came from a device that is not verified. Verify it with another \
                          device of yours, or with your recovery key, and try again.";
const UNREADABLE: &str =
    "A message could not be read here: its keys are missing. If it was for me, please send it again.";

fn too_late(count: u32) -> Doc {
    let commands = if count == 1 { "1 command".to_owned() } else { format!("{count} commands") };
    Doc::new().say(format!("{commands} came too late: gavel was away. Nothing was done."))
}

fn reply_to(what: &What, event: &str) -> Reply {
    match what {
        What::Words(said) => Reply { to: Some(event.to_owned()), thread: said.thread.clone() },
        What::Reaction { to, .. } => Reply { to: Some(to.clone()), thread: None },
        _ => Reply { to: Some(event.to_owned()), thread: None },
    }
}

fn asker(said: &Said) -> Asker {
    Asker {
        user: UserId::new(format!("matrix:{}", said.heard.sender)),
        name: said.name.clone(),
        claims: vec![Claim(format!("matrix:power:{}", said.power))],
        trusted_device: match said.heard.cover {
            Cover::Encrypted { verified, .. } => Some(verified),
            Cover::Clear | Cover::Unreadable => None,
        },
    }
}
