//! The whole process under a flood: 1,000,000 events over loopback, CPU time and peak memory of the reading process.
//!
//! Three readers in one run, each a process of its own: one that reads and drops, one that scans for the ends of
//! packets (the baseline of the ratio), and the client with its whole path up to room snapshots. CPU time is what
//! the kernel says of the process (`/proc/self/schedstat` of its threads); wall time is noise here.
//!
//! Fails when an event is lost or the room is not right at the end; the time decides nothing.

#[path = "../../../../tests/support/flood.rs"]
mod flood;
mod server;

use std::fs;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use gavel_ami::client::{Address, ClientSetup, client};
use gavel_ami::model::{
    ConferenceKind, ConferenceName, PbxSetup, Restored, RoomName, RoomSetup, RoomSnapshot, ServerName,
};
use gavel_ami::session::Secret;
use tokio::sync::watch;

/// Events of the measured run.
const EVENTS: usize = 1_000_000;
/// What the client may cost at most, in scans.
const BUDGET: f64 = 12.0;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sink", port] => read_all(port, |_| 0),
        ["scan", port] => read_all(port, scan()),
        ["client", port] => run_client(port),
        _ => return measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What a reader reports of itself.
#[derive(Clone, Copy, Debug)]
struct Report {
    packets: u64,
    cpu: f64,
    peak_mib: f64,
}

fn measure() -> ExitCode {
    let mut rows = Vec::new();
    for mode in ["sink", "scan", "client"] {
        match reader(mode) {
            Ok(report) => rows.push((mode, report)),
            Err(error) => {
                eprintln!("{mode}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let scan = rows.iter().find(|(mode, _)| *mode == "scan").map_or(f64::NAN, |(_, report)| report.cpu);
    println!("{EVENTS} events over loopback, {:.0} bytes in the mean", server::mean());
    println!(
        "{:<8} {:>9} {:>12} {:>8} {:>10} {:>10}",
        "reader", "CPU s", "us/event", "x scan", "peak MiB", "packets"
    );
    for (mode, report) in rows {
        let each = report.cpu * 1e6 / EVENTS as f64;
        let ratio = report.cpu / scan;
        println!(
            "{mode:<8} {:>9.2} {each:>12.2} {ratio:>8.1} {:>10.1} {:>10}",
            report.cpu, report.peak_mib, report.packets
        );
    }
    println!("(budget of the client: {BUDGET} x scan, 32 MiB)");
    ExitCode::SUCCESS
}

/// Starts a reader and feeds it.
fn reader(mode: &str) -> Result<Report, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port().to_string();
    let child = Command::new(std::env::current_exe()?).args([mode, &port]).stdout(Stdio::piped()).spawn()?;
    let (socket, _) = listener.accept()?;
    let expected = server::serve(socket, EVENTS, mode == "client")?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err("the reader failed".into());
    }
    let text = String::from_utf8(output.stdout)?;
    let mut lines = text.lines();
    let report = numbers(lines.next().unwrap_or_default())?;
    let seen: Vec<String> = lines.map(str::to_owned).collect();
    let truth: Vec<String> = expected.iter().map(|(channel, muted)| format!("{channel} {muted}")).collect();
    if mode == "client" && seen != truth {
        return Err(format!("the room is not right at the end:\nseen  {seen:?}\ntruth {truth:?}").into());
    }
    if mode != "sink" && report.packets < EVENTS as u64 {
        return Err(format!("{} packets of {EVENTS}", report.packets).into());
    }
    Ok(report)
}

fn numbers(line: &str) -> Result<Report, Box<dyn std::error::Error>> {
    let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    match numbers.as_slice() {
        [packets, cpu, peak_mib] => Ok(Report { packets: *packets as u64, cpu: *cpu, peak_mib: *peak_mib }),
        _ => Err(format!("the reader said {line:?}").into()),
    }
}

/// Prints packets, CPU seconds and peak MiB of this process.
fn report(packets: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut nanos = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += schedstat.split_whitespace().next().unwrap_or("0").parse::<f64>()?;
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    println!("{packets} {} {}", nanos / 1e9, kib / 1024.0);
    Ok(())
}

/// Reads to the end; `look` says how many packets ended in what was read.
fn read_all(port: &str, mut look: impl FnMut(&[u8]) -> u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    let mut buffer = vec![0; 64 * 1024];
    let mut packets = 0;
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => packets += look(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    report(packets)
}

/// The baseline: where does a packet end? Nothing else is looked at.
fn scan() -> impl FnMut(&[u8]) -> u64 {
    let finder = memchr::memmem::Finder::new(b"\r\n\r\n");
    let mut tail: Vec<u8> = Vec::new();
    move |bytes| {
        // An end that lies across two reads.
        let mut found = 0;
        let across = [&tail[..], &bytes[..bytes.len().min(3)]].concat();
        if across.len() > 3 && finder.find(&across).is_some_and(|at| at < tail.len()) {
            found += 1;
        }
        found += finder.find_iter(bytes).count() as u64;
        tail = bytes[bytes.len().saturating_sub(3)..].to_vec();
        found
    }
}

fn run_client(port: &str) -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(client_to_the_end(port))
}

async fn client_to_the_end(port: &str) -> Result<(), Box<dyn std::error::Error>> {
    let address = Address::Tcp { host: "127.0.0.1".to_owned(), port: port.parse()? };
    let setup = ClientSetup::new(address, "gavel", Secret::new("secret"))?;
    let room = RoomName::new("thursday");
    let (handle, driver) = client(setup, pbx_setup(&room), Restored::default());
    let (stop, stopped) = watch::channel(false);
    let mut seen = handle.room(&room).ok_or("no such room")?;
    let status = handle.status();
    let watcher = async {
        let _ = seen.wait_for(|room| is_over(room)).await;
        let _ = stop.send(true);
    };
    tokio::join!(driver.run(stopped), watcher);
    report(status.borrow().counters.frames)?;
    let mut people = seen.borrow().people.clone();
    people.sort_by_key(|person| person.number);
    people.iter().for_each(|person| println!("{} {}", person.channel, person.muted));
    Ok(())
}

fn is_over(room: &RoomSnapshot) -> bool {
    room.people.last().is_some_and(|person| person.caller.name.as_deref() == Some(server::THE_END))
}

fn pbx_setup(room: &RoomName) -> PbxSetup {
    let room = RoomSetup {
        name: room.clone(),
        conference: ConferenceName::new(flood::CONFERENCE),
        lobby: None,
        kind: ConferenceKind::ConfBridge,
        crew: Vec::new(),
        services: Vec::new(),
        show_ends_after: Duration::from_secs(1800),
        topic_variable: None,
    };
    PbxSetup { server: ServerName::new("main"), rooms: vec![room] }
}
