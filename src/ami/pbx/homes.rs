//! In which room each call is, so that an order does not look for it in all of them.
//!
//! Invariant: a call that is a member of any conference is here, no other is. A call that a list, or events during a
//! move from room to room, show in several is looked for where it came last.

use std::collections::HashMap;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Homes(HashMap<Arc<str>, Home>);

/// The room that it joined last, and in how many conferences it is.
#[derive(Clone, Copy, Debug)]
struct Home {
    room: u32,
    times: u32,
}

impl Homes {
    pub(super) fn joined(&mut self, call: &Arc<str>, room: usize) {
        let home = self.0.entry(call.clone()).or_insert(Home { room: 0, times: 0 });
        (home.room, home.times) = (u32::try_from(room).unwrap_or(u32::MAX), home.times + 1);
    }

    pub(super) fn left(&mut self, call: &str) {
        let Some(home) = self.0.get_mut(call) else { return };
        home.times -= 1;
        if home.times == 0 {
            self.0.remove(call);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Where a call most likely is; `None`: nowhere.
    pub(super) fn of(&self, call: &str) -> Option<usize> {
        self.0.get(call).map(|home| home.room as usize)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.values().map(|home| home.times as usize).sum()
    }
}
