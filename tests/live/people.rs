//! Callers come, talk, go, and are muted and removed.

use std::time::Duration;

use gavel_ami::model::{Link, Outcome, Wish};

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Packet};
use crate::core::{Core, call, find};
use crate::proxy::Proxy;

pub(crate) fn join_talk_and_leave(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let early = control.call(Call { name: b"Early Bird", ..Call::silent("1001") });
    let core = Core::connect(backend, asterisk.port());
    assert_eq!(core.sees(&early).caller.name.as_deref(), Some("Early Bird"));

    let marta = control.call(Call { name: "Marta Kovács".as_bytes(), ..Call::talking("441134960017") });
    let seen = core.sees(&marta);
    assert_eq!((seen.number, seen.caller.name.as_deref()), (2, Some("Marta Kovács")));
    assert_eq!(seen.caller.phone.ends(), Some("17"));
    core.until("Marta talks", |room| find(room, &marta).is_some_and(|marta| marta.talking.is_some()));
    // MeetMe holds whoever comes for talking until it has heard them be silent.
    core.until("the other one is silent", |room| {
        find(room, &early).is_some_and(|early| early.talking.is_none())
    });

    control.hang_up(&marta.phone());
    let room = core.until("Marta is gone", |room| !room.departed.is_empty());
    assert_eq!((room.people.len(), room.departed.len()), (1, 1));
    assert_eq!(room.departed[0].number, 2);

    let next = control.call(Call::silent("1003"));
    assert_eq!(core.sees(&next).number, 3, "a number is given once");
}

pub(crate) fn mute_and_unmute(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let (joel, other) = (control.call(Call::talking("1001")), control.call(Call::silent("1002")));
    core.sees(&other);
    core.until("Joel talks", |room| find(room, &joel).is_some_and(|joel| joel.talking.is_some()));

    for on in [true, false] {
        assert_eq!(core.act(Wish::Mute { call: call(&joel), on }), Outcome::Done);
        let truth = control.members("200");
        assert_eq!(truth.iter().map(|member| member.muted).filter(|muted| *muted).count(), usize::from(on));
        let seen = core.until("seen too", |room| find(room, &joel).is_some_and(|joel| joel.muted == on));
        assert_eq!(
            find(&seen, &joel).and_then(|joel| joel.voice.clone()?.by).map(|by| by.who).as_deref(),
            Some("Sam")
        );
        // Where nobody tells of mutes the picture may be old: the order is carried out again.
        let again = core.act(Wish::Mute { call: call(&joel), on });
        let known = matches!(again, Outcome::Already(_));
        assert!(known || !backend.tells_mutes() && again == Outcome::Done, "{again:?}");
    }
}

/// ConfbridgeMute takes the first channel that begins with the name it is given: a whole name can be the beginning
/// of another one.
pub(crate) fn a_name_that_begins_another(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let first = control.call(Call::silent("1000"));
    let serial =
        first.channel.rsplit_once('-').and_then(|(_, serial)| u32::from_str_radix(&serial[..8], 16).ok());
    let context = format!("caller-{:08x};2x", serial.expect("a serial number") + 3);
    control.cli(&format!("dialplan add extension _X.,1,Goto(caller,${{EXTEN}},1) into {context}"));
    let longer = control.call(Call { profile: &context, ..Call::silent("1001") });
    let shorter = (2..9)
        .map(|number| control.call(Call::silent(&format!("100{number}"))))
        .find(|member| longer.channel.starts_with(&member.channel))
        .expect("the trap is set");
    core.sees(&longer);
    core.sees(&shorter);

    let outcome = core.act(Wish::Mute { call: call(&shorter), on: true });
    let truth = control.members("200");
    let muted = |number: &str| truth.iter().any(|member| member.number == number && member.muted);
    assert!(!muted(&longer.number), "nobody else stays muted, whatever was said: {outcome:?}");
    assert_eq!(outcome == Outcome::Done, muted(&shorter.number), "{outcome:?}");
    let seen =
        core.until("the core sees the truth", |room| find(room, &longer).is_some_and(|longer| !longer.muted));
    assert_eq!(find(&seen, &shorter).map(|shorter| shorter.muted), Some(muted(&shorter.number)));
}

pub(crate) fn kick(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let (joel, other) = (control.call(Call::silent("1001")), control.call(Call::silent("1002")));
    core.sees(&joel);
    core.sees(&other);
    assert_eq!(core.act(Wish::Kick { call: call(&joel) }), Outcome::Done);
    let truth = control.members("200");
    assert_eq!(truth.iter().map(|member| &*member.number).collect::<Vec<_>>(), ["1002"]);
    let room = core.room();
    assert!(find(&room, &joel).is_none());
    assert_eq!(room.departed[0].by.as_ref().map(|by| &*by.who), Some("Sam"));

    assert_eq!(core.act(Wish::Hangup { call: call(&other) }), Outcome::Done);
    assert!(control.members("200").is_empty());
}

/// Who hangs up while the order is on its way was not removed by us, and nobody else is.
pub(crate) fn kick_of_one_who_just_left(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let link = Proxy::to(asterisk.port());
    let core = Core::connect(backend, link.port());
    let stays = control.call(Call::silent("1000"));
    core.sees(&stays);
    let mut removed = 0;
    for round in 0..8 {
        let number = format!("20{round:02}");
        let leaves = control.call(Call::silent(&number));
        core.sees(&leaves);
        control.send(&[("Action", b"Hangup"), ("Channel", leaves.phone().as_bytes())]);
        std::thread::sleep(Duration::from_micros(150 * round));
        let outcome = core.act(Wish::Kick { call: call(&leaves) });
        let id = call(&leaves);
        let room = core.until("gone", |room| room.departed.iter().any(|departed| departed.call == id));
        // Asterisk may find them still there or not; what is said of it must be one thing.
        assert!(matches!(outcome, Outcome::Gone | Outcome::Done), "{outcome:?}");
        let departed = room.departed.last().expect("just left");
        assert_eq!(outcome == Outcome::Done, departed.by.is_some(), "{outcome:?} {departed:?}");
        removed += usize::from(outcome == Outcome::Done);
        assert_eq!(room.people.len(), 1);
    }
    // MeetMe's users are hung up, or kicked by a command that always succeeds.
    let consents = ["Message: User kicked", "Message: Channel Hungup", "Command output follows"];
    let granted: usize = consents.iter().map(|consent| link.answered().matches(consent).count()).sum();
    assert!(
        removed <= granted,
        "said {removed} times to have removed somebody, which Asterisk did {granted} times"
    );
    assert_eq!(control.members("200").len(), 1);
}

pub(crate) fn mute_all_with_late_joiners(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let admin = control.call(Call { profile: "admin", ..Call::silent("900") });
    let crew = control.call(Call::silent("701"));
    let started_muted = control.call(Call { profile: "muted", ..Call::silent("1001") });
    let early = control.call(Call::talking("1002"));
    for member in [&admin, &crew, &started_muted, &early] {
        core.sees(member);
    }
    // Only lists tell of admins on MeetMe and on Asterisk 11.
    core.until("the host is known", |room| find(room, &admin).is_some_and(|admin| admin.admin));
    let all = |on| Wish::MuteAll { room: core.room().room.clone(), on };
    assert_eq!(core.act(all(true)), Outcome::Done);
    let late = control.call(Call::talking("1003"));
    core.until("the late one is muted", |room| find(room, &late).is_some_and(|late| late.muted));
    let muted = || -> Vec<String> {
        let mut numbers: Vec<_> = control
            .members("200")
            .into_iter()
            .filter(|member| member.muted)
            .map(|member| member.number)
            .collect();
        numbers.sort();
        numbers
    };
    assert_eq!(muted(), ["1001", "1002", "1003"]);
    assert!(core.room().mute_all.is_some());

    assert_eq!(core.act(all(false)), Outcome::Done);
    core.until("only who came muted still is", |room| {
        room.people.iter().filter(|person| person.muted).count() == 1
    });
    assert_eq!(muted(), ["1001"], "only those whom it muted are unmuted");
}

pub(crate) fn lock_refuses_a_caller(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let first = control.call(Call::silent("1001"));
    core.sees(&first);
    let lock = |on| Wish::Lock { room: core.room().room.clone(), on };
    assert_eq!(core.act(lock(true)), Outcome::Done);
    assert!(core.room().locked);

    let mark = control.mark();
    control.dial(Call::silent("1002"));
    control.wait(mark, |packet| packet.is("Hangup") && packet.get("CallerIDNum") == "1002");
    assert_eq!(core.room().people.len(), 1);
    let admin = control.call(Call { profile: "admin", ..Call::silent("900") });
    core.sees(&admin);

    assert_eq!(core.act(lock(false)), Outcome::Done);
    let second = control.call(Call::silent("1003"));
    core.sees(&second);
    // By somebody else: there is no event for it, the core asks every 5 s.
    control.lock(true);
    core.until("the lock is seen", |room| room.locked);
}

pub(crate) fn redirect_between_lobby_and_room(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let lena = control.call(Call { room: "lobby", name: b"Lena", ..Call::silent("1001") });
    let number = core.sees(&lena).number;
    assert!(core.sees(&lena).lobby);
    for (exten, lobby) in [("201", false), ("210", true), ("201", false)] {
        control.redirect(&lena.channel, "conf", exten);
        let room = core.until("moved", |room| find(room, &lena).is_some_and(|lena| lena.lobby == lobby));
        assert_eq!(find(&room, &lena).map(|lena| lena.number), Some(number));
        assert!(room.departed.is_empty(), "who moves has not left");
    }
    assert_eq!(core.joins(), [&*lena.uniqueid], "a move is not told as a join");
}

/// The names of the ten SIP callers of the recordings, and worse.
pub(crate) fn hostile_names(backend: Backend) {
    // Asterisk ends a name after 79 bytes, in the middle of a character if need be.
    let cut_text = "x".repeat(78);
    let cut = [cut_text.as_bytes(), b"\xC4"].concat();
    let names: &[(&[u8], &str)] = &[
        (b"Quote \" x", "Quote \" x"),
        (b"Back\\slash \\n", "Back\\slash \\n"),
        (b"Latin \xE9t\xE9", "Latin été"),
        (&cut, &cut_text),
        (b"@everyone **b** [l](http://e.vil)", "@everyone **b** [l](http://e.vil)"),
        ("\u{202E}RTL".as_bytes(), "\u{202E}RTL"),
        // ESC and its like are taken out by Asterisk itself; C1 is not.
        (b"\x1B[31mred\x07", "[31mred"),
        ("\u{9B}31mred".as_bytes(), "\u{9B}31mred"),
        (
            b"a\r\n\r\nEvent: ConfbridgeLeave\r\nConference: 200",
            "a\r\n\r\nEvent: ConfbridgeLeave\r\nConference: 200",
        ),
        (b"tab\there", "tab\there"),
        (b"O'Hara", "O'Hara"),
        (b"a,b;c=${EXTEN}", "a,b;c=${EXTEN}"),
        ("žluťoučký 🐎".as_bytes(), "žluťoučký 🐎"),
    ];
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let listed = Core::connect(backend, asterisk.port());
    // Where nothing is escaped, a line break in a name breaks the very list, for every client.
    let names = names.iter().filter(|(name, _)| backend.escapes_lists() || !name.contains(&b'\n'));
    let names: Vec<_> = names.collect();
    for (index, (bytes, text)) in names.iter().enumerate() {
        let number = format!("30{index:02}");
        let member = control.call(Call { name: bytes, ..Call::silent(&number) });
        assert_eq!(core.sees(&member).caller.name.as_deref(), Some(*text), "{bytes:?} {member:?}");
    }
    drop(listed);
    let listed = Core::connect(backend, asterisk.port());
    let names_of =
        |core: &Core| core.room().people.iter().map(|person| person.caller.name.clone()).collect::<Vec<_>>();
    assert_eq!(names_of(&listed), names_of(&core), "events and lists say the same");
    assert_eq!(core.room().link, Link::Up);
    assert_eq!(control.members("200").len(), names.len());
}

/// MeetMe gives the highest number again as soon as it is free: whoever acts by number must not hit the next caller.
pub(crate) fn numbers_are_given_again(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    for number in ["1000", "1001"] {
        core.sees(&control.call(Call::silent(number)));
    }
    let rounds = if backend.sim() { 100 } else { 10 };
    for round in 0..rounds {
        let goes = control.call(Call::silent(&format!("{}", 2000 + round)));
        assert_eq!(goes.user, Some(3));
        core.sees(&goes);
        let mark = control.mark();
        let next = format!("{}", 4000 + round);
        control.send(&[("Action", b"Command"), ("Command", b"meetme kick 400 3")]);
        std::thread::sleep(Duration::from_micros(round * 2_819 % 25_000));
        control.dial(Call::silent(&next));
        std::thread::sleep(Duration::from_micros(round * 7_919 % 50_000));
        let wish = match round % 3 {
            0 => Wish::Kick { call: call(&goes) },
            1 => Wish::Mute { call: call(&goes), on: true },
            _ => Wish::Hangup { call: call(&goes) },
        };
        let outcome = core.act(wish);
        assert!(matches!(outcome, Outcome::Gone | Outcome::Done), "{outcome:?}");

        let joined = |packet: &Packet| packet.joined() && packet.get("CallerIDNum") == next;
        control.wait(mark, joined);
        control.wait(mark, |packet| packet.left(&goes));
        let members = control.members("200");
        let next = members.iter().find(|member| member.number == next).expect("nobody removed them");
        assert!(!next.muted, "{outcome:?}: {members:?}");
        assert!(!core.sees(next).muted);
        control.hang_up(&next.phone());
        core.until("two are left", |room| room.people.len() == 2);
        control.wait(mark, |packet| packet.left(next));
    }
}
