//! Numbers and shows: small, given once, kept through lobby and room.

use super::*;

#[test]
fn those_who_are_there_are_numbered_in_the_order_in_which_they_called() {
    let mut s = Stage::new(with_lobby(), Restored::default());
    s.login(&[("200", &[someone("100.10"), someone("99.11")]), ("lobby", &[someone("100.9")])]);
    let expected = [(1, "99.11".to_owned()), (2, "100.9".to_owned()), (3, "100.10".to_owned())];
    assert_eq!(s.numbers(), expected);
    let lobby: Vec<bool> = s.snapshot().people.iter().map(|p| p.lobby).collect();
    assert_eq!(lobby, [false, true, false]);
}

#[test]
fn a_move_from_the_lobby_is_neither_a_leave_nor_a_join() {
    let ann = someone("1.1");
    let mut s = Stage::new(with_lobby(), Restored::default());
    s.login(&[("lobby", std::slice::from_ref(&ann))]);
    s.forget();
    s.event(&ann.leave("lobby"));
    s.event("Event: ConfbridgeEnd\r\nConference: lobby\r\n\r\n");
    s.event(&ann.clone().muted().join("200"));
    s.pass(2);
    assert_eq!(s.told(), []);
    assert_eq!(s.numbers(), [(1, "1.1".to_owned())]);
    let picture = s.snapshot();
    assert!(!picture.people[0].lobby && picture.people[0].muted);
}

#[test]
fn a_leave_from_the_lobby_is_told_with_the_hangup_or_a_little_later() {
    let (ann, bob) = (someone("1.1"), someone("1.2"));
    let mut s = Stage::new(with_lobby(), Restored::default());
    s.login(&[("lobby", &[ann.clone(), bob.clone()])]);
    s.forget();
    s.event(&ann.leave("lobby"));
    assert_eq!(s.snapshot().people.len(), 1);
    assert_eq!(s.told(), []);
    s.event(&ann.event("Hangup", "", ""));
    assert!(
        matches!(s.told()[..], [(What::Left { count: 0, removed: false, .. }, None)]),
        "the lobby is not the room"
    );
    s.event(&bob.leave("lobby"));
    assert!(s.pbx.deadline().unwrap() <= s.now.mono + Duration::from_secs(1));
    s.pass(1);
    assert!(matches!(s.told()[1..], [(What::Left { count: 0, .. }, None)]));
}

#[test]
fn a_kick_from_a_room_with_a_lobby_is_told_at_once() {
    let ann = someone("1.1");
    let mut s = Stage::new(with_lobby(), Restored::default());
    s.login(&[("200", std::slice::from_ref(&ann))]);
    s.forget();
    s.order(1, "Sam", Wish::Kick { call: call("1.1") });
    s.ok("ConfbridgeKick");
    s.event(&ann.leave("200"));
    assert!(matches!(s.told()[..], [(What::Left { removed: true, .. }, Some(_))]));
    assert_eq!(s.last(1), done());
}

#[test]
fn a_move_while_both_lists_run_is_seen_once() {
    let ann = someone("1.1");
    let mut s = Stage::new(with_lobby(), Restored::default());
    s.login(&[("lobby", std::slice::from_ref(&ann))]);
    s.forget();
    s.pass(30);
    // The list of the conference was taken after the move, that of the lobby before it, the events come last.
    s.members("200", std::slice::from_ref(&ann));
    let token = s.members_begin("lobby");
    s.event(&ann.leave("lobby"));
    s.event(&ann.join("200"));
    s.members_end(token, "lobby", std::slice::from_ref(&ann));
    s.pass(2);
    assert_eq!(s.told(), []);
    assert_eq!(s.numbers(), [(1, "1.1".to_owned())]);
    assert!(!s.snapshot().people[0].lobby);
}

#[test]
fn who_comes_back_has_the_same_number_and_no_other_call_ever_gets_it() {
    let ann = someone("1.1");
    let mut s = Stage::up(std::slice::from_ref(&ann));
    s.event(&ann.leave("200"));
    s.event(&someone("1.2").join("200"));
    s.event(&ann.join("200"));
    assert_eq!(s.numbers(), [(1, "1.1".to_owned()), (2, "1.2".to_owned())]);
}

#[test]
fn numbers_outlive_gavel() {
    let mut s = Stage::up(&[someone("1.1"), someone("1.2"), someone("1.3")]);
    s.event(&someone("1.3").leave("200"));
    s.order(1, "Sam", Wish::Note { call: call("1.2"), text: Some("buses".into()) });
    s.ok("Setvar");
    let rows = s.pbx.ledger();
    let mut again = Stage::new(setup(), Restored { rows, ..Restored::default() });
    again.login(&[("200", &[someone("1.2"), someone("1.0"), someone("1.4")])]);
    let expected = [(2, "1.2".to_owned()), (4, "1.0".to_owned()), (5, "1.4".to_owned())];
    assert_eq!(again.numbers(), expected);
    assert_eq!(again.snapshot().people[0].note.as_ref().unwrap().text, "buses");
    assert_eq!(again.snapshot().show, 1);
}

#[test]
fn the_rows_told_one_by_one_are_the_whole_ledger() {
    let mut s = Stage::new(setup(), Restored::default());
    s.login(&[("200", &[someone("1.1"), someone("1.2")])]);
    s.order(1, "Dana", Wish::Topic { room: room(), text: Some("buses".into()) });
    s.ok("Setvar");
    s.order(2, "Dana", Wish::MuteAll { room: room(), on: true });
    s.event(&someone("1.1").event("ConfbridgeMute", "200", ""));
    let sorted = |mut rows: Vec<LedgerRow>| {
        rows.sort_by_key(|row| format!("{row:?}"));
        rows
    };
    let told = Restored { rows: s.rows.clone(), ..Restored::default() };
    let again = Stage::new(setup(), told);
    assert_eq!(sorted(again.pbx.ledger()), sorted(s.pbx.ledger()));
}

#[test]
fn a_show_ends_after_the_room_and_its_lobby_were_empty_for_long_enough() {
    let ann = someone("1.1");
    let mut s = Stage::new(with_lobby(), Restored::default());
    s.login(&[("200", std::slice::from_ref(&ann))]);
    s.order(1, "Dana", Wish::Topic { room: room(), text: Some("buses".into()) });
    s.ok("Setvar");
    s.order(2, "Dana", Wish::MuteAll { room: room(), on: true });
    s.event(&ann.leave("200"));
    s.pass(1);
    s.forget();
    s.tick(Duration::from_secs(1700));
    s.due();
    s.event(&someone("1.2").join("lobby"));
    assert_eq!(s.numbers(), [(2, "1.2".to_owned())], "numbers go on");
    s.event(&someone("1.2").leave("lobby"));
    s.pass(1);
    s.sent.clear();
    s.pass(1800);
    assert!(s.told().contains(&(What::ShowEnded(1), None)));
    let picture = s.snapshot();
    assert!(picture.topic.is_none() && picture.mute_all.is_none() && picture.departed.is_empty());
    assert!(s.lines().contains(&"Setvar TOPIC ".to_owned()));
    s.event(&someone("1.9").join("200"));
    assert_eq!(s.numbers(), [(1, "1.9".to_owned())]);
    assert!(s.told().contains(&(What::ShowBegan(2), None)));
    assert_eq!(s.snapshot().show, 2);
}

#[test]
fn a_show_does_not_end_while_nobody_can_see_whether_the_room_is_empty() {
    let mut s = Stage::up(&[someone("1.1")]);
    s.event(&someone("1.1").leave("200"));
    s.lose();
    s.pass(4000);
    assert!(!s.told().iter().any(|(w, _)| matches!(w, What::ShowEnded(_))));
    s.login(&[("200", &[someone("1.2")])]);
    assert_eq!(s.numbers(), [(2, "1.2".to_owned())]);
    s.event(&someone("1.2").leave("200"));
    s.lose();
    s.pass(4000);
    s.login(&[]);
    s.due();
    assert!(s.told().contains(&(What::ShowEnded(1), None)), "empty before and after: it was over");
    let rows = s.pbx.ledger();
    let mut again = Stage::new(setup(), Restored { rows, ..Restored::default() });
    again.login(&[]);
    again.due();
    assert!(!again.told().iter().any(|(w, _)| matches!(w, What::ShowEnded(_))), "an end is told once");
}
