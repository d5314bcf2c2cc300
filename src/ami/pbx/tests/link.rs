//! Login, loss, restart: what is known, what is unknown, what is told.

use super::*;
use crate::model::{Differences, Link, LinkChange, Refusal};
use crate::session::Ended;

fn up(s: &Stage) -> LinkChange {
    let found = s.entries.iter().rev().find_map(|e| match &e.what {
        What::Link(change @ LinkChange::Up { .. }) => Some(change.clone()),
        _ => None,
    });
    found.expect("no end of the login was told")
}

#[test]
fn nothing_is_done_before_the_first_lists_are_in() {
    let mut s = Stage::new(setup(), Restored::default());
    let since = s.now.wall;
    assert_eq!(s.snapshot().link, Link::Never { since });
    s.mute(1, "Sam", "1.1", true);
    assert_eq!(s.stages(1), [Step::Settled(Outcome::Refused(Refusal::Stale { since }))]);
    s.login(&[("200", &[someone("1.1")])]);
    assert_eq!(s.snapshot().link, Link::Up);
}

#[test]
fn a_lost_link_refuses_at_once_and_says_since_when() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.tick(Duration::from_secs(9));
    let since = s.now.wall;
    s.lose();
    s.lose();
    let down = LinkChange::Down { reason: "the network is gone".into() };
    assert_eq!(s.told(), [(What::Link(down), None)], "told once");
    s.tick(Duration::from_secs(3));
    let picture = s.snapshot();
    assert_eq!((picture.link, picture.people.len()), (Link::Stale { since }, 1));
    s.mute(1, "Sam", "1.1", true);
    assert_eq!(s.last(1), Step::Settled(Outcome::Refused(Refusal::Stale { since })));
    assert!(s.sent.is_empty());
}

#[test]
fn link_lost_is_unknown_until_the_list_tells() {
    let mut s = Stage::up(&[someone("1.1"), someone("1.2")]);
    s.mute(1, "Sam", "1.1", true);
    s.order(2, "Sam", Wish::Kick { call: call("1.2") });
    s.order(3, "Sam", Wish::Lock { room: room(), on: true });
    let old = s.snapshot().epoch;
    s.lose();
    for id in 1..=3 {
        assert_eq!(s.stages(id), [Step::Sent, Step::Unknown]);
    }
    s.tick(Duration::from_secs(14));
    s.login(&[("200", &[someone("1.1").muted()])]);
    assert_eq!(s.last(1), done());
    assert_eq!(s.last(2), Step::Settled(Outcome::Gone));
    assert_eq!(s.last(3), Step::Settled(Outcome::NeverSeen));
    assert!(s.sent.is_empty(), "nothing is sent again");
    let wish = Wish::Kick { call: call("1.1") };
    s.pbx.order(s.now, Order { id: OrderId(9), by: by("Lee"), wish, reason: None, epoch: old });
    s.collect();
    assert_eq!(s.stages(9), [Step::Settled(Outcome::Refused(Refusal::Outdated))]);
}

#[test]
fn the_return_tells_only_the_differences() {
    let (ann, bob, eve) = (someone("1.1"), someone("1.2"), someone("1.3"));
    let mut s = Stage::up(&[ann.clone(), bob.clone()]);
    s.lose();
    s.forget();
    s.tick(Duration::from_secs(20));
    s.login(&[("200", &[bob.clone().muted(), eve])]);
    let differences = vec![(room(), Differences { left: 1, joined: 1, changed: 1, count: 2 })];
    assert_eq!(up(&s), LinkChange::Up { after: Some(20_000), restarted: false, differences });
    let told_by_the_difference = |e: &Entry| e.resync == !matches!(e.what, What::Link(_));
    assert!(s.entries.iter().all(|e| told_by_the_difference(e)));
    assert_eq!(s.numbers(), [(2, "1.2".to_owned()), (3, "1.3".to_owned())]);
    s.lose();
    s.forget();
    s.login(&[("200", &[bob.muted(), someone("1.3")])]);
    let same = vec![(room(), Differences { count: 2, ..Differences::default() })];
    assert_eq!(up(&s), LinkChange::Up { after: Some(0), restarted: false, differences: same });
    assert_eq!(s.told().len(), 1);
}

#[test]
fn a_kick_is_not_done_because_asterisk_restarted() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    s.lose();
    s.mark = "2026-11-23 01:00:00".into();
    s.login(&[]);
    assert_eq!(s.stages(1), [Step::Sent, Step::Unknown, Step::Settled(Outcome::Gone)]);
    let removed = s.told().into_iter().any(|(what, _)| matches!(what, What::Left { removed: true, .. }));
    assert!(!removed);
}

#[test]
fn after_a_restart_of_asterisk_numbers_go_on_and_bindings_are_dropped() {
    let mut s = Stage::up(&[someone("1.1"), someone("1.2")]);
    s.order(1, "Dana", Wish::Topic { room: room(), text: Some("buses".into()) });
    s.ok("Setvar");
    s.order(2, "Dana", Wish::MuteAll { room: room(), on: true });
    s.lose();
    s.forget();
    s.mark = "2026-11-23 01:00:00".into();
    s.login(&[("200", &[someone("1.1"), someone("9.2")])]);
    assert_eq!(s.numbers(), [(3, "1.1".to_owned()), (4, "9.2".to_owned())], "1.1 is somebody else");
    let told = s.told();
    assert!(told.contains(&(What::MuteAll(false), None)));
    assert!(s.snapshot().mute_all.is_none());
    assert_eq!(s.lines(), ["Setvar TOPIC buses"], "written again, and nobody is muted");
    let LinkChange::Up { restarted, differences, .. } = up(&s) else { panic!() };
    assert!(restarted);
    assert_eq!(differences[0].1, Differences { left: 2, joined: 2, changed: 0, count: 2 });
    assert!(s.rows.contains(&LedgerRow::Unbind { room: room() }));
    assert!(s.rows.contains(&LedgerRow::Startup { mark: "2026-11-23 01:00:00".into() }));
}

#[test]
fn a_restart_of_asterisk_while_gavel_was_away_is_noticed() {
    let mut s = Stage::up(&[someone("1.1")]);
    let rows = s.pbx.ledger();
    let mut again = Stage::new(setup(), Restored { rows, seq: 9, epoch: 4, orders: Vec::new() });
    again.mark = "2026-11-24 00:00:00".into();
    again.login(&[("200", &[someone("1.1")])]);
    assert_eq!(again.numbers(), [(2, "1.1".to_owned())]);
    assert_eq!(s.numbers(), [(1, "1.1".to_owned())]);
}

#[test]
fn orders_of_an_earlier_run_are_unknown_until_the_first_list() {
    let order = |id, wish| Order { id: OrderId(id), by: by("Sam"), wish, reason: None, epoch: 3 };
    let orders = vec![
        order(1, Wish::Mute { call: call("1.1"), on: true }),
        order(2, Wish::Kick { call: call("1.2") }),
        order(3, Wish::Topic { room: room(), text: Some("x".into()) }),
        order(4, Wish::Hangup { call: call("1.1") }),
    ];
    let mut s = Stage::new(setup(), Restored { epoch: 3, orders, ..Restored::default() });
    for id in 1..=4 {
        assert_eq!(s.stages(id), [Step::Unknown]);
    }
    s.login(&[("200", &[someone("1.1").muted()])]);
    assert_eq!(s.last(1), done());
    assert_eq!(s.last(2), Step::Settled(Outcome::Gone));
    assert_eq!(s.last(3), Step::Settled(Outcome::NeverSeen));
    assert_eq!(s.last(4), Step::Settled(Outcome::NeverSeen));
    assert!(s.sent.is_empty());
}

#[test]
fn a_refused_login_is_told_once_in_asterisks_words() {
    let mut s = Stage::new(setup(), Restored::default());
    for _ in 0..3 {
        s.session(SessionEvent::Ended(Ended::LoginRefused("Authentication failed".into())));
        s.pbx.lost(s.now, "the login was refused");
    }
    s.collect();
    let refused = LinkChange::Refused { reason: "Authentication failed".into() };
    assert_eq!(s.told(), [(What::Link(refused), None)]);
}

#[test]
fn a_link_that_is_lost_while_the_first_lists_come_in_begins_anew() {
    let mut s = Stage::new(setup(), Restored::default());
    s.session(SessionEvent::Ready(greeting("11.0.0")));
    s.answer("CoreStatus", "Success\r\nCoreStartupDate: 2026-11-23\r\nCoreStartupTime: 00:13:34");
    s.members("200", &[someone("1.5"), someone("1.4")]);
    assert!(s.numbers().is_empty(), "nobody is numbered before all lists are in");
    s.lose();
    s.login(&[("200", &[someone("1.5"), someone("1.3")])]);
    assert_eq!(s.numbers(), [(1, "1.3".to_owned()), (2, "1.5".to_owned())]);
    assert_eq!(s.snapshot().epoch, 2);
}

#[test]
fn events_between_login_and_first_list_are_kept() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::new(setup(), Restored::default());
    s.session(SessionEvent::Ready(greeting("11.0.0")));
    s.event(&bob.join("200"));
    s.answer("CoreStatus", "Success\r\nCoreStartupDate: 2026-11-23\r\nCoreStartupTime: 00:13:34");
    s.list("ConfbridgeListRooms", vec![hall("200", 2, false)]);
    let token = s.members_begin("200");
    s.event(&someone("1.3").join("200"));
    s.members_end(token, "200", &[bob, ann]);
    let expected = [(1, "1.1".to_owned()), (2, "1.2".to_owned()), (3, "1.3".to_owned())];
    assert_eq!(s.numbers(), expected);
}

#[test]
fn the_user_who_may_not_list_never_gets_an_up_but_is_told_why() {
    let mut s = Stage::new(setup(), Restored::default());
    s.session(SessionEvent::Ready(greeting("11.0.0")));
    s.answer("CoreStatus", "Error\r\nMessage: Permission denied");
    s.answer("ConfbridgeListRooms", "Error\r\nMessage: Permission denied");
    s.answer("ConfbridgeList", "Error\r\nMessage: Permission denied");
    let told = s.told();
    assert!(
        told.iter()
            .all(|(what, _)| matches!(what, What::Desynchronised(w) if w.contains("Permission denied")))
    );
    assert_eq!(told.len(), 2);
    s.pass(2);
    assert_eq!(s.lines().len(), 2, "asked again, in case it was given the right");
}

#[test]
fn a_shutdown_that_was_announced_is_the_reason_for_the_loss() {
    let mut s = Stage::up(&[]);
    s.event("Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n");
    s.lose();
    assert_eq!(s.told(), [(What::Link(LinkChange::Down { reason: "Asterisk was shut down".into() }), None)]);
}

#[test]
fn a_restart_is_asked_for_until_asterisk_answers() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.lose();
    s.session(SessionEvent::Ready(greeting("11.0.0")));
    let token = s.take("CoreStatus").token;
    s.reply(token, Reply::TimedOut);
    assert_eq!(s.lines(), ["CoreStatus"], "no list before it is known which world this is");
}
