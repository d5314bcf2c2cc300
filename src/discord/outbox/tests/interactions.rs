//! Interactions: answered in time, and answered whatever happens.

use super::*;

/// The types of the first answers that were tried.
fn callbacks(model: &Model) -> Vec<u64> {
    model
        .calls
        .iter()
        .filter_map(|(_, request)| match request {
            Request::Callback { body, .. } => body["type"].as_u64(),
            _ => None,
        })
        .collect()
}

#[test]
fn an_answer_is_the_callback_and_its_outcome_an_edit() {
    let mut model = Model::new();
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Place, "Muting #7...");
    model.run(secs(1));
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(1));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
    assert_eq!(callbacks(&model), [4]);
    assert_eq!(model.calls.len(), 2);
    let message = model.interactions[&1].answer.unwrap();
    let sent = Told::Sent { channel: CREW, key: Key::Answer(1), message };
    assert_eq!(model.told, [sent.clone(), sent]);
}

#[test]
fn a_refusal_is_for_the_asker_alone() {
    let mut model = Model::new();
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Asker, "Only hosts may.");
    model.run(secs(1));
    assert_eq!(model.seen(CREW), [""; 0]);
    assert_eq!(words(&model.reply(1).unwrap().body), "Only hosts may.");
}

#[test]
fn a_press_on_a_panel_replaces_it_and_what_all_shall_see_is_beside_it() {
    let mut model = Model::new();
    let panel = model.insert(CREW, body("panel"), false);
    model.open(1, CREW, Some(panel));
    model.answer(1, CREW, Audience::Asker, "Which?");
    model.run(secs(1));
    assert_eq!(words(&model.messages[&panel].body), "Which?");
    model.open(2, CREW, Some(panel));
    model.answer(2, CREW, Audience::Place, "#7 muted.");
    model.run(secs(1));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
    assert_eq!(callbacks(&model), [7, 4]);
}

#[test]
fn without_a_word_for_a_second_it_is_deferred() {
    for panel in [false, true] {
        let mut model = Model::new();
        let panel = panel.then(|| model.insert(CREW, body("panel"), false));
        model.open(1, CREW, panel);
        model.run(Duration::from_millis(1050));
        assert_eq!(callbacks(&model), [if panel.is_some() { 6 } else { 5 }]);
        assert!(!model.calls.is_empty() && model.interactions[&1].answered.is_some());
        model.answer(1, CREW, Audience::Place, "#7 muted.");
        model.run(secs(2));
        model.answer(1, CREW, Audience::Place, "#7 muted by Sam.");
        model.run(secs(2));
        // Both, as nothing makes an ephemeral answer public.
        assert_eq!(words(&model.reply(1).unwrap().body), "#7 muted by Sam.");
        assert_eq!(model.seen(CREW), ["#7 muted by Sam."]);
    }
}

#[test]
fn what_comes_while_a_deferral_fails_is_said_to_all_once() {
    let mut model = Model::new();
    let mut failed = false;
    model.faults = Box::new(move |_, _| match std::mem::replace(&mut failed, true) {
        false => Act::Not(Trouble::Offline),
        true => Act::Well(80),
    });
    model.open(1, CREW, None);
    model.run(Duration::from_millis(1010));
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(5));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
    assert_eq!(words(&model.reply(1).unwrap().body), "#7 muted.");
}

#[test]
fn an_interaction_that_came_late_is_deferred_before_its_time_is_over() {
    let mut model = Model::new();
    model.open(1, CREW, None);
    let (id, token, born) = (2, Secret::new("2"), model.now - Duration::from_millis(1900));
    let opened = Opened { ticket: gavel_chat::Ticket(2), id, token, channel: CREW, panel: None, born };
    model.outbox.opened(model.now, opened);
    model.run(Duration::from_millis(350));
    assert!(matches!(model.calls[..], [(_, Request::Callback { interaction: 2, .. })]), "{:?}", model.calls);
}

#[test]
fn a_hanging_callback_is_tried_again_in_time() {
    for done in [true, false] {
        let mut model = Model::new();
        let mut hung = false;
        model.faults = Box::new(move |_, _| match std::mem::replace(&mut hung, true) {
            false => Act::Hang(done),
            true => Act::Well(80),
        });
        model.open(1, CREW, None);
        model.answer(1, CREW, Audience::Place, "Muting #7...");
        model.run(secs(1));
        model.answer(1, CREW, Audience::Place, "#7 muted.");
        model.run(secs(2));
        assert!(model.interactions[&1].answered.is_some(), "{done}");
        model.run(secs(2));
        assert_eq!(model.seen(CREW), ["#7 muted."], "{done}");
        assert!(
            !model.told.iter().any(|told| matches!(told, Told::Degraded(_))),
            "its own answer, not another's"
        );
    }
}

#[test]
fn a_callback_that_never_gets_through_is_said_in_the_channel_later() {
    let mut model = Model::new();
    let end = model.now + secs(60);
    model.faults =
        Box::new(move |now, _| if now < end { Act::Not(Trouble::Server(500)) } else { Act::Well(80) });
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Place, "Muting #7...");
    model.open(2, CREW, None);
    model.answer(2, CREW, Audience::Asker, "Only hosts may.");
    model.run(secs(5));
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(200));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
    assert!(matches!(failed(&model)[..], [Fault::GaveUp(_)]), "the asker's own is dropped: {:?}", model.told);
    let degraded = |told: &&Told| matches!(told, Told::Degraded(_));
    assert_eq!(model.told.iter().filter(degraded).count(), 1);
    assert_eq!(model.told.iter().filter(|told| **told == Told::Fine).count(), 1);
}

#[test]
fn an_answer_that_discord_took_and_did_not_tell_of_is_not_said_twice() {
    let mut model = Model::new();
    model.faults = Box::new(|_, request| match request {
        Request::Callback { .. } => Act::But(Trouble::Server(500)),
        _ => Act::Well(80),
    });
    // Each second try finds it acknowledged: by us.
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(30));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
    assert!(failed(&model).is_empty());
}

#[test]
fn a_second_process_with_the_same_token_is_spoken_of() {
    let mut model = Model::new();
    model.open(1, CREW, None);
    model.interactions.get_mut(&1).unwrap().answered = Some(model.now);
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(5));
    assert!(matches!(&model.told[..], [Told::Degraded(words), ..] if words.contains("another process")));
    assert_eq!(model.seen(CREW), ["#7 muted."], "the truth is told all the same");
    model.run(secs(700));
    assert_eq!(model.told.last(), Some(&Told::Fine));
}

#[test]
fn what_comes_after_a_quarter_of_an_hour_edits_the_message() {
    let mut model = Model::new();
    for (id, audience) in [(1, Audience::Place), (2, Audience::Asker)] {
        model.open(id, CREW, None);
        model.answer(id, CREW, audience, "Muting #7...");
    }
    model.run(secs(1000));
    for (id, audience) in [(1, Audience::Place), (2, Audience::Asker)] {
        model.answer(id, CREW, audience, "#7 muted.");
    }
    model.run(secs(5));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
    assert!(matches!(model.calls.last(), Some((_, Request::Edit { .. }))));
    assert!(matches!(failed(&model)[..], [Fault::GaveUp(_)]));
}

#[test]
fn an_answer_whose_form_is_refused_leaves_nobody_waiting() {
    let mut model = Model::new();
    model.faults = Box::new(move |_, request| match request {
        Request::Callback { body, .. } if words(&body["data"]) == "bad" => {
            Act::Not(Trouble::Refused { status: 400, code: 50035, words: "Invalid Form Body".to_owned() })
        }
        _ => Act::Well(80),
    });
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Asker, "bad");
    model.run(secs(3));
    assert!(words(&model.reply(1).unwrap().body).contains("cannot be shown"));
    assert_eq!(failed(&model).len(), 1);
    model.answer(1, CREW, Audience::Asker, "good");
    model.run(secs(3));
    assert_eq!(words(&model.reply(1).unwrap().body), "good");
}

#[test]
fn a_deleted_answer_is_said_again_when_it_changes() {
    let mut model = Model::new();
    model.open(1, CREW, None);
    model.answer(1, CREW, Audience::Place, "Muting #7...");
    model.run(secs(1));
    model.messages.clear();
    model.answer(1, CREW, Audience::Place, "#7 muted.");
    model.run(secs(3));
    assert_eq!(model.seen(CREW), ["#7 muted."]);
}

#[test]
fn no_answer_waits_behind_a_channel_that_hangs() {
    let mut model = Model::new();
    model.faults = Box::new(|_, request| match request {
        Request::Create { .. } | Request::Edit { .. } => Act::Hang(false),
        _ => Act::Well(80),
    });
    for number in 0..50 {
        model.post(Key::Notice(number), CREW, Class::Notice, "notice");
        model.card(CREW, &format!("card {number}"));
    }
    for id in 100..150 {
        model.open(id, CREW, None);
        model.answer(id, CREW, Audience::Place, "Muting...");
        model.run(Duration::from_millis(100));
        assert!(model.interactions[&id].answered.is_some());
    }
}
