//! Asterisk goes and comes back, the link breaks in every way, logins of all kinds.

use std::time::{Duration, Instant};

use gavel_ami::client::Address;
use gavel_ami::model::{Entry, Link, LinkChange, Outcome, Refusal, RoomSnapshot, What, Wish};

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Member};
use crate::core::{Core, call, find, login, setup};
use crate::proxy::{self, Proxy};

/// What the last return of the link told: how long it was away, whether Asterisk was restarted, who left, who joined.
fn returns(core: &Core) -> Vec<(bool, u32, u32)> {
    core.told(|entry| match &entry.what {
        What::Link(LinkChange::Up { after: Some(_), restarted, differences }) => {
            let sum = |of: fn(&gavel_ami::model::Differences) -> u32| {
                differences.iter().map(|(_, one)| of(one)).sum()
            };
            Some((*restarted, sum(|one| one.left), sum(|one| one.joined)))
        }
        _ => None,
    })
}

/// Joins and leaves that were told one by one although the link's return tells them all at once.
fn told_singly(core: &Core, from: usize) -> usize {
    let singly = |entry: &Entry| {
        let moved = matches!(entry.what, What::Joined { .. } | What::Left { .. });
        Some(moved && !entry.resync)
    };
    core.told(singly).into_iter().skip(from).filter(|told| *told).count()
}

fn entries(core: &Core) -> usize {
    core.told(|_| Some(())).len()
}

/// The core's roster is Asterisk's own.
fn agrees(room: &RoomSnapshot, truth: &[Member]) -> bool {
    room.link == Link::Up
        && room.people.len() == truth.len()
        && truth.iter().all(|member| find(room, member).is_some())
}

fn refuses_at_once(core: &Core, wish: Wish) {
    let began = Instant::now();
    let outcome = core.act(wish);
    assert!(matches!(outcome, Outcome::Refused(Refusal::Stale { .. })), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_secs(1), "refused only after {:?}", began.elapsed());
}

pub(crate) fn asterisk_is_killed_and_all_call_again(backend: Backend) {
    kill_for(Duration::from_secs(3), backend);
}

pub(crate) fn asterisk_is_killed_for_20_s(backend: Backend) {
    kill_for(Duration::from_secs(20), backend);
}

fn kill_for(away: Duration, backend: Backend) {
    let mut asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let numbers: Vec<String> = (1001..1009).map(|number| number.to_string()).collect();
    let before: Vec<Member> = numbers.iter().map(|number| control.call(Call::silent(number))).collect();
    before.iter().for_each(|member| drop(core.sees(member)));
    let highest = core.room().people.iter().map(|person| person.number).max();

    let down = Instant::now();
    asterisk.kill();
    core.until("the link is down", |room| matches!(room.link, Link::Stale { .. }));
    refuses_at_once(&core, Wish::Kick { call: call(&before[0]) });
    std::thread::sleep(away.saturating_sub(down.elapsed()));
    let mark = entries(&core);

    asterisk.start_again();
    let returned = Instant::now();
    let control = asterisk.control();
    numbers.iter().for_each(|number| control.dial(Call::silent(number)));
    let room = core.within(Duration::from_secs(3), "the roster is Asterisk's", |room| {
        room.people.len() == 8 && agrees(room, &control.members("200"))
    });
    assert!(returned.elapsed() < Duration::from_secs(4));
    assert!(
        room.people.iter().map(|person| Some(person.number)).all(|number| number > highest),
        "numbers continue"
    );
    let returns = returns(&core);
    assert_eq!(returns.len(), 1, "one notice of the differences: {returns:?}");
    assert_eq!((returns[0].0, returns[0].1), (true, 8), "restarted, eight left");
    // Who called before the lists were in is counted in that notice, who called later is told by name.
    assert_eq!(returns[0].2 as usize + told_singly(&core, mark), 8, "{returns:?}");
}

pub(crate) fn asterisk_is_stopped_and_started(backend: Backend) {
    let mut asterisk = Asterisk::start(backend);
    let core = Core::connect(backend, asterisk.port());
    core.sees(&asterisk.control().call(Call::silent("1001")));
    asterisk.stop();
    core.until("the link is down", |room| matches!(room.link, Link::Stale { .. }));
    asterisk.start_again();
    core.until("back, and empty", |room| room.link == Link::Up && room.people.is_empty());
    let member = asterisk.control().call(Call::silent("1001"));
    assert_eq!(core.sees(&member).number, 2);
}

pub(crate) fn link_is_cut_while_callers_move(backend: Backend) {
    cut_for(Duration::from_secs(2), &proxy::Link::Down, backend);
}

pub(crate) fn link_is_cut_for_20_s(backend: Backend) {
    cut_for(Duration::from_secs(20), &proxy::Link::Down, backend);
}

/// Nobody is told that the link is dead: the unanswered ping must tell.
pub(crate) fn link_falls_silent(backend: Backend) {
    cut_for(Duration::from_secs(2), &proxy::Link::Silent, backend);
}

fn cut_for(away: Duration, how: &proxy::Link, backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let link = Proxy::to(asterisk.port());
    let core = Core::connect(backend, link.port());
    let members = ["1001", "1002", "1003"].map(|number| control.call(Call::silent(number)));
    members.iter().for_each(|member| drop(core.sees(member)));

    link.set(how.clone());
    core.within(Duration::from_secs(60), "the link is down", |room| matches!(room.link, Link::Stale { .. }));
    let down = Instant::now();
    refuses_at_once(&core, Wish::Kick { call: call(&members[0]) });
    let mark = control.mark();
    control.hang_up(&members[0].phone());
    control.hang_up(&members[1].phone());
    let joined = control.call(Call::silent("1004"));
    for left in &members[..2] {
        control.wait(mark, |packet| packet.left(left));
    }
    std::thread::sleep(away.saturating_sub(down.elapsed()));
    let told = entries(&core);

    link.set(proxy::Link::Whole);
    let truth = control.members("200");
    let room = core.within(Duration::from_secs(3), "the roster is Asterisk's", |room| agrees(room, &truth));
    assert_eq!(find(&room, &members[2]).map(|stayed| stayed.number), Some(3), "who stayed keeps the number");
    assert_eq!(find(&room, &joined).map(|joined| joined.number), Some(4));
    assert_eq!(returns(&core), [(false, 2, 1)], "one notice: two left, one joined");
    assert_eq!(told_singly(&core, told), 0);
}

pub(crate) fn link_is_cut_within_a_frame(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let link = Proxy::to(asterisk.port());
    let core = Core::connect(backend, link.port());
    link.set(proxy::Link::CutWithin([backend.event("Join"), b"Privilege: call,all\r\n".to_vec()].concat()));
    let member = control.call(Call::silent("1001"));
    core.until("the link is down", |room| matches!(room.link, Link::Stale { .. }));
    link.set(proxy::Link::Whole);
    core.sees(&member);
    core.until_up();
    assert_eq!(core.room().people.len(), 1);
    assert_eq!(returns(&core), [(false, 0, 1)]);
}

/// An order whose bytes were on their way when the link broke: unknown, then settled by the first list.
pub(crate) fn link_is_cut_before_the_answer(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let link = Proxy::to(asterisk.port());
    let core = Core::connect(backend, link.port());
    let member = control.call(Call::silent("1001"));
    core.sees(&member);
    let first =
        if backend.tells_mutes() { backend.event("Mute") } else { b"Message: User muted\r\n".to_vec() };
    link.set(proxy::Link::CutWithin(first));
    let id = core.order(Wish::Mute { call: call(&member), on: true });
    core.until("the link is down", |room| matches!(room.link, Link::Stale { .. }));
    link.set(proxy::Link::Whole);
    assert_eq!(core.settled(id), Outcome::Done, "the list shows it");
    assert!(control.members("200")[0].muted);
    assert_eq!(link.asked().matches("Mute\r\n").count(), 1, "nothing is sent twice");
}

pub(crate) fn a_user_with_too_few_rights(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let address = Address::Tcp { host: "127.0.0.1".into(), port: asterisk.port() };
    let core = Core::start(backend, login(address, "onlooker", "onlooker-secret"));
    core.until_up();
    let member = control.call(Call::silent("1001"));
    core.sees(&member);
    let refused = [
        Wish::Mute { call: call(&member), on: true },
        Wish::Kick { call: call(&member) },
        Wish::Hangup { call: call(&member) },
        Wish::Lock { room: core.room().room.clone(), on: true },
    ];
    for wish in refused {
        let outcome = core.act(wish.clone());
        assert!(matches!(&outcome, Outcome::Refused(Refusal::Forbidden { .. })), "{wish:?}: {outcome:?}");
    }
    assert_eq!(core.room().link, Link::Up);
    assert_eq!(control.members("200").len(), 1);
}

pub(crate) fn a_wrong_secret(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let address = Address::Tcp { host: "127.0.0.1".into(), port: asterisk.port() };
    let core = Core::start(backend, login(address, "gavel", "wrong"));
    crate::until(Duration::from_secs(10), "the refusal is told", || {
        let refused =
            |entry: &Entry| matches!(entry.what, What::Link(LinkChange::Refused { .. })).then_some(());
        core.told(refused).pop()
    });
    assert!(matches!(core.room().link, Link::Never { .. }));
}

pub(crate) fn tls_with_an_authority_of_its_own(backend: Backend) {
    let asterisk = Asterisk::start_with_tls(backend);
    let control = asterisk.control();
    let (port, authority) = asterisk.tls();
    let tls = |ca: Option<&str>| {
        let ca = ca.map(|pem| pem.as_bytes().to_vec());
        let address = Address::Tls { host: "localhost".into(), port, ca };
        Core::start(backend, login(address, "gavel", "rehearsal"))
    };
    let core = tls(Some(authority));
    core.until_up();
    let member = control.call(Call::silent("1001"));
    core.sees(&member);
    assert_eq!(core.act(Wish::Kick { call: call(&member) }), Outcome::Done);

    let stranger =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("another authority");
    let core = tls(Some(&stranger.cert.pem()));
    let down = |entry: &Entry| matches!(entry.what, What::Link(_)).then(|| format!("{:?}", entry.what));
    let told = crate::until(Duration::from_secs(10), "the failure is told", || core.told(down).pop());
    assert!(told.contains("certificate"), "{told}");
    assert!(matches!(core.room().link, Link::Never { .. }));
}

pub(crate) fn login_without_the_secret_on_the_wire(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let link = Proxy::to(asterisk.port());
    let core = Core::start(backend, setup(link.port()));
    core.until_up();
    core.sees(&asterisk.control().call(Call::silent("1001")));
    let sent = link.asked();
    assert!(sent.contains("AuthType: MD5") && !sent.contains("rehearsal"), "{sent}");
}
