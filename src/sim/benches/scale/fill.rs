//! The rehearsal server with its rooms, and callers who talk.

use std::time::{Duration, Instant};

use gavel_sim::{CallId, Fault, Files, NewCall, Server, Setup, Style};

use super::{Fallible, Look};

/// The conference of that place.
pub(crate) fn name(at: usize) -> String {
    format!("{}", 200_000 + at)
}

/// A server with so many rooms of so many.
pub(crate) fn server(rooms: usize, each: usize) -> Fallible<(Server, Crowd)> {
    let extensions = Files::REHEARSAL.extensions.replace("_2XX,", "_2XXXXX,");
    let confbridge =
        Files::REHEARSAL.confbridge.replace("dsp_silence_threshold = 1000", "dsp_silence_threshold = 20");
    let files = Files { extensions: &extensions, confbridge: &confbridge, ..Files::REHEARSAL };
    let mut setup = Setup::new(Style::V22, files)?;
    // What is measured is the client; on a busy machine it may be late.
    setup.write_timeout = Duration::from_secs(60);
    let server = Server::start(setup)?;
    let mut calls = Vec::new();
    for room in 0..rooms {
        calls.extend(server.call_all((0..each).map(|n| caller(room, n)).collect()));
    }
    let end = Instant::now() + Duration::from_secs(120);
    while server.truth().members() < rooms * each {
        if Instant::now() > end {
            return Err(format!("only {} are in", server.truth().members()).into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok((server, Crowd { calls, rng: fastrand::Rng::with_seed(1) }))
}

fn caller(room: usize, n: usize) -> NewCall {
    NewCall {
        endpoint: "trunk".into(),
        number: format!("0113{room:04}{n:04}").into_bytes(),
        name: format!("Caller {n} of {room}").into_bytes(),
        context: "conf".into(),
        exten: name(room),
    }
}

/// Whether a client's pictures are the truth.
pub(crate) fn agrees(server: &Server, look: &Look) -> Fallible<()> {
    let truth = server.truth();
    let members = truth.conferences.iter().flat_map(|c| &c.members);
    let sum = members.map(|m| digest(&m.uniqueid, &m.channel, m.muted, m.talking)).fold(0, u64::wrapping_add);
    if (look.people, look.digest) == (truth.members(), sum) {
        return Ok(());
    }
    Err(format!("the picture is wrong: {} people, truly {}", look.people, truth.members()).into())
}

/// One participant, as a number.
pub(crate) fn digest(uniqueid: &str, channel: &str, muted: bool, talking: bool) -> u64 {
    let text = format!("{uniqueid} {channel} {muted} {talking}");
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// All callers: they mute themselves and unmute again.
pub(crate) struct Crowd {
    calls: Vec<CallId>,
    rng: fastrand::Rng,
}

impl Crowd {
    /// So many events, each of somebody at random in a room at random.
    pub(crate) fn stir(&mut self, server: &Server, events: usize, pause: Duration) {
        for _ in 0..events {
            if let Some(call) = self.calls.get(self.rng.usize(..self.calls.len())) {
                server.press(*call, '1');
            }
            if !pause.is_zero() {
                std::thread::sleep(pause);
            }
        }
    }

    /// So many events at once: the server, which is slower than its client, holds them back until it has them all.
    pub(crate) fn storm(&mut self, server: &Server, events: usize) {
        server.fault(Fault::Stall(Duration::from_secs(60)));
        self.stir(server, events, Duration::ZERO);
        server.fault(Fault::Heal);
    }
}
