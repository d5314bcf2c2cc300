//! Keeps one chat network open: opens it, listens for its beat, and opens it again when it ended, panicked or froze.
//!
//! One task per network owns everything about it; what people say goes on to the desk, what the desk posts goes down.
//! Nobody waits for a network: a queue that is full loses the post, and a desk that is full is answered for.
//! Invariant: at most one frozen incarnation is left behind. A second one ends the process instead, as each may burn
//! a core: the service manager starts gavel afresh, and Asterisk keeps the callers meanwhile.

mod incarnation;
#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use gavel_chat::text::{Doc, Span};
use gavel_chat::{
    AdapterError, Audience, Class, Far, Generation, Health, Invocation, Key, MessageRef, Network, Place,
    PlaceId, Post, Up,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::clock::Clock;
use crate::wait::stopped;
use incarnation::Incarnation;

/// What may wait from one network: its people's commands, its beats.
const UPS: usize = 1024;

/// The times of a supervisor; shortened by tests.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A living incarnation says so this often.
    pub beat: Duration,
    /// Without a beat for so long it is doubted...
    pub silent: Duration,
    /// ...and after so long again it is frozen. The doubt is for a machine that slept: then nothing could beat.
    pub grace: Duration,
    /// A frozen incarnation that has not ended by itself is replaced after so long.
    pub replace: Duration,
    /// The pause before the network is opened again: the first one, doubled each time up to the second.
    pub backoff: (Duration, Duration),
    /// Who was open for so long begins with the first pause again.
    pub settled: Duration,
    /// Before it is told to stop, it has so long to take what was posted.
    pub last_posts: Duration,
    /// An incarnation that is told to stop has so long to do it.
    pub stop: Duration,
}

/// How a network is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkStatus {
    /// Its name.
    pub name: &'static str,
    /// How it is; `None`: it is being opened.
    pub health: Option<Health>,
    /// Since when (Unix milliseconds).
    pub since: u64,
}

/// What a network's people say, for the desk.
#[derive(Debug)]
pub struct Said {
    /// The network.
    pub network: &'static str,
    /// [`Up::Invoke`], [`Up::Complete`], [`Up::Sent`] or [`Up::Failed`]: the rest is the supervisor's.
    pub up: Up,
}

/// Why a network is no longer kept open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// It was told to stop.
    Stopped,
    /// It is over for good (the end of a terminal's input).
    Over,
    /// Two incarnations are frozen: the process should end.
    Stuck,
}

/// One network, to be kept open by [`Supervisor::run`].
pub struct Supervisor {
    /// The network.
    pub network: Arc<dyn Network>,
    /// Its places, with the messages of earlier runs.
    pub places: Vec<Place>,
    /// What is to be shown there.
    pub posts: mpsc::Receiver<Post>,
    /// Who hears its people.
    pub desk: mpsc::Sender<Said>,
    /// How it is, for whoever asks.
    pub status: watch::Sender<NetworkStatus>,
    /// `true`: end.
    pub stop: watch::Receiver<bool>,
    /// The times.
    pub pace: Pace,
    /// The clock.
    pub clock: Clock,
    /// Words that every post begins with.
    pub mark: Option<&'static str>,
}

/// How one incarnation ended.
enum Turn {
    Stopped,
    Over,
    Remedy(String),
    Lost(String),
    Frozen(Done),
}

type Done = oneshot::Receiver<Result<(), AdapterError>>;

impl Default for Pace {
    fn default() -> Self {
        Self {
            beat: Duration::from_millis(500),
            silent: Duration::from_millis(4200),
            grace: Duration::from_millis(600),
            replace: Duration::from_secs(45),
            backoff: (Duration::from_secs(1), Duration::from_secs(60)),
            settled: Duration::from_secs(60),
            last_posts: Duration::from_millis(500),
            stop: Duration::from_millis(1200),
        }
    }
}

impl Supervisor {
    /// Keeps the network open until it is told to stop, over, or stuck.
    pub async fn run(mut self) -> Ended {
        let (tx, mut ups) = mpsc::channel(UPS);
        let generation = Generation::default();
        let mut left: Vec<Done> = Vec::new();
        let mut pause = self.pace.backoff.0;
        loop {
            let opened = self.clock.now().mono;
            match self.open(&tx, &generation, &mut ups).await {
                Turn::Stopped => return Ended::Stopped,
                Turn::Over => return Ended::Over,
                Turn::Remedy(why) => {
                    self.down(why);
                    stopped(&mut self.stop).await;
                    return Ended::Stopped;
                }
                Turn::Lost(why) => {
                    generation.revoke();
                    self.down(why);
                    if self.clock.now().mono.duration_since(opened) >= self.pace.settled {
                        pause = self.pace.backoff.0;
                    }
                    if self.idle(&mut ups, sleep(pause)).await {
                        return Ended::Stopped;
                    }
                    pause = (pause * 2).min(self.pace.backoff.1);
                }
                Turn::Frozen(mut frozen) => {
                    generation.revoke();
                    self.down("it froze".to_owned());
                    if self.idle(&mut ups, timeout(self.pace.replace, &mut frozen)).await {
                        return Ended::Stopped;
                    }
                    left.push(frozen);
                    left.retain_mut(still_frozen);
                    if left.len() > 1 {
                        return Ended::Stuck;
                    }
                }
            }
        }
    }

    /// One incarnation from its start to its end.
    async fn open(
        &mut self,
        tx: &mpsc::Sender<(u64, Up)>,
        generation: &Generation,
        ups: &mut mpsc::Receiver<(u64, Up)>,
    ) -> Turn {
        self.say(None);
        let places = self.places.clone();
        match incarnation::start(self.network.clone(), tx.clone(), generation, places, self.pace.beat) {
            Ok(incarnation) => self.tend(incarnation, ups).await,
            Err(error) => Turn::Lost(format!("no thread: {error}")),
        }
    }

    async fn tend(&mut self, incarnation: Incarnation, ups: &mut mpsc::Receiver<(u64, Up)>) -> Turn {
        let Incarnation { far, mut done } = incarnation;
        let mut silence = pin!(sleep(self.pace.silent));
        let mut doubted = false;
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return self.close(&far, done).await,
                Some((generation, up)) = ups.recv() => match up {
                    _ if generation != far.generation => {}
                    Up::Beat => (silence.set(sleep(self.pace.silent)), doubted = false).0,
                    up => self.hear(&far, up),
                },
                ended = &mut done => return turn(ended),
                Some(post) = self.posts.recv() => self.show(&far, post),
                () = &mut silence => match doubted {
                    true => return Turn::Frozen(done),
                    false => (silence.set(sleep(self.pace.grace)), doubted = true).0,
                },
            }
        }
    }

    /// Waits for something while no incarnation is valid: what is posted or said meanwhile is lost. True: stop.
    async fn idle<T>(&mut self, ups: &mut mpsc::Receiver<(u64, Up)>, until: impl Future<Output = T>) -> bool {
        let mut until = pin!(until);
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return true,
                _ = &mut until => return false,
                Some(_) = ups.recv() => {}
                Some(_) = self.posts.recv() => {}
            }
        }
    }

    /// Tells it to stop, when it has taken what was posted before. One that does not is left to the end of the process.
    async fn close(&mut self, far: &Far, done: Done) -> Turn {
        while let Ok(post) = self.posts.try_recv() {
            self.show(far, post);
        }
        // All places are free again when all posts were taken.
        let _ = timeout(self.pace.last_posts, far.posts.reserve_many(far.posts.max_capacity())).await;
        let _ = far.stop.send(true);
        if timeout(self.pace.stop, done).await.is_err() {
            warn!(network = self.network.name(), "does not stop, left behind");
        }
        Turn::Stopped
    }

    fn hear(&mut self, far: &Far, up: Up) {
        match up {
            Up::Health(health) => self.say(Some(health)),
            Up::Sent { place, key, message } => {
                self.remember(&place, &key, &message);
                self.pass(far, Up::Sent { place, key, message });
            }
            up => self.pass(far, up),
        }
    }

    /// On to the desk. Who asked is answered even when the desk cannot take it.
    fn pass(&self, far: &Far, up: Up) {
        let network = self.network.name();
        if let Err(error) = self.desk.try_send(Said { network, up }) {
            warn!(network, "the desk is full");
            if let Up::Invoke(invocation) = error.into_inner().up {
                self.show(far, busy(invocation));
            }
        }
    }

    /// Where every post leaves.
    fn show(&self, far: &Far, mut post: Post) {
        if let Some(mark) = self.mark {
            post.doc = marked(mark, post.doc);
        }
        if far.posts.try_send(post).is_err() {
            warn!(network = self.network.name(), "takes no more posts, one is lost");
        }
    }

    /// Messages that live long are found again by the next incarnation.
    fn remember(&mut self, place: &PlaceId, key: &Key, message: &MessageRef) {
        if !matches!(key, Key::Roster | Key::Thing(_)) {
            return;
        }
        let Some(place) = self.places.iter_mut().find(|known| known.id == *place) else { return };
        place.known.retain(|(known, _)| known != key);
        place.known.push((key.clone(), message.clone()));
    }

    fn down(&self, why: String) {
        self.say(Some(Health::Down(why)));
    }

    /// A new health begins now; the same one again changes nothing.
    fn say(&self, health: Option<Health>) {
        let (network, since) = (self.network.name(), self.clock.now().wall);
        self.status.send_if_modified(|status| {
            let news = status.health != health;
            if news {
                info!(network, ?health, "network");
                *status = NetworkStatus { name: network, health, since };
            }
            news
        });
    }
}

fn turn(ended: Result<Result<(), AdapterError>, oneshot::error::RecvError>) -> Turn {
    match ended {
        Ok(Ok(())) => Turn::Over,
        Ok(Err(AdapterError::Remedy(why))) => Turn::Remedy(why),
        Ok(Err(AdapterError::Lost(why))) => Turn::Lost(why),
        Err(_) => Turn::Lost("its thread died".to_owned()),
    }
}

/// The roster begins with the room's title, which carries the mark already.
fn marked(mark: &str, doc: Doc) -> Doc {
    match doc.0.first() {
        Some(Span::Say(words) | Span::Strong(words)) if words.starts_with(mark) => doc,
        _ => Doc::new().strong(mark).say(": ").then(doc),
    }
}

fn still_frozen(done: &mut Done) -> bool {
    matches!(done.try_recv(), Err(oneshot::error::TryRecvError::Empty))
}

fn busy(invocation: Invocation) -> Post {
    Post {
        // High keys, so that none is one of the desk's own.
        key: Key::Answer(u64::MAX - invocation.ticket.0),
        place: invocation.place,
        answers: Some(invocation.ticket),
        audience: Audience::Asker,
        class: Class::Answer,
        doc: Doc::from("Too many commands at once. Nothing was done."),
        controls: Vec::new(),
        wake: Vec::new(),
        last: true,
    }
}
