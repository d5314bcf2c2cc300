//! Thousands of things of which an input changes one: which were changed, and when the next of them is due.
//!
//! Invariant: nothing is changed unseen (the only way to it is [`Many::get_mut`]), and no input but one that concerns
//! all of them looks at them all: a server with two thousand rooms must not be looked through for each event.

use std::collections::BTreeSet;
use std::time::Instant;

/// What can be due.
pub(super) trait Due {
    /// When something is to be done about it.
    fn due(&self) -> Option<Instant>;
}

/// See the module.
#[derive(Debug)]
pub(super) struct Many<T> {
    all: Vec<T>,
    /// What may have changed since [`Self::seen`].
    touched: Vec<usize>,
    /// What is in `agenda` of each.
    known: Vec<Option<Instant>>,
    agenda: BTreeSet<(Instant, usize)>,
    #[cfg(test)]
    looks: std::cell::Cell<usize>,
}

impl<T: Due> Many<T> {
    pub(super) fn new(all: Vec<T>) -> Self {
        Self {
            touched: (0..all.len()).collect(),
            known: vec![None; all.len()],
            all,
            agenda: BTreeSet::new(),
            #[cfg(test)]
            looks: std::cell::Cell::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.look(1);
        self.all.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.look(1);
        let one = self.all.get_mut(at)?;
        if self.touched.last() != Some(&at) {
            self.touched.push(at);
        }
        Some(one)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.look(self.all.len());
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.look(self.all.len());
        self.touched = (0..self.all.len()).collect();
        self.all.iter_mut()
    }

    /// What changed is told to `tell`, and the agenda is right again. To be called after each input.
    pub(super) fn seen(&mut self, mut tell: impl FnMut(usize, &mut T)) {
        for at in self.touched.drain(..) {
            let (Some(one), Some(known)) = (self.all.get_mut(at), self.known.get_mut(at)) else { continue };
            tell(at, one);
            let due = one.due();
            if *known != due {
                if let Some(before) = std::mem::replace(known, due) {
                    self.agenda.remove(&(before, at));
                }
                self.agenda.extend(due.map(|due| (due, at)));
            }
        }
    }

    /// When the first of them is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.agenda.first().map(|(due, _)| *due)
    }

    /// Which are due by then, in their order.
    pub(super) fn due_by(&self, end: Instant) -> Vec<usize> {
        let mut due: Vec<usize> = self.agenda.range(..=(end, usize::MAX)).map(|(_, at)| *at).collect();
        due.sort_unstable();
        due
    }

    #[cfg(test)]
    fn look(&self, at: usize) {
        self.looks.set(self.looks.get() + at);
    }

    #[cfg(not(test))]
    fn look(&self, _: usize) {}

    /// How many were looked at since it was asked last.
    #[cfg(test)]
    pub(super) fn looks(&self) -> usize {
        self.looks.take()
    }
}
