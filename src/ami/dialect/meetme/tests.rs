use super::*;
use crate::model::ConferenceName;
use crate::wire::{Decoder, Kind, OwnedFrame, Step};

/// Asterisk of that AMI version, to a user who may use these actions.
fn dialect(ami: &str, may: &[&str]) -> MeetMe {
    let actions = may.iter().map(|action| ((*action).to_owned(), String::new())).collect();
    MeetMe::speaking(&Greeting { ami: ami.to_owned(), actions, ..Greeting::default() })
}

const ALL: [&str; 6] = ["MeetmeList", "MeetmeListRooms", "CoreShowChannels", "Command", "Hangup", "Status"];

fn packet(text: &str) -> Item {
    Item::Packet(OwnedFrame::parse(text.as_bytes()))
}

fn line(text: &str) -> Item {
    Item::Line(text.as_bytes().to_vec())
}

fn recording(name: &str) -> Vec<OwnedFrame> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/transcripts/asterisk-22/");
    let mut decoder = Decoder::new();
    decoder.push(&std::fs::read(format!("{path}{name}")).unwrap());
    let mut out = Vec::new();
    loop {
        match decoder.step() {
            Step::Frame => out.push(decoder.frame().to_owned()),
            Step::Banner => {}
            _ => return out,
        }
    }
}

fn target<'a>(conference: &'a ConferenceName, last: bool) -> Target<'a> {
    Target { conference, call: "1.3", channel: "PJSIP/ann-1", slot: Some(3), last }
}

/// `Action value ...` of an act.
fn sent(dialect: MeetMe, act: &Act<'_>) -> String {
    let action = dialect.action(act).unwrap();
    let values = action.headers().map(|(_, v)| String::from_utf8_lossy(v).into_owned());
    values.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_number_has_three_names_and_the_caller_two() {
    // Event, Asterisk's AMI version, what it shows.
    let cases = [
        (
            "1.0",
            "Event: MeetmeJoin\r\nChannel: SIP/a-1\r\nUniqueid: 1.3\r\nMeetme: 400\r\nUsernum: 3\r\n\r\n",
            None,
        ),
        (
            "1.1",
            "Event: MeetmeJoin\r\nChannel: SIP/a-1\r\nUniqueid: 1.3\r\nMeetme: 400\r\nUsernum: 3\r\n\
             CallerIDnum: 7100\r\nCallerIDname: O'Hara \\ Q\r\n\r\n",
            Some("O'Hara \\ Q"),
        ),
        (
            "1.3",
            "Event: MeetmeJoin\r\nChannel: SIP/a-1\r\nUniqueid: 1.3\r\nMeetme: 400\r\nUsernum: 3\r\n\
             CallerIDnum: 7100\r\nCallerIDname: <no name>\r\nConnectedLineNum: 1\r\nConnectedLineName: x\r\n\r\n",
            None,
        ),
        (
            "11.0.0",
            "Event: MeetmeJoin\r\nMeetme: 400\r\nChannel: SIP/a-1\r\nCallerIDNum: 7100\r\n\
             CallerIDName: O\\'Hara\r\nUniqueid: 1.3\r\nLinkedid: 1.2\r\nUser: 3\r\n\r\n",
            Some("O'Hara"),
        ),
    ];
    for (ami, text, name) in cases {
        let (dialect, frame) = (dialect(ami, &ALL), OwnedFrame::parse(text.as_bytes()));
        let Some(Fact::Joined { conference: b"400", frame }) = dialect.fact(b"MeetmeJoin", frame.view())
        else {
            panic!("{text}");
        };
        let seen = dialect.seen(frame).unwrap();
        assert_eq!((seen.call, seen.slot, seen.name.as_deref()), (Some("1.3"), Some(3), name), "{ami}");
    }
}

#[test]
fn talking_of_all_times() {
    let text = |name: &str, status: &str| {
        format!(
            "Event: {name}\r\nChannel: SIP/a-1\r\nUniqueid: 1.3\r\nMeetme: 400\r\nUsernum: 3\r\n{status}\r\n"
        )
    };
    let of = |name: &str, status: &str| {
        let frame = OwnedFrame::parse(text(name, status).as_bytes());
        match dialect("1.0", &ALL).fact(name.as_bytes(), frame.view()) {
            Some(Fact::Talking { conference: b"400", call: "1.3", on }) => on,
            other => panic!("{other:?}"),
        }
    };
    assert!(of("MeetmeTalking", ""), "1.2 says it by the event alone");
    assert!(of("MeetmeTalking", "Status: on\r\n"));
    assert!(!of("MeetmeTalking", "Status: off\r\n"));
    assert!(!of("MeetmeStopTalking", ""));
}

/// As 1.4, 1.6, 11 and 22 write them.
#[test]
fn leaves_and_mutes_of_all_times() {
    let who = "Channel: SIP/a-1\r\nUniqueid: 1.3\r\nMeetme: 400\r\nUsernum: 3";
    let caller = "CallerIDNum: 7100\r\nCallerIDName: Ann";
    let new = format!("Meetme: 400\r\nChannel: SIP/a-1\r\n{caller}\r\nUniqueid: 1.3\r\nLinkedid: 1.2");
    let cases = [
        (
            "1.0",
            "MeetmeLeave",
            format!("{who}\r\nCallerIDnum: 7100\r\nCallerIDname: Ann\r\nDuration: 7"),
            None,
        ),
        ("1.1", "MeetmeLeave", format!("{who}\r\n{caller}\r\nDuration: 7"), None),
        ("1.3", "MeetmeLeave", format!("{who}\r\n{caller}\r\nConnectedLineNum: 1\r\nDuration: 7"), None),
        ("11.0.0", "MeetmeLeave", format!("{new}\r\nUser: 3"), None),
        ("1.0", "MeetmeMute", format!("{who}\r\nStatus: on"), Some(true)),
        ("1.3", "MeetmeMute", format!("{who}\r\nStatus: off"), Some(false)),
        ("11.0.0", "MeetmeMute", format!("{new}\r\nStatus: on\r\nUser: 3\r\nDuration: 7"), Some(true)),
    ];
    for (ami, name, text, expected) in cases {
        let frame = OwnedFrame::parse(format!("Event: {name}\r\n{text}\r\n\r\n").as_bytes());
        match (dialect(ami, &ALL).fact(name.as_bytes(), frame.view()), expected) {
            (Some(Fact::Left { conference: b"400", call: "1.3" }), None) => {}
            (Some(Fact::Muted { conference: b"400", call: "1.3", on }), Some(expected)) => {
                assert_eq!(on, expected)
            }
            (other, _) => panic!("{ami} {name}: {other:?}"),
        }
    }
}

#[test]
fn a_talk_request_is_a_raised_hand() {
    let text = "Event: MeetmeTalkRequest\r\nUniqueid: 1.3\r\nMeetme: 400\r\nUser: 3\r\nStatus: off\r\n\r\n";
    let frame = OwnedFrame::parse(text.as_bytes());
    let fact = dialect("11.0.0", &ALL).fact(b"MeetmeTalkRequest", frame.view());
    assert!(matches!(fact, Some(Fact::Hand { call: "1.3", on: false, .. })));
}

#[test]
fn the_recorded_lists_say_the_same_as_the_recorded_lines() {
    let dialect = dialect("11.0.0", &ALL);
    let frames = recording("41-meetme-fake-dahdi.raw");
    let items = frames.iter().filter(|f| f.view().kind() == Kind::Event(b"MeetmeList"));
    let items: Vec<Item> = items.take(3).cloned().map(Item::Packet).collect();
    let first = frames.iter().find(|f| f.view().get("Output").is_some_and(|l| l.starts_with(b"1!7100!")));
    let lines: Vec<Item> = first.unwrap().view().all("Output").map(|l| Item::Line(l.to_vec())).collect();
    let of = |items: &[Item]| -> Vec<_> {
        let seen = items.iter().map(|item| dialect.listed(item).unwrap());
        seen.map(|s| {
            (
                s.slot,
                s.phone.into_owned(),
                s.name.map(Cow::into_owned),
                s.channel.into_owned(),
                s.muted,
                s.talking,
            )
        })
        .collect()
    };
    assert_eq!(of(&items), of(&lines));
    let (slot, phone, name, channel, ..) = of(&lines).swap_remove(0);
    assert_eq!((slot, phone.as_str(), name.as_deref()), (Some(1), "7100", Some("Ann! Bang")));
    assert_eq!(channel, "Local/400@conf-00000000;2");
}

#[test]
fn the_recorded_rooms_say_the_same_as_the_recorded_lines() {
    let dialect = dialect("11.0.0", &ALL);
    let frames = recording("41-meetme-fake-dahdi.raw");
    let items = frames.iter().filter(|f| f.view().kind() == Kind::Event(b"MeetmeListRooms"));
    let rooms: Vec<(u32, Option<bool>)> = items
        .map(|f| dialect.hall(&Item::Packet(f.clone())).map(|h| (h.parties, h.locked)).unwrap())
        .collect();
    assert_eq!(rooms, [(3, Some(false)), (3, Some(true))]);
    let hall = line("400!3!0!00:00:07!1!1");
    let hall = dialect.hall(&hall).unwrap();
    assert_eq!((hall.conference, hall.parties, hall.locked), (&b"400"[..], 3, Some(true)));
}

#[test]
fn without_a_conference_there_is_nobody() {
    let dialect = dialect("11.0.0", &ALL);
    let frames = recording("40-meetme-without-dahdi.raw");
    let words = frames.iter().filter_map(|f| f.view().text("Message").map(Cow::into_owned));
    assert!(words.filter(|w| dialect.is_empty(w)).count() >= 3);
    let lines: Vec<Vec<u8>> =
        frames.iter().flat_map(|f| f.view().all("Output").map(<[u8]>::to_vec).collect::<Vec<_>>()).collect();
    assert!(lines.len() > 5);
    for text in lines {
        let words = String::from_utf8_lossy(&text).into_owned();
        let item = Item::Line(text);
        assert!(dialect.listed(&item).is_none() && dialect.hall(&item).is_none(), "{words}");
    }
    for words in ["No active MeetMe conferences.", "No such conference: 999."] {
        assert!(dialect.is_empty(words), "{words}");
    }
    let unknown = "No such command 'meetme' (type 'core show help meetme' for other possible commands)";
    assert!(dialect.is_empty(unknown), "what is not loaded has no conferences");
    assert!(!super::MeetMe { version: (1, 0), ..dialect }.is_empty(unknown), "or is asked too much of");
}

#[test]
fn old_lines_have_nine_fields_and_names_have_anything() {
    let (old, new) = (dialect("1.0", &ALL), dialect("1.1", &ALL));
    // Number, line of 1.4, line of 1.6.0 and later.
    let cases = [
        (
            "Ann! Bang",
            "3!7100!Ann! Bang!SIP/a-1!1!!1!-1!01:02:03",
            "3!7100!Ann! Bang!SIP/a-1!1!!1!1!-1!01:02:03",
        ),
        (
            "a!SIP/x-9!1!1!1!1!1",
            "3!7100!a!SIP/x-9!1!1!1!1!1!SIP/a-1!1!!1!-1!01:02:03",
            "3!7100!a!SIP/x-9!1!1!1!1!1!SIP/a-1!1!!1!1!-1!01:02:03",
        ),
        ("", "3!7100!<no name>!SIP/a-1!1!!1!-1!01:02:03", "3!7100!<no name>!SIP/a-1!1!!1!1!-1!01:02:03"),
    ];
    for (name, first, later) in cases {
        for (dialect, text, hand) in [(old, first, None), (new, later, Some(true))] {
            let item = line(text);
            let seen = dialect.listed(&item).unwrap();
            assert_eq!(seen.name.as_deref().unwrap_or_default(), name, "{text}");
            assert_eq!((&*seen.channel, seen.slot, seen.hand), ("SIP/a-1", Some(3), hand), "{text}");
            assert_eq!((seen.admin, seen.muted, seen.talking), (Some(true), Some(true), None), "{text}");
            assert_eq!(seen.answered, Some(3723), "{text}");
        }
    }
    assert!(old.listed(&line("3!7100!Ann")).is_none() && new.listed(&line("")).is_none());
}

#[test]
fn the_table_of_1_4_shows_parties_and_no_lock() {
    let old = dialect("1.0", &["Command"]);
    let row = line("400            0003\t      N/A        00:00:07  Dynamic ");
    let hall = old.hall(&row).unwrap();
    assert_eq!((hall.conference, hall.parties, hall.locked), (&b"400"[..], 3, None));
    for text in
        ["Conf Num       Parties        Marked     Activity  Creation", "* Total number of MeetMe users: 3"]
    {
        assert!(old.hall(&line(text)).is_none(), "{text}");
    }
    assert!(!old.tells_locks());
}

#[test]
fn muted_by_whomever_is_muted_and_not_monitored_is_unknown() {
    let dialect = dialect("1.3", &ALL);
    let item = |muted: &str, talking: &str| {
        packet(&format!(
            "Event: MeetmeList\r\nConference: 400\r\nUserNumber: 3\r\nCallerIDNum: <unknown>\r\n\
             CallerIDName: <no name>\r\nChannel: SIP/a-1\r\nAdmin: Yes\r\nRole: Talk and listen\r\n\
             MarkedUser: No\r\nMuted: {muted}\r\nTalking: {talking}\r\n\r\n"
        ))
    };
    let of = |muted, talking| {
        let item = item(muted, talking);
        let seen = dialect.listed(&item).unwrap();
        assert!(
            seen.admin == Some(true) && seen.name.is_none() && seen.phone.is_empty() && seen.call.is_none()
        );
        (seen.muted, seen.talking)
    };
    assert_eq!(of("No", "Yes"), (Some(false), Some(true)));
    assert_eq!(of("By admin", "Not monitored"), (Some(true), None));
    assert_eq!(of("By self", "No"), (Some(true), Some(false)));
}

#[test]
fn names_in_lists_are_as_they_are() {
    let item =
        packet("Event: MeetmeList\r\nChannel: SIP/a-1\r\nCallerIDName: a\\\"b\r\nUserNumber: 1\r\n\r\n");
    assert_eq!(dialect("11.0.0", &ALL).listed(&item).unwrap().name.as_deref(), Some("a\\\"b"));
}

#[test]
fn lists_are_asked_for_as_this_user_may() {
    let conference = ConferenceName::new("400");
    let line_of = |action: &Action| {
        let values = action.headers().map(|(_, v)| String::from_utf8_lossy(v).into_owned());
        values.collect::<Vec<_>>().join(" ")
    };
    let asked = |ami: &str, may: &[&str]| {
        let dialect = dialect(ami, may);
        let halls = dialect.halls().map(|q| line_of(&q.action)).unwrap_or_default();
        let members = dialect.members(&conference).unwrap();
        [halls, line_of(&members.action), line_of(&dialect.channels().action)]
    };
    assert_eq!(asked("11.0.0", &ALL), ["MeetmeListRooms", "MeetmeList 400", "CoreShowChannels"]);
    let eight = ["MeetmeList", "CoreShowChannels", "Command"];
    assert_eq!(asked("1.1", &eight), ["Command meetme list concise", "MeetmeList 400", "CoreShowChannels"]);
    assert_eq!(asked("1.1", &["MeetmeList"]), ["", "MeetmeList 400", "Status"]);
    assert_eq!(asked("1.0", &["Command"]), ["Command meetme", "Command meetme list 400 concise", "Status"]);
    assert_eq!(asked("11.0.0", &[]), ["", "MeetmeList 400", "Status"], "the answer says what is missing");
}

#[test]
fn acts_as_the_room_wants_them_and_the_user_may() {
    use KickBy::{Command, Hangup};
    let conference = ConferenceName::new("400");
    let kick = |ami: &str, may: &[&str], by, last| {
        let (dialect, act) = (dialect(ami, may), Act::Kick { target: target(&conference, last), by });
        (sent(dialect, &act), dialect.guard(&act))
    };
    let (command, hangup) = ("Command meetme kick 400 3".to_owned(), "Hangup 1.3".to_owned());
    assert_eq!(kick("11.0.0", &ALL, None, false), (command.clone(), true));
    assert_eq!(kick("11.0.0", &ALL, None, true), (hangup.clone(), false), "3 may be somebody else at once");
    assert_eq!(kick("11.0.0", &ALL, Some(Command), true), (command.clone(), true));
    assert_eq!(kick("11.0.0", &ALL, Some(Hangup), false), (hangup.clone(), false));
    assert_eq!(kick("11.0.0", &["Hangup"], None, false), (hangup, false));
    assert_eq!(kick("11.0.0", &["Command"], None, true), (command, true));
    let by_name = ("Hangup PJSIP/ann-1".to_owned(), true);
    assert_eq!(kick("1.1", &ALL, Some(Hangup), false), by_name, "before 11 a Uniqueid is not taken");

    let new = dialect("11.0.0", &ALL);
    let mute = |on| Act::Mute { target: target(&conference, true), on };
    assert_eq!(sent(new, &mute(true)), "MeetmeMute 400 3");
    assert_eq!(sent(new, &mute(false)), "MeetmeUnmute 400 3");
    let nobody = Act::Mute { target: Target { slot: None, ..target(&conference, false) }, on: true };
    assert_eq!((sent(new, &nobody), new.guard(&nobody)), ("MeetmeMute 400 0".to_owned(), true));
    let lock = |name: &str, on| sent(new, &Act::Lock { conference: &ConferenceName::new(name), on });
    assert_eq!(lock("400", true), "Command meetme lock 400");
    assert_eq!(lock("a \"b\\", false), "Command meetme unlock \"a \\\"b\\\\\"");
}

#[test]
fn what_asterisk_says_of_an_act() {
    let dialect = dialect("11.0.0", &ALL);
    for (words, verdict) in [
        ("User number not found", Verdict::Gone),
        ("Meetme conference does not exist", Verdict::Gone),
        ("No such channel", Verdict::Gone),
        ("Permission denied", Verdict::Forbidden),
        ("Invalid user number", Verdict::Refused),
        ("No such command 'meetme'", Verdict::Refused),
    ] {
        assert_eq!(dialect.verdict(words), verdict, "{words}");
    }
}

proptest::proptest! {
    /// Whatever a caller is called, the line says who he is.
    #[test]
    fn no_name_forges_a_line(name in "[^\n\r]{1,40}", first in proptest::bool::ANY) {
        let hand = if first { "" } else { "!" };
        let item = line(&format!("3!7100!{name}!SIP/a-1!!!1{hand}!0!00:00:07"));
        let dialect = dialect(if first { "1.0" } else { "1.1" }, &ALL);
        let seen = dialect.listed(&item).unwrap();
        proptest::prop_assert_eq!((&*seen.channel, seen.slot, seen.muted), ("SIP/a-1", Some(3), Some(true)));
        proptest::prop_assert_eq!(&*seen.phone, "7100");
        proptest::prop_assert!(seen.name.is_none_or(|seen| seen == name));
    }

    #[test]
    fn no_line_is_too_odd(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
        for ami in ["1.0", "1.1"] {
            let (dialect, item) = (dialect(ami, &ALL), Item::Line(line.clone()));
            _ = (dialect.listed(&item), dialect.hall(&item));
        }
    }
}
