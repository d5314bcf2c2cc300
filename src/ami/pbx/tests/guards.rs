//! Acts that need a fresh list first, with a dialect of the tests' own: participants are numbered, numbers are reused,
//! and acts name the number.

use super::*;
use crate::dialect::{Act, ConfBridge, Dialect, Dialects, Evidence, Fact, Hall, Item, Query, Seen, Verdict};
use crate::model::{ConferenceName, Refusal};
use crate::wire::{ActionError, Frame};

struct Slots(ConfBridge);

impl Dialect for Slots {
    fn fact<'a>(&self, name: &[u8], frame: Frame<'a>) -> Option<Fact<'a>> {
        self.0.fact(name, frame)
    }
    fn seen<'a>(&self, frame: Frame<'a>) -> Option<Seen<'a>> {
        let slot = frame.text("User").and_then(|slot| slot.parse().ok());
        self.0.seen(frame).map(|seen| Seen { slot, ..seen })
    }
    fn listed<'a>(&self, item: &'a Item) -> Option<Seen<'a>> {
        self.seen(item.packet()?)
    }
    fn hall<'a>(&self, item: &'a Item) -> Option<Hall<'a>> {
        self.0.hall(item)
    }
    fn halls(&self) -> Option<Query> {
        self.0.halls()
    }
    fn members(&self, conference: &ConferenceName) -> Result<Query, ActionError> {
        self.0.members(conference)
    }
    fn channels(&self) -> Query {
        self.0.channels()
    }
    fn channel<'a>(&self, item: Frame<'a>) -> Option<(std::borrow::Cow<'a, str>, &'a str)> {
        self.0.channel(item)
    }
    fn is_empty(&self, words: &str) -> bool {
        self.0.is_empty(words)
    }
    fn guard(&self, act: &Act<'_>) -> bool {
        matches!(act, Act::Mute { .. } | Act::Kick { .. })
    }
    fn evidence(&self, act: &Act<'_>) -> Evidence {
        self.0.evidence(act)
    }
    fn action(&self, act: &Act<'_>) -> Result<Action, ActionError> {
        match act {
            Act::Kick { target, .. } => {
                let slot = target.slot.unwrap_or_default().to_string();
                Action::new("ConfbridgeKick")
                    .header("Conference", target.conference.as_str())?
                    .header("User", slot)
            }
            other => self.0.action(other),
        }
    }
    fn verdict(&self, words: &str) -> Verdict {
        self.0.verdict(words)
    }
    fn right(&self, action: &str) -> Option<&'static str> {
        self.0.right(action)
    }
}

fn seat(uniqueid: &str, slot: u32) -> Someone {
    Someone { slot: Some(slot), ..someone(uniqueid) }
}

fn stage(people: &[Someone]) -> Stage {
    let mut stage = Stage::speaking(|greeting| Dialects {
        confbridge: Box::new(Slots(ConfBridge::speaking(&greeting.ami))),
        ..Dialects::speaking(greeting)
    });
    stage.login(&[("200", people)]);
    stage.forget();
    stage
}

#[test]
fn a_kick_lists_first_and_never_hits_the_reused_number() {
    let mut s = stage(&[seat("1.3", 3)]);
    s.order(1, "Sam", Wish::Kick { call: call("1.3") });
    assert_eq!(s.stages(1), [Step::Guarding]);
    assert_eq!(s.lines(), ["ConfbridgeList 200"]);
    s.members("200", &[seat("1.9", 3)]);
    assert_eq!(s.last(1), Step::Settled(Outcome::Gone), "3 is somebody else by now");
    assert!(s.lines().is_empty());
}

#[test]
fn a_late_kick_is_not_yet_then_done() {
    let ann = seat("1.3", 3);
    let mut s = stage(std::slice::from_ref(&ann));
    s.order(1, "Sam", Wish::Kick { call: call("1.3") });
    s.members("200", std::slice::from_ref(&ann));
    assert_eq!(s.lines(), ["ConfbridgeKick 200 3"]);
    s.ok("ConfbridgeKick");
    s.pass(3);
    s.members("200", std::slice::from_ref(&ann));
    assert_eq!(s.last(1), Step::NotYet);
    s.pass(1);
    s.event(&ann.leave("200"));
    assert_eq!(s.stages(1), [Step::Guarding, Step::Sent, Step::NotYet, done()]);
}

#[test]
fn a_guard_waits_for_a_list_younger_than_its_order() {
    let ann = seat("1.3", 3);
    let mut s = stage(std::slice::from_ref(&ann));
    s.pass(30);
    let token = s.members_begin("200");
    s.order(1, "Sam", Wish::Kick { call: call("1.3") });
    assert!(!s.lines().contains(&"ConfbridgeList 200".to_owned()), "one list at a time");
    s.members_end(token, "200", std::slice::from_ref(&ann));
    assert!(s.lines().contains(&"ConfbridgeList 200".to_owned()), "the list that ran is too old");
    assert_eq!(s.stages(1), [Step::Guarding]);
    s.members("200", &[ann]);
    assert_eq!(s.last(1), Step::Sent);
}

#[test]
fn what_was_replaced_before_it_was_sent_is_never_sent() {
    let mut s = stage(&[seat("1.3", 3)]);
    s.mute(1, "Sam", "1.3", true);
    s.mute(2, "Lee", "1.3", false);
    assert_eq!(s.last(1), Step::Settled(Outcome::Replaced(by("Lee"))));
    let token = s.members_begin("200");
    s.members_end(token, "200", &[seat("1.3", 3)]);
    s.members("200", &[seat("1.3", 3)]);
    assert_eq!(s.lines(), [format!("ConfbridgeUnmute 200 {}", seat("1.3", 3).channel)]);
}

#[test]
fn without_its_list_nothing_is_sent() {
    let mut s = stage(&[seat("1.3", 3)]);
    s.order(1, "Sam", Wish::Kick { call: call("1.3") });
    let sent = s.take("ConfbridgeList");
    s.reply(sent.token, Reply::TimedOut);
    assert_eq!(s.last(1), Step::Settled(Outcome::Refused(Refusal::NoList)));
    s.order(2, "Sam", Wish::Kick { call: call("1.3") });
    s.lose();
    assert_eq!(s.last(2), Step::Settled(Outcome::Refused(Refusal::NotSent)));
    assert!(s.lines().is_empty());
}
