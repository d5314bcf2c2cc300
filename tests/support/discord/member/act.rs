//! One thing that a member did, and what became of it as that member's client shows it.

use std::time::Duration;

use serde_json::Value;

use super::Choice;
use crate::Shared;
use crate::world::{ANSWER_WITHIN, Answer, Id, Interaction, Message, World, flags};

/// How much later than Discord's deadline the client gives up.
const GRACE: u64 = 50;

/// An interaction that a member opened.
#[derive(Clone, Debug)]
pub struct Act {
    shared: Shared,
    id: Id,
}

impl Act {
    pub(super) fn new(shared: Shared, id: Id) -> Act {
        Act { shared, id }
    }

    /// The interaction's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The interaction, as Discord keeps it now.
    ///
    /// # Panics
    /// Never: interactions are kept.
    pub fn interaction(&self) -> Interaction {
        self.shared.read(|world| world.interactions.get(&self.id).cloned()).expect("interactions are kept")
    }

    /// Waits for the first answer. `None`: the client says that the application did not respond.
    pub fn answer(&self) -> Option<Answer> {
        let left =
            self.shared.read(|world| (self.id.born() + ANSWER_WITHIN + GRACE).saturating_sub(world.now()));
        self.shared.wait(Duration::from_millis(left), |world| answer(world, self.id).cloned())
    }

    /// Waits for the first answer, and whether it was "is thinking" (5), or nothing for now (6).
    pub fn deferred(&self) -> Option<bool> {
        self.answer().map(|answer| matches!(answer.kind, 5 | 6))
    }

    /// Waits for the choices of an autocomplete. `None`: the client says that loading them failed.
    pub fn choices(&self) -> Option<Vec<Choice>> {
        let answer = self.answer().filter(|answer| answer.kind == 8)?;
        Some(Choice::all(&answer.data))
    }

    /// Waits for a modal: its `data`, with title and components.
    pub fn modal(&self) -> Option<Value> {
        self.answer().filter(|answer| answer.kind == 9).map(|answer| answer.data)
    }

    /// The answer as it is shown now: the message that was made, or the one that was pressed, if that was updated.
    pub fn reply(&self) -> Option<Message> {
        self.shared.read(|world| reply(world, self.id).cloned())
    }

    /// The messages that followed the first answer, as they are now, oldest first.
    pub fn followups(&self) -> Vec<Message> {
        self.shared.read(|world| {
            let first = reply(world, self.id).map(|message| message.id);
            world.answers(self.id).into_iter().filter(|message| Some(message.id) != first).cloned().collect()
        })
    }

    /// Waits until the answer (thinking no more) is as `wanted`, by its text. Blocks the thread.
    ///
    /// # Panics
    /// When the time is over, with what the client shows.
    #[track_caller]
    pub fn until(&self, what: &str, timeout: Duration, wanted: impl Fn(&str) -> bool) -> Message {
        let look = |world: &World| {
            let shown = reply(world, self.id).filter(|message| message.flags & flags::LOADING == 0);
            shown.filter(|message| wanted(&message.text())).cloned()
        };
        let found = self.shared.wait(timeout, look);
        found.unwrap_or_else(|| panic!("no {what} within {timeout:?}; shown: {:#?}", self.reply()))
    }

    /// Waits for the first answer that says something, and tells it.
    ///
    /// # Panics
    /// As [`Act::until`].
    #[track_caller]
    pub fn said(&self, timeout: Duration) -> String {
        self.until("answer with words", timeout, |text| !text.is_empty()).text()
    }
}

impl Message {
    /// All that a reader reads in it: content, then of each embed author, title, description, fields and footer.
    pub fn text(&self) -> String {
        let mut lines = vec![self.content.as_str()];
        for embed in &self.embeds {
            let parts = ["/author/name", "/title", "/description"]
                .iter()
                .filter_map(|at| embed.pointer(at)?.as_str());
            lines.extend(parts);
            for field in embed["fields"].as_array().into_iter().flatten() {
                lines.extend(["name", "value"].iter().filter_map(|key| field[*key].as_str()));
            }
            lines.extend(embed.pointer("/footer/text").and_then(Value::as_str));
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// Whether only one member sees it.
    pub fn ephemeral(&self) -> bool {
        self.flags & flags::EPHEMERAL != 0
    }

    /// The `custom_id` of the button that is labelled so.
    pub fn button(&self, label: &str) -> Option<&str> {
        self.controls().into_iter().find(|it| it["label"] == label)?["custom_id"].as_str()
    }

    /// The first select: its `custom_id`, and its options as label and value.
    pub fn select(&self) -> Option<(&str, Vec<(&str, &str)>)> {
        let select = self.controls().into_iter().find(|it| it["type"] == 3)?;
        let options = select["options"].as_array().into_iter().flatten();
        let pairs = options.filter_map(|it| Some((it["label"].as_str()?, it["value"].as_str()?)));
        Some((select["custom_id"].as_str()?, pairs.collect()))
    }
}

fn answer(world: &World, id: Id) -> Option<&Answer> {
    world.interactions.get(&id)?.answer.as_ref()
}

/// For a press that was deferred (6) it is the pressed message; choices and modals are no message.
fn reply(world: &World, id: Id) -> Option<&Message> {
    world.messages.get(&answer(world, id)?.original?)
}
