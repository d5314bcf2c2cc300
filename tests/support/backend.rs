//! The phone systems that every story runs on, and what can be expected of each.
//!
//! Leaves to `asterisk.rs`, `machine.rs` and `sim.rs` how one runs. Invariant: a story asks here what differs, and
//! never which of them it has got.

use std::path::Path;

use gavel_ami::model::ConferenceKind;

use crate::control::Control;
use crate::{asterisk, machine, sim};

/// Which phone system.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Backend {
    /// Debian sid's Asterisk, with ConfBridge.
    Asterisk22,
    /// Debian bullseye's.
    Asterisk16,
    /// MeetMe on real DAHDI, in a virtual machine.
    Meetme22,
    /// The rehearsal server, of that version, with ConfBridge.
    Sim(u8),
    /// The same with MeetMe.
    SimMeetme(u8),
}

/// What a phone system must be able to do, however it runs.
pub(crate) trait Server {
    /// Where the manager interface listens, on 127.0.0.1.
    fn port(&self) -> u16;
    /// Where it listens for TLS, and the authority that signed its certificate (PEM).
    fn tls(&self) -> (u16, &str);
    /// A folder that it can write to, gone with it.
    fn folder(&self) -> &Path;
    /// Starts it again: same ports, same configuration.
    fn start_again(&mut self);
    /// As when the machine loses power.
    fn kill(&mut self);
    /// As an operator stops it: the calls are hung up, the clients are told. `control` has all rights.
    fn stop(&mut self, control: &Control);
    /// What it logged, for the message of a failed test.
    fn log(&self) -> String;
}

/// One running (or, for a while, dead) phone system.
pub(crate) struct Asterisk {
    backend: Backend,
    server: Box<dyn Server>,
}

impl Backend {
    /// By the name of the module that its tests are in.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "asterisk_22" => Self::Asterisk22,
            "asterisk_16" => Self::Asterisk16,
            "meetme_22" => Self::Meetme22,
            "sim_22" => Self::Sim(22),
            "sim_16" => Self::Sim(16),
            "sim_11" => Self::Sim(11),
            "sim_meetme_22" => Self::SimMeetme(22),
            "sim_meetme_11" => Self::SimMeetme(11),
            _ => panic!("no such phone system: {name}"),
        }
    }

    /// The version of Asterisk.
    pub(crate) fn version(self) -> u8 {
        match self {
            Self::Asterisk22 | Self::Meetme22 => 22,
            Self::Asterisk16 => 16,
            Self::Sim(version) | Self::SimMeetme(version) => version,
        }
    }

    /// Its conferences are MeetMe's.
    pub(crate) fn meetme(self) -> bool {
        matches!(self, Self::Meetme22 | Self::SimMeetme(_))
    }

    /// For gavel's configuration.
    pub(crate) fn kind(self) -> ConferenceKind {
        if self.meetme() { ConferenceKind::MeetMe { kick_by: None } } else { ConferenceKind::ConfBridge }
    }

    /// What it calls a conference or a way into one that is called 2xx in the stories: MeetMe's are 4xx.
    pub(crate) fn room(self, room: &str) -> String {
        match room.strip_prefix('2') {
            Some(rest) if self.meetme() => format!("4{rest}"),
            _ => room.to_owned(),
        }
    }

    /// The packet line that begins such an event: `Join`, `Mute`.
    pub(crate) fn event(self, what: &str) -> Vec<u8> {
        let application = if self.meetme() { "Meetme" } else { "Confbridge" };
        format!("Event: {application}{what}\r\n").into_bytes()
    }

    /// Its lists escape what its events escape; MeetMe's never do, Asterisk 11 escapes nothing at all.
    pub(crate) fn escapes_lists(self) -> bool {
        !self.meetme() && self.version() > 11
    }

    /// Who is muted or unmuted is told by an event. Not so by ConfBridge of Asterisk 11.
    pub(crate) fn tells_mutes(self) -> bool {
        self.meetme() || self.version() > 11
    }

    /// Who talks is told by the list too. Not so by ConfBridge of Asterisk 11.
    pub(crate) fn lists_talking(self) -> bool {
        self.meetme() || self.version() > 11
    }

    /// How many callers it is to bear. The machine mixes their sound in software, without the host's help.
    pub(crate) fn callers(self) -> usize {
        if self == Self::Meetme22 { 20 } else { 200 }
    }

    /// It costs nothing to do things often.
    pub(crate) fn sim(self) -> bool {
        matches!(self, Self::Sim(_) | Self::SimMeetme(_))
    }
}

impl Asterisk {
    /// Starts one and waits until it is fully booted.
    pub(crate) fn start(backend: Backend) -> Self {
        Self::open(backend, false)
    }

    /// Starts one that speaks TLS too, with a certificate for `localhost` by an authority of its own.
    pub(crate) fn start_with_tls(backend: Backend) -> Self {
        Self::open(backend, true)
    }

    fn open(backend: Backend, tls: bool) -> Self {
        let server: Box<dyn Server> = match backend {
            Backend::Asterisk22 => Box::new(asterisk::Real::start("GAVEL_ASTERISK_22", tls)),
            Backend::Asterisk16 => Box::new(asterisk::Real::start("GAVEL_ASTERISK_16", tls)),
            Backend::Meetme22 => Box::new(machine::Machine::start()),
            Backend::Sim(_) | Backend::SimMeetme(_) => Box::new(sim::Sim::start(backend, tls)),
        };
        let asterisk = Self { backend, server };
        asterisk.control().expect_booted();
        asterisk
    }

    /// Starts it (again): same ports, same configuration. Waits until it is fully booted.
    pub(crate) fn start_again(&mut self) {
        self.server.start_again();
        self.control().expect_booted();
    }

    /// Where the manager interface listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Where it listens for TLS, and the authority that signed its certificate (PEM).
    pub(crate) fn tls(&self) -> (u16, &str) {
        self.server.tls()
    }

    /// A folder that it can write to, gone with it.
    pub(crate) fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// A new connection with all rights: it brings callers in, and knows what truly happened.
    pub(crate) fn control(&self) -> Control {
        Control::login(self.backend, self.port(), "control", "control-secret", "call,user,system")
    }

    /// As when the machine loses power.
    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    /// As an operator stops it: the calls are hung up, the clients are told.
    pub(crate) fn stop(&mut self) {
        let control = self.control();
        self.server.stop(&control);
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the log of {:?}\n{}", self.backend, self.server.log());
        }
    }
}
