//! The task that owns one Asterisk's core: connects, keeps it fed, reconnects for ever.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::select;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, sleep_until};

use super::clock;
use super::link::{Link, Turn};
use super::outlets::{Inlets, Outlets};
use super::retry::Attempts;
use super::{ClientSetup, Handle, LedgerFeed, LinkStatus};
use crate::Now;
use crate::model::{Order, PbxSetup, Restored, ServerName};
use crate::pbx::{Output, Pbx};
use crate::session::{Counters, Ended, Greeting, Reply, Session, SessionEvent};

/// How long goodbye may take.
pub(super) const GOODBYE: Duration = Duration::from_secs(1);
/// How often the counters of the status are brought up to date.
const COUNTED: Duration = Duration::from_secs(1);
/// A link that held so long was a good one: when it is lost, the first attempt is made at once. One that is lost
/// right after each login is not hammered.
const STEADY: Duration = Duration::from_secs(10);
/// A burst is shown after so many reads at the latest.
const BURST: u32 = 16;

/// A client for one Asterisk: the handle for everybody, the driver for whoever runs it.
pub fn client(setup: ClientSetup, pbx: PbxSetup, restored: Restored) -> (Handle, Driver) {
    let now = clock::now();
    let (server, epoch) = (pbx.server.clone(), restored.epoch);
    let mut pbx = Pbx::new(now, pbx, restored);
    let (outlets, handle, Inlets { orders, rows }) = Outlets::new(now, &mut pbx);
    let driver = Driver {
        server,
        setup,
        pbx,
        outlets,
        orders,
        rows,
        rng: fastrand::Rng::new(),
        attempts: Attempts::default(),
        down: now.mono,
        steady: None,
        epoch,
        before: Counters::default(),
        counted: now.mono,
    };
    (handle, driver)
}

/// See the module.
pub struct Driver {
    server: ServerName,
    setup: ClientSetup,
    pbx: Pbx,
    outlets: Outlets,
    orders: mpsc::Receiver<Order>,
    rows: Option<mpsc::Receiver<LedgerFeed>>,
    rng: fastrand::Rng,
    attempts: Attempts,
    /// Since when there is no link.
    down: Instant,
    /// Since when there is one.
    steady: Option<Instant>,
    epoch: u64,
    /// What went through the connections before this one.
    before: Counters,
    counted: Instant,
}

/// How an attempt ended.
enum Attempt {
    Stopped,
    Lost { reason: String, refused: bool },
}

impl Attempt {
    fn lost(reason: impl ToString) -> Self {
        Self::Lost { reason: reason.to_string(), refused: false }
    }
}

/// What ended the waiting of one turn.
enum Input {
    Socket(std::io::Result<Turn>),
    Order(Order),
    Due,
    Stop,
}

impl Driver {
    /// What must be kept, for the one who keeps it: `None` the second time.
    pub fn ledger(&mut self) -> Option<mpsc::Receiver<LedgerFeed>> {
        self.rows.take()
    }

    /// Runs until `stop` becomes true (or its sender is gone): then it logs off, which takes a second at most.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            let begun = clock::now().mono;
            let Attempt::Lost { reason, refused } = self.attempt(&mut stop).await else { break };
            let now = clock::now();
            self.lost(now, reason);
            let away = now.mono.saturating_duration_since(self.down);
            let wait = self.attempts.failed(&self.setup.retry, refused, away, self.rng.f64());
            // Counted between beginnings: an attempt that hung for seconds is followed by another one at once.
            let wait = wait
                .saturating_sub(now.mono.saturating_duration_since(begun))
                .max(self.setup.retry.first / 2);
            if self.beside(&mut stop, sleep(wait)).await.is_none() {
                break;
            }
        }
        self.outlets.publish(clock::now(), &mut self.pbx);
        let counters = self.before;
        self.outlets.status.send_modify(|s| (s.connected, s.counters) = (false, counters));
    }

    async fn attempt(&mut self, stop: &mut watch::Receiver<bool>) -> Attempt {
        let setup = self.setup.clone();
        let connected = match self.beside(stop, Link::connect(&setup)).await {
            None => return Attempt::Stopped,
            Some(Err(e)) => return Attempt::lost(e),
            Some(Ok(connected)) => connected,
        };
        match setup.login(self.rng.u64(..)) {
            Err(e) => Attempt::lost(e),
            Ok(login) => self.serve(connected.begin(clock::now(), login), stop).await,
        }
    }

    /// One connection, to its end.
    async fn serve(&mut self, mut link: Link, stop: &mut watch::Receiver<bool>) -> Attempt {
        let mut leaving = None;
        let mut reads = 0;
        loop {
            link.load();
            let input = self.wait(&mut link, stop, leaving).await;
            let now = clock::now();
            let mut lost = None;
            let mut drained = true;
            match input {
                Input::Socket(Ok(Turn::Read(bytes))) => drained = link.hear(now, bytes),
                Input::Socket(Err(e)) => lost = Some(e),
                Input::Order(order) => self.pbx.order(now, order),
                Input::Stop => {
                    link.session.logoff(now);
                    leaving = Some(now.mono + GOODBYE);
                }
                Input::Socket(Ok(Turn::Wrote)) | Input::Due => {}
            }
            let ended = self.turn(now, Some(&mut link.session));
            let late = leaving.is_some_and(|at| at <= now.mono);
            if lost.is_some() || ended.is_some() || late {
                link.session.closed();
                self.turn(now, Some(&mut link.session));
                self.before = self.counters(Some(&link.session));
                return how(leaving.is_some(), lost, ended);
            }
            reads = if drained { 0 } else { (reads + 1) % BURST };
            if reads == 0 {
                self.outlets.publish(now, &mut self.pbx);
            }
            self.count(now, &link.session);
        }
    }

    async fn wait(
        &mut self,
        link: &mut Link,
        stop: &mut watch::Receiver<bool>,
        leaving: Option<Instant>,
    ) -> Input {
        let due = [link.session.deadline(), self.pbx.deadline(), leaving].into_iter().flatten().min();
        select! {
            turn = link.turn() => Input::Socket(turn),
            Some(order) = self.orders.recv(), if leaving.is_none() => Input::Order(order),
            () = until(due) => Input::Due,
            () = stopped(stop), if leaving.is_none() => Input::Stop,
        }
    }

    /// Does something without a connection while orders and deadlines go on. `None`: stopped meanwhile.
    async fn beside<T>(
        &mut self,
        stop: &mut watch::Receiver<bool>,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let deadline = self.pbx.deadline();
            let order = select! {
                done = &mut work => return Some(done),
                Some(order) = self.orders.recv() => Some(order),
                () = until(deadline) => None,
                () = stopped(stop) => return None,
            };
            let now = clock::now();
            if let Some(order) = order {
                self.pbx.order(now, order);
            }
            self.turn(now, None);
            self.outlets.publish(now, &mut self.pbx);
        }
    }

    /// What is due, and everything that follows from an input. Tells when the session ended.
    fn turn(&mut self, now: Now, mut session: Option<&mut Session>) -> Option<Ended> {
        if let Some(session) = &mut session {
            session.due(now);
        }
        if self.pbx.deadline().is_some_and(|at| at <= now.mono) {
            self.pbx.due(now);
        }
        let mut ended = None;
        loop {
            if let Some(session) = &mut session {
                while let Some(event) = session.poll() {
                    match &event {
                        SessionEvent::Ready(greeting) => self.up(now, greeting),
                        SessionEvent::Desynchronised(why) => self.desynchronised(why),
                        SessionEvent::Ended(why) => ended = Some(why.clone()),
                        _ => {}
                    }
                    self.pbx.session(now, event);
                }
            }
            let mut submitted = false;
            while let Some(output) = self.pbx.poll() {
                submitted |= self.output(now, output, session.as_deref_mut());
            }
            if !submitted {
                return ended;
            }
        }
    }

    /// `true`: the session may have something to tell.
    fn output(&mut self, now: Now, output: Output, session: Option<&mut Session>) -> bool {
        match (output, session) {
            (Output::Entry(entry), _) => self.outlets.entry(entry),
            (Output::Ledger(row), _) => self.outlets.row(row),
            (Output::Submit { token, expect, action }, Some(session)) => {
                session.submit(now, token, expect, action);
                return true;
            }
            (Output::Submit { token, .. }, None) => {
                self.pbx.session(now, SessionEvent::Reply { token, reply: Reply::NotSent });
            }
        }
        false
    }

    fn up(&mut self, now: Now, greeting: &Greeting) {
        self.steady = Some(now.mono);
        self.attempts.accepted();
        self.epoch += 1;
        let (server, ami, epoch) = (&self.server, &greeting.ami, self.epoch);
        tracing::info!(%server, ?ami, asterisk = ?greeting.asterisk, epoch, "logged in");
        self.outlets.status.send_modify(|s| {
            let reconnects = s.reconnects + u64::from(s.ami.is_some());
            *s = LinkStatus {
                connected: true,
                since: now.wall,
                ami: Some(greeting.ami.clone()),
                asterisk: greeting.asterisk.clone(),
                epoch,
                reconnects,
                ..s.clone()
            }
        });
    }

    fn desynchronised(&self, why: &str) {
        tracing::warn!(server = %self.server, why, "something was lost, listing everything again");
        self.outlets.status.send_modify(|s| s.desynchronised += 1);
    }

    fn lost(&mut self, now: Now, reason: String) {
        let status = self.outlets.status.borrow().clone();
        if let Some(up) = self.steady.take().filter(|up| now.mono >= *up + STEADY) {
            tracing::debug!(server = %self.server, held = ?(now.mono - up), "the link had held");
            self.attempts = Attempts::default();
        }
        if status.connected {
            self.down = now.mono;
        }
        if status.connected || status.error.as_ref() != Some(&reason) {
            tracing::warn!(server = %self.server, reason, "no link to asterisk, trying again");
        }
        self.pbx.lost(now, &reason);
        self.turn(now, None);
        self.outlets.publish(now, &mut self.pbx);
        let since = if status.connected { now.wall } else { status.since };
        let counters = self.before;
        self.outlets.status.send_replace(LinkStatus {
            connected: false,
            since,
            error: Some(reason),
            counters,
            ..status
        });
    }

    fn counters(&self, session: Option<&Session>) -> Counters {
        let (a, b) = (self.before, session.map(Session::counters).unwrap_or_default());
        Counters {
            bytes: a.bytes + b.bytes,
            frames: a.frames + b.frames,
            skipped: a.skipped + b.skipped,
            unmatched: a.unmatched + b.unmatched,
        }
    }

    fn count(&mut self, now: Now, session: &Session) {
        if now.mono >= self.counted + COUNTED {
            self.counted = now.mono;
            let counters = self.counters(Some(session));
            self.outlets.status.send_modify(|s| s.counters = counters);
        }
    }
}

fn how(leaving: bool, lost: Option<std::io::Error>, ended: Option<Ended>) -> Attempt {
    let refused = matches!(ended, Some(Ended::LoginRefused(_)));
    match (ended, lost) {
        _ if leaving => Attempt::Stopped,
        (Some(ended), _) => Attempt::Lost { reason: ended.to_string(), refused },
        (None, Some(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Attempt::lost("Asterisk closed the connection")
        }
        (None, Some(e)) => Attempt::lost(e),
        (None, None) => Attempt::lost("the connection ended"),
    }
}

pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// A sender that is gone cannot stop us any more: whoever dropped it has stopped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
