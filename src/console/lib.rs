//! The terminal as a chat network: the smallest adapter, the one to copy.
//!
//! It owns the terminal and nothing else: what words mean is the desk's business. [`Terminal`] holds two threads that
//! may block on a terminal, `Talk` decides what is printed when (pure), [`Console`] is the adapter between.
//! Invariant: what is printed went through a renderer, so that no escape sequence of a caller's name reaches a screen.

mod edit;
mod outlet;
mod plain;
mod restore;
mod run;
mod screen;
mod talk;
mod terminal;

#[cfg(test)]
mod tests;

use gavel_chat::{Adapter, Asker, Network};

pub use terminal::Terminal;

/// The network: one place, one person.
#[derive(Debug)]
pub struct Console {
    asker: Asker,
    terminal: Terminal,
    easy_end: bool,
}

impl Console {
    /// Whoever sits at this terminal is `asker`.
    pub fn new(asker: Asker, terminal: Terminal) -> Self {
        Self { asker, terminal, easy_end: false }
    }

    /// Ctrl-C and the word `quit` end it too: for where no show depends on it.
    #[must_use]
    pub fn easy_end(self, easy_end: bool) -> Self {
        Self { easy_end, ..self }
    }
}

impl Network for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn open(&self) -> Box<dyn Adapter> {
        Box::new(run::Run::new(self.asker.clone(), self.terminal.clone(), self.easy_end))
    }
}
