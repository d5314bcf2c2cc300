//! The other end of the flood: as much of an Asterisk as the client asks for, and then events as fast as they go.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::flood::{CONFERENCE, Flood, HUNDRED};

/// Who is in from the beginning.
const MEMBERS: u32 = 50;
/// The name of the caller whose join tells that the flood is over.
pub(crate) const THE_END: &str = "The End";

/// What the client asks for: action and ActionID.
type Asked = (String, String);

/// The size of an event in the mean, in bytes.
pub(crate) fn mean() -> f64 {
    let (mut flood, mut out) = (Flood::new(MEMBERS), String::new());
    (0..100).for_each(|_| flood.hundred(&mut out));
    out.len() as f64 / (100 * HUNDRED) as f64
}

/// Writes the flood; with `speak` it is an AMI server that answers before, between and after. Returns who is in at
/// the end: channel, and whether muted.
pub(crate) fn serve(mut socket: TcpStream, events: usize, speak: bool) -> io::Result<Vec<(String, bool)>> {
    let mut flood = Flood::new(MEMBERS);
    if !speak {
        pour(&mut socket, &mut flood, events, |_, _| Ok(()))?;
        return Ok(Vec::new());
    }
    socket.write_all(b"Asterisk Call Manager/11.0.0\r\n")?;
    let asked = listen(socket.try_clone()?);
    // The flood begins when the client knows who is in, and has had time to take in the answer.
    let mut listed = 0;
    while listed < 1 {
        let action = asked.recv_timeout(Duration::from_secs(10)).map_err(io::Error::other)?;
        listed += usize::from(action.0 == "ConfbridgeList");
        answer(&mut socket, &flood, &action)?;
    }
    pour(&mut socket, &mut flood, events, |socket, flood| {
        asked.try_iter().try_for_each(|action| answer(socket, flood, &action))
    })?;
    let mut out = String::new();
    flood.join_named(THE_END, &mut out);
    socket.write_all(out.as_bytes())?;
    // Until the client hangs up.
    while let Ok(action) = asked.recv() {
        if answer(&mut socket, &flood, &action).is_err() {
            break;
        }
    }
    Ok(flood.members.iter().map(|member| (member.channel(), member.muted)).collect())
}

fn pour(
    socket: &mut TcpStream,
    flood: &mut Flood,
    events: usize,
    mut between: impl FnMut(&mut TcpStream, &Flood) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = String::new();
    for _ in 0..events / HUNDRED {
        out.clear();
        flood.hundred(&mut out);
        socket.write_all(out.as_bytes())?;
        between(socket, flood)?;
    }
    Ok(())
}

/// Reads the client's actions on a thread of its own.
fn listen(socket: TcpStream) -> Receiver<Asked> {
    let (tx, rx) = channel();
    thread::spawn(move || {
        let (mut action, mut id) = (String::new(), String::new());
        for line in BufReader::new(socket).lines() {
            let Ok(line) = line else { return };
            match line.split_once(": ") {
                Some(("Action", value)) => action = value.to_owned(),
                Some(("ActionID", value)) => id = value.to_owned(),
                _ if !line.is_empty() => {}
                _ => match tx.send((std::mem::take(&mut action), std::mem::take(&mut id))) {
                    Ok(()) => {}
                    Err(_) => return,
                },
            }
        }
    });
    rx
}

fn answer(socket: &mut TcpStream, flood: &Flood, (action, id): &Asked) -> io::Result<()> {
    let response = |words: &str| format!("Response: Success\r\nActionID: {id}\r\n{words}\r\n");
    let complete = |name: &str, items: usize| {
        format!(
            "Event: {name}Complete\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: {items}\r\n\r\n"
        )
    };
    let begins = response("EventList: start\r\nMessage: List will follow\r\n");
    let parties = flood.members.len();
    let text = match action.as_str() {
        "Challenge" => response("Challenge: 160934519\r\n"),
        "Login" => {
            response("Message: Authentication accepted\r\n")
                + "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 9\r\nLastReload: 9\r\nStatus: Fully Booted\r\n\r\n"
        }
        "ListCommands" => response(COMMANDS),
        "CoreSettings" => response("AMIversion: 11.0.0\r\nAsteriskVersion: 22.10.1\r\nSystemName: \r\n"),
        "CoreStatus" => response(
            "CoreStartupDate: 2026-11-23\r\nCoreStartupTime: 00:13:34\r\nCoreReloadDate: 2026-11-23\r\nCoreReloadTime: 00:13:34\r\nCoreCurrentCalls: 50\r\nCoreProcessedCalls: 50\r\n",
        ),
        "ConfbridgeListRooms" => {
            begins
                + &format!(
                    "Event: ConfbridgeListRooms\r\nActionID: {id}\r\nConference: {CONFERENCE}\r\nParties: {parties}\r\nMarked: 0\r\nLocked: No\r\nMuted: No\r\n\r\n"
                )
                + &complete("ConfbridgeListRooms", 1)
        }
        "ConfbridgeList" => {
            let mut list = begins;
            flood.list(id, &mut list);
            list + &complete("ConfbridgeList", parties)
        }
        _ => response("Ping: Pong\r\nTimestamp: 1795393457.582912\r\n"),
    };
    socket.write_all(text.as_bytes())
}

const COMMANDS: &str = "ConfbridgeKick: Kick a Confbridge user.  (Priv: call,all)\r\n\
    ConfbridgeList: List participants in a conference.  (Priv: reporting,all)\r\n\
    ConfbridgeListRooms: List active conferences.  (Priv: reporting,all)\r\n\
    ConfbridgeMute: Mute a Confbridge user.  (Priv: call,all)\r\n\
    CoreSettings: Show PBX core settings (version etc).  (Priv: system,reporting,all)\r\n\
    CoreStatus: Show PBX core status variables.  (Priv: system,reporting,all)\r\n\
    Ping: Keepalive command.  (Priv: <none>)\r\n";
