use std::sync::Arc;

use gavel_ami::model::{Already, Refusal, Wish};
use gavel_chat::text::{Zone, plain};
use proptest::prelude::*;

use super::*;
use crate::board::View;
use crate::desk::phrase::Item;
use crate::fixtures::{NOW, by, call, now, person, room};
use crate::room::RoomView;

/// A job, and what it said last.
struct Play {
    job: Orders,
    room: RoomView,
    orders: usize,
    said: Vec<(String, bool)>,
    end: bool,
    until: bool,
}

fn play(wishes: Vec<(u32, Wish)>, reason: Option<&str>) -> Play {
    let room = room(View::Crew);
    let items = wishes.into_iter().map(|(number, wish)| match number {
        0 => Item::of_room(wish),
        _ => {
            let caller = room.numbered(number).map(|person| person.caller.clone());
            let caller = caller.or(room.departed(number).map(|gone| gone.caller.clone()));
            let who = room.person(number, &caller.unwrap_or_else(|| crate::fixtures::caller("")));
            Item { wish, number: Some(number), who }
        }
    });
    let job = Orders::new(items.collect(), reason.map(str::to_owned));
    let mut play = Play { job, room, orders: 0, said: Vec::new(), end: false, until: false };
    play.step(Input::Start);
    play
}

impl Play {
    fn step(&mut self, input: Input<'_>) {
        assert!(!self.end, "told of something after its end");
        let zone = Zone::utc();
        let step = self.job.step(Sight { now: now(), room: &self.room, zone: &zone }, input);
        for effect in step.effects {
            match effect {
                Effect::Order { .. } => self.orders += 1,
                Effect::Tell { doc, last } => self.said.push((plain(&doc), last)),
            }
        }
        self.end = step.end;
        self.until |= step.until.is_some();
    }

    fn settle(mut self, outcomes: Vec<Outcome>) -> String {
        assert_eq!(self.orders, outcomes.len());
        for (order, outcome) in outcomes.into_iter().enumerate() {
            self.step(Input::Order(order, &Stage::Settled(outcome)));
        }
        assert!(self.end);
        let (said, last) = self.said.pop().unwrap();
        assert!(last, "{said}");
        said
    }
}

fn mute(number: u32) -> (u32, Wish) {
    (number, Wish::Mute { call: call(number), on: true })
}

fn kick(number: u32) -> (u32, Wish) {
    (number, Wish::Kick { call: call(number) })
}

fn of_room(wish: impl FnOnce(gavel_ami::model::RoomName) -> Wish) -> (u32, Wish) {
    (0, wish(gavel_ami::model::RoomName::new("thursday")))
}

fn already(who: Option<&str>, before: Option<u64>, under_way: bool) -> Outcome {
    Outcome::Already(Already { by: who.map(by), at: before.map(|ms| NOW - ms), under_way })
}

#[test]
fn muted_is_said_only_when_it_is_settled() {
    let mut play = play(vec![mute(7)], None);
    assert_eq!(play.said, [("Muting #7 Joel...".to_owned(), false)]);
    play.step(Input::Order(0, &Stage::Sent));
    assert_eq!(play.said.len(), 1, "on its way is no news");
    assert_eq!(play.settle(vec![Outcome::Done]), "#7 Joel muted.");
}

#[test]
fn each_act_in_its_words() {
    let done = |wish| play(vec![wish], None).settle(vec![Outcome::Done]);
    assert_eq!(done((7, Wish::Mute { call: call(7), on: false })), "#7 Joel unmuted.");
    assert_eq!(play(vec![kick(3)], Some("noise")).settle(vec![Outcome::Done]), "#3 Marta removed: noise.");
    assert_eq!(done((3, Wish::Hangup { call: call(3) })), "#3 Marta: call ended.");
    assert_eq!(done(of_room(|room| Wish::Lock { room, on: true })), "Room locked.");
    assert_eq!(done(of_room(|room| Wish::Lock { room, on: false })), "Room unlocked.");
    assert_eq!(done(of_room(|room| Wish::Topic { room, text: Some("buses".into()) })), "Topic: buses.");
    assert_eq!(done(of_room(|room| Wish::Topic { room, text: None })), "Topic cleared.");
    assert_eq!(
        done((3, Wish::Note { call: call(3), text: Some("refund".into()) })),
        "Note on #3 Marta: refund."
    );
    let all = done(of_room(|room| Wish::MuteAll { room, on: true }));
    assert_eq!(
        all,
        "All but the crew are muted: 0 of 2 callers so far. Late callers too, until: unmute all."
    );
}

#[test]
fn a_mute_all_that_misses_some_says_so() {
    let all = of_room(|room| Wish::MuteAll { room, on: true });
    let told = play(vec![all], None).settle(vec![Outcome::NeverSeen]);
    assert!(
        told.starts_with("All but the crew are muted: 0 of 2 callers so far.")
            && told.ends_with("Look at the roster.")
    );
    let all = of_room(|room| Wish::MuteAll { room, on: false });
    let told = play(vec![all], None).settle(vec![Outcome::NeverSeen]);
    assert_eq!(told, "Mute all: no sign of it was seen in time. Look at the roster.");
}

#[test]
fn who_left_is_not_removed_and_when_is_told() {
    let gone = play(vec![kick(5)], None).settle(vec![Outcome::Gone]);
    assert_eq!(gone, "#5 left 4 s ago. Nobody was removed.");
    assert_eq!(play(vec![mute(3)], None).settle(vec![Outcome::Gone]), "#3 has left. Nobody was muted.");

    let mut play = play(vec![kick(5)], None);
    let mut snapshot = (*play.room.snapshot).clone();
    snapshot.departed[0].by = Some(by("Lee"));
    play.room.snapshot = Arc::new(snapshot);
    assert_eq!(play.settle(vec![Outcome::Gone]), "#5 was already removed, by Lee 4 s ago.");
}

#[test]
fn two_of_the_crew_with_equal_wishes() {
    let told = |outcome| play(vec![mute(7)], None).settle(vec![outcome]);
    assert_eq!(told(already(Some("Lee"), Some(20_000), false)), "#7 is already muted, by Lee 20 s ago.");
    assert_eq!(told(already(None, None, false)), "#7 is already muted.");
    assert_eq!(told(already(None, Some(20_000), false)), "#7 is already muted, 20 s ago.");
    assert_eq!(told(already(Some("Lee"), None, true)), "#7 Joel: Lee is doing this already.");
    let lock = play(vec![of_room(|room| Wish::Lock { room, on: true })], None);
    assert_eq!(lock.settle(vec![already(Some("Lee"), None, true)]), "Lock: Lee is doing this already.");
}

#[test]
fn two_of_the_crew_with_opposite_wishes() {
    let told = |outcome| play(vec![mute(7)], None).settle(vec![outcome]);
    assert_eq!(told(Outcome::Replaced(by("Dana"))), "#7 Joel: Dana ordered the opposite.");
    let outranked = Outcome::Refused(Refusal::Outranked(by("Dana")));
    assert_eq!(told(outranked), "Dana ordered the opposite a moment ago. Nothing was done.");
}

#[test]
fn every_refusal_has_its_reason() {
    let refused = |refusal| play(vec![mute(7)], None).settle(vec![Outcome::Refused(refusal)]);
    let all = [
        Refusal::Stale { since: NOW - 14_000 },
        Refusal::Outdated,
        Refusal::Forbidden { action: "ConfbridgeMute".into(), right: Some("call".into()) },
        Refusal::Forbidden { action: "ConfbridgeMute".into(), right: None },
        Refusal::Asterisk("No such\r\nchannel\u{1b}[2J".into()),
        Refusal::BadText("line break".into()),
        Refusal::NoList,
        Refusal::NotSent,
        Refusal::Busy,
        Refusal::NoSuchRoom,
    ];
    insta::assert_snapshot!(all.map(refused).join("\n"), @r"
No link to Asterisk since 20:41:10 (14 s ago). Nothing was done.
Asterisk was away a moment ago and things have changed: look and ask again. Nothing was done.
Asterisk does not let gavel do this (ConfbridgeMute): its AMI user lacks the write right call. Nothing was done.
Asterisk does not let gavel do this (ConfbridgeMute). Nothing was done.
Asterisk refused: No such channel[2J. Nothing was done.
This text can't be sent: line break. Nothing was done.
Asterisk did not say who is in the room. Nothing was done.
The link to Asterisk was lost before anything was sent. Nothing was done.
Too much is under way: ask again in a moment. Nothing was done.
This Asterisk knows nothing of the room. Nothing was done.
");
}

#[test]
fn what_is_late_is_told_and_edited() {
    let mut play = play(vec![kick(3)], None);
    play.step(Input::Order(0, &Stage::NotYet));
    assert_eq!(play.said.last().unwrap(), &("#3 Marta: not confirmed yet.".to_owned(), false));
    assert_eq!(play.settle(vec![Outcome::Done]), "#3 Marta removed.");
}

#[test]
fn nobody_waits_for_what_is_unknown_but_late_evidence_is_told() {
    let mut play = play(vec![kick(3)], None);
    play.step(Input::Order(0, &Stage::Unknown));
    let (said, last) = play.said.last().unwrap().clone();
    assert_eq!(said, "#3 Marta: outcome unknown, the link to Asterisk dropped. It will be told.");
    assert!(last && !play.end);
    assert_eq!(play.settle(vec![Outcome::Gone]), "#3 has left. Nobody was removed.");
}

#[test]
fn several_at_once_are_one_text() {
    let play = play(vec![kick(3), kick(5), kick(7)], None);
    assert_eq!(play.said[0].0, "Removing #3 Marta, #5 Rick and #7 Joel...");
    let said = play.settle(vec![Outcome::Done, Outcome::Gone, Outcome::Done]);
    assert_eq!(said, "#3 Marta and #7 Joel removed. #5 left 4 s ago.");
}

#[test]
fn many_at_once_are_counted() {
    let mut play = play((1..=12).map(mute).collect(), None);
    assert_eq!(play.said[0].0, "Muting 12 callers (#1 to #12)...");
    for order in 0..10 {
        play.step(Input::Order(order, &Stage::Settled(Outcome::Done)));
    }
    assert_eq!(play.said.len(), 1, "no edit while all goes well");
    play.step(Input::Order(10, &Stage::Settled(already(Some("Lee"), None, false))));
    play.step(Input::Order(11, &Stage::Settled(already(Some("Sam"), None, false))));
    let said = &play.said.last().unwrap().0;
    assert_eq!(said, "10 callers (#1 to #10) muted. #11 and #12 are already muted.");
}

#[test]
fn missed_news_end_the_job_in_time() {
    let mut play = play(vec![kick(3), mute(7)], None);
    play.step(Input::Order(0, &Stage::Settled(Outcome::Done)));
    play.step(Input::Missed);
    assert!(play.until && !play.end);
    play.step(Input::Deadline);
    assert_eq!(
        play.said.last().unwrap(),
        &("#3 Marta removed. #7 Joel: the outcome was missed. Look at the roster.".into(), true)
    );
    assert!(play.end);
}

fn any_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        Just(Stage::Sent),
        Just(Stage::NotYet),
        Just(Stage::Unknown),
        Just(Stage::Settled(Outcome::Done)),
        Just(Stage::Settled(Outcome::Gone)),
        Just(Stage::Settled(Outcome::NeverSeen)),
        Just(Stage::Settled(Outcome::Refused(Refusal::Busy))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the core tells, in whatever order: the job ends exactly when all is settled, its last words are last,
    /// and "muted" is said exactly of who was.
    #[test]
    fn any_order_of_stages(stages in proptest::collection::vec((0_usize..4, any_stage()), 0..40)) {
        let mut play = play([1, 3, 5, 7].map(mute).to_vec(), None);
        let mut settled = [None, None, None, None];
        for (order, stage) in stages {
            if play.end {
                break;
            }
            play.step(Input::Order(order, &stage));
            if let (None, Stage::Settled(outcome)) = (&settled[order], stage) {
                settled[order] = Some(outcome);
            }
            prop_assert_eq!(play.end, settled.iter().all(Option::is_some));
        }
        let (said, last) = play.said.last().unwrap();
        prop_assert!(!play.end || *last);
        let said = said.replace("Nobody was muted.", "");
        let done = settled.contains(&Some(Outcome::Done));
        prop_assert!(done || !said.contains(" muted."), "{}", said);
        prop_assert!(!play.end || done == said.contains(" muted."), "{}", said);
    }
}

#[test]
fn a_public_place_sees_no_name() {
    let mut play = play(vec![mute(7)], None);
    let view = room(View::Public);
    let who = view.person(7, &person(7, "Joel").caller);
    play.job = Orders::new(vec![Item { wish: mute(7).1, number: Some(7), who }], None);
    assert_eq!(play.settle(vec![Outcome::Done]), "#7 muted.");
}
