use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

const TOKEN: &str = "secret";
const GUILD: u64 = 7 << 22;

#[allow(clippy::disallowed_methods, reason = "only a point to count from")]
fn start() -> Instant {
    Instant::now()
}

struct Desk {
    book: Book,
    now: Instant,
    lines: u64,
}

impl Desk {
    fn new() -> Desk {
        let book = Book { rules: Rules { replay: 5, ..Rules::default() }, ..Book::default() };
        Desk { book, now: start(), lines: 0 }
    }

    fn line(&mut self) -> (Line, UnboundedReceiver<Out>) {
        self.lines += 1;
        let (out, seen) = unbounded_channel();
        (Line { connection: self.lines, out }, seen)
    }

    fn identify(&mut self, asked: &Identify) -> (Result<bool, u16>, Vec<Value>) {
        let (line, mut seen) = self.line();
        let guilds = vec![(GUILD, json!({"id": GUILD.to_string()}))];
        let said =
            self.book.identify(self.now, TOKEN, asked, &line, Greeting { ready: json!({"v": 10}), guilds });
        (said, frames(&mut seen))
    }

    fn resume(&mut self, token: &str, session: &str, seq: u64) -> (Result<bool, u16>, Vec<Value>) {
        let (line, mut seen) = self.line();
        let asked = Resume { token: token.into(), session: session.into(), seq };
        let said = self.book.resume(self.now, TOKEN, &asked, &line);
        (said, frames(&mut seen))
    }

    /// A session that has lost its connection, at number 2.
    fn away(&mut self) -> String {
        let (_, seen) = self.identify(&asked());
        self.book.left(self.now, self.lines, false);
        seen[0]["d"]["session_id"].as_str().unwrap().to_owned()
    }
}

fn frames(seen: &mut UnboundedReceiver<Out>) -> Vec<Value> {
    let mut all = Vec::new();
    while let Ok(out) = seen.try_recv() {
        match out {
            Out::Frame(text) => all.push(serde_json::from_str(&text).unwrap()),
            Out::Invalid(resumable) => all.push(json!({"op": 9, "d": resumable})),
            _ => {}
        }
    }
    all
}

fn asked() -> Identify {
    Identify { token: TOKEN.into(), intents: Some(1), shard: [0, 1], compress: false }
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["t"].as_str().unwrap_or("-")).collect()
}

#[test]
fn an_identify_is_told_ready_and_its_guilds() {
    let mut desk = Desk::new();
    let (said, seen) = desk.identify(&asked());
    assert_eq!((said, kinds(&seen)), (Ok(true), vec!["READY", "GUILD_CREATE"]));
    assert_eq!(seen[0]["d"]["guilds"], json!([{"id": GUILD.to_string(), "unavailable": true}]));
    assert_eq!(desk.book.counted().live, 1);
}

#[test]
fn without_intents_there_are_interactions_alone() {
    let mut desk = Desk::new();
    let (line, mut seen) = desk.line();
    let quiet = Identify { intents: Some(0), ..asked() };
    let greeting = Greeting { ready: json!({}), guilds: vec![(GUILD, json!({}))] };
    desk.book.identify(desk.now, TOKEN, &quiet, &line, greeting).unwrap();
    desk.book.dispatch("MESSAGE_CREATE", Some(GUILD), &json!({}));
    desk.book.dispatch("INTERACTION_CREATE", Some(GUILD), &json!({}));
    assert_eq!(kinds(&frames(&mut seen)), ["READY", "INTERACTION_CREATE"]);
}

#[test]
fn what_may_not_identify_is_closed_with_its_code() {
    let guild_members = Some(1 << 1);
    for (wrong, code) in [
        (Identify { token: "Bot another".into(), ..asked() }, 4004),
        (Identify { shard: [1, 1], ..asked() }, 4010),
        (Identify { intents: None, ..asked() }, 4013),
        (Identify { intents: Some(1 << 30), ..asked() }, 4013),
        (Identify { intents: guild_members, ..asked() }, 4014),
    ] {
        assert_eq!(Desk::new().identify(&wrong).0, Err(code), "{wrong:?}");
    }
    let mut desk = Desk::new();
    desk.book.rules.privileged = 1 << 1;
    assert_eq!(desk.identify(&Identify { intents: guild_members, ..asked() }).0, Ok(true));
    let mut desk = Desk::new();
    desk.book.rules.guilds_per_shard = 0;
    assert_eq!(desk.identify(&asked()).0, Err(4011));
}

#[test]
fn a_second_identify_within_5_s_is_an_invalid_session() {
    let mut desk = Desk::new();
    assert_eq!(desk.identify(&asked()).0, Ok(true));
    desk.now += Duration::from_millis(4_999);
    let (said, seen) = desk.identify(&asked());
    assert_eq!((said, seen[0]["op"].clone(), seen[0]["d"].clone()), (Ok(false), json!(9), json!(false)));
    desk.now += Duration::from_millis(1);
    assert_eq!(desk.identify(&asked()).0, Ok(true));
}

#[test]
fn a_resume_is_told_what_it_missed() {
    let mut desk = Desk::new();
    let session = desk.away();
    desk.book.dispatch("INTERACTION_CREATE", Some(GUILD), &json!({"id": "1"}));
    let (said, seen) = desk.resume(TOKEN, &session, 2);
    assert_eq!((said, kinds(&seen)), (Ok(true), vec!["INTERACTION_CREATE", "RESUMED"]));
    assert_eq!(desk.book.counted().resumes, 1);
}

#[test]
fn a_resume_that_finds_nothing_is_an_invalid_session() {
    let mut desk = Desk::new();
    let old = desk.away();
    for _ in 0..6 {
        desk.book.dispatch("INTERACTION_CREATE", None, &json!({}));
    }
    assert_eq!(desk.resume(TOKEN, &old, 2).0, Ok(false));
    assert_eq!(desk.resume(TOKEN, "nobody's", 1).0, Ok(false));
    let mut desk = Desk::new();
    let session = desk.away();
    desk.now += desk.book.rules.resume_within + Duration::from_millis(1);
    assert_eq!(desk.resume(TOKEN, &session, 2).0, Ok(false));
}

#[test]
fn a_resume_from_a_number_never_sent_or_with_another_token_is_closed() {
    let mut desk = Desk::new();
    let session = desk.away();
    assert_eq!(desk.resume("other", &session, 2).0, Err(close::AUTHENTICATION_FAILED));
    assert_eq!(desk.resume(TOKEN, &session, 99).0, Err(close::INVALID_SEQ));
    assert_eq!(desk.resume(TOKEN, &session, 2).0, Ok(false));
}

#[test]
fn held_interactions_come_when_they_are_released() {
    let mut desk = Desk::new();
    let (line, mut seen) = desk.line();
    desk.book
        .identify(desk.now, TOKEN, &asked(), &line, Greeting { ready: json!({}), guilds: vec![] })
        .unwrap();
    desk.book.hold();
    desk.book.dispatch("INTERACTION_CREATE", None, &json!({"id": "1"}));
    desk.book.dispatch("CHANNEL_UPDATE", None, &json!({}));
    assert_eq!(kinds(&frames(&mut seen)), ["READY", "CHANNEL_UPDATE"]);
    desk.book.release();
    assert_eq!(kinds(&frames(&mut seen)), ["INTERACTION_CREATE"]);
}

#[test]
fn a_connection_that_ended_its_session_cannot_be_resumed() {
    let mut desk = Desk::new();
    let (_, seen) = desk.identify(&asked());
    let session = seen[0]["d"]["session_id"].as_str().unwrap().to_owned();
    desk.book.left(desk.now, desk.lines, true);
    assert_eq!(desk.resume(TOKEN, &session, 2).0, Ok(false));
}
