//! A room's show: numbers and notes, bound to calls.
//!
//! Invariant: within a show no number is given twice. A binding may be forgotten, a number is never given back: they
//! count on from the highest one given until the show ends.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{CallId, LedgerRow, Note, RoomName, ServerName};

/// So many bindings are kept of calls that left; the oldest are forgotten first.
const MAX_BINDINGS: usize = 20_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Show {
    /// Counts from 1; 0: there was none yet.
    pub(super) number: u32,
    pub(super) began: u64,
    /// The highest number given; 0: no show runs.
    pub(super) highest: u32,
    /// Unix milliseconds.
    pub(super) empty_since: Option<u64>,
    bindings: HashMap<Arc<str>, Binding>,
    /// Of calls that have a binding. Few have one, so that looking here mostly costs nothing.
    notes: HashMap<Arc<str>, Note>,
}

/// What a call keeps through lobby and room, and when it comes back.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) number: u32,
    /// First seen in the room (Unix milliseconds).
    pub(super) joined: u64,
}

impl Show {
    pub(super) fn runs(&self) -> bool {
        self.highest > 0
    }

    pub(super) fn binding(&self, call: &str) -> Option<&Binding> {
        self.bindings.get(call)
    }

    /// The number of a call, and whether it is a new one.
    pub(super) fn number(&mut self, call: &Arc<str>, at: u64) -> (u32, bool) {
        if let Some(known) = self.bindings.get(call) {
            return (known.number, false);
        }
        if !self.runs() {
            self.number = self.number.saturating_add(1);
            self.began = at;
        }
        self.highest = self.highest.saturating_add(1);
        self.bindings.insert(call.clone(), Binding { number: self.highest, joined: at });
        (self.highest, true)
    }

    /// Forgets the oldest bindings of calls that are not in the room, if there are too many.
    pub(super) fn prune(&mut self, is_in: impl Fn(&str) -> bool) {
        if self.bindings.len() > MAX_BINDINGS {
            let recent = self.highest.saturating_sub(MAX_BINDINGS as u32 / 2);
            self.bindings.retain(|call, b| b.number > recent || is_in(call));
            self.notes.retain(|call, _| self.bindings.contains_key(call));
        }
    }

    pub(super) fn note(&self, call: &str) -> Option<&Note> {
        self.notes.get(call)
    }

    pub(super) fn set_note(&mut self, call: &Arc<str>, note: Option<Note>) {
        match note.filter(|_| self.bindings.contains_key(call)) {
            Some(note) => self.notes.insert(call.clone(), note),
            None => self.notes.remove(call),
        };
    }

    /// Asterisk was restarted: the calls are gone, the numbers go on.
    pub(super) fn unbind(&mut self) {
        self.bindings.clear();
        self.notes.clear();
    }

    /// Numbers begin again with the next call.
    pub(super) fn end(&mut self) {
        self.unbind();
        self.highest = 0;
    }

    pub(super) fn row(&self, room: &RoomName) -> LedgerRow {
        let (show, began, highest, empty_since) = (self.number, self.began, self.highest, self.empty_since);
        LedgerRow::Show { room: room.clone(), show, began, highest, empty_since }
    }

    /// Takes back what [`Self::row`] said.
    pub(super) fn restore(&mut self, show: u32, began: u64, highest: u32, empty_since: Option<u64>) {
        if show > self.number || highest == 0 {
            self.end();
        }
        self.number = show;
        self.began = began;
        self.highest = self.highest.max(highest);
        self.empty_since = empty_since;
    }

    /// Takes back a number; it raises the highest one given.
    pub(super) fn restore_number(&mut self, call: Arc<str>, number: u32, joined: u64) {
        self.highest = self.highest.max(number);
        self.notes.remove(&call);
        self.bindings.insert(call, Binding { number, joined });
    }

    /// The rows of numbers and notes.
    pub(super) fn rows(&self, server: &ServerName, room: &RoomName) -> Vec<LedgerRow> {
        let mut out = Vec::new();
        for (uniqueid, b) in &self.bindings {
            let call = CallId { server: server.clone(), uniqueid: uniqueid.clone() };
            let (number, joined) = (b.number, b.joined);
            out.push(LedgerRow::Number { room: room.clone(), call: call.clone(), number, joined });
            if let Some(note) = self.note(uniqueid) {
                out.push(LedgerRow::Note { room: room.clone(), call, note: Some(note.clone()) });
            }
        }
        out
    }
}
