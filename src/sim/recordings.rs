//! The sim against recordings of real servers: the same actions at the same times must bring the same packets.
//!
//! Normalised: times and what is counted from them, Uniqueids, serial numbers of channels, bridges' ids, ports and
//! RTP's numbers. What comes by threads of Asterisk racing is compared without regard to order and time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gavel_ami::wire::unescape;

use crate::exchange::{Exchange, Line};
use crate::setup::{Files, Setup, Style};
use crate::world::NewCall;

const FILES: Files<'static> = Files {
    extensions: include_str!("fixtures/extensions.conf"),
    confbridge: include_str!("fixtures/confbridge.conf"),
    manager: include_str!("fixtures/manager.conf"),
};

/// Headers whose values are of the moment.
const VOLATILE: &[&str] = &[
    "EventTV",
    "SessionTV",
    "SessionID",
    "LocalAddress",
    "RemoteAddress",
    "Timestamp",
    "Uptime",
    "LastReload",
    "AnsweredTime",
    "Duration",
    "Activity",
    "Seconds",
    "CallID",
    "AppLine",
    "SSRC",
    "SentNTP",
    "SentRTP",
    "SentPackets",
    "SentOctets",
    "To",
    "From",
    "MES",
    "Port",
    "Source",
    "DurationMs",
    "BridgeUniqueid",
    "BridgeId",
    "BridgeID",
    "BridgeNumChannels",
];

/// Who looks when decides how often these come.
const RACES: &[&str] = &["DeviceStateChange", "TestEvent", "RTCPSent", "ConfbridgeTalking", "MeetmeTalking"];

type Packet = Vec<(String, String)>;

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn packets(raw: &[u8]) -> Vec<Packet> {
    let text = latin(raw);
    let body = text.split_once("\r\n").map_or("", |(_, rest)| rest);
    let lines = |packet: &str| -> Packet {
        let pair = |line: &str| match line.split_once(':') {
            Some((name, value)) => (name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()),
            None => (line.to_owned(), String::new()),
        };
        packet.split("\r\n").filter(|line| !line.is_empty()).map(pair).collect()
    };
    body.split("\r\n\r\n").map(lines).filter(|packet| !packet.is_empty()).collect()
}

fn get<'a>(packet: &'a Packet, name: &str) -> &'a str {
    packet.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
}

/// What stands before a `-0000001a`, where it stands, and its digits.
fn serials(text: &str) -> Vec<(usize, String, String)> {
    let chars: Vec<char> = text.chars().collect();
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut found = Vec::new();
    for at in 0..chars.len().saturating_sub(8) {
        let digits = &chars[at + 1..at + 9];
        let ends = chars.get(at + 9).is_none_or(|c| !hex(*c) && *c != '-');
        if chars[at] == '-' && ends && digits.iter().all(|c| hex(*c)) {
            let start = chars[..at].iter().rposition(|c| ",!:".contains(*c)).map_or(0, |p| p + 1);
            let base: String = chars[start..at].iter().collect();
            found.push((at + 1, base.trim_start().to_owned(), digits.iter().collect()));
        }
    }
    found
}

/// Which is which: serial numbers by the order in which they are seen, Uniqueids by their channels.
#[derive(Default)]
struct Names {
    serials: HashMap<String, Vec<String>>,
    ids: HashMap<String, String>,
}

impl Names {
    fn of(packets: &[Packet]) -> Self {
        let mut names = Self::default();
        for packet in packets {
            for (_, value) in packet {
                for (_, base, serial) in serials(value) {
                    let known = names.serials.entry(base).or_default();
                    if !known.contains(&serial) {
                        known.push(serial);
                    }
                }
            }
            let (channel, id) = (get(packet, "Channel"), get(packet, "Uniqueid"));
            if get(packet, "Event") == "Newchannel" {
                let channel = names.shorten(channel);
                names.ids.insert(id.to_owned(), format!("<{channel}>"));
            }
        }
        names
    }

    /// `Local/201@conf-00000004;2` becomes `Local/201@conf-#0;2`.
    fn shorten(&self, value: &str) -> String {
        self.replace(value, |n| format!("#{n}"))
    }

    fn replace(&self, value: &str, with: impl Fn(usize) -> String) -> String {
        let mut chars: Vec<String> = value.chars().map(String::from).collect();
        for (at, base, serial) in serials(value) {
            let place = self.serials.get(&base).and_then(|known| known.iter().position(|s| *s == serial));
            chars[at] = with(place.unwrap_or(99));
            chars[at + 1..at + 8].iter_mut().for_each(String::clear);
        }
        chars.concat()
    }

    fn normalise(&self, packet: &Packet) -> Packet {
        let variable = get(packet, "Variable");
        let hall =
            variable == "MEETMESECS" || variable.starts_with("RTPAUDIOQOS") || variable.ends_with("call-id)");
        let value = |name: &str, value: &str| {
            let value = match name {
                name if VOLATILE.contains(&name) || name.starts_with("Report0") => return "*".to_owned(),
                "Value" if hall => return "*".to_owned(),
                "File" => value.rsplit_once('-').map_or(value, |(stem, _)| stem),
                _ => value,
            };
            match self.ids.get(value) {
                Some(id) => id.clone(),
                None => self.shorten(value),
            }
        };
        let mut normal: Packet = packet.iter().map(|(name, v)| (name.clone(), value(name, v))).collect();
        if get(packet, "Event").starts_with("Meetme") {
            normal.retain(|(name, _)| name != "Duration"); // there or not by the second
        }
        if !get(packet, "Response").is_empty() && normal.iter().any(|(n, v)| n == "Output" && v.contains('!'))
        {
            normal.iter_mut().filter(|(n, _)| n == "Output").for_each(|(_, v)| *v = concise(v));
            normal.sort();
        }
        normal.iter_mut().filter(|(n, _)| n == "Output").for_each(|(_, v)| *v = without_times(v));
        normal
    }
}

/// A line of `core show channels concise` without its times and ids.
fn concise(line: &str) -> String {
    let mut fields: Vec<&str> = line.split('!').collect();
    let time = |field: &str| field.len() == 8 && field.split(':').count() == 3;
    fields.iter_mut().filter(|field| time(field)).for_each(|field| *field = "*");
    if fields.len() > 12 {
        fields[11..].iter_mut().for_each(|field| *field = "*");
    }
    fields.join("!")
}

/// `00:00:07` at the end of a line, or among its words.
fn without_times(line: &str) -> String {
    let word = |w: &str| {
        let time = w.len() >= 8 && w.is_char_boundary(w.len() - 8) && {
            let tail = &w.as_bytes()[w.len() - 8..];
            tail[2] == b':' && tail[5] == b':' && tail.iter().all(|b| b.is_ascii_digit() || *b == b':')
        };
        if time { format!("{}*", &w[..w.len() - 8]) } else { w.to_owned() }
    };
    let uptime = line.split_once(": ").filter(|(what, _)| ["System uptime", "Last reload"].contains(what));
    uptime
        .map_or_else(|| line.split(' ').map(word).collect::<Vec<_>>().join(" "), |(what, _)| what.to_owned())
}

/// A packet's kind: what it is, and its headers in their order.
fn kind(packet: &Packet) -> String {
    let (name, value) = &packet[0];
    let detail = match value.as_str() {
        "TestEvent" => get(packet, "State"),
        _ => "",
    };
    let mut headers: Vec<&str> = packet.iter().map(|(name, _)| name.as_str()).collect();
    headers.dedup();
    if value.starts_with("Meetme") {
        headers.retain(|name| *name != "Duration");
    }
    format!("{name}: {value} {detail} [{}]", headers.join(" "))
}

/// The actions that were sent, with their seconds.
fn sent(text: &str) -> Vec<(f64, String)> {
    let mut actions: Vec<(f64, String)> = Vec::new();
    let mut current: Option<(f64, String)> = None;
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let (time, line) = line.split_once(" C ").expect("seconds C line");
        let (_, action) =
            current.get_or_insert_with(|| (time.trim().parse().expect("seconds"), String::new()));
        action.push_str(&unescaped(line));
        if line == "\\r\\n" {
            actions.extend(current.take());
        }
    }
    actions
}

/// The notation of the recordings; bytes as Latin-1.
fn unescaped(line: &str) -> String {
    let bytes = latin(line.as_bytes());
    let mut out = String::new();
    let mut chars = bytes.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            (_, Some('r')) => out.push('\r'),
            (_, Some('n')) => out.push('\n'),
            (_, Some('t')) => out.push('\t'),
            (_, Some('x')) => {
                let hex: String = chars.by_ref().take(2).collect();
                out.push(char::from(u8::from_str_radix(&hex, 16).expect("two digits")));
            }
            (_, Some(other)) => out.push(other),
            (c, None) => out.push(c),
        }
    }
    out
}

struct Run {
    exchange: Exchange,
    line: Line,
    output: Vec<u8>,
}

impl Run {
    fn new(style: Style) -> Self {
        let setup = Setup::new(style, FILES).expect("sound files");
        let address: SocketAddr = ([127, 0, 0, 1], 5038).into();
        let mut exchange = Exchange::new(Arc::new(setup), Duration::ZERO);
        let line = exchange.connect(address, address);
        Self { exchange, line, output: Vec::new() }
    }

    fn advance(&mut self, seconds: f64) {
        self.exchange.advance(Duration::from_secs_f64(seconds));
        self.output.extend(self.exchange.take(self.line).0);
    }

    fn send(&mut self, seconds: f64, action: &str) {
        let bytes: Vec<u8> = action.chars().map(|c| c as u32 as u8).collect();
        self.exchange.receive(Duration::from_secs_f64(seconds), self.line, &bytes);
        self.output.extend(self.exchange.take(self.line).0);
    }
}

/// Whoever called the recorded server by SIP.
fn phones(recorded: &[Packet]) -> Vec<NewCall> {
    let sip = |p: &&Packet| get(p, "Event") == "Newchannel" && get(p, "Channel").starts_with("PJSIP/");
    let call = |p: &Packet| {
        let bytes = |name: &str| -> Vec<u8> { get(p, name).chars().map(|c| c as u32 as u8).collect() };
        let known = |v: Vec<u8>| if v == b"<unknown>" { Vec::new() } else { unescape(&v).into_owned() };
        let endpoint = get(p, "Channel").trim_start_matches("PJSIP/").split('-').next().unwrap_or_default();
        NewCall {
            endpoint: endpoint.to_owned(),
            number: known(bytes("CallerIDNum")),
            name: known(bytes("CallerIDName")),
            context: get(p, "Context").to_owned(),
            exten: get(p, "Exten").to_owned(),
        }
    };
    recorded.iter().filter(sip).map(call).collect()
}

fn replay(style: Style, recorded: &[Packet], script: &str) -> Vec<Packet> {
    let names = Names::of(recorded);
    let mut run = Run::new(style);
    let actions = sent(script);
    let mut end = 0.0;
    for (n, (time, action)) in actions.iter().enumerate() {
        run.advance(*time);
        let now = Names::of(&packets(&run.output));
        let action =
            action.split("\r\n").map(|line| now.translate(&names, line)).collect::<Vec<_>>().join("\r\n");
        run.send(*time, &action);
        if n == 0 {
            for (n, call) in phones(recorded).iter().enumerate() {
                run.advance(time + 0.27 + 0.1 * n as f64);
                let id = run.exchange.world.call(call);
                run.exchange.world.sound(id, true);
                run.exchange.settle();
            }
        }
        end = *time;
    }
    run.advance(end + 1.0);
    packets(&run.output)
}

impl Names {
    /// A line of the recording, with our own serial numbers.
    fn translate(&self, recorded: &Self, line: &str) -> String {
        let Some((name, value)) = line.split_once(": ") else { return line.to_owned() };
        let found = serials(value).into_iter().next();
        let Some((at, base, serial)) = found else { return line.to_owned() };
        let find = |map: &HashMap<String, Vec<String>>| {
            map.iter().find(|(b, _)| b.eq_ignore_ascii_case(&base)).map(|(_, known)| known.clone())
        };
        let place = find(&recorded.serials).and_then(|known| known.iter().position(|s| *s == serial));
        let ours = find(&self.serials).zip(place).and_then(|(known, n)| known.get(n).cloned());
        let ours = ours.unwrap_or(serial);
        format!("{name}: {}{ours}{}", &value[..at], &value[at + 8..])
    }
}

fn counted(packets: impl Iterator<Item = Packet>) -> BTreeMap<String, isize> {
    let mut counts = BTreeMap::new();
    for packet in packets {
        let lines: Vec<String> = packet.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        *counts.entry(lines.join(" | ")).or_default() += 1;
    }
    counts
}

fn is_answer(packet: &Packet) -> bool {
    packet[0].0 == "Response" || get(packet, "Privilege").is_empty() || get(packet, "Privilege") == "Call"
}

/// The differences, each with what it is; empty: none.
fn differences(style: Style, raw: &[u8], script: &str) -> Vec<String> {
    let recorded = packets(raw);
    let ours = replay(style, &recorded, script);
    let kinds: BTreeSet<String> = ours.iter().map(kind).collect();
    let missing: BTreeSet<String> = recorded.iter().map(kind).filter(|k| !kinds.contains(k)).collect();
    let mut told: Vec<String> = missing.into_iter().map(|k| format!("KIND {k}")).collect();
    let (theirs, mine) = (Names::of(&recorded), Names::of(&ours));
    let raced = |p: &&Packet| {
        let name = get(p, "Event");
        RACES.contains(&name) || get(p, "Variable") == "BRIDGEPEER"
    };
    let pick = |packets: &[Packet], names: &Names, answers: bool| {
        let chosen = packets.iter().filter(|p| is_answer(p) == answers && !raced(p));
        counted(chosen.map(|p| names.normalise(p)))
    };
    for answers in [true, false] {
        let (expected, seen) = (pick(&recorded, &theirs, answers), pick(&ours, &mine, answers));
        let all: BTreeSet<&String> = expected.keys().chain(seen.keys()).collect();
        for packet in all {
            let (a, b) = (expected.get(packet).unwrap_or(&0), seen.get(packet).unwrap_or(&0));
            if a != b {
                told.push(format!("{a} recorded, {b} here: {packet}"));
            }
        }
    }
    told
}

/// The dialplan was torn down while the last callers were still being kicked, and one was kicked while it hung up.
const RACED: &[&str] = &[
    "ActionID: a89 ",
    "Variable: X |",
    "ActionID: a113",
    "ActionID: z3",
    "Event: Hangup .. Channel: Local/201@conf-#0;",
    "Variable: CONFBRIDGE_RESULT .. Channel: Local/201@conf-#0;",
    "Event: Hangup .. Channel: Local/r",
    "Event: SoftHangupRequest .. Channel: Local/r",
    "Application: UserEvent .. Channel: Local/r",
    "Application: Hangup .. Channel: Local/r",
    "Event: UserEvent .. Channel: Local/r",
];

macro_rules! recordings {
    ($($test:ident: $style:ident $folder:literal $name:literal $known:expr;)*) => {
        $(#[test]
        fn $test() {
            let raw = include_bytes!(concat!("../../tests/transcripts/", $folder, "/", $name, ".raw"));
            let script = include_str!(concat!("../../tests/transcripts/", $folder, "/", $name, ".sent"));
            // Orders of a hash table, and answers to an action that raced with the one before.
            let known: &[&str] = $known;
            let mut told = differences(Style::$style, raw, script);
            told.retain(|line| line.starts_with("KIND") || !known.iter().any(|k| k.split(" .. ").all(|part| line.contains(part))));
            assert!(told.is_empty(), "{} differences:\n{}", told.len(), told.join("\n"));
        })*
    };
}

recordings! {
    conference_22: V22 "asterisk-22" "12-conf-three-talk-mute-kick" &["Bridge Profiles"];
    conference_16: V16 "asterisk-16" "12-conf-three-talk-mute-kick" &["Bridge Profiles"];
    hand_22: V22 "asterisk-22" "13-raise-hand-userevent" &[];
    hand_16: V16 "asterisk-16" "13-raise-hand-userevent" &[];
    originate_22: V22 "asterisk-22" "20-originate" &[];
    originate_16: V16 "asterisk-16" "20-originate" &[];
    redirect_22: V22 "asterisk-22" "21-redirect-lobby-to-main" &[];
    redirect_16: V16 "asterisk-16" "21-redirect-lobby-to-main" &["ActionID: a25"];
    escaping_22: V22 "asterisk-22" "26-escaping-and-actionid" RACED;
    escaping_16: V16 "asterisk-16" "26-escaping-and-actionid" RACED;
    sip_22: V22 "asterisk-22" "30-sip-callers" &[];
    meetme_22: V22 "asterisk-22" "41-meetme-fake-dahdi" &[];
}
