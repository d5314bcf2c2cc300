//! A crew at work: commands, the card, replies, reactions.

use gavel_matrix_lab::Limits;

use super::open;
use crate::backend::{Asterisk, Backend};
use crate::community::PATIENCE;
use crate::control::{Call, Control, Member};
use crate::until;

fn three(control: &Control) -> [Member; 3] {
    let names = [("1001", "Marta Kovács"), ("1002", "Joel"), ("1003", "Priya Raman")];
    names.map(|(number, name)| control.call(Call { name: name.as_bytes(), ..Call::silent(number) }))
}

fn muted(control: &Control, whom: &Member) -> bool {
    let members = control.members("200");
    members.iter().find(|member| member.uniqueid == whom.uniqueid).expect("still there").muted
}

fn inside(control: &Control, whom: &Member) -> bool {
    control.members("200").iter().any(|member| member.uniqueid == whom.uniqueid)
}

pub(crate) fn the_crew_moderates(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let [_, joel, priya] = three(&control);
    let (_home, gavel, mut community) = open(backend, &asterisk, Limits::Relaxed);
    let card = community.card("three on the card", |text| text.contains("3 in the room"));
    let (crew, other, public) = (community.crew.clone(), community.other.clone(), community.public.clone());

    let answer = community.sam.asks(&crew, "!mute 2");
    assert_eq!((answer.text.as_str(), answer.decrypted), ("#2 Joel muted.", true));
    assert!(muted(&control, &joel));
    let told = community.dana.line(&other, "the notice", |line| line == "#2 Joel muted by Sam.");
    assert!(told.decrypted);
    let now = community.card("the mute on the card", |text| text.contains("#2 Joel, muted by Sam"));
    assert_eq!((now.id, now.decrypted), (card.id.clone(), true), "by edits alone");

    let mark = control.mark();
    let answer = community.sam.asks(&crew, "!Kick 3: noise");
    assert_eq!(answer.text, "#3 Priya Raman removed: noise.");
    control.wait(mark, |packet| packet.left(&priya));
    community.ola.line(&public, "the public's card", |line| line == "2 callers");
    let now =
        community.card("two on the card", |text| text.contains("2 in the room") && !text.contains("Priya"));
    assert_eq!(now.id, card.id);

    let answer = community.ola.asks(&crew, "!kick 2");
    assert_eq!(answer.text, "Co-hosts only.");
    assert!(inside(&control, &joel));
    assert!(gavel.terminate().0.success());
}

/// Nobody need type whom a notice is about.
pub(crate) fn reactions_and_replies(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let (_home, _gavel, mut community) = open(backend, &asterisk, Limits::Relaxed);
    let crew = community.crew.clone();
    let joel = control.call(Call { name: b"Joel", ..Call::silent("1002") });
    let joined = community.sam.line(&crew, "the join", |line| line.starts_with("#1 Joel joined"));

    let typed = community.sam.person.reply(&crew, &joined.id, "mute");
    assert_eq!(community.sam.answer("mute", &typed).text, "#1 Joel muted.");
    assert!(muted(&control, &joel));
    community.sam.reacts(&joined, "\u{1f50a}");
    until(PATIENCE, "unmuted by a sign", || (!muted(&control, &joel)).then_some(()));

    // The boot asks; whoever was not asked cannot say yes.
    community.sam.reacts(&joined, "\u{1f462}\u{fe0f}");
    let asked = community.sam.line(&crew, "the question", |line| line.starts_with("Remove #1 Joel"));
    assert!(asked.decrypted);
    community.ola.look();
    community.ola.reacts(&asked, "\u{2705}");
    community.ola.asks(&crew, "!roster");
    assert!(inside(&control, &joel));
    let mark = control.mark();
    community.sam.reacts(&asked, "\u{2705}");
    control.wait(mark, |packet| packet.left(&joel));
    community.sam.line(&crew, "the outcome", |line| line == "#1 Joel removed.");
}
