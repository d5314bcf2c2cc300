//! A manager client of the tests' own, independent of gavel's: it moves callers, and its record of all events and its
//! lists are the truth that gavel is measured against.
//!
//! Invariant: everything that the server sent after the login is in the record, in its order.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::backend::Backend;

/// How long anything may take that Asterisk does at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// A logged-in connection.
pub(crate) struct Control {
    backend: Backend,
    socket: Mutex<(TcpStream, u32)>,
    record: Arc<Record>,
}

/// One packet, as received.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// When its last byte was there.
    pub(crate) at: Instant,
    headers: Vec<(String, Vec<u8>)>,
}

/// Someone in a conference, by Asterisk's own list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Member {
    pub(crate) channel: String,
    pub(crate) uniqueid: String,
    pub(crate) number: String,
    /// As on the wire: escaped as Asterisk escapes it.
    pub(crate) name: Vec<u8>,
    pub(crate) muted: bool,
    pub(crate) talking: bool,
    /// MeetMe's number, given again when it is free.
    pub(crate) user: Option<u32>,
}

/// Somebody who is to call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// `200`, `lobby`, ...: an extension of `profile`'s context.
    pub(crate) room: &'a str,
    /// User profile, which is also the name of the context.
    pub(crate) profile: &'a str,
    /// What the other end does: an extension of the context `leg`.
    pub(crate) leg: &'a str,
    /// Number; unique within a test.
    pub(crate) number: &'a str,
    /// Any bytes; empty: none.
    pub(crate) name: &'a [u8],
}

#[derive(Default)]
struct Record {
    packets: Mutex<(Vec<Packet>, bool)>,
    more: Condvar,
}

impl Packet {
    /// The first header of that name, decoded lossily.
    pub(crate) fn get(&self, name: &str) -> String {
        String::from_utf8_lossy(self.bytes(name)).into_owned()
    }

    /// The first header of that name.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map_or(b"", |(_, value)| value)
    }

    /// Somebody came in.
    pub(crate) fn joined(&self) -> bool {
        self.is("ConfbridgeJoin") || self.is("MeetmeJoin")
    }

    /// That caller left.
    pub(crate) fn left(&self, member: &Member) -> bool {
        (self.is("ConfbridgeLeave") || self.is("MeetmeLeave")) && self.get("Uniqueid") == member.uniqueid
    }

    /// That caller began to talk.
    pub(crate) fn talks(&self, member: &Member) -> bool {
        let on = ["TalkingStatus", "Status"].iter().any(|header| self.get(header) == "on");
        let talking = self.is("ConfbridgeTalking") || self.is("MeetmeTalking");
        talking && on && self.get("Uniqueid") == member.uniqueid
    }

    /// Whether it is this event.
    pub(crate) fn is(&self, event: &str) -> bool {
        self.headers.first().is_some_and(|(name, value)| name == "Event" && value == event.as_bytes())
    }

    fn parse(bytes: &[u8]) -> Self {
        let headers = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let colon = line.iter().position(|byte| *byte == b':')?;
                let value = line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..]);
                Some((String::from_utf8_lossy(&line[..colon]).into_owned(), value.to_vec()))
            })
            .collect();
        Self { at: Instant::now(), headers }
    }
}

impl Call<'_> {
    /// Joins room 200 in silence and stays.
    pub(crate) fn silent(number: &str) -> Call<'_> {
        Call { room: "200", profile: "caller", leg: "silent", number, name: b"" }
    }

    /// Joins room 200 and talks without an end.
    pub(crate) fn talking(number: &str) -> Call<'_> {
        Call { leg: "talk", ..Call::silent(number) }
    }
}

impl Control {
    /// Connects and logs in, with the class names in `events` as the mask.
    pub(crate) fn login(backend: Backend, port: u16, user: &str, secret: &str, events: &str) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("Asterisk listens");
        socket.set_nodelay(true).expect("a socket");
        let record = Arc::<Record>::default();
        let reader = (socket.try_clone().expect("a socket"), Arc::clone(&record));
        std::thread::spawn(move || reader.1.fill(reader.0));
        let control = Self { backend, socket: Mutex::new((socket, 0)), record };
        let login = [("Action", "Login"), ("Username", user), ("Secret", secret), ("Events", events)];
        let answer = control.action(&login.map(|(name, value)| (name, value.as_bytes())));
        assert_eq!(answer.get("Response"), "Success", "{answer:?}");
        control
    }

    /// Waits until the server is fully booted.
    pub(crate) fn expect_booted(&self) {
        self.wait(0, |packet| packet.is("FullyBooted"));
    }

    /// How many packets were received: a place in the record to wait from.
    pub(crate) fn mark(&self) -> usize {
        self.record.packets.lock().expect("no reader panics").0.len()
    }

    /// All packets from that place on.
    pub(crate) fn since(&self, mark: usize) -> Vec<Packet> {
        self.record.packets.lock().expect("no reader panics").0[mark..].to_vec()
    }

    /// The first packet from that place on that fits, waited for.
    pub(crate) fn wait(&self, mark: usize, fits: impl Fn(&Packet) -> bool) -> Packet {
        self.record.wait(mark, Instant::now() + PATIENCE, fits)
    }

    /// Sends an action and returns its id, without waiting for the answer.
    pub(crate) fn send(&self, headers: &[(&str, &[u8])]) -> String {
        let mut socket = self.socket.lock().expect("no sender panics");
        socket.1 += 1;
        let id = format!("c{}", socket.1);
        let mut bytes = Vec::new();
        for (name, value) in headers.iter().chain([&("ActionID", id.as_bytes())]) {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        socket.0.write_all(&bytes).expect("Asterisk takes it");
        id
    }

    /// Sends an action and waits for its answer.
    pub(crate) fn action(&self, headers: &[(&str, &[u8])]) -> Packet {
        let mark = self.mark();
        let id = self.send(headers);
        self.wait(mark, |packet| !packet.bytes("Response").is_empty() && packet.get("ActionID") == id)
    }

    /// Has somebody call and waits until they are in.
    pub(crate) fn call(&self, call: Call<'_>) -> Member {
        let mark = self.mark();
        self.dial(call);
        let join = self.wait(mark, |packet| packet.joined() && packet.get("CallerIDNum") == call.number);
        Member::read(&join)
    }

    /// Has somebody call, without waiting for anything but Asterisk's consent.
    pub(crate) fn dial(&self, call: Call<'_>) {
        let channel = format!("Local/{}@{}/n", self.backend.room(call.room), call.profile);
        let caller = format!("<{}>", call.number);
        let name: String = call.name.iter().map(|byte| format!("%{byte:02X}")).collect();
        let name = format!("__NAME={name}");
        let headers = [
            ("Action", "Originate"),
            ("Channel", &channel),
            ("Context", "leg"),
            ("Exten", call.leg),
            ("Priority", "1"),
            ("Async", "true"),
            ("CallerID", &caller),
            ("Variable", &name),
        ];
        let count = if call.name.is_empty() { headers.len() - 1 } else { headers.len() };
        let headers = headers.map(|(name, value)| (name, value.as_bytes()));
        let answer = self.action(&headers[..count]);
        assert_eq!(answer.get("Response"), "Success", "{answer:?}");
    }

    /// Hangs a channel up, from the phone's side.
    pub(crate) fn hang_up(&self, channel: &str) {
        let headers = [("Action", "Hangup"), ("Channel", channel)];
        self.action(&headers.map(|(name, value)| (name, value.as_bytes())));
    }

    /// Sends a channel elsewhere in the dialplan.
    pub(crate) fn redirect(&self, channel: &str, context: &str, exten: &str) {
        let exten = self.backend.room(exten);
        let target = [("Context", context), ("Exten", &*exten), ("Priority", "1")];
        let headers: Vec<(&str, &[u8])> = [("Action", "Redirect"), ("Channel", channel)]
            .into_iter()
            .chain(target)
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
        assert_eq!(self.action(&headers).get("Response"), "Success");
    }

    /// A variable of a channel, or a global one.
    pub(crate) fn variable(&self, channel: Option<&str>, name: &str) -> String {
        let mut headers: Vec<(&str, &[u8])> = vec![("Action", b"Getvar"), ("Variable", name.as_bytes())];
        headers.extend(channel.map(|channel| ("Channel", channel.as_bytes())));
        self.action(&headers).get("Value")
    }

    /// A CLI command.
    pub(crate) fn cli(&self, command: &str) -> Packet {
        self.action(&[("Action", b"Command"), ("Command", command.as_bytes())])
    }

    /// Locks conference 200, or unlocks it.
    pub(crate) fn lock(&self, on: bool) {
        let room = self.backend.room("200");
        if self.backend.meetme() {
            self.cli(&format!("meetme {} {room}", if on { "lock" } else { "unlock" }));
            return;
        }
        let action: &[u8] = if on { b"ConfbridgeLock" } else { b"ConfbridgeUnlock" };
        self.action(&[("Action", action), ("Conference", room.as_bytes())]);
    }

    /// Whether that conference is locked, by Asterisk's own list.
    pub(crate) fn locked(&self, room: &str) -> bool {
        let list = if self.backend.meetme() { "MeetmeListRooms" } else { "ConfbridgeListRooms" };
        let room = self.backend.room(room);
        let rooms = self.list(list, &[], list);
        rooms.iter().any(|item| item.get("Conference") == room && item.get("Locked") == "Yes")
    }

    /// Who is in that conference, by Asterisk's own list, in its order.
    pub(crate) fn members(&self, room: &str) -> Vec<Member> {
        let list = if self.backend.meetme() { "MeetmeList" } else { "ConfbridgeList" };
        let room = self.backend.room(room);
        let items = self.list(list, &[("Conference", room.as_bytes())], list);
        let mut members: Vec<_> = items.iter().map(Member::read).collect();
        if members.iter().any(|member| member.uniqueid.is_empty()) {
            let channels = self.channels();
            for member in &mut members {
                let channel = channels.iter().find(|channel| channel.get("Channel") == member.channel);
                member.uniqueid = channel.map(|channel| channel.get("Uniqueid")).unwrap_or_default();
            }
        }
        members
    }

    /// All channels.
    pub(crate) fn channels(&self) -> Vec<Packet> {
        self.list("CoreShowChannels", &[], "CoreShowChannel")
    }

    /// The items of a list; none where Asterisk says that there is nothing to list.
    fn list(&self, action: &str, with: &[(&str, &[u8])], item: &str) -> Vec<Packet> {
        let mark = self.mark();
        let headers: Vec<_> =
            [("Action", action.as_bytes())].into_iter().chain(with.iter().copied()).collect();
        let id = self.send(&headers);
        let ours = |packet: &Packet| packet.get("ActionID") == id;
        let complete = format!("{action}Complete");
        let end = |packet: &Packet| packet.is(&complete) || packet.get("Response") == "Error";
        self.wait(mark, |packet| ours(packet) && end(packet));
        self.since(mark).into_iter().filter(|packet| packet.is(item) && ours(packet)).collect()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The reader ends with the connection; whether that is there still is no matter.
        let socket = self.socket.lock().expect("no sender panics");
        let _ = socket.0.shutdown(std::net::Shutdown::Both);
    }
}

impl Member {
    fn read(packet: &Packet) -> Self {
        Self {
            channel: packet.get("Channel"),
            uniqueid: packet.get("Uniqueid"),
            number: packet.get("CallerIDNum"),
            name: packet.bytes("CallerIDName").to_vec(),
            muted: !["", "No"].contains(&&*packet.get("Muted")),
            talking: packet.get("Talking") == "Yes",
            user: ["User", "Usernum", "UserNumber"].iter().find_map(|name| packet.get(name).parse().ok()),
        }
    }

    /// The half of the call that plays the caller's phone.
    pub(crate) fn phone(&self) -> String {
        self.channel.strip_suffix('2').map(|half| format!("{half}1")).expect("a Local channel")
    }
}

impl Record {
    fn fill(&self, mut socket: TcpStream) {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 65_536];
        while let Ok(read @ 1..) = socket.read(&mut chunk) {
            bytes.extend_from_slice(&chunk[..read]);
            self.take_whole(&mut bytes);
        }
        self.packets.lock().expect("no writer panics").1 = true;
        self.more.notify_all();
    }

    /// Moves all whole packets out of `bytes`. The banner is a header-less first line of the first one.
    fn take_whole(&self, bytes: &mut Vec<u8>) {
        let mut packets = self.packets.lock().expect("no writer panics");
        let mut from = 0;
        while let Some(end) = bytes[from..].windows(4).position(|four| four == b"\r\n\r\n") {
            let packet = Packet::parse(&bytes[from..from + end]);
            if !packet.headers.is_empty() {
                packets.0.push(packet);
            }
            from += end + 4;
        }
        bytes.drain(..from);
        self.more.notify_all();
    }

    fn wait(&self, mut mark: usize, deadline: Instant, fits: impl Fn(&Packet) -> bool) -> Packet {
        let mut packets = self.packets.lock().expect("no reader panics");
        loop {
            if let Some(packet) = packets.0[mark..].iter().find(|packet| fits(packet)) {
                return packet.clone();
            }
            let begin = packets.0.len().saturating_sub(8);
            assert!(!packets.1, "the connection ended; last: {:#?}", &packets.0[begin..]);
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing fits; last: {:#?}", &packets.0[begin..]);
            mark = packets.0.len();
            packets = self.more.wait_timeout(packets, left).expect("no reader panics").0;
        }
    }
}
