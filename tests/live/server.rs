//! What the other stories take for granted: the test server, its callers, and the link that can be broken.

use std::time::Duration;

use crate::asterisk::{Asterisk, Version};
use crate::control::{Call, Control};
use crate::proxy::{Link, Proxy};
use crate::until;

pub(crate) fn starts_and_takes_calls(version: Version) {
    let asterisk = Asterisk::start(version);
    let control = asterisk.control();
    assert!(control.members("200").is_empty());

    let silent = control.call(Call { name: b"M\xE9l \"x\"", ..Call::silent("1001") });
    let mark = control.mark();
    let talking = control.call(Call::talking("1002"));
    control.wait(mark, |packet| packet.is("ConfbridgeTalking") && packet.get("Uniqueid") == talking.uniqueid);

    let mut members = control.members("200");
    members.sort_by(|a, b| a.number.cmp(&b.number));
    assert_eq!(members[0].name, b"M\xE9l \\\"x\\\"");
    assert_eq!((members[0].talking, members[1].talking), (false, true));

    let mark = control.mark();
    control.hang_up(&silent.phone());
    control.wait(mark, |packet| packet.is("ConfbridgeLeave") && packet.get("Uniqueid") == silent.uniqueid);
    // Asterisk tells of a leave a moment before it takes the caller off its list.
    until(Duration::from_secs(1), "one is left", || (control.members("200").len() == 1).then_some(()));
}

pub(crate) fn returns_after_its_death(version: Version) {
    let mut asterisk = Asterisk::start_with_tls(version);
    asterisk.control().call(Call::silent("1001"));
    asterisk.kill();
    asterisk.start_again();
    let control = asterisk.control();
    assert!(control.members("200").is_empty());
    control.call(Call::silent("1001"));
    asterisk.stop();
    asterisk.start_again();
}

pub(crate) fn proxy_cuts_within_a_packet(version: Version) {
    let asterisk = Asterisk::start(version);
    let control = asterisk.control();
    let proxy = Proxy::to(asterisk.port());
    let far = Control::login(proxy.port(), "gavel", "rehearsal", "call");
    proxy.set(Link::CutWithin(b"Event: ConfbridgeJoin\r\n".to_vec()));
    control.call(Call::silent("1001"));
    until(Duration::from_secs(5), "the link is cut", || (proxy.link() == Link::Down).then_some(()));
    assert!(!far.since(0).iter().any(|packet| packet.is("ConfbridgeJoin")));
}
