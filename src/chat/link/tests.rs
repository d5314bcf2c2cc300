use std::sync::Arc;

use super::*;
use crate::testing::{crew_view, person, public_view};
use crate::text::{Doc, Foreign, Name};
use crate::{
    Asker, Audience, Claim, Class, Control, CrewView, Input, Press, PublicPerson, PublicView, Sign, Style,
    Ticket, UserId,
};

fn ends(room: usize) -> (mpsc::Receiver<(u64, Up)>, Generation, Link, Far) {
    let (tx, rx) = mpsc::channel(room);
    let generation = Generation::default();
    let (link, far) = link(tx, &generation, Vec::new());
    (rx, generation, link, far)
}

fn partial() -> Partial {
    let asker = Asker {
        user: UserId::new("console:tty"),
        name: Foreign::name("Sam"),
        claims: vec![Claim("console:host".into())],
        trusted_device: None,
    };
    Partial {
        place: PlaceId::new("p"),
        asker,
        command: "mute".into(),
        slot: "callers".into(),
        typed: "jo".into(),
    }
}

fn post() -> Post {
    Post {
        key: Key::Thing("stream".into()),
        place: PlaceId::new("p"),
        answers: Some(Ticket(3)),
        audience: Audience::Asker,
        class: Class::Answer,
        doc: Doc::new().strong("Topic: ").foreign(&Foreign::text("buses")).line().person(7, None, None),
        controls: vec![Control::Button {
            label: "Remove".into(),
            style: Style::Danger,
            press: Press { verb: "kick".into(), show: 1, number: Some(7), version: 9 },
        }],
        wake: vec![UserId::new("discord:1")],
        last: true,
    }
}

#[test]
fn a_revoked_run_can_say_nothing() {
    let (mut heard, generation, link, far) = ends(8);
    let up = link.uplink();
    assert_eq!(up.beat(), Ok(()));
    assert!(matches!(heard.try_recv(), Ok((1, Up::Beat))));
    assert_eq!(far.generation, 1);
    generation.revoke();
    assert_eq!(up.health(Health::Up), Err(Refused::Revoked));
    assert!(heard.try_recv().is_err());
}

#[test]
fn a_new_run_takes_the_voice_of_the_old_one() {
    let (tx, mut heard) = mpsc::channel(8);
    let generation = Generation::default();
    let (old, _far) = link(tx.clone(), &generation, Vec::new());
    let (new, far) = link(tx, &generation, Vec::new());
    assert_eq!(old.uplink().beat(), Err(Refused::Revoked));
    assert_eq!(new.uplink().beat(), Ok(()));
    assert!(matches!(heard.try_recv(), Ok((number, Up::Beat)) if number == far.generation));
}

#[test]
fn a_full_desk_refuses_at_once() {
    let (heard, _generation, link, _far) = ends(1);
    let up = link.uplink();
    assert_eq!(up.beat(), Ok(()));
    assert_eq!(up.beat(), Err(Refused::Busy));
    drop(heard);
    assert_eq!(up.beat(), Err(Refused::Revoked));
}

#[tokio::test]
async fn stop_outruns_posts_that_wait() {
    let (_heard, _generation, mut link, far) = ends(1);
    far.posts.try_send(post()).unwrap();
    assert_eq!(link.next().await, Some(post()));
    far.posts.try_send(post()).unwrap();
    far.stop.send_replace(true);
    assert_eq!(link.next().await, None);
}

#[tokio::test]
async fn a_bot_that_is_gone_means_stop() {
    let (_heard, _generation, mut link, far) = ends(1);
    drop(far);
    assert_eq!(link.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_menu_never_hangs() {
    let (mut heard, _generation, link, _far) = ends(2);
    assert!(link.uplink().complete(partial()).await.is_empty());
    assert!(matches!(heard.try_recv(), Ok((_, Up::Complete(..)))));
}

fn there_and_back<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
}

#[test]
fn what_crosses_is_serde() {
    there_and_back(&post());
    there_and_back(&partial());
    let inputs = [
        Input::Text("mute 2".into()),
        Input::Slots { command: "mute".into(), slots: vec![("callers".into(), "2".into())] },
        Input::On { post: Key::Notice(3), with: Sign::React("x".into()) },
        Input::Topic("buses".into()),
    ];
    for input in inputs {
        let Partial { place, asker, .. } = partial();
        there_and_back(&Invocation { ticket: Ticket(1), place, asker, input });
    }
    let people = vec![person(7, "Joel"), person(8, "+441134960017")];
    there_and_back(&Board::Crew(Arc::new(CrewView { people, ..crew_view("Thursday Line") })));
    let people = vec![PublicPerson { name: Name::new("Joel"), crew: false, talking: true, muted: false }];
    there_and_back(&Board::Public(Arc::new(PublicView { people, ..public_view("Thursday Line") })));
    there_and_back(&Health::Degraded("slow".into()));
    there_and_back(&Fault::Remedy("give it a role".into()));
}

#[test]
fn what_comes_in_is_tamed_again() {
    let name: Result<Name, _> = serde_json::from_str("\"+44 113 496 0017\"");
    assert!(name.is_err());
    let text: Foreign = serde_json::from_str("\"\\u001b[31mx\"").unwrap();
    assert_eq!(text.as_str(), "[31mx");
}
