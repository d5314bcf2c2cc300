use std::io::{BufReader, PipeWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use gavel_chat::testing::battery::{Able, Harness, Person, Seen};
use gavel_chat::testing::crew_view;
use gavel_chat::text::{Doc, Foreign};
use gavel_chat::{
    Asker, Audience, Board, Claim, Class, CrewView, Far, Freshness, Generation, Input, Invocation, Key,
    Network, Place, PlaceId, Post, Ticket, Up, UserId, link,
};
use tokio::sync::{mpsc, watch};

use super::*;

/// A terminal in the test's hands.
struct Pipes {
    input: Option<PipeWriter>,
    lines: mpsc::UnboundedReceiver<String>,
    console: Console,
}

struct Lines(mpsc::UnboundedSender<String>, Vec<u8>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.extend_from_slice(bytes);
        while let Some(end) = self.1.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.1.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap().trim_end_matches('\n').to_owned();
            self.0.send(line).map_err(|_| std::io::Error::from(std::io::ErrorKind::BrokenPipe))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn pipes() -> Pipes {
    let (reader, input) = std::io::pipe().unwrap();
    let (tx, lines) = mpsc::unbounded_channel();
    let terminal = Terminal::plain(BufReader::new(reader), Lines(tx, Vec::new())).unwrap();
    let asker = Asker {
        user: UserId::new("console:tty"),
        name: Foreign::name("console"),
        claims: vec![Claim("console:host".into())],
        trusted_device: None,
    };
    Pipes { input: Some(input), lines, console: Console::new(asker, terminal) }
}

struct InPipes(Pipes);

impl Harness for InPipes {
    const ABLE: Able = Able {
        edits: false,
        cards: false,
        pings: false,
        people: false,
        echoes: false,
        limits: false,
        defers: false,
    };

    fn new() -> Self {
        Self(pipes())
    }

    fn network(&self) -> Box<dyn Network> {
        Box::new(Console::new(self.0.console.asker.clone(), self.0.console.terminal.clone()))
    }

    fn place(&self) -> PlaceId {
        PlaceId::new("console")
    }

    fn user(&self, _: &Person) -> UserId {
        UserId::new("console:tty")
    }

    fn say(&mut self, _: &Person, words: &str) {
        writeln!(self.0.input.as_mut().unwrap(), "/{words}").unwrap();
    }

    async fn seen(&mut self) -> Seen {
        let text = self.0.lines.recv().await.expect("the screen is gone");
        Seen { message: text.clone(), text, pings: Vec::new() }
    }
}

gavel_chat::adapter_battery!(InPipes);

/// A desk in the test's hands.
struct Desk {
    far: Far,
    heard: mpsc::Receiver<(u64, Up)>,
    board: watch::Sender<Board>,
}

fn never() -> Board {
    Board::Crew(Arc::new(CrewView { fresh: Freshness::Never { since: 0 }, ..crew_view("Thursday Line") }))
}

fn live() -> Board {
    Board::Crew(Arc::new(crew_view("Thursday Line")))
}

fn desk(board: Board) -> (gavel_chat::Link, Desk) {
    let (tx, heard) = mpsc::channel(64);
    let (board, seen) = watch::channel(board);
    let place = Place { id: PlaceId::new("console"), board: seen, known: Vec::new() };
    let (link, far) = link(tx, &Generation::default(), vec![place]);
    (link, Desk { far, heard, board })
}

impl Desk {
    async fn asked(&mut self) -> Invocation {
        loop {
            if let Some((_, Up::Invoke(asked))) = self.heard.recv().await {
                return asked;
            }
        }
    }

    fn post(&self, class: Class, key: Key, answers: Option<Ticket>, last: bool, words: &str) {
        let place = PlaceId::new("console");
        let doc = Doc::from(words);
        let (audience, controls, wake) = (Audience::Place, Vec::new(), Vec::new());
        self.far
            .posts
            .try_send(Post { key, place, answers, audience, class, doc, controls, wake, last })
            .unwrap();
    }

    fn answer(&self, ticket: Ticket, last: bool, words: &str) {
        self.post(Class::Answer, Key::Answer(ticket.0), Some(ticket), last, words);
    }
}

fn text(asked: &Invocation) -> &str {
    let Input::Text(text) = &asked.input else { panic!("{asked:?}") };
    text
}

#[tokio::test]
async fn a_script_runs_one_after_the_other_and_ends_after_the_last_outcome() {
    let Pipes { input, mut lines, console } = pipes();
    input.unwrap().write_all(b"/mute 2\n\n  KICK 3\n/roster").unwrap();
    let (link, mut desk) = desk(live());
    let script = async {
        let mute = desk.asked().await;
        assert_eq!(text(&mute), "mute 2");
        desk.answer(mute.ticket, false, "Muting #2...");
        tokio::task::yield_now().await;
        assert!(!matches!(desk.heard.try_recv(), Ok((_, Up::Invoke(_)))), "the next one waits");
        desk.answer(mute.ticket, true, "#2 Marta muted.");
        let kick = desk.asked().await;
        assert_eq!(text(&kick), "KICK 3");
        desk.answer(kick.ticket, true, "#3 Joel removed.");
        let roster = desk.asked().await;
        desk.post(Class::Notice, Key::Notice(1), None, true, "#9 Ali joined.");
        desk.answer(roster.ticket, true, "Thursday Line");
        desk.heard.recv().await
    };
    let (ended, _) = tokio::join!(console.open().run(link), script);
    assert!(ended.is_ok());
    let mut printed = Vec::new();
    while let Ok(line) = lines.try_recv() {
        printed.push(line);
    }
    assert_eq!(printed, ["#2 Marta muted.", "#3 Joel removed.", "#9 Ali joined.", "Thursday Line"]);
}

#[allow(clippy::disallowed_methods, reason = "reads the test's own clock")]
fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[tokio::test(start_paused = true)]
async fn the_first_command_waits_for_the_first_list_but_not_for_ever() {
    for listed in [true, false] {
        let Pipes { mut input, lines: _lines, console } = pipes();
        writeln!(input.as_mut().unwrap(), "roster").unwrap();
        let (link, mut desk) = desk(never());
        let script = async {
            let early = tokio::time::timeout(Duration::from_secs(9), desk.asked()).await;
            assert!(early.is_err(), "nothing is known yet");
            if listed {
                desk.board.send_replace(live());
            }
            let began = now();
            desk.asked().await;
            assert!(began.elapsed() < Duration::from_secs(2));
            desk.far.stop.send_replace(true);
        };
        let (ended, ()) = tokio::join!(console.open().run(link), script);
        assert!(ended.is_ok());
    }
}

#[tokio::test]
async fn a_run_that_ends_leaves_the_next_line_to_the_next_run() {
    let Pipes { mut input, mut lines, console } = pipes();
    let (first, ended) = desk(live());
    ended.far.stop.send_replace(true);
    assert!(console.open().run(first).await.is_ok());
    writeln!(input.as_mut().unwrap(), "roster").unwrap();
    let (second, mut desk) = desk(live());
    let script = async {
        let asked = desk.asked().await;
        desk.answer(asked.ticket, true, "Here.");
        drop(input.take());
        desk.heard.recv().await
    };
    let (ended, _) = tokio::join!(console.open().run(second), script);
    assert!(ended.is_ok());
    assert_eq!(lines.recv().await.as_deref(), Some("Here."));
}

#[tokio::test]
async fn a_word_ends_it_only_where_no_show_depends_on_it() {
    for easy_end in [true, false] {
        let Pipes { input, lines: _lines, console } = pipes();
        let mut input = input.unwrap();
        input.write_all(b"/quit\n").unwrap();
        let (link, mut desk) = desk(live());
        let mut run = console.easy_end(easy_end).open().run(link);
        let asked = tokio::select! {
            ended = &mut run => {
                ended.unwrap();
                None
            }
            asked = desk.asked() => Some(asked),
        };
        assert_eq!(asked.as_ref().map(text), (!easy_end).then_some("quit"));
    }
}
