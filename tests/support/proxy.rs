//! The network between gavel and Asterisk, for tests to break: passes bytes on, cuts in the middle of a packet, falls
//! silent as a dead link does, or refuses.
//!
//! Invariant: what it passes on it does not change.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the link does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    /// Passes everything on.
    Whole,
    /// Connections are accepted and closed at once; those that were there are closed.
    Down,
    /// Nobody is told anything: bytes vanish in both directions, connections stay.
    Silent,
    /// As whole, until the server sends these bytes: half of them are passed on, then the link is down.
    CutWithin(Vec<u8>),
}

/// One link, in front of one server.
pub(crate) struct Proxy {
    port: u16,
    wire: Arc<Wire>,
}

struct Wire {
    link: Mutex<Link>,
    /// All that was passed on: what clients said, what the server said.
    passed: [Mutex<Vec<u8>>; 2],
}

/// Of [`Wire::passed`].
const ASKED: usize = 0;
const ANSWERED: usize = 1;

impl Proxy {
    /// A whole link to that port of this machine.
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let wire = Arc::new(Wire { link: Mutex::new(Link::Whole), passed: Default::default() });
        let shared = Arc::clone(&wire);
        std::thread::spawn(move || accept(&listener, server, &shared));
        Self { port, wire }
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Changes what the link does, from now on.
    pub(crate) fn set(&self, link: Link) {
        *self.wire.link.lock().expect("no thread panics") = link;
    }

    /// All that clients sent through it.
    pub(crate) fn asked(&self) -> String {
        self.wire.passed(ASKED)
    }

    /// All that the server sent through it.
    pub(crate) fn answered(&self) -> String {
        self.wire.passed(ANSWERED)
    }

    /// What it does now: a cut link says [`Link::Down`] after its cut.
    pub(crate) fn link(&self) -> Link {
        self.wire.link.lock().expect("no thread panics").clone()
    }
}

impl Wire {
    fn passed(&self, direction: usize) -> String {
        String::from_utf8_lossy(&self.passed[direction].lock().expect("no thread panics")).into_owned()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Link::Down);
    }
}

fn accept(listener: &TcpListener, server: u16, wire: &Arc<Wire>) {
    for client in listener.incoming().flatten() {
        let down = *wire.link.lock().expect("no thread panics") == Link::Down;
        // A server that is not there shows as a connection that closes at once.
        let Some(server) = (!down).then(|| TcpStream::connect(("127.0.0.1", server)).ok()).flatten() else {
            continue;
        };
        for (from, to, direction) in [(&client, &server, ASKED), (&server, &client, ANSWERED)] {
            let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
            let wire = Arc::clone(wire);
            std::thread::spawn(move || pass(from, to, direction, &wire));
        }
    }
}

/// Passes on until one side ends or the link is down.
fn pass(mut from: TcpStream, mut to: TcpStream, direction: usize, wire: &Wire) {
    from.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
    to.set_nodelay(true).expect("a socket");
    let mut seen = Vec::new();
    let mut chunk = vec![0; 65_536];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(_) => break,
        };
        let mut state = wire.link.lock().expect("no thread panics");
        let passed = match &*state {
            Link::Whole => read,
            Link::Down => break,
            Link::Silent => 0,
            Link::CutWithin(bytes) if direction == ANSWERED => match cut(&mut seen, &chunk[..read], bytes) {
                Some(passed) => {
                    let _ = to.write_all(&chunk[..passed]);
                    *state = Link::Down;
                    break;
                }
                None => read,
            },
            Link::CutWithin(_) => read,
        };
        drop(state);
        wire.passed[direction].lock().expect("no thread panics").extend_from_slice(&chunk[..passed]);
        if to.write_all(&chunk[..passed]).is_err() {
            break;
        }
    }
    for socket in [from, to] {
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// How much of `chunk` to pass on before the cut; `None`: all, `bytes` did not come yet.
fn cut(seen: &mut Vec<u8>, chunk: &[u8], bytes: &[u8]) -> Option<usize> {
    let before = seen.len();
    seen.extend_from_slice(chunk);
    let found = seen.windows(bytes.len()).position(|window| window == bytes);
    let end = found.map(|at| (at + bytes.len() / 2).saturating_sub(before));
    let kept = seen.len().min(bytes.len().saturating_sub(1));
    seen.drain(..seen.len() - kept);
    end.map(|end| end.min(chunk.len()))
}
