//! A terminal, or what stands in for one: where lines come from and where texts go.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::sync::mpsc as blocking;

use tokio::sync::mpsc;

use crate::outlet::{Heard, Outlet};
use crate::restore::Found;
use crate::screen::Screen;
use crate::{edit, plain};

/// A running terminal. Made once per process: its reading thread outlives the adapter's runs.
#[derive(Clone, Debug)]
pub struct Terminal {
    pub(crate) screen: Screen,
    pub(crate) interactive: bool,
    pub(crate) found: Found,
    runs: blocking::Sender<mpsc::Sender<Heard>>,
}

impl Terminal {
    /// Standard input and output: with line editing if both are terminals, else plain.
    pub fn standard() -> io::Result<Self> {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return Self::interactive();
        }
        Self::plain(BufReader::new(io::stdin()), io::stdout())
    }

    /// Plain: one line per reply or notice, no colours, each command after the outcome of the one before.
    pub fn plain(
        input: impl BufRead + Send + 'static,
        mut output: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let write = move |text: &str| output.write_all(text.as_bytes()).and_then(|()| output.flush());
        let screen = Screen::start(write)?;
        let runs = reader(move |mut outlet| plain::read(input, &mut outlet))?;
        Ok(Self { screen, interactive: false, found: Found::default(), runs })
    }

    fn interactive() -> io::Result<Self> {
        let found = Found::now();
        // The editor stays on the thread that reads; its printer comes back from there.
        let (made, printer) = blocking::sync_channel(1);
        let runs = reader(move |outlet| edit::read(outlet, &made))?;
        let gone = || io::Error::other("the terminal's thread ended");
        let screen = Screen::start(printer.recv().map_err(|_| gone())??)?;
        Ok(Self { screen, interactive: true, found, runs })
    }

    /// Leaves it as it was found, and what comes next on a line of its own: the reading thread has asked for one more.
    pub(crate) fn leave(&self) {
        if self.interactive {
            self.found.restore();
            let _ = io::stdout().write_all(b"\r\x1b[K").and_then(|()| io::stdout().flush());
        }
    }

    /// What is heard from now on. Closed: the input has ended.
    pub(crate) fn listen(&self) -> mpsc::Receiver<Heard> {
        let (tx, rx) = mpsc::channel(1);
        // Refused if the reading thread is through: then `tx` is dropped, which says just that.
        let _ = self.runs.send(tx);
        rx
    }
}

fn reader(work: impl FnOnce(Outlet) + Send + 'static) -> io::Result<blocking::Sender<mpsc::Sender<Heard>>> {
    let (tx, rx) = blocking::channel();
    let work = move || work(Outlet::new(rx));
    std::thread::Builder::new().name("console-in".into()).spawn(work)?;
    Ok(tx)
}
