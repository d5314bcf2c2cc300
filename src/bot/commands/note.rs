//! `note`: what a caller wants to say. A caller with a note counts as screened.

use gavel_ami::model::Wish;
use gavel_chat::command::Wording;

use super::targets::targets;
use super::{Ask, Plan, Refusal};
use crate::desk::orders::Orders;

pub(super) fn plan(ask: Ask<'_>) -> Result<Plan, Refusal> {
    let text = match &ask.args.text {
        Some(Wording::Set(text)) => Some(text.as_str().to_owned()),
        Some(Wording::Clear) | None => None,
    };
    let note = |call| Wish::Note { call, text: text.clone() };
    let items = targets(ask)?.into_iter().map(|target| target.item(note)).collect();
    Ok(Plan::Run(Box::new(Orders::new(items, None))))
}
