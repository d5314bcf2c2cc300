//! A server with hundreds of rooms is not looked through for what happens in one: counted, not timed.

use super::*;

const ROOMS: usize = 300;
/// More than any of them takes, and far fewer than there are.
const FEW: usize = 40;

fn name(at: usize) -> String {
    format!("{}", 1000 + at)
}

fn one_in(at: usize) -> Someone {
    someone(&format!("7.{at}"))
}

/// So many rooms, each with a lobby and one in its conference.
fn big() -> Stage {
    let one = with_lobby().rooms.remove(0);
    let rooms = (0..ROOMS).map(|at| RoomSetup {
        name: RoomName::new(name(at)),
        conference: ConferenceName::new(name(at)),
        lobby: Some(ConferenceName::new(format!("lobby-{at}"))),
        ..one.clone()
    });
    let setup = PbxSetup { server: ServerName::new("main"), rooms: rooms.collect() };
    let mut s = Stage::new(setup, Restored::default());
    let people: Vec<_> = (0..ROOMS).map(|at| (name(at), [one_in(at)])).collect();
    let listed: Vec<_> = people.iter().map(|(name, people)| (name.as_str(), &people[..])).collect();
    s.login(&listed);
    s.changed();
    s.forget();
    s
}

impl Stage {
    /// At how many rooms and lists something looks, with the pictures and the next deadline of a client.
    fn looks(&mut self, happens: impl FnOnce(&mut Self)) -> usize {
        let looks = |s: &mut Self| s.pbx.rooms.looks() + s.pbx.lists.looks();
        looks(self);
        happens(self);
        self.changed();
        self.pbx.deadline();
        looks(self)
    }

    fn looks_few(&mut self, what: &str, happens: impl FnOnce(&mut Self)) {
        let looks = self.looks(happens);
        assert!(looks < FEW, "{what}: {looks} looks");
    }
}

/// Events of one room, with somebody who hangs up after his leave was held back.
fn events(s: &mut Stage, at: usize) {
    let (name, ann) = (name(at), one_in(at));
    s.looks_few("a talker", |s| s.event(&ann.event("ConfbridgeTalking", &name, "TalkingStatus: on\r\n")));
    s.looks_few("a mute", |s| s.event(&ann.event("ConfbridgeMute", &name, "")));
    s.looks_few("a leave", |s| s.event(&ann.leave(&name)));
    s.looks_few("a hangup", |s| s.event(&ann.event("Hangup", "", "")));
    s.looks_few("a join", |s| s.event(&one_in(at).join(&name)));
}

#[test]
fn events_and_deadlines_look_at_their_own_room_alone() {
    let mut s = big();
    events(&mut s, 5);
    s.looks_few("a leave", |s| s.event(&one_in(6).leave(&name(6))));
    s.looks_few("the end of its delay", |s| s.pass(1));
    assert!(matches!(s.told().last(), Some((What::Left { .. }, None))));
}

#[test]
fn nor_do_they_look_further_while_an_order_is_in_flight() {
    let mut s = big();
    let wish = Wish::Mute { call: call("7.5"), on: true };
    let order = Order { id: OrderId(1), by: by("Sam"), wish, reason: None, epoch: 1 };
    s.looks_few("the order", |s| {
        s.pbx.order(s.now, order);
        s.collect();
    });
    s.looks_few("the answer", |s| s.ok("ConfbridgeMute"));
    events(&mut s, 9);
    s.pass(3);
    let token = s.members_begin(&name(5));
    s.looks_few("a list", |s| s.members_end(token, &name(5), &[one_in(5)]));
    assert_eq!(s.last(1), Step::NotYet);
    s.pass(27);
    let token = s.members_begin(&name(2));
    s.looks_few("another list", |s| s.members_end(token, &name(2), &[one_in(2)]));
}
