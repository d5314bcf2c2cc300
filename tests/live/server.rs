//! What the other stories take for granted: the test server, its callers, and the link that can be broken.

use std::time::Duration;

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Control, Member};
use crate::proxy::{Link, Proxy};
use crate::until;

pub(crate) fn starts_and_takes_calls(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    assert!(control.members("200").is_empty());

    let silent = control.call(Call { name: b"M\xE9l \"x\"", ..Call::silent("1001") });
    let mark = control.mark();
    let talking = control.call(Call::talking("1002"));
    control.wait(mark, |packet| packet.talks(&talking));

    let mut members = control.members("200");
    members.sort_by(|a, b| a.number.cmp(&b.number));
    let name: &[u8] = if backend.escapes_lists() { b"M\xE9l \\\"x\\\"" } else { b"M\xE9l \"x\"" };
    assert_eq!(members[0].name, name);
    // MeetMe holds whoever comes for talking until it has heard them be silent; Asterisk 11's list does not say.
    let talks = |member: &Member| member.talking == (member.number == "1002" && backend.lists_talking());
    until(Duration::from_secs(3), "one talks", || control.members("200").iter().all(talks).then_some(()));

    let mark = control.mark();
    control.hang_up(&silent.phone());
    control.wait(mark, |packet| packet.left(&silent));
    // Asterisk tells of a leave a moment before it takes the caller off its list.
    until(Duration::from_secs(1), "one is left", || (control.members("200").len() == 1).then_some(()));
}

pub(crate) fn returns_after_its_death(backend: Backend) {
    let mut asterisk = Asterisk::start_with_tls(backend);
    asterisk.control().call(Call::silent("1001"));
    asterisk.kill();
    asterisk.start_again();
    let control = asterisk.control();
    assert!(control.members("200").is_empty());
    control.call(Call::silent("1001"));
    asterisk.stop();
    asterisk.start_again();
}

pub(crate) fn proxy_cuts_within_a_packet(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let proxy = Proxy::to(asterisk.port());
    let far = Control::login(backend, proxy.port(), "gavel", "rehearsal", "call");
    proxy.set(Link::CutWithin(backend.event("Join")));
    control.call(Call::silent("1001"));
    until(Duration::from_secs(5), "the link is cut", || (proxy.link() == Link::Down).then_some(()));
    assert!(!far.since(0).iter().any(|packet| packet.joined()));
}
