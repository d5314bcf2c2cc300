//! Replies and reactions: whom a message is about need not be typed.

use gavel_chat::{Class, Sign};

use super::*;
use crate::fixtures::person;

const SAM: &[&str] = &["chat:role:1"];
const LEE: &[&str] = &["chat:role:2"];

const MUTE: &str = "\u{1f507}";
const UNMUTE: &str = "\u{1f50a}";
const KICK: &str = "\u{1f462}";
const LOCK: &str = "\u{1f512}";
const REFRESH: &str = "\u{1f504}";
const YES: &str = "\u{2705}";

impl Play {
    /// The announcer tells of a notice.
    async fn noticed(&self, notice: u64, about: Option<u32>) {
        let about = about.map(|number| (number, call(number)));
        let place = PlaceId::new("chat:crew");
        self.heard.send(Heard::Notice { place, notice, about }).await.unwrap();
        // It is heard before what people say about it.
        tokio::task::yield_now().await;
    }

    async fn sign(&self, claims: &[&str], post: Key, with: Sign) {
        self.ask("chat:crew", claims, Input::On { post, with }).await;
    }

    async fn react(&self, claims: &[&str], post: Key, emoji: &str) {
        self.sign(claims, post, Sign::React(emoji.to_owned())).await;
    }

    async fn reply(&mut self, notice: u64, words: &str) -> String {
        self.sign(SAM, Key::Notice(notice), Sign::Reply(words.to_owned())).await;
        self.answer().await.0
    }

    /// The answer to a reaction.
    async fn reacted(&mut self, post: Key, emoji: &str) -> Post {
        self.react(SAM, post, emoji).await;
        let post = self.post().await;
        assert_eq!(post.answers, Some(Ticket(7)));
        post
    }

    /// Nothing was answered before this was.
    async fn silence(&mut self) {
        self.type_in("chat:crew", "topic").await;
        assert_eq!(self.answer().await.0, "There is no topic.");
        assert!(self.orders.try_recv().is_err());
    }

    fn becomes(&self, change: impl FnOnce(&mut RoomSnapshot)) {
        self.snapshot.send_modify(|snapshot| {
            let snapshot = Arc::make_mut(snapshot);
            snapshot.version += 1;
            change(snapshot);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_acts_on_whom_the_notice_is_about() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.noticed(4, Some(7)).await;
    for (words, first) in [
        ("mute", "Muting #7 Joel..."),
        ("Unmute", "Unmuting #7 Joel..."),
        ("mute #7", "Muting #7 Joel..."),
        ("mute marta", "Muting #3 Marta..."),
        ("mute all", "Muting all but the crew..."),
        ("lock", "Locking the room..."),
    ] {
        assert_eq!(stage.reply(4, words).await, first, "{words}");
        stage.ordered().await;
    }
    for (words, reason) in
        [("kick", None), ("kick noise", Some("noise")), ("k: night bus", Some("night bus"))]
    {
        assert_eq!(stage.reply(4, words).await, "Removing #7 Joel...", "{words}");
        let order = stage.ordered().await;
        assert_eq!((order.wish, order.reason.as_deref()), (Wish::Kick { call: call(7) }, reason));
    }
    stage.reply(4, "note wants to sing").await;
    let Wish::Note { call: of, text: note, .. } = stage.ordered().await.wish else { panic!() };
    assert_eq!((of, note.as_deref()), (call(7), Some("wants to sing")));
    let who = stage.reply(4, "who").await;
    assert!(who.starts_with("#7 Joel, ends 17"), "{who}");
}

#[tokio::test(start_paused = true)]
async fn where_it_is_not_clear_whom_nothing_is_done() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.noticed(4, Some(7)).await;
    stage.noticed(5, None).await;
    let unclear =
        "That message does not say which one caller is meant. Nothing was done. Type the number, such as: ";
    assert_eq!(stage.reply(5, "mute").await, format!("{unclear}mute 3"), "it is about several");
    assert_eq!(stage.reply(6, "kick noise").await, format!("{unclear}kick 3"), "of an earlier run");
    assert_eq!(
        stage.reply(4, "kick 3").await,
        "You replied to #7 and wrote another number. Nothing was done."
    );
    assert_eq!(stage.reply(5, "sing").await, "There is no \"sing\". Type help for what you can do here.");
    assert!(plain(&stage.reacted(Key::Notice(5), KICK).await.doc).starts_with(unclear));
    stage.noticed(4, None).await;
    assert_eq!(stage.reply(4, "mute").await, format!("{unclear}mute 3"), "more was folded into it");
    stage.noticed(8, Some(9)).await;
    stage.becomes(|snapshot| {
        let mut other = person(9, "Ali");
        other.call = call(77);
        snapshot.people.push(other);
    });
    assert_eq!(
        stage.reply(8, "mute").await,
        "That message is of an earlier show. Nothing was done. Type the number, such as: mute 3"
    );
    assert!(stage.orders.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_anything_else_is_a_command_like_any_other() {
    let mut stage = stage(FakeDisk::default(), false);
    for (post, words, said) in [
        (Key::Roster, "mute", "Usage: mute N.. or mute all"),
        (Key::Answer(1), "mute 7", "Muting #7 Joel..."),
        (Key::Roster, "lock", "Locking the room..."),
    ] {
        stage.sign(SAM, post, Sign::Reply(words.to_owned())).await;
        assert_eq!(stage.answer().await.0, said, "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn reactions_on_a_notice() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.noticed(4, Some(7)).await;
    for (emoji, said, on) in [(MUTE, "Muting #7 Joel...", true), (UNMUTE, "Unmuting #7 Joel...", false)] {
        assert_eq!(plain(&stage.reacted(Key::Notice(4), emoji).await.doc), said);
        assert_eq!(stage.ordered().await.wish, Wish::Mute { call: call(7), on });
    }
    let asked = stage.reacted(Key::Notice(4), KICK).await;
    assert_eq!(
        plain(&asked.doc),
        "Remove #7 Joel from the room? Or type: kick 7, or put \u{2705} on this message."
    );
    assert!(stage.orders.try_recv().is_err(), "not before it is confirmed");
    stage.becomes(|snapshot| snapshot.people.push(person(8, "Ali")));
    let done = stage.reacted(asked.key.clone(), YES).await;
    assert_eq!(plain(&done.doc), "Removing #7 Joel...");
    assert_eq!(stage.ordered().await.wish, Wish::Kick { call: call(7) });
    stage.react(SAM, asked.key, YES).await;
    stage.silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_is_answered_by_whom_was_asked_and_within_a_minute() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.noticed(4, Some(7)).await;
    let asked = stage.reacted(Key::Notice(4), KICK).await;
    let mut other = asker(SAM);
    other.user = UserId::new("chat:kim");
    let input = Input::On { post: asked.key.clone(), with: Sign::React(YES.to_owned()) };
    let place = PlaceId::new("chat:crew");
    let invocation = Invocation { ticket: Ticket(7), place, asker: other, input };
    stage.said.send(Said { network: "chat", up: Up::Invoke(invocation) }).await.unwrap();
    stage.silence().await;
    tokio::time::advance(Duration::from_secs(60)).await;
    let late = stage.reacted(asked.key, YES).await;
    assert_eq!(plain(&late.doc), "That question was asked more than a minute ago. Nothing was done.");
    stage.react(SAM, Key::Answer(1), YES).await;
    stage.silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_right_that_was_taken_away_meanwhile_confirms_nothing() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.noticed(4, Some(7)).await;
    let asked = stage.reacted(Key::Notice(4), KICK).await;
    stage.react(&[], asked.key, YES).await;
    assert_eq!(stage.answer().await.0, "Co-hosts only.");
    assert!(stage.orders.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn reactions_on_the_card() {
    let mut stage = stage(FakeDisk::default(), false);
    let card = stage.reacted(Key::Roster, REFRESH).await;
    assert_eq!((card.key, card.class, card.last), (Key::Roster, Class::Card, true));
    assert!(plain(&card.doc).starts_with("Thursday Line: 3 in the room."));
    let all = stage.reacted(Key::Roster, MUTE).await;
    assert_eq!(
        plain(&all.doc),
        "Mute all but the crew (2 callers)? Late callers too, until: unmute all. Or type: mute all, or put \u{2705} on \
         this message."
    );
    let lock = stage.reacted(Key::Roster, LOCK).await;
    assert!(plain(&lock.doc).starts_with("Lock the room with 2 callers in it?"));
    stage.becomes(|snapshot| snapshot.people.push(person(8, "Ali")));
    assert_eq!(plain(&stage.reacted(lock.key, YES).await.doc), "Locking the room...", "a busy room");
    assert!(matches!(stage.ordered().await.wish, Wish::Lock { on: true, .. }));
    assert_eq!(plain(&stage.reacted(all.key, YES).await.doc), "Muting all but the crew...");
    stage.ordered().await;
    stage.becomes(|snapshot| snapshot.people.clear());
    assert_eq!(plain(&stage.reacted(Key::Roster, LOCK).await.doc), "Locking the room...", "nobody is in");
    stage.ordered().await;
    stage.becomes(|snapshot| snapshot.locked = true);
    assert_eq!(
        plain(&stage.reacted(Key::Roster, LOCK).await.doc),
        "Locking the room...",
        "the core says that it is"
    );
}

#[tokio::test(start_paused = true)]
async fn who_may_not_and_what_means_nothing_is_passed_over() {
    let mut stage = stage(FakeDisk::default(), false);
    stage.noticed(4, Some(7)).await;
    for claims in [&[][..], LEE] {
        for (post, emoji) in [
            (Key::Notice(4), MUTE),
            (Key::Notice(4), UNMUTE),
            (Key::Notice(4), KICK),
            (Key::Notice(99), KICK),
            (Key::Roster, MUTE),
            (Key::Roster, LOCK),
        ] {
            stage.react(claims, post, emoji).await;
        }
    }
    for (post, emoji) in [
        (Key::Notice(4), "\u{1f44d}"),
        (Key::Notice(4), LOCK),
        (Key::Notice(4), YES),
        (Key::Roster, KICK),
        (Key::Answer(3), KICK),
    ] {
        stage.react(SAM, post, emoji).await;
    }
    stage.sign(SAM, Key::Notice(4), Sign::Unreact(MUTE.to_owned())).await;
    stage.silence().await;
}
