//! A proxy between a client and a homeserver that misbehaves on demand, as a real homeserver cannot be made to.
//!
//! One request a connection: simple, and what clients must bear anyway.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use crate::server::Homeserver;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Not passed on: this status, with this body.
    Answer(u16, String),
    /// Passed on, and the answer is lost.
    Lost,
    /// Passed on; the answer's body comes so slowly.
    Slow(Duration),
    /// Not passed on before [`Proxy::release`].
    Hold,
}

/// The proxy; ends with this value.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    rules: Mutex<Vec<Rule>>,
    held: Condvar,
    seen: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct Rule {
    part: String,
    times: u32,
    fault: Fault,
}

impl Proxy {
    /// In front of that server.
    pub fn start(server: &Homeserver) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (state, behind) = (Arc::new(State::default()), server.port());
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                // A client that goes away in the middle is no news.
                thread::spawn(move || drop(serve(stream, behind, &state)));
            }
        });
        Self { port, state }
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on, so many requests whose first line contains this go wrong.
    pub fn fault(&self, part: &str, times: u32, fault: Fault) {
        lock(&self.state.rules).push(Rule { part: part.to_owned(), times, fault });
    }

    /// All is well again, and what was held goes on.
    pub fn release(&self) {
        lock(&self.state.rules).clear();
        self.state.held.notify_all();
    }

    /// How many requests came whose first line contains this.
    pub fn count(&self, part: &str) -> usize {
        lock(&self.state.seen).iter().filter(|line| line.contains(part)).count()
    }
}

fn serve(mut client: TcpStream, behind: u16, state: &State) -> io::Result<()> {
    let request = request(&mut client)?;
    let line =
        String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    lock(&state.seen).push(line.clone());
    let mut slow = None;
    match fault(&line, state) {
        Some(Fault::Answer(status, body)) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} Fault\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            client.write_all(head.as_bytes())?;
            return client.write_all(body.as_bytes());
        }
        Some(Fault::Lost) => {
            forward(&request, behind)?;
            return client.shutdown(Shutdown::Both);
        }
        Some(Fault::Slow(pause)) => slow = Some(pause),
        Some(Fault::Hold) => {
            let held = |rules: &mut Vec<Rule>| rules.iter().any(|rule| line.contains(&rule.part));
            drop(state.held.wait_while(lock(&state.rules), held));
        }
        None => {}
    }
    let answer = forward(&request, behind)?;
    for piece in answer.chunks(if slow.is_some() { 64 } else { answer.len().max(1) }) {
        client.write_all(piece)?;
        thread::sleep(slow.unwrap_or_default());
    }
    Ok(())
}

fn fault(line: &str, state: &State) -> Option<Fault> {
    let mut rules = lock(&state.rules);
    let rule = rules.iter_mut().find(|rule| rule.times > 0 && line.contains(&rule.part))?;
    rule.times -= 1;
    Some(rule.fault.clone())
}

/// The whole request, asking for an answer after which the connection ends.
fn request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = client.read(&mut piece)?;
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let whole = end + 4 + length.unwrap_or(0_usize);
        if bytes.len() >= whole || read == 0 {
            let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
            let mut request = lines.collect::<Vec<_>>().join("\r\n").into_bytes();
            request.extend_from_slice(b"\r\nConnection: close\r\n\r\n");
            request.extend_from_slice(bytes.get(end + 4..).unwrap_or_default());
            return Ok(request);
        }
    }
}

fn forward(request: &[u8], behind: u16) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", behind))?;
    server.write_all(request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked with it")
}
