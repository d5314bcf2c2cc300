//! Buttons, selects, and choices that a client remembers.

use gavel_chat::{Control, Style};

use super::*;
use crate::fixtures::person;

const SAM: &[&str] = &["chat:role:1"];
const SCREENER: &[&str] = &["chat:role:2"];

fn press(verb: &str, number: Option<u32>, version: u32) -> Press {
    Press { verb: verb.to_owned(), show: 6, number, version }
}

fn input(press: Press, chosen: Option<&str>) -> Input {
    Input::Press { press, chosen: chosen.map(str::to_owned) }
}

/// "[Mute] mute #7", "(Choose a caller) pick: 1 Dana | 3 Marta"; red ones with a "!".
fn shown(control: &Control) -> String {
    match control {
        Control::Button { label, style, press } => {
            let sign = if *style == Style::Danger { "!" } else { "" };
            let number = press.number.map(|number| format!(" #{number}")).unwrap_or_default();
            format!("[{label}{sign}] {}{number}", press.verb)
        }
        Control::Select { hint, press, choices } => {
            let choices: Vec<_> = choices.iter().map(|choice| choice.label.as_str()).collect();
            format!("({hint}) {}: {}", press.verb, choices.join(" | "))
        }
    }
}

impl Play {
    /// The answer to a press: its text, and below it what can be pressed next.
    async fn pressed(&mut self, claims: &[&str], press: Press, chosen: Option<&str>) -> Post {
        self.ask("chat:crew", claims, input(press, chosen)).await;
        self.post().await
    }

    async fn says(&mut self, claims: &[&str], press: Press, chosen: Option<&str>) -> String {
        let post = self.pressed(claims, press, chosen).await;
        assert!(post.controls.is_empty() || post.audience == Audience::Asker, "others may not press them");
        let below = post.controls.iter().map(shown);
        [plain(&post.doc)].into_iter().chain(below).collect::<Vec<_>>().join("\n")
    }

    fn changes(&self, change: impl FnOnce(&mut RoomSnapshot)) {
        self.snapshot.send_modify(|snapshot| {
            let snapshot = Arc::make_mut(snapshot);
            snapshot.version += 1;
            change(snapshot);
        });
    }
}

/// The press behind a control with this label.
fn behind(post: &Post, wanted: &str) -> Press {
    let found = post.controls.iter().find_map(|control| match control {
        Control::Button { label, press, .. } if label == wanted => Some(press.clone()),
        Control::Select { press, .. } if wanted == "select" => Some(press.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no {wanted} below {post:?}"))
}

#[tokio::test(start_paused = true)]
async fn from_manage_to_a_muted_caller() {
    let mut stage = stage(FakeDisk::default(), false);
    let panel = stage.pressed(SAM, press("manage", None, 3), None).await;
    assert_eq!((panel.audience, panel.last), (Audience::Asker, true));
    assert_eq!(
        plain(&panel.doc),
        "Thursday Line: 3 in the room.\nChoose a caller, or type for example: mute 1"
    );
    let select: Vec<_> = panel.controls.iter().map(shown).collect();
    assert_eq!(select, ["(Choose a caller) pick: 1 Dana | 3 Marta | 7 Joel"]);
    let joel = stage.says(SAM, behind(&panel, "select"), Some("7")).await;
    assert_eq!(
        joel,
        "#7 Joel, ends 17, SIP\nIn the room since 20:35 (6 min), talked 0 s.\n\
         Or type: mute 7, kick 7, hangup 7\n[Mute] mute #7\n[Remove!] ask kick #7\n\
         [End the call!] ask hangup #7\n[Another caller] manage"
    );
    let by_label = stage.says(SAM, behind(&panel, "select"), Some("7 Joel, talking")).await;
    assert_eq!(by_label, joel, "a client may send what it showed");
    assert_eq!(stage.says(SAM, press("mute", Some(7), 9), None).await, "Muting #7 Joel...");
    assert_eq!(stage.ordered().await.wish, Wish::Mute { call: call(7), on: true });
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_back_is_asked_once() {
    let mut stage = stage(FakeDisk::default(), false);
    let asked = stage.pressed(SAM, press("ask kick", Some(7), 9), None).await;
    assert_eq!(plain(&asked.doc), "Remove #7 Joel from the room? Or type: kick 7");
    let controls: Vec<_> = asked.controls.iter().map(shown).collect();
    assert_eq!(controls, ["[Remove!] kick #7", "[Cancel] cancel #7"]);
    assert_eq!(stage.says(SAM, behind(&asked, "Cancel"), None).await, "Nothing was done.");
    stage.changes(|snapshot| snapshot.people.push(person(8, "Ali")));
    assert_eq!(
        stage.says(SAM, behind(&asked, "Remove"), None).await,
        "Removing #7 Joel...",
        "a number is good for its show"
    );
    assert_eq!(
        stage.says(SAM, press("ask hangup", Some(3), 9), None).await,
        "End the call of #3 Marta? Or type: hangup 3\n[End the call!] hangup #3\n[Cancel] cancel #3"
    );
    let gone = stage.says(SAM, press("ask kick", Some(5), 9), None).await;
    assert_eq!(gone, "Removing #5 Rick...", "the core says that he has left: there is nothing to ask");
}

#[tokio::test(start_paused = true)]
async fn the_room_s_buttons_ask_and_a_busy_room_does_not_outrun_the_answer() {
    let mut stage = stage(FakeDisk::default(), false);
    let asked = stage.pressed(SAM, press("ask lock", None, 9), None).await;
    assert_eq!(plain(&asked.doc), "Lock the room with 2 callers in it? Nobody else gets in. Or type: lock");
    let all = stage.says(SAM, press("ask mute all", None, 8), None).await;
    assert_eq!(
        all,
        "Mute all but the crew (2 callers)? Late callers too, until: unmute all. Or type: mute all\n\
         [Mute all!] mute all\n[Cancel] cancel"
    );
    stage.changes(|snapshot| snapshot.people.push(person(8, "Ali")));
    assert_eq!(stage.says(SAM, behind(&asked, "Lock"), None).await, "Locking the room...");
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(
        stage.says(SAM, behind(&asked, "Lock"), None).await,
        "The room has changed since this button was drawn. Nothing was done yet.\n\
         Lock the room with 3 callers in it? Nobody else gets in. Or type: lock\n[Lock!] lock\n[Cancel] cancel"
    );
    assert_eq!(stage.says(SAM, press("lock", None, 10), None).await, "Locking the room...");
}

#[tokio::test(start_paused = true)]
async fn what_can_be_taken_back_is_done_at_once_on_the_very_picture_alone() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.changes(|snapshot| snapshot.locked = true);
    assert_eq!(stage.says(SAM, press("ask unlock", None, 10), None).await, "Unlocking the room...");
    stage.changes(|_| {});
    assert_eq!(
        stage.says(SAM, press("ask unlock", None, 10), None).await,
        "The room has changed since this button was drawn. Nothing was done yet.\n\
         Unlock the room? Or type: unlock\n[Unlock] unlock\n[Cancel] cancel"
    );
    stage.changes(|snapshot| (snapshot.locked, snapshot.people) = (false, vec![]));
    assert_eq!(
        stage.says(SAM, press("ask lock", None, 12), None).await,
        "Locking the room...",
        "nobody is in"
    );
}

#[tokio::test(start_paused = true)]
async fn an_old_button_changes_nothing_and_shows_today_s_state() {
    let mut stage = stage(FakeDisk::default(), false);
    let of_show = |show, press: Press| Press { show, ..press };
    for (old, chosen) in [
        (of_show(5, press("kick", Some(3), 9)), None),
        (of_show(5, press("ask lock", None, 9)), None),
        (of_show(5, press("pick", None, 9)), Some("3")),
        (press("pick", None, 9), Some("all")),
        (press("pick", None, 9), None),
        (press("confirm", Some(3), 9), None),
        // What it offers is so already.
        (press("ask unlock", None, 9), None),
        (press("ask unmute all", None, 9), None),
    ] {
        let said = stage.says(SAM, old, chosen).await;
        assert!(said.starts_with("This button is old. Nothing was done.\nThursday Line: 3 in"), "{said}");
    }
    let gone = stage.says(SAM, press("pick", None, 9), Some("5")).await;
    assert!(gone.starts_with("#5 left 4 s ago. Nothing was done.\nThursday Line: 3 in the room."), "{gone}");
    assert!(gone.ends_with("(Choose a caller) pick: 1 Dana | 3 Marta | 7 Joel"), "{gone}");
    assert!(stage.orders.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn every_press_is_authorised_like_its_words() {
    let mut stage = stage(FakeDisk::default(), false);
    for (verb, number) in [
        ("manage", None),
        ("pick", None),
        ("ask kick", Some(3)),
        ("kick", Some(3)),
        ("mute", Some(7)),
        ("ask mute all", None),
        ("ask lock", None),
        ("lock", None),
    ] {
        for claims in [&[][..], SCREENER] {
            let said = stage.says(claims, press(verb, number, 9), Some("7").filter(|_| verb == "pick")).await;
            assert_eq!(said, "Co-hosts only.", "{verb}");
        }
    }
    assert!(stage.says(&[], press("refresh", None, 0), None).await.starts_with("Thursday Line: 3"));
    assert!(stage.orders.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_nobody_to_choose() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.changes(|snapshot| snapshot.people.clear());
    assert_eq!(stage.says(SAM, press("manage", None, 9), None).await, "Thursday Line: nobody in the room.");
}

#[tokio::test(start_paused = true)]
async fn a_choice_is_taken_by_value_and_by_name_and_never_for_another() {
    let mut stage = stage(FakeDisk::default(), false);
    let mut given = async |command: &str, chosen: &str| {
        let slot = if command == "who" { "caller" } else { "callers" };
        let slots = vec![(slot.to_owned(), chosen.to_owned())];
        stage.ask("chat:crew", SAM, Input::Slots { command: command.to_owned(), slots }).await;
        stage.answer().await.0
    };
    for chosen in ["7", "#7", "7 Joel", "7 Joel, talking", "#7 joel, muted", "joel", "jOE"] {
        assert_eq!(given("mute", chosen).await, "Muting #7 Joel...", "{chosen}");
    }
    for (chosen, told) in [
        ("7 Marta, talking", "That choice is of another show. Nothing was done."),
        ("7 Jo", "That choice is of another show. Nothing was done."),
        ("9 Zed", "There is no #9."),
        ("zed", "Nobody here is called \"zed\"."),
    ] {
        let today = "Thursday Line: 3 in the room.\n#1 Dana, crew, 6 min\n#3 Marta, 6 min\n#7 Joel, 6 min";
        assert_eq!(given("kick", chosen).await, format!("{told}\n{today}"), "{chosen}");
    }
    assert_eq!(given("who", "5 Rick").await, "#5 Rick left 4 s ago.");
}
