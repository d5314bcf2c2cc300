//! Posts, cards and choices as Discord takes them: text, components, and exactly whom they ping.
//!
//! Each body is whole: an edit with it takes away what the message had before. Whether it is ephemeral, and its nonce,
//! the outbox adds. Invariant: whatever goes in, what comes out is within Discord's limits.

mod components;

use std::collections::HashSet;

use gavel_chat::card::{controls, roster};
use gavel_chat::text::{Doc, Zone};
use gavel_chat::{Board, Choice, Freshness, Post, UserId};
use serde_json::{Value, json};

use super::limits::{CHOICE, CHOICES, CONTENT, DESCRIPTION, PINGS, cap, size};
use super::markdown::fit;

/// A post.
pub(crate) fn post(post: &Post) -> Value {
    let wake = people(&post.wake);
    let mentions: String = wake.iter().map(|id| format!(" <@{id}>")).collect();
    let (components, left_out) = components::below(&post.controls);
    // Clients end a list of 25 without a word, so the words are ours.
    let rest =
        if left_out == 0 { String::new() } else { format!("\n... and {left_out} more: type the number.") };
    let text = fit(&post.doc, CONTENT - size(&mentions) - size(&rest));
    let text = if text.trim().is_empty() { "…" } else { &text };
    json!({
        "content": format!("{text}{rest}{mentions}"),
        "embeds": [],
        "components": components,
        "allowed_mentions": allowed(&wake),
    })
}

/// The card of a place. `now` in Unix milliseconds.
pub(crate) fn card(board: &Board, now: u64, zone: &Zone) -> Value {
    // The roster begins with the room's title, and before it that it is old, if it is: so the embed has no other title.
    let embed = json!({
        "description": fit(&roster(board, now, zone), DESCRIPTION),
        "color": colour(board.fresh()),
        "footer": { "text": format!("Drawn {}.", zone.second(now)) },
    });
    let (components, _) = components::below(&controls(board));
    json!({ "content": "", "embeds": [embed], "components": components, "allowed_mentions": allowed(&[]) })
}

/// Whether two cards say the same, whenever they were drawn.
pub(crate) fn same_card(a: &Value, b: &Value) -> bool {
    let said = |card: &Value| (card["embeds"][0]["description"].clone(), card["components"].clone());
    said(a) == said(b)
}

/// A text that nobody posted: a line of the adapter's own.
pub(crate) fn words(doc: &Doc) -> Value {
    json!({ "content": fit(doc, CONTENT), "embeds": [], "components": [], "allowed_mentions": allowed(&[]) })
}

/// Choices for something half typed. Each name is there once: phones take the first of two equal ones.
pub(crate) fn choices(choices: &[Choice]) -> Value {
    let mut names = HashSet::new();
    let named = choices.iter().filter(|choice| components::usable(&choice.value)).filter_map(|choice| {
        let name = components::label(choice);
        let other = cap(&format!("{} {name}", choice.value), CHOICE);
        let name = [name, other].into_iter().find(|name| !names.contains(name))?;
        names.insert(name.clone());
        Some(json!({ "name": name, "value": choice.value }))
    });
    named.take(CHOICES).collect()
}

/// Discord's ids of these people, each once.
fn people(wake: &[UserId]) -> Vec<u64> {
    let mut ids = Vec::new();
    let id = |user: &UserId| user.as_str().strip_prefix("discord:user:")?.parse::<u64>().ok();
    for id in wake.iter().filter_map(id) {
        if ids.len() < PINGS && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Nobody but these is pinged, whatever the text says.
fn allowed(people: &[u64]) -> Value {
    let ids: Vec<_> = people.iter().map(u64::to_string).collect();
    if ids.is_empty() { json!({ "parse": [] }) } else { json!({ "parse": [], "users": ids }) }
}

/// An extra: the text says the same.
fn colour(fresh: Freshness) -> u32 {
    match fresh {
        Freshness::Live => 0x3b_a5_5d,
        Freshness::Stale { .. } => 0xed_42_45,
        Freshness::Never { .. } => 0x74_7f_8d,
    }
}

#[cfg(test)]
mod tests;
