//! The process with gavel's client. Whoever asks by a line is told by a line how it is.

use std::fs;
use std::io::BufRead;
use std::time::{Duration, Instant};

use gavel_ami::client::{Address, ClientSetup, Handle, client};
use gavel_ami::model::*;
use gavel_ami::session::Secret;
use tokio::sync::{mpsc, watch};

use super::{Fallible, Look, fill};

pub(crate) fn run(port: &str, rooms: &str) -> Fallible<()> {
    let (port, rooms) = (port.parse()?, rooms.parse()?);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(answer(port, rooms))
}

async fn answer(port: u16, rooms: usize) -> Fallible<()> {
    let begun = Instant::now();
    let address = Address::Tcp { host: "127.0.0.1".to_owned(), port };
    let setup = ClientSetup::new(address, "gavel", Secret::new("rehearsal"))?;
    let names: Vec<RoomName> = (0..rooms).map(|at| RoomName::new(fill::name(at))).collect();
    let pbx = PbxSetup { server: ServerName::new("main"), rooms: names.iter().map(room).collect() };
    let (handle, mut driver) = client(setup, pbx, Restored::default());
    let (_stop, stopped) = watch::channel(false);
    let mut rows = driver.ledger().ok_or("nobody else takes it")?;
    let keeper = async { while rows.recv().await.is_some() {} };
    let talk = async {
        let last = names.last().and_then(|name| handle.room(name));
        let mut last = last.ok_or("no room at all")?;
        last.wait_for(|room| room.link == Link::Up).await?;
        let wall = begun.elapsed().as_secs_f64();
        let (mut asked, mut saying) = (lines(), 0.0);
        while asked.recv().await.is_some() {
            let before = cpu()?;
            say(wall, before - saying, &handle, &names)?;
            saying += cpu()? - before;
        }
        Ok(())
    };
    tokio::select! {
        () = driver.run(stopped) => Err("the driver ended".into()),
        () = keeper => Err("the ledger ended".into()),
        done = talk => done,
    }
}

/// The lines of the standard input, from a thread of its own.
fn lines() -> mpsc::Receiver<()> {
    let (tx, rx) = mpsc::channel(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || tx.blocking_send(()).is_err() {
                return;
            }
        }
    });
    rx
}

fn room(name: &RoomName) -> RoomSetup {
    RoomSetup {
        name: name.clone(),
        conference: ConferenceName::new(name.as_str()),
        lobby: None,
        kind: ConferenceKind::ConfBridge,
        crew: Vec::new(),
        services: Vec::new(),
        show_ends_after: Duration::from_secs(1800),
        topic_variable: None,
    }
}

/// Looking at a hundred thousand people takes tens of milliseconds, which are not gavel's.
fn say(wall: f64, cpu: f64, handle: &Handle, names: &[RoomName]) -> Fallible<()> {
    let (rss, peak) = (memory("VmRSS:")?, memory("VmHWM:")?);
    let frames = handle.status().borrow().counters.frames;
    let (mut people, mut digest) = (0, 0_u64);
    for picture in names.iter().filter_map(|name| handle.room(name)) {
        let picture = picture.borrow();
        people += picture.people.len();
        let one = |p: &Participant| fill::digest(&p.call.uniqueid, &p.channel, p.muted, p.talking.is_some());
        digest = picture.people.iter().map(one).fold(digest, u64::wrapping_add);
    }
    println!("{wall} {cpu} {rss} {peak} {frames} {people} {digest}");
    Ok(())
}

pub(crate) fn parse(line: &str) -> Option<Look> {
    let mut words = line.split_whitespace();
    let mut number = || words.next()?.parse().ok();
    let (wall, cpu, rss, peak, frames) = (number()?, number()?, number()?, number()?, number()?);
    let (people, digest) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Look { wall, cpu, rss, peak, frames, people, digest })
}

/// CPU seconds of this process so far.
fn cpu() -> Fallible<f64> {
    let mut nanos = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += schedstat.split_whitespace().next().unwrap_or("0").parse::<f64>()?;
    }
    Ok(nanos / 1e9)
}

/// Bytes.
fn memory(row: &str) -> Fallible<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib = status.lines().find_map(|line| line.strip_prefix(row)).unwrap_or("0 kB");
    Ok(kib.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}
