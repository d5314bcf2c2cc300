//! One run of the network on a thread of its own, and the bot's end of it in the test's hands.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gavel_chat::testing::crew_view;
use gavel_chat::text::Doc;
use gavel_chat::{
    AdapterError, Audience, Board, Class, Far, Generation, Health, Invocation, Key, MessageRef, Network,
    Place, Post, Up, link,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::world::{CHANNEL, Stage};
use crate::Discord;

const PATIENCE: Duration = Duration::from_secs(15);

/// A run.
pub(super) struct Rig {
    pub(super) board: watch::Sender<Board>,
    pub(super) generation: Generation,
    far: Far,
    ups: mpsc::Receiver<(u64, Up)>,
    thread: JoinHandle<Result<(), AdapterError>>,
    waiting: Runtime,
}

impl Rig {
    /// Of this network, with one place of the crew.
    pub(super) fn of(network: &Discord) -> Self {
        Self::with(network, &[CHANNEL], Vec::new())
    }

    /// Ready when this returns.
    pub(super) fn ready(stage: &Stage) -> Self {
        let mut rig = Self::of(&stage.network());
        rig.health(&Health::Up);
        rig
    }

    pub(super) fn with(network: &Discord, channels: &[u64], known: Vec<(Key, MessageRef)>) -> Self {
        let board = watch::Sender::new(Board::Crew(Arc::new(crew_view("Thursday Line"))));
        let place = |channel: &u64| Place {
            id: crate::place(*channel),
            board: board.subscribe(),
            known: known.clone(),
        };
        let (generation, (tx, ups)) = (Generation::default(), mpsc::channel(1024));
        let (link, far) = link(tx, &generation, channels.iter().map(place).collect());
        let adapter = network.open();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            let result = runtime.block_on(adapter.run(link));
            runtime.shutdown_background();
            result
        });
        let waiting = Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { board, generation, far, ups, thread, waiting }
    }

    /// The first thing that is said from now on and meant.
    #[track_caller]
    pub(super) fn hears<T>(&mut self, what: &str, meant: impl Fn(Up) -> Option<T>) -> T {
        let ups = &mut self.ups;
        let heard = async {
            loop {
                let (_, up) = ups.recv().await?;
                if let Some(meant) = meant(up) {
                    return Some(meant);
                }
            }
        };
        match self.waiting.block_on(async { timeout(PATIENCE, heard).await }) {
            Ok(Some(heard)) => heard,
            Ok(None) => {
                let thread = std::mem::replace(&mut self.thread, std::thread::spawn(|| Ok(())));
                panic!("the run is over before {what}: {:?}", thread.join())
            }
            Err(_) => panic!("{what} was not heard"),
        }
    }

    #[track_caller]
    pub(super) fn health(&mut self, wanted: &Health) {
        self.hears(&format!("{wanted:?}"), |up| matches!(&up, Up::Health(is) if is == wanted).then_some(()));
    }

    #[track_caller]
    pub(super) fn down(&mut self) -> String {
        self.hears("that it is down", |up| match up {
            Up::Health(Health::Down(why)) => Some(why),
            _ => None,
        })
    }

    #[track_caller]
    pub(super) fn asked(&mut self) -> Invocation {
        self.hears("a command", |up| match up {
            Up::Invoke(asked) => Some(asked),
            _ => None,
        })
    }

    /// Everything that was said so far and nobody asked for.
    pub(super) fn rest(&mut self) -> Vec<Up> {
        std::iter::from_fn(|| self.ups.try_recv().ok()).map(|(_, up)| up).collect()
    }

    pub(super) fn post(&self, post: Post) {
        self.far.posts.try_send(post).expect("it takes posts");
    }

    /// An answer that the whole place sees.
    pub(super) fn answer(&self, asked: &Invocation, words: &'static str) {
        self.post(answer(asked, words, Audience::Place));
    }

    /// Tells it to stop: how it ended.
    pub(super) fn stop(self) -> Result<(), AdapterError> {
        self.far.stop.send_replace(true);
        self.end()
    }

    /// How it ends by itself.
    pub(super) fn end(self) -> Result<(), AdapterError> {
        self.thread.join().expect("it panicked")
    }
}

pub(super) fn answer(asked: &Invocation, words: &'static str, audience: Audience) -> Post {
    Post {
        key: Key::Answer(asked.ticket.0),
        place: asked.place.clone(),
        answers: Some(asked.ticket),
        audience,
        class: Class::Answer,
        doc: Doc::from(words),
        controls: Vec::new(),
        wake: Vec::new(),
        last: true,
    }
}
