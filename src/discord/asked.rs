//! What becomes of an interaction: up to the desk, or answered at once.
//!
//! Invariant: what is older than Discord waits for never goes up, and nothing does twice; what does go up is open in the
//! outbox, so that it is answered in time whatever the desk does.

use std::time::{Duration, Instant};

use gavel_chat::text::Doc;
use gavel_chat::{Choice, Input, Invocation, Partial, Press, Refused, Ticket};
use serde_json::{Value, json};
use serenity::all::Interaction;
use tracing::{debug, info, warn};

use crate::floor::{Done, Floor, Over};
use crate::intake::{self, Asked, What};
use crate::late::DEADLINE;
use crate::message;
use crate::outbox::{Opened, Request, Secret};

/// The one press that asks nobody: what it shows the place may see anyway.
const REFRESH: &str = "refresh";
/// An answer beside the outbox is of no use later.
const WITHIN: Duration = Duration::from_secs(3);
/// Kinds of events that are counted: Discord has some 80.
const KINDS: usize = 200;
/// The type of an interaction that wants choices.
const COMPLETE: u64 = 4;

const REPLY: u8 = 4;
const CHOICES: u8 = 8;
const UPDATE: u8 = 7;
const EPHEMERAL: u32 = 1 << 6;

impl Floor {
    /// Somebody wants something.
    pub(crate) fn asked(&mut self, now: Instant, wall: u64, interaction: &Interaction) -> Result<(), Over> {
        let Some(asked) = intake::read(interaction) else { return Ok(()) };
        if !self.seen.first(asked.id) {
            // It is answered, or will be.
            debug!(channel = asked.channel, "Discord says again what was heard");
            return Ok(());
        }
        let age = self.skew.age(asked.born, wall);
        if age > DEADLINE {
            self.too_late(now, &asked, age);
            return Ok(());
        }
        let Some(place) = self.places.id(asked.channel).cloned() else {
            self.strange(&asked);
            return Ok(());
        };
        let Asked { id, token, channel, asker, what, .. } = asked;
        let (input, panel) = match what {
            What::Slash { command, slots } => (Input::Slots { command, slots }, None),
            What::Press { press: Press { verb, .. }, .. } if verb == REFRESH => {
                self.refresh(wall, channel, id, token);
                return Ok(());
            }
            What::Press { press, chosen, message, panel } => {
                (Input::Press { press, chosen }, panel.then_some(message))
            }
            What::Complete { command, slot, typed } => {
                self.complete(id, token, Partial { place, asker, command, slot, typed });
                return Ok(());
            }
            What::Unknown => {
                self.say(id, token, "This is not known any more. Nothing was done.");
                return Ok(());
            }
        };
        let ticket = Ticket(id);
        match self.up.invoke(Invocation { ticket, place, asker, input }) {
            Ok(()) => {
                let born = now.checked_sub(Duration::from_millis(age)).unwrap_or(now);
                self.out.opened(now, Opened { ticket, id, token, channel, panel, born });
            }
            Err(Refused::Busy) => {
                self.say(id, token, "Too many commands at once. Nothing was done: try again.")
            }
            Err(Refused::Revoked) => return Err(Over::Revoked),
        }
        Ok(())
    }

    /// serenity could not read it. If it is an interaction, somebody waits all the same.
    pub(crate) fn unread(&mut self, kind: &str, value: &Value) {
        self.count(kind);
        let id = value["id"].as_str().and_then(|id| id.parse().ok());
        let (Some(id), Some(token), "INTERACTION_CREATE") = (id, value["token"].as_str(), kind) else {
            return;
        };
        let token = Secret::new(token);
        match value["type"].as_u64() == Some(COMPLETE) {
            true => self.choices(id, token, &[]),
            false => self.say(id, token, "gavel does not understand what Discord sent. Nothing was done."),
        }
    }

    /// Counted, and said when it is the first, the tenth, the hundredth of its kind.
    fn count(&mut self, kind: &str) {
        if self.unread.len() < KINDS || self.unread.contains_key(kind) {
            let count = self.unread.entry(kind.to_owned()).or_default();
            *count += 1;
            if count.ilog10() > (*count - 1).checked_ilog10().unwrap_or_default() || *count == 1 {
                warn!(kind, count, "Discord sends what is not understood");
            }
        }
    }

    /// The choices for what somebody types are there.
    pub(crate) fn choices(&mut self, id: u64, token: Secret, choices: &[Choice]) {
        let choices = message::choices(choices);
        self.aside("choices", id, token, json!({ "type": CHOICES, "data": { "choices": choices } }));
    }

    /// Choices come by a way of their own: the desk may take its time, the loop goes on.
    fn complete(&mut self, id: u64, token: Secret, partial: Partial) {
        let up = self.up.clone();
        self.jobs.push(Box::pin(async move { Done::Choices(id, token, up.complete(partial).await) }));
    }

    fn refresh(&mut self, wall: u64, channel: u64, id: u64, token: Secret) {
        if let Some(card) = self.places.card(channel, wall) {
            self.aside("a fresh card", id, token, json!({ "type": UPDATE, "data": card }));
        }
    }

    /// Nobody waits any more; that nothing was done the crew shall know. What was only being typed is nothing.
    fn too_late(&mut self, now: Instant, asked: &Asked, age: u64) {
        if matches!(asked.what, What::Complete { .. }) {
            return;
        }
        info!(channel = asked.channel, user = %asked.asker.user, age, "a command came too late");
        if self.places.crew(asked.channel) {
            self.late.came(now, asked.channel);
        }
    }

    fn strange(&mut self, asked: &Asked) {
        if self.places.strange(asked.channel) {
            info!(channel = asked.channel, "somebody asks in a channel that is bound to no room");
        }
        let token = asked.token.clone();
        match asked.what {
            What::Complete { .. } => self.choices(asked.id, token, &[]),
            _ => self.say(asked.id, token, "gavel does not work in this channel."),
        }
    }

    /// A word to the asker alone.
    fn say(&mut self, id: u64, token: Secret, words: &str) {
        let mut data = message::words(&Doc::from(words));
        data["flags"] = json!(EPHEMERAL);
        self.aside("a short answer", id, token, json!({ "type": REPLY, "data": data }));
    }

    fn aside(&mut self, what: &'static str, interaction: u64, token: Secret, body: Value) {
        let call = self.caller.once(Request::Callback { interaction, token, body }, WITHIN);
        self.jobs.push(Box::pin(async move { Done::Aside(what, call.await) }));
    }
}
