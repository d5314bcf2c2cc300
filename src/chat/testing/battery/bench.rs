//! The bot's end of an adapter under test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::{Harness, Seen};
use crate::testing::crew_view;
use crate::text::Doc;
use crate::{
    Audience, Board, Class, Far, Generation, Invocation, Key, MessageRef, Network, Place, PlaceId, Post,
    Ticket, Up, link,
};

/// Longer than anything may take that is waited for; this crate's own tests wait for what never comes.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::from_secs(10) };
/// Told to stop, an adapter ends within this.
pub(super) const STOP: Duration = Duration::from_secs(1);

/// The bot's side of one adapter, and the eyes of its members.
pub(super) struct Bench<H> {
    pub(super) harness: H,
    pub(super) place: PlaceId,
    pub(super) seen: Vec<Seen>,
    pub(super) failed: Vec<Key>,
    told: Vec<(Key, MessageRef)>,
    heard: mpsc::Receiver<(u64, Up)>,
    far: Far,
    board: watch::Sender<Board>,
}

impl<H: Harness> Bench<H> {
    pub(super) fn new() -> Self {
        let harness = H::new();
        let place = harness.place();
        let board = watch::Sender::new(Board::Crew(Arc::new(crew_view("Thursday Line"))));
        let (tx, heard) = mpsc::channel(1);
        let (_, far) = link(tx, &Generation::default(), Vec::new());
        Self { harness, place, seen: Vec::new(), failed: Vec::new(), told: Vec::new(), heard, far, board }
    }

    /// Runs one adapter beside a script, then stops it. What it said of its messages is known to the next one.
    pub(super) async fn round(&mut self, network: &dyn Network, script: impl AsyncFnOnce(&mut Self)) {
        let (tx, heard) = mpsc::channel(1024);
        let place = Place { id: self.place.clone(), board: self.board.subscribe(), known: self.told.clone() };
        let (link, far) = link(tx, &Generation::default(), vec![place]);
        (self.heard, self.far) = (heard, far);
        let mut adapter = network.open().run(link);
        tokio::select! {
            ended = &mut adapter => panic!("the adapter ended by itself: {ended:?}"),
            () = script(self) => {}
        }
        let told = now();
        self.far.stop.send_replace(true);
        let ended = tokio::time::timeout(PATIENCE, adapter).await.expect("the adapter does not stop");
        assert!(ended.is_ok(), "{ended:?}");
        assert!(told.elapsed() < STOP, "it took {:?} to stop", told.elapsed());
    }

    pub(super) fn post(&self, post: Post) {
        self.far.posts.try_send(post).expect("the adapter takes no posts");
    }

    pub(super) fn blank(&self, key: Key) -> Post {
        Post {
            key,
            place: self.place.clone(),
            answers: None,
            audience: Audience::Place,
            class: Class::Notice,
            doc: Doc::new(),
            controls: Vec::new(),
            wake: Vec::new(),
            last: true,
        }
    }

    pub(super) fn answer(&self, ticket: Ticket, key: Key) -> Post {
        Post { answers: Some(ticket), class: Class::Answer, ..self.blank(key) }
    }

    /// The first thing seen from now on (or before) that is meant.
    pub(super) async fn until(&mut self, what: &str, meant: impl Fn(&Seen) -> bool) -> Seen {
        loop {
            if let Some(seen) = self.seen.iter().rev().find(|seen| meant(seen)) {
                return seen.clone();
            }
            let next = tokio::time::timeout(PATIENCE, self.harness.seen()).await;
            let next = next.unwrap_or_else(|_| panic!("{what} was not seen, only {:?}", self.seen));
            self.seen.push(next);
        }
    }

    pub(super) async fn asked(&mut self) -> Invocation {
        loop {
            if let Up::Invoke(asked) = self.hear("a command").await {
                return asked;
            }
        }
    }

    /// The adapter says under which id it sent a post.
    pub(super) async fn sent(&mut self, key: &Key) {
        while !self.told.iter().any(|(told, _)| told == key) {
            self.hear("that a post was sent").await;
        }
    }

    async fn hear(&mut self, what: &str) -> Up {
        let up = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
        let (_, up) =
            up.unwrap_or_else(|_| panic!("{what} was not heard")).expect("the adapter's voice is gone");
        self.keep(&up);
        up
    }

    pub(super) fn drain(&mut self) {
        while let Ok((_, up)) = self.heard.try_recv() {
            self.keep(&up);
        }
    }

    fn keep(&mut self, up: &Up) {
        match up {
            Up::Sent { key, message, .. } => self.told.push((key.clone(), message.clone())),
            Up::Failed { key, .. } => self.failed.push(key.clone()),
            _ => {}
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "measures how long an adapter really takes")]
pub(super) fn now() -> Instant {
    Instant::now()
}
