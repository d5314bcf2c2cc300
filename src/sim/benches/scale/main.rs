//! A big Asterisk: up to 2,000 rooms with 50 participants each. What gavel's client costs there: the time of a resync,
//! memory per participant, CPU time per event.
//!
//! The rehearsal server runs in this process, each client in a process of its own. CPU time is what the kernel says of
//! that process; wall time is noise on a busy machine. Fails only when the picture is not the truth.

#![allow(clippy::disallowed_methods, reason = "a benchmark measures by the real clock")]

mod client;
mod fill;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use gavel_sim::Server;

/// Rooms and the participants of each.
const SIZES: [(usize, usize); 5] = [(1, 10), (2, 50), (20, 50), (200, 50), (2000, 50)];
/// Events that come one at a time, and all at once.
const SINGLE: usize = 2_000;
const BURST: usize = 20_000;
/// How often each is measured: the least counts, as all that others on the machine can do is to make it more.
const TIMES: usize = 5;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["client", port, rooms] => client::run(port, rooms),
        _ => measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Fallible<()> {
    println!(
        "{:>6} {:>13} {:>9} {:>9} {:>12} {:>9} {:>13} {:>13}",
        "rooms", "participants", "resync s", "CPU s", "B/person", "peak MiB", "us one by one", "us in bursts"
    );
    for (rooms, each) in SIZES {
        let empty = {
            let (server, _) = fill::server(0, 0)?;
            let mut reader = Reader::start(&server, rooms)?;
            reader.look()?.rss
        };
        let (server, mut crowd) = fill::server(rooms, each)?;
        let mut reader = Reader::start(&server, rooms)?;
        let begun = reader.look()?;
        fill::agrees(&server, &begun)?;
        let (mut single, mut burst) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..TIMES {
            let slowly = |server: &_| crowd.stir(server, SINGLE, Duration::from_micros(500));
            single = single.min(reader.cost(&server, SINGLE, slowly)?);
            burst = burst.min(reader.cost(&server, BURST, |server| crowd.storm(server, BURST))?);
        }
        let people = (rooms * each) as f64;
        println!(
            "{rooms:>6} {people:>13} {:>9.2} {:>9.2} {:>12.0} {:>9.1} {single:>13.1} {burst:>13.1}",
            begun.wall,
            begun.cpu,
            (begun.rss - empty) / people,
            begun.peak / 1024.0 / 1024.0,
        );
    }
    Ok(())
}

/// What a client says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    /// From its start to the end of the resync.
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) rss: f64,
    pub(crate) peak: f64,
    pub(crate) frames: f64,
    pub(crate) people: usize,
    /// Of all that is in the pictures.
    pub(crate) digest: u64,
}

/// A client in a process of its own.
struct Reader {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Reader {
    fn start(server: &Server, rooms: usize) -> Fallible<Self> {
        let (port, rooms) = (server.port().to_string(), rooms.to_string());
        let mut command = Command::new(std::env::current_exe()?);
        let mut child =
            command.args(["client", &port, &rooms]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let ask = child.stdin.take().ok_or("no way to ask")?;
        let answer = BufReader::new(child.stdout.take().ok_or("no way to answer")?);
        Ok(Self { child, ask, answer })
    }

    fn look(&mut self) -> Fallible<Look> {
        self.ask.write_all(b"\n")?;
        let mut line = String::new();
        self.answer.read_line(&mut line)?;
        client::parse(&line).ok_or_else(|| format!("the client said {line:?}").into())
    }

    /// CPU microseconds per event of what happens then, once the picture is the truth again.
    fn cost(&mut self, server: &Server, events: usize, happen: impl FnOnce(&Server)) -> Fallible<f64> {
        let before = self.look()?;
        happen(server);
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            std::thread::sleep(Duration::from_millis(1200));
            let after = self.look()?;
            match fill::agrees(server, &after) {
                // The counters are a second old.
                Ok(()) if after.frames < before.frames + events as f64 && Instant::now() < end => {}
                Ok(()) => return Ok((after.cpu - before.cpu) * 1e6 / events as f64),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => {}
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
