//! The loop: connections, requests of whoever holds the server, time.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep_until;
use tokio_rustls::TlsAcceptor;

use super::Ask;
use super::fault::{Fault, Weather};
use super::line::{self, Input};
use super::stream::{Connect, Handshake};
use crate::exchange::{Exchange, Line};
use crate::front::Wish;
use crate::script::{Cue, Player};
use crate::setup::Setup;
use crate::world::Moment;

/// So many bytes may wait for a client that reads slowly; then it is cut off.
const MAX_WAITING: usize = 256 * 1024 * 1024;
/// So many pieces may wait for the task that writes.
const PIECES: usize = 64;
/// When a writer is behind, it is asked again so much later.
const BEHIND: Duration = Duration::from_millis(5);
/// Without anything to do the clock is looked at so often.
const IDLE: Duration = Duration::from_secs(3600);
/// An Asterisk that restarts by itself is away for so long.
const AWAY: Duration = Duration::from_secs(1);

/// What belongs to a connection.
#[derive(Debug)]
struct Outlet {
    chunks: mpsc::Sender<Vec<u8>>,
    waiting: Vec<u8>,
    tasks: [AbortHandle; 2],
    /// Nobody answers any more, nobody closes.
    dead: bool,
    /// It ends once everything is written.
    over: bool,
}

/// See the module.
pub(super) struct Hub {
    pub(super) exchange: Exchange,
    pub(super) players: Vec<Player>,
    setup: Arc<Setup>,
    ports: (u16, Option<u16>),
    tls: Option<TlsAcceptor>,
    listener: Option<TcpListener>,
    secure: Option<TcpListener>,
    outlets: BTreeMap<Line, Outlet>,
    inputs: (mpsc::Sender<Input>, Option<mpsc::Receiver<Input>>),
    tasks: JoinSet<()>,
    weather: watch::Sender<Weather>,
    cut: Option<Vec<u8>>,
    stalled: Option<Instant>,
    away: Option<Instant>,
    stopped: bool,
    began: Instant,
}

/// What woke the loop.
enum Woken {
    Asked(Option<Ask>),
    Heard(Option<Input>),
    Called(io::Result<(TcpStream, SocketAddr)>, bool),
    Time,
}

impl Hub {
    pub(super) fn new(
        setup: Setup,
        port: u16,
        secure: Option<u16>,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let setup = Arc::new(setup);
        let (inputs, heard) = mpsc::channel(256);
        Self {
            exchange: Exchange::new(Arc::clone(&setup), Moment::ZERO),
            players: Vec::new(),
            setup,
            ports: (port, secure),
            tls: tls.map(TlsAcceptor::from),
            listener: None,
            secure: None,
            outlets: BTreeMap::new(),
            inputs: (inputs, Some(heard)),
            tasks: JoinSet::new(),
            weather: watch::Sender::new(Weather::default()),
            cut: None,
            stalled: None,
            away: None,
            stopped: false,
            began: instant(),
        }
    }

    pub(super) fn listen(
        &mut self,
        plain: Option<std::net::TcpListener>,
        secure: Option<std::net::TcpListener>,
    ) -> io::Result<()> {
        self.listener = plain.map(TcpListener::from_std).transpose()?;
        self.secure = secure.map(TcpListener::from_std).transpose()?;
        Ok(())
    }

    /// Until nobody holds the server any more.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<Ask>) {
        let Some(mut heard) = self.inputs.1.take() else { return };
        loop {
            let deadline = self.deadline();
            let stalled = self.stalled.is_some();
            let woken = tokio::select! {
                ask = asked.recv() => Woken::Asked(ask),
                input = heard.recv(), if !stalled => Woken::Heard(input),
                called = accept(self.listener.as_ref()) => Woken::Called(called, false),
                called = accept(self.secure.as_ref()) => Woken::Called(called, true),
                Some(_) = self.tasks.join_next() => Woken::Time,
                () = sleep_until(deadline.into()) => Woken::Time,
            };
            match woken {
                Woken::Asked(None) => break,
                Woken::Asked(Some(ask)) => ask(&mut self),
                Woken::Heard(Some(input)) => self.heard(input),
                Woken::Heard(None) | Woken::Time => {}
                Woken::Called(Ok((stream, peer)), secure) => self.welcome(stream, peer, secure),
                Woken::Called(Err(_), _) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
            self.tick();
            self.flush();
        }
    }

    /// The simulated time of this moment.
    fn moment(&self) -> Moment {
        instant().saturating_duration_since(self.began).mul_f64(self.setup.speed)
    }

    /// Does what is due in the world, in the scripts, and with the server itself.
    pub(super) fn tick(&mut self) {
        let now = self.moment();
        self.exchange.advance(now);
        self.play_on();
        self.look_at_the_clock();
    }

    /// The callers, who get nowhere while Asterisk is away.
    fn play_on(&mut self) {
        if self.stopped {
            return;
        }
        let mut players = std::mem::take(&mut self.players);
        for player in &mut players {
            for cue in player.due(&mut self.exchange.world) {
                match cue {
                    Cue::Fault(fault) => self.fault(fault),
                    Cue::Restart(away) => self.restart(away.div_f64(self.setup.speed)),
                }
            }
            self.exchange.settle();
        }
        players.retain(|player| !player.is_over());
        self.players.append(&mut players);
    }

    fn look_at_the_clock(&mut self) {
        let real = instant();
        if self.stalled.is_some_and(|until| until <= real) {
            self.stalled = None;
        }
        if self.away.is_some_and(|until| until <= real) {
            self.away = None;
            if self.start_again().is_err() {
                self.away = Some(real + Duration::from_millis(100));
            }
        }
    }

    fn deadline(&self) -> Instant {
        let players = self.players.iter().filter(|_| !self.stopped).filter_map(Player::deadline).min();
        let next = [self.exchange.deadline(), players].into_iter().flatten().min();
        let next = next.map(|at| self.began + at.div_f64(self.setup.speed));
        let behind = self.outlets.values().any(|o| !o.waiting.is_empty() && !o.dead);
        let again = (behind && self.stalled.is_none()).then(|| instant() + BEHIND);
        let all = [next, self.stalled, self.away, again];
        all.into_iter().flatten().min().unwrap_or_else(|| instant() + IDLE)
    }

    pub(super) fn seed(&self) -> u64 {
        self.setup.seed
    }

    pub(super) fn clients(&self) -> usize {
        self.outlets.values().filter(|o| !o.dead && !o.over).count()
    }

    fn heard(&mut self, input: Input) {
        match input {
            Input::Bytes(line, bytes) if self.outlets.get(&line).is_some_and(|o| !o.dead) => {
                let now = self.moment();
                match self.exchange.receive(now, line, &bytes) {
                    Some(Wish::Stop) => self.stop(false, false),
                    Some(Wish::Restart) => self.restart(AWAY),
                    None => {}
                }
            }
            Input::Bytes(..) => {}
            Input::Closed(line) => self.forget(line),
        }
    }

    fn welcome(&mut self, stream: TcpStream, peer: SocketAddr, secure: bool) {
        let Ok(local) = stream.local_addr() else { return };
        let _ = stream.set_nodelay(true); // only slower without
        if !secure {
            let line = self.exchange.connect(peer, local);
            return self.attach(line, stream);
        }
        let Some(acceptor) = self.tls.clone() else { return };
        let line = self.exchange.connect(peer, local);
        self.attach(line, Handshake::new(acceptor, stream));
    }

    fn attach(&mut self, line: Line, stream: impl Connect) {
        let (chunks, taken) = mpsc::channel(PIECES);
        let (weather, inputs) = (self.weather.subscribe(), self.inputs.0.clone());
        let patience = self.setup.write_timeout;
        let (also, closing) = (weather.clone(), inputs.clone());
        let (halves, half) = tokio::sync::oneshot::channel();
        let reader = self.tasks.spawn(async move {
            let Some((read, write)) = stream.connect().await else {
                let _ = inputs.send(Input::Closed(line)).await;
                return;
            };
            if halves.send(write).is_ok() {
                line::read(line, read, inputs, weather).await;
            }
        });
        let writer = self.tasks.spawn(async move {
            if let Ok(half) = half.await
                && let Err(error) = line::write(half, taken, patience, also).await
            {
                tracing::debug!(line, %error, "client cut off");
            }
            let _ = closing.send(Input::Closed(line)).await;
        });
        let outlet =
            Outlet { chunks, waiting: Vec::new(), tasks: [reader, writer], dead: false, over: false };
        self.outlets.insert(line, outlet);
    }

    fn forget(&mut self, line: Line) {
        self.exchange.disconnect(line);
        if let Some(outlet) = self.outlets.remove(&line) {
            outlet.tasks.iter().for_each(AbortHandle::abort);
        }
    }

    /// Hands what there is to the tasks that write.
    fn flush(&mut self) {
        if self.stalled.is_some() {
            return;
        }
        let mut gone = Vec::new();
        for (line, outlet) in self.outlets.iter_mut().filter(|(_, o)| !o.dead && !o.over) {
            let (bytes, over) = self.exchange.take(*line);
            outlet.waiting.extend(bytes);
            let cut = self.cut.as_deref().and_then(|pattern| cut(&outlet.waiting, pattern));
            if let Some(at) = cut {
                outlet.waiting.truncate(at);
                self.cut = None;
            }
            if !outlet.waiting.is_empty() && outlet.chunks.capacity() > 0 {
                let chunk = std::mem::take(&mut outlet.waiting);
                let _ = outlet.chunks.try_send(chunk); // there is room, or nobody writes any more
            }
            outlet.over = (over || cut.is_some()) && outlet.waiting.is_empty();
            if outlet.waiting.len() > MAX_WAITING {
                gone.push(*line);
            }
            if outlet.over {
                self.exchange.disconnect(*line);
                outlet.chunks = mpsc::channel(1).0; // the writer ends with its last piece
            }
        }
        gone.into_iter().for_each(|line| self.forget(line));
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Drop => self.drop_all(),
            Fault::Stall(time) => self.stalled = Some(instant() + time),
            Fault::HalfOpen => {
                for (line, outlet) in &mut self.outlets {
                    outlet.dead = true;
                    self.exchange.disconnect(*line);
                }
            }
            Fault::Refuse(time) => {
                self.drop_all();
                (self.listener, self.secure) = (None, None);
                self.away = Some(instant() + time);
            }
            Fault::SlowReads(rate) => self.weather.send_modify(|w| w.slow = Some(rate)),
            Fault::CutWithin(pattern) => self.cut = Some(pattern),
            Fault::Dribble => self.weather.send_modify(|w| w.dribble = true),
            Fault::Foreign(bytes) => {
                self.flush();
                self.outlets.values_mut().for_each(|o| o.waiting.extend_from_slice(&bytes));
            }
            Fault::ClockJump(milliseconds) => self.exchange.world.jump(milliseconds),
            Fault::Heal => {
                (self.cut, self.stalled) = (None, None);
                self.weather.send_replace(Weather::default());
            }
        }
    }

    fn drop_all(&mut self) {
        let lines: Vec<Line> = self.outlets.keys().copied().collect();
        lines.into_iter().for_each(|line| self.forget(line));
    }

    pub(super) fn stop(&mut self, cleanly: bool, restart: bool) {
        self.tick();
        if cleanly {
            self.exchange.shut_down(restart);
        }
        self.flush();
        (self.listener, self.secure) = (None, None);
        let now = self.moment();
        for outlet in self.outlets.values_mut() {
            outlet.over = true;
            outlet.chunks = mpsc::channel(1).0;
        }
        self.exchange.reboot(now);
        self.stopped = true;
    }

    pub(super) fn restart(&mut self, away: Duration) {
        self.stop(true, true);
        self.away = Some(instant() + away);
    }

    pub(super) fn start_again(&mut self) -> io::Result<()> {
        if self.listener.is_some() {
            return Ok(());
        }
        let (plain, secure) = self.ports;
        let listener = super::bind(plain)?;
        let secure = secure.map(super::bind).transpose()?;
        if std::mem::take(&mut self.stopped) {
            let now = self.moment();
            self.exchange.reboot(now); // it boots now, not when it stopped
        }
        self.listen(Some(listener), secure)
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Where to cut: behind the pattern, or in the middle.
fn cut(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    if pattern.is_empty() {
        return (bytes.len() > 1).then_some(bytes.len() / 2);
    }
    memchr::memmem::find(bytes, pattern).map(|at| at + pattern.len())
}

#[allow(clippy::disallowed_methods, reason = "the one place of the rehearsal server that reads the clock")]
fn instant() -> Instant {
    Instant::now()
}
