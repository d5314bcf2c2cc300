//! What a flood of events costs, beside what merely finding the ends of its packets costs: only the ratio means
//! anything on a busy machine.

#[path = "../../../tests/support/flood.rs"]
mod flood;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gavel_ami::model::{ConferenceKind, ConferenceName, PbxSetup, Restored, RoomName, RoomSetup, ServerName};
use gavel_ami::session::{Auth, Login, Secret, Session, SessionEvent};
use gavel_ami::wire::{Frame, Kind, OwnedFrame};
use gavel_ami::{Now, Output, Pbx};

use flood::{CONFERENCE, Flood, HUNDRED};

/// As the client reads.
const READ: usize = 64 * 1024;
/// Hundreds of events in one round.
const ROUND: usize = 20;
const MEMBERS: u32 = 50;

fn benches(c: &mut Criterion) {
    let mut flood = Flood::new(MEMBERS);
    let mut opening = String::new();
    flood.opening(&mut opening);
    // The rounds go on from each other, as a join that was seen before would cost less.
    let rounds: Vec<String> = (0..50)
        .map(|_| {
            let mut round = String::new();
            (0..ROUND).for_each(|_| flood.hundred(&mut round));
            round
        })
        .collect();
    let events = (ROUND * HUNDRED) as u64;
    println!("{} bytes per event", rounds[0].len() as u64 / events);
    let mut group = c.benchmark_group("flood");
    group
        .throughput(Throughput::Elements(events))
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    let mut bench = |name: &str, work: &mut dyn FnMut(&[u8])| {
        let mut at = 0;
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| {
                at = (at + 1) % rounds.len();
                work(rounds[at].as_bytes());
            });
        });
    };
    bench("scan for CRLFCRLF", &mut |bytes| {
        black_box(memchr::memmem::find_iter(bytes, b"\r\n\r\n").count());
    });
    let (now, mut session) = ready();
    bench("decode", &mut |bytes| {
        let mut count = 0;
        feed(now, &mut session, bytes, |_| count += 1);
        assert_eq!(count, events);
    });
    bench("decode and type", &mut |bytes| feed(now, &mut session, bytes, typed));
    let mut whole = Whole::new(now, session);
    whole.take(opening.as_bytes());
    bench("full state", &mut |bytes| whole.take(bytes));
    group.finish();
}

fn feed(now: Now, session: &mut Session, bytes: &[u8], mut each: impl FnMut(Frame<'_>)) {
    for piece in bytes.chunks(READ) {
        session.receive(now, piece);
        while let Some(event) = session.poll() {
            if let SessionEvent::Event(frame) = event {
                each(frame);
            }
        }
    }
}

/// The fields that the conference's state is made of.
fn typed(frame: Frame<'_>) {
    let Kind::Event(name) = frame.kind() else { return };
    if name.starts_with(b"Confbridge") {
        for field in [
            "Conference",
            "Channel",
            "Uniqueid",
            "CallerIDName",
            "CallerIDNum",
            "Admin",
            "Muted",
            "TalkingStatus",
        ] {
            black_box(frame.text(field));
        }
    }
}

/// Everything that the client does with what it reads, but for the sockets.
struct Whole {
    now: Now,
    session: Session,
    pbx: Pbx,
}

impl Whole {
    fn new(now: Now, session: Session) -> Self {
        let room = RoomSetup {
            name: RoomName::new("room"),
            conference: ConferenceName::new(CONFERENCE),
            lobby: None,
            kind: ConferenceKind::ConfBridge,
            crew: Vec::new(),
            services: Vec::new(),
            show_ends_after: Duration::from_secs(1800),
            topic_variable: None,
        };
        let setup = PbxSetup { server: ServerName::new("main"), rooms: vec![room] };
        let mut pbx = Pbx::new(now, setup, Restored::default());
        let actions = ["CoreStatus", "ConfbridgeList", "ConfbridgeListRooms"];
        let greeting = gavel_ami::session::Greeting {
            ami: "11.0.0".to_owned(),
            actions: actions.map(|a| (a.to_owned(), "all".to_owned())).into(),
            ..Default::default()
        };
        pbx.session(now, SessionEvent::Ready(greeting));
        let mut whole = Self { now, session, pbx };
        whole.settle();
        whole
    }

    /// Answers until nothing is asked any more: no conferences yet.
    fn settle(&mut self) {
        loop {
            self.outputs();
            let Some(sent) = self.session.transmit() else { return };
            let error = "Error\r\nMessage: No active conferences.";
            self.session.receive(self.now, answer(&sent, error).as_bytes());
            self.events();
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(READ) {
            self.session.receive(self.now, piece);
            self.events();
            self.outputs();
            black_box(self.pbx.drawn(self.now));
        }
    }

    fn events(&mut self) {
        while let Some(event) = self.session.poll() {
            self.pbx.session(self.now, event);
        }
    }

    fn outputs(&mut self) {
        while let Some(output) = self.pbx.poll() {
            match output {
                Output::Submit { token, expect, action } => {
                    self.session.submit(self.now, token, expect, action)
                }
                other => _ = black_box(other),
            }
        }
    }
}

fn answer(sent: &[u8], text: &str) -> String {
    let id = OwnedFrame::parse(sent).view().text("ActionID").unwrap_or_default().into_owned();
    let (first, rest) = text.split_once("\r\n").unwrap_or((text, "A: b"));
    format!("Response: {first}\r\nActionID: {id}\r\n{rest}\r\n\r\n")
}

/// A session that is logged in.
fn ready() -> (Now, Session) {
    #[allow(clippy::disallowed_methods, reason = "a benchmark has no shell to give it the time")]
    let now = Now { mono: std::time::Instant::now(), wall: 1_700_000_000_000 };
    let Ok(login) = Login::new("bench", Secret::new("x"), Auth::Plain, 1) else {
        unreachable!("it can be sent")
    };
    let mut session = Session::new(now, login);
    session.receive(now, b"Asterisk Call Manager/11.0.0\r\n");
    while session.poll().is_some() {}
    while let Some(sent) = session.transmit() {
        let booted = "Event: FullyBooted\r\n\r\n";
        session.receive(now, [&answer(&sent, "Success"), booted].concat().as_bytes());
        while session.poll().is_some() {}
    }
    (now, session)
}

criterion_group!(all, benches);
criterion_main!(all);
