//! The session against a scripted Asterisk, with a clock that jumps.

use std::time::Duration;

use super::super::{Auth, Greeting, Pace, Secret};
use super::*;
use crate::wire::OwnedFrame;

/// What the session told, with frames that own their bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Told {
    Ready(Greeting),
    Event(OwnedFrame),
    Begins(u64),
    Reply(u64, Reply),
    Desynchronised,
    Ended(Ended),
}

/// A session, its clock, and what it told and sent.
pub(super) struct Rig {
    pub(super) session: Session,
    pub(super) now: Now,
    pub(super) told: Vec<Told>,
    pub(super) sent: Vec<OwnedFrame>,
}

pub(super) const S: Duration = Duration::from_secs(1);

impl Rig {
    pub(super) fn new(auth: Auth) -> Self {
        let now = Now::for_tests();
        let login = Login::new("bot", Secret::new("botsecret"), auth, 0xfeed).unwrap();
        Self { session: Session::new(now, login), now, told: Vec::new(), sent: Vec::new() }
    }

    /// Logged in, nothing told yet.
    pub(super) fn ready() -> Self {
        let mut rig = Self::new(Auth::Plain);
        rig.hear(b"Asterisk Call Manager/11.0.0\r\n");
        rig.answer("Response: Success\r\nMessage: Authentication accepted");
        rig.hear(b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n");
        rig.answer("Response: Success\r\nPing: Keepalive command.  (Priv: <none>)");
        assert!(matches!(rig.told[..], [Told::Ready(_)]), "{:?}", rig.told);
        rig.told.clear();
        rig.sent.clear();
        rig
    }

    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.session.receive(self.now, bytes);
        self.pump();
    }

    /// Answers the action sent last.
    pub(super) fn answer(&mut self, text: &str) {
        let id = self.id(self.sent.len() - 1);
        self.hear(with_id(text, &id).as_bytes());
    }

    pub(super) fn submit(&mut self, token: u64, expect: Expect) {
        self.session.submit(self.now, Token(token), expect, Action::new("Anything"));
        self.pump();
    }

    pub(super) fn id(&self, sent: usize) -> String {
        self.sent[sent].view().text("ActionID").unwrap().into_owned()
    }

    pub(super) fn last_id(&self) -> String {
        self.id(self.sent.len() - 1)
    }

    /// Lets the time pass, with everything that is due on the way.
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(at) = self.session.deadline().filter(|d| *d <= end.mono) {
            self.now = self.now.after(at.saturating_duration_since(self.now.mono));
            self.session.due(self.now);
            self.pump();
            assert_ne!(self.session.deadline(), Some(at), "what is due must not stay due");
        }
        self.now = end;
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.sent.iter().map(|f| f.view().text("Action").unwrap().into_owned()).collect()
    }

    fn pump(&mut self) {
        loop {
            while let Some(event) = self.session.poll() {
                self.told.push(match event {
                    SessionEvent::Ready(g) => Told::Ready(g),
                    SessionEvent::Event(f) => Told::Event(f.to_owned()),
                    SessionEvent::ListBegins { token } => Told::Begins(token.0),
                    SessionEvent::Reply { token, reply } => Told::Reply(token.0, reply),
                    SessionEvent::Desynchronised(_) => Told::Desynchronised,
                    SessionEvent::Ended(e) => Told::Ended(e),
                });
            }
            let Some(bytes) = self.session.transmit() else { return };
            assert!(bytes.ends_with(b"\r\n\r\n"));
            self.sent.push(OwnedFrame::parse(&bytes));
        }
    }
}

/// A packet of that text with the ActionID as its second line, as Asterisk puts it.
pub(super) fn with_id(text: &str, id: &str) -> String {
    let (first, rest) = text.split_once("\r\n").unwrap_or((text, ""));
    let rest = if rest.is_empty() { String::new() } else { format!("{rest}\r\n") };
    format!("{first}\r\nActionID: {id}\r\n{rest}\r\n")
}

pub(super) fn frame(text: &str) -> OwnedFrame {
    OwnedFrame::parse(text.as_bytes())
}

fn response(text: &str, id: &str) -> Reply {
    Reply::Response(frame(&with_id(text, id)))
}

pub(super) const LIST: Expect = Expect::List { complete: "ConfbridgeListComplete" };

#[test]
fn logs_in_with_the_least_events_and_asks_what_it_may() {
    let mut rig = Rig::new(Auth::Plain);
    assert!(rig.sent.is_empty(), "nothing before the banner");
    rig.hear(b"Asterisk Call Manager/11.0.0\r\n");
    let login = rig.sent[0].view();
    assert_eq!(login.get("Action"), Some(&b"Login"[..]));
    assert_eq!(login.get("Secret"), Some(&b"botsecret"[..]));
    assert_eq!(login.get("Events"), Some(&b"system,call,user"[..]));
    rig.answer("Response: Success");
    assert_eq!(rig.names(), ["Login", "ListCommands"]);
    rig.hear(b"Event: FullyBooted\r\n\r\n");
    rig.answer(
        "Response: Success\r\nConfbridgeMute: Mute.  (Priv: call,all)\r\nCoreSettings: x  (Priv: system)",
    );
    assert_eq!(rig.names()[2..], ["CoreSettings"]);
    rig.answer("Response: Success\r\nAMIversion: 11.0.0\r\nAsteriskVersion: 22.10.1");
    let [Told::Ready(greeting)] = &rig.told[..] else { panic!("{:?}", rig.told) };
    assert_eq!(greeting.ami, "11.0.0");
    assert_eq!(greeting.asterisk.as_deref(), Some("22.10.1"));
    assert_eq!(greeting.actions["ConfbridgeMute"], "call,all");
}

#[test]
fn logs_in_by_challenge() {
    let mut rig = Rig::new(Auth::Md5);
    rig.hear(b"Asterisk Call Manager/5.0.4\r\n");
    rig.answer("Response: Success\r\nChallenge: 110558952");
    assert_eq!(rig.sent[1].view().get("Key"), Some(&b"466e7c5179046be5baa76ae0c6db46de"[..]));
    rig.answer("Response: Success");
    rig.answer("Response: Success");
    assert!(rig.told.is_empty(), "FullyBooted may still come");
    rig.wait(S);
    assert!(matches!(rig.told[..], [Told::Ready(_)]));
}

#[test]
fn a_refused_login_ends_with_asterisks_words() {
    for auth in [Auth::Plain, Auth::Md5] {
        let mut rig = Rig::new(auth);
        rig.hear(b"Asterisk Call Manager/5.0.4\r\n");
        rig.answer("Response: Error\r\nMessage: Authentication failed");
        assert_eq!(rig.told, [Told::Ended(Ended::LoginRefused("Authentication failed".into()))]);
        assert_eq!(rig.session.deadline(), None);
    }
}

#[test]
fn what_is_no_asterisk_is_told_from_one() {
    let mut rig = Rig::new(Auth::Plain);
    rig.hear(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(rig.told, [Told::Ended(Ended::NotAsterisk)]);
    let mut rig = Rig::new(Auth::Plain);
    rig.wait(S * 11);
    assert_eq!(rig.told, [Told::Ended(Ended::LoginTimedOut)]);
}

#[test]
fn an_asterisk_that_finishes_starting_is_asked_again() {
    let mut rig = Rig::new(Auth::Plain);
    rig.hear(b"Asterisk Call Manager/11.0.0\r\n");
    rig.answer("Response: Success");
    rig.answer("Response: Success\r\nPing: x");
    rig.hear(b"Event: FullyBooted\r\n\r\n");
    rig.answer("Response: Success\r\nPing: x\r\nConfbridgeList: y");
    assert!(matches!(&rig.told[..], [Told::Ready(g)] if g.may("ConfbridgeList")));

    let mut rig = Rig::new(Auth::Plain);
    rig.hear(b"Asterisk Call Manager/11.0.0\r\n");
    rig.answer("Response: Success");
    rig.answer("Response: Success\r\nPing: x");
    rig.wait(S * 2);
    rig.hear(b"Event: FullyBooted\r\n\r\n");
    assert_eq!(rig.told[1..], [Told::Ended(Ended::Booted)]);
}

#[test]
fn action_ids_are_short_and_not_to_be_guessed() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Response);
    let id = rig.last_id();
    assert!(id.len() <= 32 && id.starts_with("000000000000feed-"), "{id}");
    for forged in ["", "3", "000000000000feee-3", "feed-3", "+00000000000feed-3", "000000000000feed-99"] {
        rig.hear(with_id("Response: Success", forged).as_bytes());
    }
    rig.hear(b"Response: Success\r\n\r\n");
    assert_eq!((&rig.told[..], rig.session.counters().unmatched), (&[][..], 7));
    rig.answer("Response: Success");
    rig.answer("Response: Success");
    assert_eq!(rig.told.len(), 1, "one answer per action");
}

#[test]
fn answers_find_their_actions_and_errors_pass_through() {
    let mut rig = Rig::ready();
    for token in 1..=3 {
        rig.submit(token, if token == 2 { LIST } else { Expect::Response });
    }
    let ids: Vec<_> = (0..3).map(|n| rig.id(n)).collect();
    let texts = [
        "Response: Success\r\nMessage: User muted",
        "Response: Error\r\nMessage: No active conferences.",
        "Response: Error\r\nMessage: x",
    ];
    for (text, id) in texts.iter().zip(&ids) {
        rig.hear(with_id(text, id).as_bytes());
    }
    let expected: Vec<_> = (0..3).map(|n| Told::Reply(n as u64 + 1, response(texts[n], &ids[n]))).collect();
    assert_eq!(rig.told, expected);
}

#[test]
fn the_window_is_bounded_and_so_is_the_queue() {
    let mut rig = Rig::ready();
    for token in 0..2000 {
        rig.submit(token, Expect::Response);
    }
    assert_eq!(rig.sent.len(), WINDOW);
    let not_sent = rig.told.iter().filter(|t| matches!(t, Told::Reply(_, Reply::NotSent))).count();
    assert_eq!(not_sent, 2000 - WINDOW - MAX_WAITING);
    let first = rig.id(0);
    rig.hear(with_id("Response: Success", &first).as_bytes());
    assert_eq!(rig.sent.len(), WINDOW + 1);
}

#[test]
fn each_action_has_its_five_seconds_from_the_answer_before_it() {
    let mut rig = Rig::ready();
    for token in 1..=3 {
        rig.submit(token, Expect::Response);
    }
    rig.wait(S * 4);
    let (first, second) = (rig.id(0), rig.id(1));
    rig.hear(with_id("Response: Success", &first).as_bytes());
    rig.wait(S * 4);
    assert_eq!(rig.told.len(), 1, "the second has waited for 4 of its 5 s: {:?}", rig.told);
    rig.wait(S);
    assert_eq!(rig.told[1..], [Told::Reply(2, Reply::TimedOut)]);
    rig.submit(4, Expect::Response);
    assert_eq!(
        rig.names(),
        ["Anything", "Anything", "Anything", "Ping"],
        "behind an overdue one nothing is sent"
    );
    rig.hear(b"Event: StillAlive\r\n\r\n");
    rig.wait(S * 9);
    assert_eq!(rig.told.len(), 3, "the third's time has not begun");
    rig.hear(with_id("Response: Success", &second).as_bytes());
    assert_eq!(rig.session.counters().unmatched, 0, "late, but ours");
    assert_eq!(rig.names().len(), 5);
    rig.wait(S * 5);
    assert_eq!(rig.told[3..], [Told::Reply(3, Reply::TimedOut)]);
}

#[test]
fn an_answer_that_was_lost_is_given_up_when_a_later_one_comes() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Response);
    rig.wait(S * 5);
    assert_eq!(rig.told, [Told::Reply(1, Reply::TimedOut)]);
    assert_eq!(rig.names(), ["Anything", "Ping"]);
    rig.answer("Response: Success\r\nPing: Pong");
    rig.submit(2, Expect::Response);
    rig.answer("Response: Success");
    assert!(matches!(rig.told[1], Told::Reply(2, Reply::Response(_))));
}

#[test]
fn silence_is_noticed_by_a_ping() {
    let mut rig = Rig::ready();
    rig.wait(S);
    assert!(rig.sent.is_empty());
    rig.wait(S);
    assert_eq!(rig.names(), ["Ping"]);
    rig.answer("Response: Success\r\nPing: Pong");
    rig.wait(S * 2);
    assert_eq!(rig.names(), ["Ping", "Ping"]);
    rig.wait(S * 3);
    assert_eq!(rig.told, [Told::Ended(Ended::HalfOpen)]);
}

#[test]
fn an_unanswered_ping_is_no_death_while_an_older_action_is_outstanding() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Response);
    rig.wait(S * 9);
    assert_eq!(rig.names(), ["Anything", "Ping"]);
    assert_eq!(rig.told, [Told::Reply(1, Reply::TimedOut)]);
    let id = rig.id(0);
    rig.hear(with_id("Response: Success", &id).as_bytes());
    rig.answer("Response: Success\r\nPing: Pong");
    assert_eq!(rig.told.len(), 1);
    rig.submit(2, Expect::Response);
    rig.wait(S * 60);
    assert_eq!(rig.told[1..], [Told::Reply(2, Reply::TimedOut), Told::Ended(Ended::HalfOpen)]);
}

#[test]
fn a_link_that_talks_but_never_answers_is_given_up() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Response);
    for _ in 0..59 {
        rig.wait(S);
        rig.hear(b"Event: Chatter\r\n\r\n");
    }
    assert!(!matches!(rig.told.last(), Some(Told::Ended(_))));
    rig.wait(S * 2);
    assert_eq!(rig.told.last(), Some(&Told::Ended(Ended::Unanswered)));
}

#[test]
fn a_ping_that_cannot_even_be_written_is_a_dead_link() {
    let mut rig = Rig::ready();
    let mut pings = 0;
    for _ in 0..40 {
        rig.now = rig.now.after(S / 2);
        rig.session.due(rig.now);
        pings = pings.max(rig.session.own.len());
    }
    assert_eq!(pings, 1);
    assert_eq!(rig.session.pending.pop_front().map(|e| format!("{e:?}")), Some("Ended(HalfOpen)".into()));
}

#[test]
fn a_list_that_comes_slowly_is_not_late() {
    let mut rig = Rig::ready();
    rig.submit(1, LIST);
    let id = rig.last_id();
    rig.answer("Response: Success\r\nEventList: start");
    for _ in 0..4 {
        rig.wait(S * 4);
        rig.hear(with_id("Event: ConfbridgeList", &id).as_bytes());
    }
    rig.hear(with_id("Event: ConfbridgeListComplete\r\nListItems: 4", &id).as_bytes());
    assert!(
        matches!(&rig.told[..], [Told::Begins(1), Told::Reply(1, Reply::List { items })] if items.len() == 4)
    );
}

#[test]
fn a_list_that_stops_is_timed_out_and_its_late_items_are_no_events() {
    let mut rig = Rig::ready();
    rig.submit(1, LIST);
    let id = rig.last_id();
    rig.answer("Response: Success\r\nEventList: start");
    rig.wait(S * 6);
    assert_eq!(rig.told, [Told::Begins(1), Told::Reply(1, Reply::TimedOut)]);
    rig.hear(with_id("Event: ConfbridgeList", &id).as_bytes());
    rig.hear(with_id("Event: ConfbridgeListComplete\r\nListItems: 1", &id).as_bytes());
    assert_eq!(rig.told.len(), 2);
}

#[test]
fn a_list_with_less_than_it_promises_is_incomplete() {
    for end in ["EventList: Complete\r\nListItems: 2", "EventList: cancelled\r\nListItems: 1"] {
        let mut rig = Rig::ready();
        rig.submit(1, LIST);
        let id = rig.last_id();
        rig.answer("Response: Success\r\nEventList: start");
        rig.hear(with_id("Event: ConfbridgeList", &id).as_bytes());
        rig.hear(with_id(&format!("Event: ConfbridgeListComplete\r\n{end}"), &id).as_bytes());
        assert_eq!(rig.told[1..], [Told::Reply(1, Reply::Incomplete)]);
    }
}

#[test]
fn logging_off_sends_nothing_that_still_waits() {
    let mut rig = Rig::ready();
    for token in 0..40 {
        rig.submit(token, Expect::Response);
    }
    rig.session.logoff(rig.now);
    rig.submit(99, Expect::Response);
    let not_sent: Vec<_> = (32..40).chain([99]).map(|t| Told::Reply(t, Reply::NotSent)).collect();
    assert_eq!(rig.told, not_sent);
    assert_eq!((rig.sent.len(), rig.names().pop().unwrap()), (33, "Logoff".into()));
    rig.answer("Response: Goodbye\r\nMessage: Thanks for all the fish.");
    assert_eq!(rig.told.last(), Some(&Told::Ended(Ended::LoggedOff)));
    rig.hear(b"Event: Late\r\n\r\n");
    assert!(rig.session.poll().is_none() && rig.session.transmit().is_none());
}

#[test]
fn a_closed_connection_tells_what_was_not_sent() {
    let mut rig = Rig::ready();
    for token in 0..34 {
        rig.submit(token, Expect::Response);
    }
    rig.session.closed();
    rig.hear(b"");
    assert_eq!(rig.told, [Told::Reply(32, Reply::NotSent), Told::Reply(33, Reply::NotSent)]);
}

#[test]
fn the_pace_can_be_another() {
    let pace = Pace { idle: S, patience: S, ..Pace::default() };
    let mut rig = Rig::ready();
    rig.session.login = rig.session.login.clone().with_pace(pace);
    rig.wait(S * 2);
    assert_eq!(rig.told, [Told::Ended(Ended::HalfOpen)]);
}
