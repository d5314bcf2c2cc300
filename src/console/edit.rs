//! A real terminal: line editing, history, completion, and texts printed above the prompt.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use gavel_chat::command::Command;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{
    CompletionType, Config, Context, Editor, ExternalPrinter, Helper, Highlighter, Hinter, Validator,
};

use crate::outlet::{Heard, Outlet, Typed};

const PROMPT: &str = "> ";
/// A menu must never hang, whatever became of the adapter.
const COMPLETE_WITHIN: Duration = Duration::from_secs(1);

type Write = Box<dyn FnMut(&str) -> io::Result<()> + Send>;

/// Reads lines until the end of input. First of all it says where texts are to be printed.
pub(crate) fn read(outlet: Outlet, made: &SyncSender<io::Result<Write>>) {
    let outlet = Rc::new(RefCell::new(outlet));
    let mut editor = match editor(&outlet) {
        Ok((editor, write)) => {
            if made.send(Ok(write)).is_err() {
                return;
            }
            editor
        }
        Err(error) => {
            let _ = made.send(Err(io::Error::other(error)));
            return;
        }
    };
    loop {
        let heard = match editor.readline(PROMPT) {
            Ok(line) => Heard::Line(line),
            Err(ReadlineError::Interrupted) => Heard::Interrupt,
            Err(_) => Heard::End,
        };
        let end = matches!(heard, Heard::End);
        if outlet.borrow_mut().hand(heard).is_err() || end {
            return;
        }
    }
}

type Lines = Editor<Tab, DefaultHistory>;

fn editor(outlet: &Rc<RefCell<Outlet>>) -> rustyline::Result<(Lines, Write)> {
    // Bracketed paste would stay on in the shell when a stop leaves this thread behind.
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .bracketed_paste(false)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Tab(Rc::clone(outlet))));
    let mut printer = editor.create_external_printer()?;
    let write = move |text: &str| printer.print(text.to_owned()).map_err(io::Error::other);
    Ok((editor, Box::new(write)))
}

/// What the tab key does: asks the desk.
#[derive(Helper, Highlighter, Hinter, Validator)]
struct Tab(Rc<RefCell<Outlet>>);

impl Completer for Tab {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let Some((start, typed)) = line.get(..at).and_then(typed) else { return Ok((at, Vec::new())) };
        let (answer, choices) = sync_channel(1);
        if self.0.borrow_mut().hand(Heard::Complete(typed, answer)).is_err() {
            return Ok((at, Vec::new()));
        }
        let choices = choices.recv_timeout(COMPLETE_WITHIN).unwrap_or_default();
        let pair = |choice: gavel_chat::Choice| Pair {
            display: choice.label.to_string(),
            replacement: format!("{} ", choice.value),
        };
        Ok((start, choices.into_iter().map(pair).collect()))
    }
}

/// What is being typed, and where it begins; `None` where nothing can be completed.
fn typed(line: &str) -> Option<(usize, Typed)> {
    let trimmed = line.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    let begins = line.len() - trimmed.len();
    let Some((word, _)) = trimmed.split_once(char::is_whitespace) else {
        let typed = Typed { command: String::new(), slot: String::new(), typed: trimmed.to_owned() };
        return Some((begins, typed));
    };
    let slot = Command::named(word)?.spec().slots.first()?;
    let start = line
        .rfind(|c: char| c.is_whitespace() || c == ',')
        .map_or(begins, |at| at + line[at..].chars().next().map_or(0, char::len_utf8));
    let typed = line.get(start..)?.to_owned();
    Some((start, Typed { command: word.to_lowercase(), slot: slot.name.to_owned(), typed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str) -> Option<(usize, String, String, String)> {
        typed(line).map(|(at, typed)| (at, typed.command, typed.slot, typed.typed))
    }

    fn expected(
        at: usize,
        command: &str,
        slot: &str,
        typed: &str,
    ) -> Option<(usize, String, String, String)> {
        Some((at, command.into(), slot.into(), typed.into()))
    }

    #[test]
    fn words_then_callers() {
        assert_eq!(seen("/mu"), expected(1, "", "", "mu"));
        assert_eq!(seen(""), expected(0, "", "", ""));
        assert_eq!(seen("M "), expected(2, "m", "callers", ""));
        assert_eq!(seen("mute 3,jo"), expected(7, "mute", "callers", "jo"));
        assert_eq!(seen("mute 3\u{3000}jo"), expected(9, "mute", "callers", "jo"));
        assert_eq!(seen("help ki"), expected(5, "help", "command", "ki"));
        assert_eq!(seen("lock x"), None);
        assert_eq!(seen("nosuch x"), None);
    }
}
