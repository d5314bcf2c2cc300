//! The job of nearly every command: orders of one kind, side by side, told in one text that is edited.
//!
//! Invariant: it says "done" of an order only after the core settled it so, and it ends when all are settled. Edits
//! are few, as some networks count them: the first words, what is not as expected, the end.

use std::mem::discriminant;
use std::time::Duration;

use gavel_ami::model::{Outcome, Stage};
use gavel_chat::text::Doc;

use super::job::{Effect, Input, Job, Sight, Step};
use super::phrase::{Item, Told, outcome, pending};

/// After news were missed: by then the core has told all that it will tell (its evidence counts for 30 s).
const MISSED: Duration = Duration::from_secs(35);

/// Orders of one kind.
#[derive(Debug)]
pub struct Orders {
    items: Vec<(Item, Told)>,
    reason: Option<String>,
}

impl Orders {
    /// One or several of the same kind; `reason` in the asker's words.
    pub fn new(items: Vec<Item>, reason: Option<String>) -> Self {
        Self { items: items.into_iter().map(|item| (item, Told::Open)).collect(), reason }
    }

    fn start(&self) -> Step {
        let items: Vec<_> = self.items.iter().map(|(item, _)| item).collect();
        let order = |item: &&Item| Effect::Order { wish: item.wish.clone(), reason: self.reason.clone() };
        let tell = Effect::Tell { doc: pending(&items), last: false };
        let effects = [tell].into_iter().chain(items.iter().map(order)).collect();
        Step { effects, until: None, end: items.is_empty() }
    }

    fn learn(&mut self, sight: Sight<'_>, order: usize, stage: &Stage) -> Step {
        let Some((_, told)) = self.items.get_mut(order) else { return Step::default() };
        let news = match stage {
            Stage::Guarding | Stage::Sent => return Step::default(),
            Stage::NotYet => Told::NotYet,
            Stage::Unknown => Told::Unknown,
            Stage::Settled(outcome) => Told::Settled(outcome.clone()),
        };
        if *told == news || matches!(told, Told::Settled(_)) {
            return Step::default();
        }
        *told = news;
        let end = self.items.iter().all(|(_, told)| matches!(told, Told::Settled(_)));
        // While all goes well nothing is said in between.
        let worth = end || self.items.iter().any(|(_, told)| matches!(told, Told::NotYet | Told::Unknown));
        let effects = if worth { vec![self.tell(sight)] } else { Vec::new() };
        Step { effects, until: None, end }
    }

    /// What is still open after news were missed will never be told.
    fn give_up(&mut self, sight: Sight<'_>) -> Step {
        for (_, told) in &mut self.items {
            if !matches!(told, Told::Settled(_)) {
                *told = Told::Missed;
            }
        }
        Step { effects: vec![self.tell(sight)], until: None, end: true }
    }

    fn tell(&self, sight: Sight<'_>) -> Effect {
        // What is unknown may stay so for as long as Asterisk is away: nobody waits for that.
        let last = !self.items.iter().any(|(_, told)| matches!(told, Told::Open | Told::NotYet));
        Effect::Tell { doc: self.doc(sight), last }
    }

    /// Everything so far: one sentence for all that are equally far.
    fn doc(&self, sight: Sight<'_>) -> Doc {
        let nothing = !self.items.iter().any(|(_, told)| *told == Told::Settled(Outcome::Done));
        let mut groups: Vec<(&Told, Vec<&Item>)> = Vec::new();
        for (item, told) in &self.items {
            match groups.iter_mut().find(|(known, _)| alike(known, told)) {
                Some((_, items)) => items.push(item),
                None => groups.push((told, vec![item])),
            }
        }
        let reason = self.reason.as_deref();
        let told = groups.iter().map(|(told, items)| outcome(sight, told, items, reason, nothing));
        told.fold(Doc::new(), |doc, more| if doc.is_empty() { more } else { doc.say(" ").then(more) })
    }
}

impl Job for Orders {
    fn step(&mut self, sight: Sight<'_>, input: Input<'_>) -> Step {
        match input {
            Input::Start => self.start(),
            Input::Order(order, stage) => self.learn(sight, order, stage),
            Input::Missed => Step { until: Some(sight.now.mono + MISSED), ..Step::default() },
            Input::Deadline => self.give_up(sight),
        }
    }
}

/// Told in one sentence. Refusals and replacements only with the same words; "already" whoever did it.
fn alike(one: &Told, other: &Told) -> bool {
    use Outcome::{Already, Done, Gone, NeverSeen, Refused, Replaced};
    match (one, other) {
        (Told::Settled(Already(one)), Told::Settled(Already(other))) => {
            one.under_way == other.under_way && !one.under_way
        }
        (Told::Settled(one @ (Refused(_) | Replaced(_))), Told::Settled(other)) => one == other,
        (Told::Settled(one @ (Done | Gone | NeverSeen)), Told::Settled(other)) => {
            discriminant(one) == discriminant(other)
        }
        (Told::Settled(_), _) | (_, Told::Settled(_)) => false,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;
