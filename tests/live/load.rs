//! Many callers at once, measured against a second client that records what Asterisk truly said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Control};
use crate::core::Core;
use gavel_ami::model::{Outcome, Wish};

/// 200 callers (20 in the machine) as fast as Asterisk takes them: the picture is right within 1 s of the last, no join is missing.
pub(crate) fn two_hundred_join(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    // As anybody who watches should: class `dialplan` would cost Asterisk the square of the callers.
    let recorder = Control::login(backend, asterisk.port(), "gavel", "rehearsal", "call,user");
    let core = Core::connect(backend, asterisk.port());
    let dialler = Control::login(backend, asterisk.port(), "control", "control-secret", "off");

    let callers = backend.callers();
    let began = Instant::now();
    for number in 0..callers {
        dialler.dial(Call::silent(&format!("{}", 5000 + number)));
    }
    let joins = || -> BTreeMap<String, Instant> {
        let packets = recorder.since(0);
        let joins = packets.iter().filter(|packet| packet.joined());
        joins.map(|packet| (packet.get("Uniqueid"), packet.at)).collect()
    };
    let so = || Some(joins()).filter(|joins| joins.len() == callers);
    let joins = crate::until(Duration::from_secs(60), "all have joined", so);
    let last = *joins.values().max().expect("there are some");
    core.within(Duration::from_secs(1), "the core sees them all", |room| room.people.len() == callers);
    assert!(last.elapsed() < Duration::from_secs(1));
    println!("{callers} joined in {:?}, seen {:?} after the last", last - began, last.elapsed());

    let told = core.joins();
    assert_eq!(told.len(), callers, "each is told once");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), joins.into_keys().collect());
    let listed: BTreeSet<String> =
        recorder.members("200").into_iter().map(|member| member.uniqueid).collect();
    let seen: BTreeSet<String> =
        core.room().people.iter().map(|person| person.call.uniqueid.to_string()).collect();
    assert_eq!(seen, listed);
}

/// A list that is asked for right after somebody left may still show them: Asterisk tells of the leave first.
pub(crate) fn all_leave_while_lists_run(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let members: Vec<_> = (0..backend.callers().min(60))
        .map(|number| control.call(Call::silent(&format!("{}", 5000 + number))))
        .collect();
    core.until("all are seen", |room| room.people.len() == members.len());
    for (index, member) in members.iter().enumerate() {
        control.send(&[("Action", b"Hangup"), ("Channel", member.phone().as_bytes())]);
        // Each is proven by a list of the conferences; where the number of parties does not fit, by one of members.
        core.order(Wish::Lock { room: core.room().room.clone(), on: index % 2 == 0 });
        std::thread::sleep(Duration::from_micros(500));
    }
    core.until("all are gone", |room| room.people.is_empty());
    let mut joins = core.joins();
    joins.sort();
    joins.dedup();
    assert_eq!(core.joins().len(), joins.len(), "nobody is told to have come back");
}

/// A standing order is many single acts; it takes a moment and blocks nothing.
pub(crate) fn two_hundred_are_muted(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let callers = backend.callers();
    for number in 0..callers {
        control.dial(Call::silent(&format!("{}", 5000 + number)));
    }
    core.within(Duration::from_secs(60), "all are seen", |room| room.people.len() == callers);
    for on in [true, false] {
        let began = Instant::now();
        let all = core.order(Wish::MuteAll { room: core.room().room.clone(), on });
        let single = core.order(Wish::Kick { call: core.room().people[usize::from(on)].call.clone() });
        assert_eq!(core.settled(single), Outcome::Done);
        let kicked = began.elapsed();
        assert_eq!(core.settled(all), Outcome::Done);
        println!(
            "all {} in {:?}, a kick meanwhile in {kicked:?}",
            if on { "muted" } else { "unmuted" },
            began.elapsed()
        );
        assert!(control.members("200").iter().all(|member| member.muted == on));
    }
    assert_eq!(control.members("200").len(), callers - 2);
}
