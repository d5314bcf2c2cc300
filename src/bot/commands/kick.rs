//! `kick` and `hangup`: what cannot be taken back. By name they ask once, showing number and name.

use gavel_ami::model::{CallId, Wish};
use gavel_chat::Style;
use gavel_chat::command::{Command, Wording};
use gavel_chat::text::Doc;

use super::confirm::{Question, yes};
use super::targets::{Target, targets};
use super::{Ask, Plan, Refusal};
use crate::desk::orders::Orders;

pub(super) fn kick(ask: Ask<'_>) -> Result<Plan, Refusal> {
    plan(ask, Command::Kick, |call| Wish::Kick { call })
}

pub(super) fn hangup(ask: Ask<'_>) -> Result<Plan, Refusal> {
    plan(ask, Command::Hangup, |call| Wish::Hangup { call })
}

fn plan(ask: Ask<'_>, command: Command, wish: impl Fn(CallId) -> Wish) -> Result<Plan, Refusal> {
    let targets = targets(ask)?;
    if let Some(named) = targets.iter().find(|target| target.by_name) {
        return Ok(confirm(ask, command, named));
    }
    let items = targets.into_iter().map(|target| target.item(&wish)).collect();
    Ok(Plan::Run(Box::new(Orders::new(items, reason(ask).map(str::to_owned)))))
}

/// "That is #3 Marta. Say: kick 3"
fn confirm(ask: Ask<'_>, command: Command, named: &Target) -> Plan {
    let doc = Doc::from("That is ").then(named.who.clone()).say(". Say: ");
    let doc = doc.strong(format!("{} {}", command.word(), named.number));
    let doc = match reason(ask) {
        Some(_) => doc.then(typed_reason(ask)),
        None => doc,
    };
    let (label, yes) = yes(ask.room, command, named.number);
    let question = Question { doc, label, style: Style::Danger, yes };
    Plan::Say { doc: question.doc.clone(), controls: question.controls() }
}

fn typed_reason(ask: Ask<'_>) -> Doc {
    match &ask.args.text {
        Some(Wording::Set(text)) => Doc::from(": ").foreign(text),
        Some(Wording::Clear) | None => Doc::new(),
    }
}

fn reason<'a>(ask: Ask<'a>) -> Option<&'a str> {
    match &ask.args.text {
        Some(Wording::Set(text)) => Some(text.as_str()),
        Some(Wording::Clear) | None => None,
    }
}
