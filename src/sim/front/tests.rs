use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::exchange::{Exchange, Line};
use crate::setup::{Files, Setup, Style};
use crate::world::NewCall;

const MANAGER: &str = "[general]\n[boss]\nsecret = s\nread = all\nwrite = all\n[looker]\nsecret = s\n\
                       read = system,call,user\nwrite = reporting\n[deaf]\nsecret = s\nread = user\nwrite = user\n";

/// One client of a server of its own.
struct Client {
    exchange: Exchange,
    line: Line,
    over: bool,
}

impl Client {
    fn new(style: Style) -> Self {
        let setup = Setup::new(style, Files { manager: MANAGER, ..Files::REHEARSAL }).unwrap();
        let address: SocketAddr = ([127, 0, 0, 1], 5038).into();
        let mut exchange = Exchange::new(Arc::new(setup), Duration::ZERO);
        let line = exchange.connect(address, address);
        Self { exchange, line, over: false }
    }

    fn logged_in(style: Style, user: &str, events: &str) -> Self {
        let mut client = Self::new(style);
        client.ask(&format!("Action: Login\nUsername: {user}\nSecret: s\nEvents: {events}"));
        client
    }

    fn ask(&mut self, action: &str) -> String {
        let now = self.exchange.world.now;
        self.exchange.receive(now, self.line, format!("{action}\n\n").as_bytes());
        self.heard()
    }

    fn pass(&mut self, milliseconds: u64) -> String {
        let now = self.exchange.world.now + Duration::from_millis(milliseconds);
        self.exchange.advance(now);
        self.heard()
    }

    fn heard(&mut self) -> String {
        let (bytes, over) = self.exchange.take(self.line);
        self.over = over;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn call(&mut self, exten: &str) {
        let call = NewCall {
            endpoint: "a".into(),
            context: "conf".into(),
            exten: exten.into(),
            ..NewCall::default()
        };
        self.exchange.world.call(&call);
        self.exchange.settle();
        self.pass(100);
    }
}

#[test]
fn the_banner_is_of_the_version() {
    for (style, banner) in [(Style::V11, "1.3"), (Style::V16, "5.0.4"), (Style::V22, "11.0.0")] {
        assert_eq!(Client::new(style).heard(), format!("Asterisk Call Manager/{banner}\r\n"));
    }
}

#[test]
fn a_bad_secret_is_answered_a_second_later_and_ends_it() {
    let mut client = Client::new(Style::V22);
    client.heard();
    assert_eq!(client.ask("Action: Login\nUsername: boss\nSecret: x"), "");
    assert_eq!(client.pass(900), "");
    assert_eq!(client.pass(200), "Response: Error\r\nMessage: Authentication failed\r\n\r\n");
    assert!(client.over);
}

#[test]
fn before_the_login_nothing_is_permitted_and_patience_ends() {
    let mut client = Client::new(Style::V22);
    client.heard();
    assert!(client.ask("Action: Ping\nActionID: 1").contains("ActionID: 1\r\nMessage: Permission denied"));
    assert!(client.ask("Action: Challenge\nAuthType: SHA256").contains("Must specify AuthType"));
    client.pass(29_000);
    assert!(!client.over);
    client.pass(2_000);
    assert!(client.over);
}

#[test]
fn the_mask_decides_what_is_heard() {
    let mut client = Client::logged_in(Style::V22, "boss", "off");
    client.heard();
    client.call("200");
    assert_eq!(client.heard(), "");
    assert!(client.ask("Action: Events\nEventMask: call").contains("Events: On"));
    let heard = client.ask("Action: ConfbridgeMute\nConference: 200\nChannel: PJSIP");
    assert!(heard.contains("Event: ConfbridgeMute") && !heard.contains("TestEvent"));
    assert!(client.ask("Action: Events\nEventMask: bogus").contains("Events: Off"));
}

#[test]
fn the_booted_event_comes_by_version_and_only_to_who_hears_it() {
    let greeting = |style, events| Client::logged_in(style, "boss", events).heard();
    let mut client = Client::new(Style::V11);
    let heard = client.ask("Action: Login\nUsername: boss\nSecret: s");
    assert!(heard.ends_with("Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"));
    assert!(!greeting(Style::V22, "off").contains("FullyBooted"));
}

#[test]
fn rights_are_by_user_and_listed_so() {
    let mut client = Client::logged_in(Style::V22, "looker", "on");
    client.call("200");
    assert!(
        client.ask("Action: ConfbridgeKick\nConference: 200\nChannel: all").contains("Permission denied")
    );
    assert!(client.ask("Action: ConfbridgeList\nConference: 200").contains("ListItems: 1"));
    let commands = client.ask("Action: ListCommands");
    assert!(commands.contains("ConfbridgeList: List participants in a conference.  (Priv: reporting,all)"));
    assert!(
        commands.contains("Ping: Keepalive command.  (Priv: <none>)") && !commands.contains("ConfbridgeKick")
    );
}

#[test]
fn a_synchronous_origination_holds_up_everything_behind_it() {
    let mut client = Client::logged_in(Style::V22, "boss", "off");
    let heard = client.ask(
        "Action: Originate\nChannel: Local/noanswer@conf/n\nContext: leg\nExten: talk\nPriority: 1\nTimeout: 2000\n\
         ActionID: slow\n\nAction: Ping\nActionID: next",
    );
    assert!(!heard.contains("next"));
    let heard = client.pass(2100);
    assert!(
        heard.contains("ActionID: slow\r\nMessage: Originate failed") && heard.contains("ActionID: next")
    );
}

#[test]
fn eleven_prints_commands_without_a_frame() {
    let mut client = Client::logged_in(Style::V11, "boss", "off");
    client.call("400");
    let heard = client.ask("Action: Command\nActionID: 1\nCommand: meetme list concise");
    assert_eq!(
        heard,
        "Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\n400!1!0!00:00:00!1!0\n--END COMMAND--\r\n\r\n"
    );
}

#[test]
fn a_value_that_holds_a_packet_forges_one() {
    let mut client = Client::logged_in(Style::V22, "boss", "off");
    client.exchange.world.set_variable(None, "X", b"\r\n\r\nEvent: Fake");
    assert!(client.ask("Action: Getvar\nVariable: X").ends_with("Value: \r\n\r\nEvent: Fake\r\n\r\n"));
}

#[test]
fn unknown_actions_tell_which_backend_is_missing() {
    let mut setup = Setup::new(Style::V22, Files { manager: MANAGER, ..Files::REHEARSAL }).unwrap();
    setup.meetme = false;
    let mut client = Client::logged_in(Style::V22, "boss", "off");
    client.exchange = Exchange::new(Arc::new(setup), Duration::ZERO);
    let address: SocketAddr = ([127, 0, 0, 1], 5038).into();
    client.line = client.exchange.connect(address, address);
    client.ask("Action: Login\nUsername: boss\nSecret: s\nEvents: off");
    let heard = client.ask("Action: MeetmeList");
    assert!(heard.contains(
        "Message: Invalid/unknown command: MeetmeList. Use Action: ListCommands to show available commands."
    ));
}

/// The callers of the tests against real servers find their way here too.
#[test]
fn the_live_tests_own_files_bring_their_callers_in() {
    let files = Files {
        extensions: include_str!("../../../tests/support/asterisk/etc/extensions.conf"),
        confbridge: include_str!("../../../tests/support/asterisk/etc/confbridge.conf"),
        manager: include_str!("../../../tests/support/asterisk/etc/manager.conf"),
    };
    let address: SocketAddr = ([127, 0, 0, 1], 5038).into();
    for style in [Style::V11, Style::V16, Style::V22] {
        let mut exchange = Exchange::new(Arc::new(Setup::new(style, files).unwrap()), Duration::ZERO);
        let line = exchange.connect(address, address);
        let mut client = Client { exchange, line, over: false };
        client.ask("Action: Login\nUsername: control\nSecret: control-secret\nEvents: call,user,system");
        client.ask(
            "Action: Originate\nChannel: Local/200@caller/n\nContext: leg\nExten: talk\nPriority: 1\nAsync: true\n\
             CallerID: <1001>\nVariable: __NAME=M%E9l%20%22x%22",
        );
        let now = client.exchange.world.now + Duration::from_millis(200);
        client.exchange.advance(now);
        let heard = String::from_utf8_lossy(&client.exchange.take(line).0).into_owned();
        assert!(heard.contains("Event: ConfbridgeJoin") && heard.contains("TalkingStatus: on"), "{heard}");
        let member = client.exchange.world.truth().conference("200").unwrap().members[0].clone();
        assert_eq!((member.name, member.number.as_str()), (b"M\xe9l \"x\"".to_vec(), "1001"));
    }
}
