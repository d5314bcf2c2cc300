//! What serenity does not tell: why the gateway was closed, that it is being looked for, that the shard's loop spins.
//!
//! serenity 0.12.5 keeps the close codes 4003 and 4010 to 4012 to itself and says them in its log alone; and after some
//! of them (and after a close without a code) its shard's loop turns without ever yielding, which freezes the whole
//! runtime until the next heartbeat. So a [`Witness`] stands before the log on the adapter's thread: it reads what
//! serenity says there, and when the loop has turned thousands of times while nothing else could, it unwinds that task
//! from within its own trace events, the only place that is still reached. Tokio catches that at the task's edge.
//!
//! Invariant: what others log passes unchanged; of serenity's own only what carries no payload and no token.

use std::fmt::{self, Write as _};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher, span};

/// A healthy shard's loop turns at most this often before somebody else's turn comes: tokio makes it wait for the
/// network after 128 messages in a row. Two trace events each.
const SPINS: u32 = 10_000;

/// What was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sight {
    /// The connection is lost; serenity looks for a new one.
    Lost,
    /// Closed with a code after which trying again is of little use.
    Closed(u16),
    /// The shard's loop spun and was ended: there is no connection any more, and there will be none.
    Spun,
    /// Something came that is no event at all.
    Garbled,
}

/// Fatal closes over the runs of one network.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    code: AtomicU16,
    times: AtomicU32,
}

/// What is left of a witness in the hands of its run. Not for other threads: the log is its own thread's again when
/// this is gone.
pub(crate) struct Watch {
    turns: Arc<AtomicU32>,
    _guard: dispatcher::DefaultGuard,
}

struct Witness {
    log: Dispatch,
    sights: mpsc::Sender<Sight>,
    turns: Arc<AtomicU32>,
}

impl Memory {
    /// Closed so.
    pub(crate) fn closed(&self, code: u16) {
        self.code.store(code, Ordering::Relaxed);
        self.times.fetch_add(1, Ordering::Relaxed);
    }

    /// The connection held.
    pub(crate) fn held(&self) {
        self.times.store(0, Ordering::Relaxed);
    }

    /// The code of the last fatal close, if it was not the first one in a row.
    pub(crate) fn hopeless(&self) -> Option<u16> {
        (self.times.load(Ordering::Relaxed) > 1).then(|| self.code.load(Ordering::Relaxed))
    }
}

impl Watch {
    /// From now on what this thread logs is looked at.
    pub(crate) fn begin(sights: mpsc::Sender<Sight>) -> Self {
        let turns = Arc::new(AtomicU32::new(0));
        let log = dispatcher::get_default(Clone::clone);
        let witness = Witness { log, sights, turns: turns.clone() };
        Self { turns, _guard: dispatcher::set_default(&Dispatch::new(witness)) }
    }

    /// Others than the shard had their turn.
    pub(crate) fn turned(&self) {
        self.turns.store(0, Ordering::Relaxed);
    }
}

impl Witness {
    fn see(&self, event: &Event<'_>) {
        let meta = event.metadata();
        if *meta.level() == Level::TRACE {
            return self.spun(meta.target());
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        if let Some(sight) = read(meta.target(), &words.0) {
            let _ = self.sights.try_send(sight);
        }
        if harmless(meta, &words.0) && self.log.enabled(meta) {
            self.log.event(event);
        }
    }

    fn spun(&self, target: &str) {
        if target == RUNNER && self.turns.fetch_add(1, Ordering::Relaxed) > SPINS {
            self.turns.store(0, Ordering::Relaxed);
            let _ = self.sights.try_send(Sight::Spun);
            // Not a panic: nobody is to be told, this ends one task.
            resume_unwind(Box::new("the shard's loop spun"));
        }
    }
}

const SHARD: &str = "serenity::gateway::shard";
const RUNNER: &str = "serenity::gateway::bridge::shard_runner";
const QUEUER: &str = "serenity::gateway::bridge::shard_queuer";
const SOCKET: &str = "serenity::gateway::ws";

/// `[ShardInfo { .. }] Sent invalid shard data.`: the words after the bracket are serenity's own, what follows them may
/// be anybody's.
fn read(target: &str, message: &str) -> Option<Sight> {
    let words = message.split_once("] ").map_or(message, |(_, words)| words);
    let says = |begin: &str| words.starts_with(begin);
    match target {
        SHARD if says("Sent no authentication") => Some(Sight::Closed(4003)),
        SHARD if says("Sent invalid shard data") => Some(Sight::Closed(4010)),
        SHARD if says("Shard has too many guilds") => Some(Sight::Closed(4011)),
        SHARD if says("Unknown unclean close 4012") => Some(Sight::Closed(4012)),
        SHARD if says("Attempting to resume") => Some(Sight::Lost),
        RUNNER if says("Requesting restart") => Some(Sight::Lost),
        QUEUER if says("Err starting shard") => Some(Sight::Lost),
        SOCKET if message.starts_with("Err de") => Some(Sight::Garbled),
        _ => None,
    }
}

/// Whether the log may have it: what Discord sent carries the tokens of interactions, what is sent that of the bot.
fn harmless(meta: &Metadata<'_>, message: &str) -> bool {
    *meta.level() <= Level::INFO && !(meta.target() == SOCKET && message.starts_with("Err de"))
}

fn serenitys(meta: &Metadata<'_>) -> bool {
    meta.target().starts_with("serenity")
}

impl Subscriber for Witness {
    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        match serenitys(meta) {
            true if meta.is_span() => Interest::never(),
            true => Interest::sometimes(),
            false => self.log.register_callsite(meta),
        }
    }

    /// serenity's spans write whole requests out, tokens and all: there are none.
    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        match serenitys(meta) {
            true => {
                meta.is_event() && meta.target().starts_with("serenity::gateway")
                    || meta.is_event() && *meta.level() <= Level::INFO
            }
            false => self.log.enabled(meta),
        }
    }

    fn event(&self, event: &Event<'_>) {
        match serenitys(event.metadata()) {
            true => self.see(event),
            false => self.log.event(event),
        }
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        self.log.new_span(attributes)
    }

    fn record(&self, span: &span::Id, values: &span::Record<'_>) {
        self.log.record(span, values);
    }

    fn record_follows_from(&self, span: &span::Id, follows: &span::Id) {
        self.log.record_follows_from(span, follows);
    }

    fn enter(&self, span: &span::Id) {
        self.log.enter(span);
    }

    fn exit(&self, span: &span::Id) {
        self.log.exit(span);
    }

    fn clone_span(&self, span: &span::Id) -> span::Id {
        self.log.clone_span(span)
    }

    fn try_close(&self, span: span::Id) -> bool {
        self.log.try_close(span)
    }
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing::{debug, error, info, trace, warn};

    use super::*;

    /// A log that keeps the messages that reach it.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            self.0.lock().unwrap().push("a span".into());
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut words = Words(String::new());
            event.record(&mut words);
            self.0.lock().unwrap().push(words.0);
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    fn beside(script: impl FnOnce(&Watch)) -> (Vec<Sight>, Vec<String>) {
        let log = Log::default();
        let (sights, mut seen) = mpsc::channel(16);
        dispatcher::with_default(&Dispatch::new(log.clone()), || script(&Watch::begin(sights)));
        let sights = std::iter::from_fn(|| seen.try_recv().ok()).collect();
        (
            sights,
            Arc::try_unwrap(log.0)
                .map_or_else(|log| log.lock().unwrap().clone(), |log| log.into_inner().unwrap()),
        )
    }

    #[test]
    fn close_codes_are_read_off_the_log() {
        let (sights, log) = beside(|_| {
            warn!(target: SHARD, "[ShardInfo {{ id: 0 }}] Sent no authentication.");
            warn!(target: SHARD, "[ShardInfo {{ id: 0 }}] Sent invalid shard data.");
            error!(target: SHARD, "[ShardInfo {{ id: 0 }}] Shard has too many guilds.");
            warn!(target: SHARD, "[ShardInfo {{ id: 0 }}] Unknown unclean close 4012: None");
            debug!(target: SHARD, "[ShardInfo {{ id: 0 }}] Attempting to resume");
            info!(target: SHARD, "[ShardInfo {{ id: 0 }}] Resumed");
        });
        let closed = [4003, 4010, 4011, 4012].map(Sight::Closed);
        assert_eq!(sights, [&closed[..], &[Sight::Lost]].concat());
        assert_eq!(log.len(), 5, "debug is not passed on: {log:?}");
    }

    #[test]
    fn payloads_are_not_logged_and_mean_nothing() {
        let (sights, log) = beside(|_| {
            warn!(target: SOCKET, "Err deserializing text: x; text: {}", "[a] Shard has too many guilds. token");
            debug!(target: SOCKET, "Failing bytes: {:?}", b"token");
            let _span = tracing::info_span!(target: "serenity::http", "perform", req = "token").entered();
            warn!(target: "serenity::http", "something");
            info!(target: "gavel", "of ours");
        });
        assert_eq!(sights, [Sight::Garbled]);
        assert_eq!(log, ["something", "of ours"]);
    }

    #[test]
    fn a_loop_that_spins_is_ended() {
        let turn = || trace!(target: RUNNER, "loop iteration");
        let (sights, log) = beside(|watch| {
            for _ in 0..3 {
                (0..SPINS).for_each(|_| turn());
                watch.turned();
            }
            let spinning = std::panic::catch_unwind(|| (0..=SPINS + 1).for_each(|_| turn()));
            assert!(spinning.is_err());
            info!(target: "gavel", "the log goes on");
        });
        assert_eq!(sights, [Sight::Spun]);
        assert_eq!(log, ["the log goes on"]);
    }

    #[test]
    fn the_second_close_in_a_row_is_one_too_many() {
        let memory = Memory::default();
        memory.closed(4011);
        assert_eq!(memory.hopeless(), None);
        memory.held();
        memory.closed(4011);
        assert_eq!(memory.hopeless(), None);
        memory.closed(4010);
        assert_eq!(memory.hopeless(), Some(4010));
    }
}
