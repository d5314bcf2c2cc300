//! One run of the console: a single loop between the terminal and the link.

use std::time::Duration;

use gavel_chat::text::plain;
use gavel_chat::{
    Adapter, AdapterError, Asker, Fault, Freshness, Health, Input, Invocation, Link, MessageRef, Partial,
    PlaceId, Post, Running, Uplink,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Terminal;
use crate::outlet::{Heard, Typed};
use crate::screen::{Screen, Unwritten};
use crate::talk::Talk;

/// The first command of a script waits so long for the first list.
const FIRST_LIST: Duration = Duration::from_secs(10);

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    asker: Asker,
    terminal: Terminal,
    easy_end: bool,
}

impl Run {
    pub(crate) fn new(asker: Asker, terminal: Terminal, easy_end: bool) -> Self {
        Self { asker, terminal, easy_end }
    }
}

impl Adapter for Run {
    fn run(self: Box<Self>, link: Link) -> Running {
        Box::pin(async move {
            let Some(place) = link.places.first().map(|place| place.id.clone()) else {
                return Err(AdapterError::Remedy("the console has no room: set `room` in [console]".into()));
            };
            let screen = self.terminal.screen.clone();
            let lines = self.terminal.listen();
            let talk = Talk::new(self.terminal.interactive);
            let up = link.uplink();
            let asker = self.asker.clone();
            let mut floor =
                Floor { asker, place, up, screen, talk, menus: JoinSet::new(), easy_end: self.easy_end };
            floor.hold(link, lines, self.terminal.interactive).await;
            floor.end().await;
            self.terminal.leave();
            Ok(())
        })
    }
}

/// What a run has in its hands.
struct Floor {
    asker: Asker,
    place: PlaceId,
    up: Uplink,
    screen: Screen,
    talk: Talk,
    menus: JoinSet<()>,
    easy_end: bool,
}

/// The screen is gone, or the run was given up: nothing is left to do.
struct Over;

impl Floor {
    /// Until the end of input and its last outcome, or until told to stop.
    async fn hold(&mut self, mut link: Link, mut lines: mpsc::Receiver<Heard>, interactive: bool) {
        // That the bot does not listen yet is no reason not to.
        let _ = self.up.health(Health::Up);
        let mut board = link.places.first().map(|place| place.board.clone());
        let mut listed = interactive;
        let until = now() + FIRST_LIST;
        let mut input = true;
        while input || !self.talk.settled() {
            let hear = input && listed && (interactive || self.talk.settled());
            let deadline = self.talk.deadline();
            let step = tokio::select! {
                biased;
                post = link.next() => match post {
                    Some(post) => self.post(&post),
                    None => return,
                },
                () = first_list(board.as_mut(), until), if !listed => {
                    listed = true;
                    Ok(())
                }
                heard = lines.recv(), if hear => match heard {
                    Some(Heard::Line(line)) => self.line(&line),
                    Some(Heard::Complete(typed, answer)) => {
                        self.menu(typed, answer);
                        Ok(())
                    }
                    // A stray key must not end a show.
                    Some(Heard::Interrupt) if self.easy_end => return,
                    Some(Heard::Interrupt) => self.print("Ctrl-D ends gavel. The conference goes on."),
                    Some(Heard::End) | None => {
                        input = false;
                        Ok(())
                    }
                },
                () = tokio::time::sleep_until(deadline.unwrap_or_else(now)), if deadline.is_some() => self.due(),
            };
            if step.is_err() {
                return;
            }
        }
    }

    fn post(&mut self, post: &Post) -> Result<(), Over> {
        match self.talk.post(now(), post, plain(&post.doc)).map(|text| self.screen.print(&text)) {
            None => Ok(()),
            Some(Ok(())) => {
                let message = MessageRef::new("printed");
                let _ = self.up.sent(post.place.clone(), post.key.clone(), message);
                Ok(())
            }
            Some(Err(Unwritten::Full)) => {
                let fault = Fault::GaveUp("the terminal takes nothing".into());
                let _ = self.up.failed(post.place.clone(), post.key.clone(), fault);
                Ok(())
            }
            Some(Err(Unwritten::Gone)) => Err(Over),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), Over> {
        let words = line.trim().trim_start_matches('/').trim();
        if words.is_empty() {
            return Ok(());
        }
        if self.easy_end && ["quit", "exit", "bye"].contains(&words) {
            return Err(Over);
        }
        let ticket = self.talk.ask(now());
        let (place, asker) = (self.place.clone(), self.asker.clone());
        let input = Input::Text(words.to_owned());
        match self.up.invoke(Invocation { ticket, place, asker, input }) {
            Ok(()) => Ok(()),
            Err(gavel_chat::Refused::Busy) => {
                self.talk.forget(ticket);
                self.print("Too much waits already. Nothing done: try again.")
            }
            Err(gavel_chat::Refused::Revoked) => Err(Over),
        }
    }

    fn menu(&mut self, typed: Typed, answer: std::sync::mpsc::SyncSender<Vec<gavel_chat::Choice>>) {
        let Typed { command, slot, typed } = typed;
        let partial = Partial { place: self.place.clone(), asker: self.asker.clone(), command, slot, typed };
        let up = self.up.clone();
        while self.menus.try_join_next().is_some() {}
        // Nobody may wait any more: then it is of no use to anybody.
        self.menus.spawn(async move { drop(answer.try_send(up.complete(partial).await)) });
    }

    fn due(&mut self) -> Result<(), Over> {
        self.talk.due(now()).iter().try_for_each(|text| self.print(text))
    }

    async fn end(&mut self) {
        for text in self.talk.rest() {
            let _ = self.print(&text);
        }
        self.screen.flush().await;
    }

    fn print(&self, text: &str) -> Result<(), Over> {
        match self.screen.print(text) {
            Err(Unwritten::Gone) => Err(Over),
            Ok(()) | Err(Unwritten::Full) => Ok(()),
        }
    }
}

async fn first_list(board: Option<&mut tokio::sync::watch::Receiver<gavel_chat::Board>>, until: Instant) {
    let Some(board) = board else { return };
    let known = board.wait_for(|board| !matches!(board.fresh(), Freshness::Never { .. }));
    let _ = tokio::time::timeout_at(until, known).await;
}

#[allow(
    clippy::disallowed_methods,
    reason = "the console is a shell: this is the one place where it reads the clock"
)]
fn now() -> Instant {
    Instant::now()
}
