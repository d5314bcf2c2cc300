use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::setup::Files;

pub(crate) fn world(style: Style) -> World {
    World::new(Arc::new(Setup::new(style, Files::REHEARSAL).unwrap()), Duration::ZERO)
}

fn call(world: &mut World, context: &str, exten: &str, number: &str) -> Id {
    let call = NewCall {
        endpoint: "trunk".into(),
        number: number.into(),
        name: b"O'Hara".to_vec(),
        context: context.into(),
        exten: exten.into(),
    };
    let id = world.call(&call);
    pass(world, 100);
    id
}

fn pass(world: &mut World, milliseconds: u64) {
    let now = world.now + Duration::from_millis(milliseconds);
    world.advance(now);
}

fn events(world: &mut World) -> Vec<String> {
    let packets = std::iter::from_fn(|| world.poll());
    packets.map(|p| String::from_utf8_lossy(&p.bytes).into_owned()).collect()
}

fn named<'a>(events: &'a [String], name: &str) -> Vec<&'a String> {
    events.iter().filter(|e| e.starts_with(&format!("Event: {name}\r\n"))).collect()
}

#[test]
fn a_locked_room_lets_admins_in_alone_and_forgets_the_lock_with_its_end() {
    let mut world = world(Style::V22);
    call(&mut world, "conf", "200", "1");
    assert_eq!(world.lock(b"200", true), Word::Done);
    call(&mut world, "conf", "200", "2");
    call(&mut world, "crew", "200", "3");
    assert_eq!(world.truth().conference("200").unwrap().members.len(), 2);
    world.kick(b"200", Who::All);
    pass(&mut world, 10);
    assert_eq!((world.rooms().count(), world.lock(b"200", true)), (0, Word::NoRooms));
    call(&mut world, "conf", "200", "4");
    assert!(!world.truth().conference("200").unwrap().locked);
}

#[test]
fn meetme_gives_a_number_again() {
    let mut world = world(Style::V22);
    for number in ["1", "2", "3"] {
        call(&mut world, "conf", "400", number);
    }
    world.kick_user(b"400", Usernum::One(3));
    pass(&mut world, 100);
    call(&mut world, "conf", "400", "4");
    let truth = world.truth();
    let last = truth.conference("400").unwrap().members.last().unwrap().clone();
    assert_eq!((last.user, last.number.as_str()), (Some(3), "4"));
}

#[test]
fn who_was_muted_in_meetme_asks_to_talk() {
    let mut world = world(Style::V22);
    world.hear(Classes::ALL);
    let id = call(&mut world, "conf", "400", "1");
    assert!(world.mute_user(b"400", Usernum::One(1), true));
    for key in *b"*1*2*2" {
        world.press(id, key);
        pass(&mut world, 200);
    }
    let told = events(&mut world);
    assert_eq!((named(&told, "MeetmeTalkRequest").len(), named(&told, "MeetmeMute").len()), (1, 1));
    assert!(world.truth().conference("400").unwrap().members[0].request);
    assert!(world.mute_user(b"400", Usernum::One(1), false));
    assert_eq!(named(&events(&mut world), "MeetmeTalkRequest").len(), 1, "lowered with the mute");
}

#[test]
fn eleven_has_no_events_for_mutes_and_small_names() {
    let mut world = world(Style::V11);
    world.hear(Classes::ALL);
    let id = call(&mut world, "conf", "200", "1");
    let name = world.get(id).unwrap().name.clone();
    world.mute(b"200", Who::One(&name), true);
    let told = events(&mut world);
    assert!(named(&told, "ConfbridgeMute").is_empty());
    let join = named(&told, "ConfbridgeJoin")[0];
    assert!(join.contains("CallerIDname: O'Hara\r\n") && !join.contains("BridgeUniqueid"));
    let item = String::from_utf8(world.room_items(world.room(b"200").unwrap(), None).remove(0)).unwrap();
    assert!(item.contains("Muted: Yes") && !item.contains("Uniqueid") && !item.contains("Talking"));
}

#[test]
fn nothing_is_rendered_that_nobody_hears() {
    let mut world = world(Style::V22);
    call(&mut world, "conf", "200", "1");
    assert!(world.poll().is_none());
    world.hear(Classes::parse("user"));
    call(&mut world, "conf", "200", "2");
    assert!(world.poll().is_none());
}

#[test]
fn talking_begins_and_ends_with_the_delays_of_the_detection() {
    let mut world = world(Style::V22);
    world.hear(Classes::ALL);
    let id = call(&mut world, "conf", "200", "1");
    let statuses = |world: &mut World| {
        let told = events(world);
        named(&told, "ConfbridgeTalking").iter().map(|e| e.contains("TalkingStatus: on")).collect::<Vec<_>>()
    };
    world.sound(id, true);
    pass(&mut world, 50);
    assert_eq!(statuses(&mut world), [true]);
    world.sound(id, false);
    pass(&mut world, 500);
    assert!(statuses(&mut world).is_empty());
    pass(&mut world, 600);
    assert_eq!(statuses(&mut world), [false]);
}

#[test]
fn a_hundred_thousand_participants() {
    let mut world = world(Style::V22);
    world.hear(Classes::parse("call"));
    for n in 0..100_000 {
        let call = NewCall {
            endpoint: "trunk".into(),
            number: n.to_string().into(),
            context: "conf".into(),
            exten: "200".into(),
            ..NewCall::default()
        };
        world.call(&call);
        if n % 1000 == 0 {
            pass(&mut world, 1);
            while world.poll().is_some() {}
        }
    }
    pass(&mut world, 100);
    while world.poll().is_some() {}
    assert_eq!(world.truth().members(), 100_000);
    let last = world.channels().last().unwrap().name.clone();
    assert_eq!(world.mute(b"200", Who::One(&last), true), Word::Done);
    assert!(world.poll().is_some_and(|p| p.bytes.starts_with(b"Event: ConfbridgeMute")));
}

#[derive(Clone, Debug)]
enum Step {
    Call(u8, u8),
    HangUp(u8),
    Redirect(u8, u8),
    Kick(u8),
    Mute(u8, bool),
    Key(u8, u8),
    Sound(u8, bool),
    Lock(bool),
    Originate(u8),
    Pass(u16),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..4, 0u8..6).prop_map(|(c, e)| Step::Call(c, e)),
        2 => any::<u8>().prop_map(Step::HangUp),
        2 => (any::<u8>(), 0u8..6).prop_map(|(c, e)| Step::Redirect(c, e)),
        2 => any::<u8>().prop_map(Step::Kick),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(c, on)| Step::Mute(c, on)),
        2 => (any::<u8>(), 0u8..6).prop_map(|(c, k)| Step::Key(c, k)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(c, on)| Step::Sound(c, on)),
        1 => any::<bool>().prop_map(Step::Lock),
        1 => (0u8..6).prop_map(Step::Originate),
        4 => (0u16..3000).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

fn take(world: &mut World, step: &Step) {
    const CONTEXTS: [&str; 4] = ["conf", "crew", "waits", "muted"];
    const EXTENS: [&str; 6] = ["200", "201", "400", "lobby", "music", "nowhere"];
    let ids: Vec<Id> = world.channels().map(|c| c.id).collect();
    let pick = |n: u8| ids.get(n as usize % ids.len().max(1)).copied().unwrap_or_default();
    match *step {
        Step::Call(context, exten) => {
            call(world, CONTEXTS[context as usize], EXTENS[exten as usize], "1");
        }
        Step::HangUp(n) => world.hang_up(pick(n)),
        Step::Redirect(n, exten) if !ids.is_empty() => {
            world.redirect(pick(n), "conf", EXTENS[exten as usize], 1);
        }
        Step::Redirect(..) => {}
        Step::Kick(n) => {
            let name = world.get(pick(n)).map(|c| c.name.clone()).unwrap_or_default();
            world.kick(b"200", Who::One(&name));
            world.kick_user(b"400", Usernum::One(u32::from(n % 4)));
        }
        Step::Mute(n, on) => {
            let name = world.get(pick(n)).map(|c| c.name.clone()).unwrap_or_default();
            world.mute(b"200", Who::One(&name), on);
            world.mute_user(b"400", Usernum::One(u32::from(n % 4)), on);
        }
        Step::Key(n, key) => world.press(pick(n), b"1235*9"[key as usize]),
        Step::Sound(n, on) => world.sound(pick(n), on),
        Step::Lock(on) => {
            world.lock(b"200", on);
            world.lock_hall(b"400", on);
        }
        Step::Originate(exten) => world.originate(Originate {
            channel: format!("Local/{}@conf/n", EXTENS[exten as usize]),
            target: Target::Place("leg".into(), "talk".into(), 1),
            timeout: Some(Duration::from_secs(2)),
            ..Originate::default()
        }),
        Step::Pass(time) => pass(world, u64::from(time)),
        Step::Restart => world.reboot(),
    }
}

/// The invariants of the module.
fn check(world: &World) {
    assert_eq!((world.by_name.len(), world.by_uniqueid.len()), (world.channels.len(), world.channels.len()));
    let seated = world.channels.values().filter(|c| c.seat.is_some()).count();
    let members: usize = world.rooms.values().map(|r| r.members.len()).sum();
    let users: usize = world.halls.values().map(|h| h.users.len()).sum();
    assert_eq!(seated, members + users);
    for room in world.rooms.values() {
        assert!(!room.members.is_empty());
        assert_eq!(room.marked, room.members.values().filter(|m| m.profile.marked).count());
        assert!(room.members.values().all(|m| world.get(m.id).is_some_and(|c| c.seat.is_some())));
    }
    assert!(world.halls.values().all(|h| !h.users.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens: the indexes hold, and who listens from the beginning knows who is in which room at the end.
    #[test]
    fn the_events_tell_the_truth(steps in proptest::collection::vec(step(), 0..60)) {
        let mut world = world(Style::V22);
        world.hear(Classes::ALL);
        let mut seats: std::collections::BTreeSet<(String, String)> = Default::default();
        for step in &steps {
            take(&mut world, step);
            check(&world);
            if matches!(step, Step::Restart) {
                seats.clear();
            }
            for event in events(&mut world) {
                let get = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned();
                let seat = (get("Conference") + &get("Meetme"), get("Uniqueid"));
                match get("Event").as_str() {
                    "ConfbridgeJoin" | "MeetmeJoin" => prop_assert!(seats.insert(seat)),
                    "ConfbridgeLeave" | "MeetmeLeave" => prop_assert!(seats.remove(&seat)),
                    _ => {}
                }
            }
        }
        let truth = world.truth();
        let members = truth.conferences.iter().flat_map(|c| c.members.iter().map(|m| (c.name.clone(), m.uniqueid.clone())));
        prop_assert_eq!(seats, members.collect());
    }
}
