//! What breaks other clients of the manager interface: one test per kind of input, named after it. The rows about
//! sockets are the client's tests, those about values with line breaks the wire's.

use super::tests::{LIST, Rig, S, Told, frame, with_id};
use super::*;
use crate::wire::OwnedFrame;

const JOIN: &str = "Event: ConfbridgeJoin\r\nPrivilege: call,all\r\nConference: 200\r\nBridgeUniqueid: b-1\r\n\
    BridgeType: base\r\nBridgeTechnology: softmix\r\nBridgeCreator: ConfBridge\r\nBridgeName: 200\r\n\
    BridgeNumChannels: 2\r\nBridgeVideoSourceMode: none\r\nChannel: PJSIP/ann-00000001\r\nChannelState: 6\r\n\
    ChannelStateDesc: Up\r\nCallerIDNum: 7100\r\nCallerIDName: Ann\r\nConnectedLineNum: <unknown>\r\n\
    ConnectedLineName: <unknown>\r\nLanguage: en\r\nAccountCode: \r\nContext: conf\r\nExten: 200\r\nPriority: 2\r\n\
    Uniqueid: 1795392890.4\r\nLinkedid: 1795392890.4\r\nAdmin: No\r\nMuted: No\r\n\r\n";

fn event(rig: &Rig, at: usize) -> &OwnedFrame {
    let Told::Event(frame) = &rig.told[at] else { panic!("no event at {at}: {:?}", rig.told) };
    frame
}

fn command(rig: &mut Rig, answer: &[u8]) -> (bool, Vec<Vec<u8>>) {
    rig.submit(1, Expect::Command);
    let id = rig.last_id();
    let answer = String::from_utf8(answer.to_vec()).unwrap().replace("$ID", &id);
    rig.hear(answer.as_bytes());
    rig.hear(JOIN.as_bytes());
    let [Told::Reply(1, Reply::Command { ok, lines }), Told::Event(_)] = &rig.told[..] else {
        panic!("{:?}", rig.told)
    };
    (*ok, lines.clone())
}

#[test]
fn event_byte_by_byte() {
    let mut rig = Rig::ready();
    for byte in JOIN.as_bytes() {
        rig.hear(&[*byte]);
    }
    assert_eq!(rig.told, [Told::Event(frame(JOIN))]);
}

#[test]
fn action_sent_while_half_a_line_is_read() {
    let mut rig = Rig::ready();
    let (half, rest) = JOIN.as_bytes().split_at(5);
    rig.hear(half);
    rig.submit(1, Expect::Response);
    assert_eq!(rig.sent.len(), 1);
    rig.hear(rest);
    assert_eq!(rig.told, [Told::Event(frame(JOIN))]);
}

#[test]
fn a_10_mb_line_is_skipped_counted_and_followed_by_a_list() {
    let mut rig = Rig::ready();
    rig.submit(1, LIST);
    rig.answer("Response: Success\r\nEventList: start");
    rig.hear(b"Event: Huge\r\nX: ");
    for _ in 0..160 {
        rig.hear(&[b'x'; 64 * 1024]);
    }
    rig.hear(b"\r\n\r\n");
    rig.hear(JOIN.as_bytes());
    assert_eq!(rig.told, [Told::Begins(1), Told::Desynchronised, Told::Event(frame(JOIN))]);
    assert_eq!(rig.session.counters().skipped, 1);
    let id = rig.id(0);
    rig.hear(with_id("Event: ConfbridgeListComplete\r\nListItems: 0", &id).as_bytes());
    assert_eq!(rig.told[3..], [Told::Reply(1, Reply::Incomplete)], "it may have been one of the list's");
}

#[test]
fn an_answer_of_10_mb_is_an_explicit_error() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Command);
    let id = rig.last_id();
    rig.hear(format!("Response: Success\r\nActionID: {id}\r\n").as_bytes());
    let line = [b"Output: ".to_vec(), vec![b'x'; 92], b"\r\n".to_vec()].concat();
    for _ in 0..100_000 {
        rig.hear(&line);
    }
    rig.hear(b"\r\n");
    assert_eq!(rig.told, [Told::Reply(1, Reply::TooLong), Told::Desynchronised]);
}

#[test]
fn three_hundred_mb_without_newline_stay_in_bounded_memory_and_end_the_session() {
    let mut rig = Rig::ready();
    for _ in 0..300 * 16 {
        rig.hear(&[b'x'; 64 * 1024]);
    }
    assert_eq!(rig.told, [Told::Ended(Ended::TooBig)]);
}

#[test]
fn lf_only_frames_are_accepted() {
    let mut rig = Rig::ready();
    rig.hear(b"Event: UserEvent\nUserEvent: LFONLY\n\nEvent: UserEvent\r\nUserEvent: AFTER\r\n\r\n");
    assert_eq!(event(&rig, 0).view().get("UserEvent"), Some(&b"LFONLY"[..]));
    assert_eq!(event(&rig, 1).view().get("UserEvent"), Some(&b"AFTER"[..]));
}

#[test]
fn value_with_colon_and_key_without_blank() {
    let mut rig = Rig::ready();
    rig.hear(b"Event: X\r\nTime: 12:34: 56\r\nKey:v\r\nDouble::x\r\n\r\n");
    let f = event(&rig, 0).view();
    assert_eq!(
        [f.get("Time"), f.get("Key"), f.get("Double")],
        [Some(&b"12:34: 56"[..]), Some(b"v"), Some(b":x")]
    );
}

#[test]
fn empty_values() {
    let mut rig = Rig::ready();
    rig.hear(b"Event: X\r\nA:\r\nB: \r\n\r\n");
    let f = event(&rig, 0).view();
    assert_eq!([f.get("A"), f.get("B")], [Some(&b""[..]), Some(b"")]);
}

#[test]
fn duplicate_keys_are_all_kept_in_order() {
    let mut rig = Rig::ready();
    rig.hear(b"Event: Newchannel\r\nChanVariable: a=1\r\nChannel: PJSIP/a\r\nChanVariable: b=2\r\nchannel: Forged/x\r\n\r\n");
    let f = event(&rig, 0).view();
    assert_eq!(f.all("ChanVariable").collect::<Vec<_>>(), [b"a=1", b"b=2"]);
    assert_eq!(f.get("Channel"), Some(&b"PJSIP/a"[..]), "the snapshot comes first");
    assert_eq!(f.headers().count(), 5);
}

#[test]
fn invalid_utf8_keeps_its_bytes() {
    let mut rig = Rig::ready();
    rig.hear(b"Event: X\r\nCallerIDName: Ren\xe9\r\n\xff\xfe: \xff\r\n\r\n");
    rig.hear(JOIN.as_bytes());
    let f = event(&rig, 0).view();
    assert_eq!(f.get("CallerIDName"), Some(&b"Ren\xe9"[..]));
    assert_eq!(f.text("CallerIDName").as_deref(), Some("Ren\u{fffd}"));
    assert_eq!(rig.told.len(), 2);
}

#[test]
fn old_follows_exactly_as_asterisk_13_sends_it() {
    let sent = b"Response: Follows\r\nPrivilege: Command\r\nActionID: $ID\r\nUser #: 01         7100 Ann\nUser #: 02  x\n\
        2 users in that conference.\n--END COMMAND--\r\n\r\n";
    let (ok, lines) = command(&mut Rig::ready(), sent);
    assert!(ok);
    let expected = ["User #: 01         7100 Ann", "User #: 02  x", "2 users in that conference."];
    assert_eq!(lines, expected.map(|l| l.as_bytes().to_vec()));
}

#[test]
fn old_follows_with_crlf_and_a_blank_line_inside() {
    let sent = b"Response: Follows\r\nPrivilege: Command\r\nActionID: $ID\r\none\r\n\r\n  two: 2\r\n--END COMMAND--\r\n\r\n";
    let (_, lines) = command(&mut Rig::ready(), sent);
    assert_eq!(lines, [b"one".to_vec(), b"".to_vec(), b"  two: 2".to_vec()]);
}

#[test]
fn old_follows_without_newline_before_the_marker() {
    let sent =
        b"Response: Follows\r\nPrivilege: Command\r\nActionID: $ID\r\nhalf a line--END COMMAND--\r\n\r\n";
    assert_eq!(command(&mut Rig::ready(), sent).1, [b"half a line".to_vec()]);
    let none = b"Response: Follows\r\nPrivilege: Command\r\nActionID: $ID\r\n--END COMMAND--\r\n\r\n";
    assert_eq!(command(&mut Rig::ready(), none).1, Vec::<Vec<u8>>::new());
}

#[test]
fn new_output_is_byte_exact() {
    let sent = b"Response: Success\r\nActionID: $ID\r\nMessage: Command output follows\r\nOutput: a: b \r\nOutput: \r\n\
        Output:    indented\r\nOutput: end\r\n\r\n";
    let (ok, lines) = command(&mut Rig::ready(), sent);
    assert!(ok);
    assert_eq!(lines, ["a: b ", "", "   indented", "end"].map(|l| l.as_bytes().to_vec()));
    let error = b"Response: Error\r\nActionID: $ID\r\nMessage: Command output follows\r\nOutput: No such command\r\n\r\n";
    assert!(!command(&mut Rig::ready(), error).0);
}

#[test]
fn a_command_that_is_not_allowed_says_so() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Command);
    rig.answer("Response: Error\r\nMessage: Permission denied");
    assert!(
        matches!(&rig.told[..], [Told::Reply(1, Reply::Response(f))] if f.view().get("Message").is_some())
    );
}

#[test]
fn confbridge_list_with_a_foreign_event_between() {
    let mut rig = Rig::ready();
    rig.submit(1, LIST);
    let id = rig.last_id();
    let item = |n: u8| with_id(&format!("Event: ConfbridgeList\r\nConference: 200\r\nUniqueid: 1.{n}"), &id);
    rig.hear(JOIN.as_bytes());
    rig.answer("Response: Success\r\nEventList: start");
    rig.hear(item(1).as_bytes());
    rig.hear(JOIN.as_bytes());
    rig.hear(b"Event: ConfbridgeList\r\nActionID: somebody-else\r\nConference: 200\r\n\r\n");
    rig.hear(item(2).as_bytes());
    rig.hear(with_id("Event: ConfbridgeListComplete\r\nEventList: Complete\r\nListItems: 2", &id).as_bytes());
    let [
        Told::Event(_),
        Told::Begins(1),
        Told::Event(live),
        Told::Event(_),
        Told::Reply(1, Reply::List { items }),
    ] = &rig.told[..]
    else {
        panic!("{:?}", rig.told)
    };
    assert_eq!(*live, frame(JOIN));
    assert_eq!(*items, [frame(&item(1)), frame(&item(2))]);
}

#[test]
fn lists_of_3000_20000_and_60000_items_are_complete_or_an_explicit_error() {
    for (count, whole) in [(3_000, true), (20_000, false), (60_000, false)] {
        let mut rig = Rig::ready();
        rig.submit(1, LIST);
        rig.submit(2, Expect::Response);
        let (id, next) = (rig.id(0), rig.id(1));
        rig.hear(with_id("Response: Success\r\nEventList: start", &id).as_bytes());
        for n in 0..count {
            rig.hear(with_id(&format!("Event: ConfbridgeList\r\nUniqueid: 1.{n}"), &id).as_bytes());
        }
        let end = format!("Event: ConfbridgeListComplete\r\nListItems: {count}");
        rig.hear(with_id(&end, &id).as_bytes());
        rig.hear(with_id("Response: Success", &next).as_bytes());
        match &rig.told[1..] {
            [Told::Reply(1, Reply::List { items }), Told::Reply(2, _)] if whole => {
                assert_eq!(items.len(), count)
            }
            [Told::Reply(1, Reply::TooLong), Told::Desynchronised, Told::Reply(2, _)] if !whole => {}
            other => panic!("{count}: {other:?}"),
        }
    }
}

#[test]
fn confbridge_join_with_all_its_fields() {
    let mut rig = Rig::ready();
    rig.hear(JOIN.as_bytes());
    let f = event(&rig, 0).view();
    assert_eq!(f.headers().count(), 26);
    assert_eq!(
        [f.get("CallerIDnum"), f.get("CallerIDname"), f.get("Muted")],
        [Some(&b"7100"[..]), Some(b"Ann"), Some(b"No")]
    );
}

#[test]
fn meetme_lists_with_their_real_field_names() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::List { complete: "MeetmeListComplete" });
    let id = rig.last_id();
    rig.answer("Response: Success\r\nEventList: start\r\nMessage: Meetme user list will follow");
    let item = "Event: MeetmeList\r\nConference: 400\r\nUserNumber: 1\r\nCallerIDNum: 7100\r\nCallerIDName: O'Hara\r\n\
        ConnectedLineNum: <unknown>\r\nChannel: PJSIP/a-1\r\nAdmin: No\r\nRole: Talk and listen\r\nMarkedUser: No\r\n\
        Muted: By admin\r\nTalking: Not monitored";
    rig.hear(with_id(item, &id).as_bytes());
    rig.hear(b"Event: MeetmeJoin\r\nMeetme: 400\r\nUser: 2\r\nCallerIDnum: 7101\r\n\r\n");
    rig.hear(b"Event: MeetmeLeave\r\nMeetme: 400\r\nUsernum: 2\r\nCallerIDname: Bo\r\n\r\n");
    rig.hear(with_id("Event: MeetmeListComplete\r\nEventList: Complete\r\nListItems: 1", &id).as_bytes());
    let [Told::Begins(1), Told::Event(join), Told::Event(leave), Told::Reply(1, Reply::List { items })] =
        &rig.told[..]
    else {
        panic!("{:?}", rig.told)
    };
    let number =
        |f: &OwnedFrame, names: &[&str]| names.iter().find_map(|n| f.view().text(n).map(|t| t.into_owned()));
    let names = ["UserNumber", "User", "Usernum"];
    assert_eq!([join, leave, &items[0]].map(|f| number(f, &names).unwrap()), ["2", "2", "1"]);
    assert_eq!(items[0].view().get("Muted"), Some(&b"By admin"[..]));
    assert_eq!(join.view().get("CallerIDNum"), Some(&b"7101"[..]), "whatever the case of the name");
}

#[test]
fn response_inside_an_event_is_no_response() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Response);
    let id = rig.last_id();
    rig.hear(with_id("Event: OriginateResponse\r\nResponse: Success", &id).as_bytes());
    assert!(matches!(rig.told[..], [Told::Event(_)]));
}

#[test]
fn stray_blank_lines_also_while_an_action_waits() {
    let mut rig = Rig::ready();
    rig.submit(1, Expect::Response);
    rig.hear(b"\r\n\r\n\n\r\n");
    rig.hear(b"Event: TestEvent\r\nState: x\r\n\r\n\r\n\r\n");
    assert!(matches!(rig.told[..], [Told::Event(_)]));
    rig.answer("Response: Success");
    assert_eq!(rig.told.len(), 2);
}

#[test]
fn a_silent_server_is_noticed_in_two_seconds_with_a_keepalive_of_one() {
    let mut rig = Rig::ready();
    let pace = super::super::Pace { idle: S, patience: S, ..Default::default() };
    rig.session.login = rig.session.login.clone().with_pace(pace);
    rig.wait(S * 2);
    assert_eq!(rig.told, [Told::Ended(Ended::HalfOpen)]);
}
