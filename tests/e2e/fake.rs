//! As much of an Asterisk as answers a login and a few questions. What real ones do is the live tests' business.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// How the fake answers.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    /// The login is taken.
    pub(crate) login: bool,
    /// `Name: text (Priv: ...)` lines of ListCommands.
    pub(crate) commands: &'static str,
    /// The active conference's name.
    pub(crate) conference: &'static str,
    /// A mute is answered and done.
    pub(crate) mutes: bool,
    /// The caller ID names of those who are in it.
    pub(crate) callers: &'static [&'static str],
}

/// Least privilege, as the manual says.
pub(crate) const LEAST: Manners = Manners {
    login: true,
    commands: "ConfbridgeKick: Kick. (Priv: call,all)\r\n\
               ConfbridgeList: List. (Priv: reporting,all)\r\n\
               ConfbridgeListRooms: List. (Priv: reporting,all)\r\n\
               ConfbridgeLock: Lock. (Priv: call,all)\r\n\
               ConfbridgeMute: Mute. (Priv: call,all)\r\n\
               ConfbridgeUnlock: Unlock. (Priv: call,all)\r\n\
               ConfbridgeUnmute: Unmute. (Priv: call,all)\r\n\
               CoreSettings: Settings. (Priv: system,reporting,all)\r\n\
               CoreStatus: Status. (Priv: system,reporting,all)\r\n\
               Hangup: Hang up. (Priv: system,call,all)\r\n\
               Ping: Ping. (Priv: <none>)\r\n\
               Setvar: Set. (Priv: call,all)\r\n",
    conference: "200",
    mutes: true,
    callers: &[],
};

/// Listens on a port of its own until the test program ends.
pub(crate) fn asterisk(manners: Manners) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for link in listener.incoming() {
            thread::spawn(move || link.and_then(|link| serve(link, manners)));
        }
    });
    port
}

fn serve(link: TcpStream, manners: Manners) -> std::io::Result<()> {
    let mut to = link.try_clone()?;
    to.write_all(b"Asterisk Call Manager/11.0.0\r\n")?;
    let (mut action, mut id) = (String::new(), String::new());
    for line in BufReader::new(link).lines() {
        let line = line?;
        match line.split_once(": ") {
            Some(("Action", name)) => action = name.to_owned(),
            Some(("ActionID", value)) => id = value.to_owned(),
            None if line.is_empty() => {
                to.write_all(answer(&action, &id, manners).as_bytes())?;
                if action == "Login" && !manners.login {
                    return Ok(());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn answer(action: &str, id: &str, manners: Manners) -> String {
    let (response, rest) = match action {
        "Challenge" => ("Success", "Challenge: 144120\r\n".to_owned()),
        "Login" if !manners.login => ("Error", "Message: Authentication failed\r\n".to_owned()),
        "Login" => ("Success", "Message: Authentication accepted\r\n".to_owned()),
        "ListCommands" => ("Success", manners.commands.to_owned()),
        "CoreSettings" => ("Success", "AsteriskVersion: 22.10.1\r\n".to_owned()),
        "CoreStatus" => {
            ("Success", "CoreStartupDate: 2026-11-23\r\nCoreStartupTime: 16:00:00\r\n".to_owned())
        }
        "ConfbridgeListRooms" => return rooms(id, manners),
        "ConfbridgeList" if !manners.callers.is_empty() => return members(id, manners),
        "ConfbridgeMute" if !manners.mutes => return String::new(),
        "ConfbridgeMute" if !manners.callers.is_empty() => return mute(id, manners),
        "Ping" => ("Success", "Ping: Pong\r\n".to_owned()),
        "Logoff" => ("Goodbye", "Message: Thanks for all the fish.\r\n".to_owned()),
        _ => ("Error", format!("Message: Invalid/unknown command: {action}.\r\n")),
    };
    let booted = if action == "Login" && manners.login {
        "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
    } else {
        ""
    };
    format!("Response: {response}\r\nActionID: {id}\r\n{rest}\r\n{booted}")
}

fn rooms(id: &str, manners: Manners) -> String {
    let room = format!(
        "Event: ConfbridgeListRooms\r\nActionID: {id}\r\nConference: {}\r\nParties: {}\r\nMarked: 0\r\n\
         Locked: No\r\nMuted: No\r\n\r\n",
        manners.conference,
        manners.callers.len()
    );
    list(id, "ConfbridgeListRoomsComplete", &[room])
}

fn members(id: &str, manners: Manners) -> String {
    let member = |(n, name): (usize, &&str)| {
        format!(
            "Event: ConfbridgeList\r\nActionID: {id}\r\nConference: {}\r\nAdmin: No\r\nMarkedUser: No\r\n\
             WaitMarked: No\r\nEndMarked: No\r\nWaiting: No\r\nMuted: No\r\nTalking: No\r\nAnsweredTime: 9\r\n\
             Channel: PJSIP/line-0000000{n}\r\nCallerIDNum: 0113555014{n}\r\nCallerIDName: {name}\r\n\
             Uniqueid: 1795453000.{n}\r\nLinkedid: 1795453000.{n}\r\n\r\n",
            manners.conference
        )
    };
    let members: Vec<String> = manners.callers.iter().enumerate().map(member).collect();
    list(id, "ConfbridgeListComplete", &members)
}

/// Always the first caller.
fn mute(id: &str, manners: Manners) -> String {
    format!(
        "Response: Success\r\nActionID: {id}\r\nMessage: User muted\r\n\r\n\
         Event: ConfbridgeMute\r\nPrivilege: call,all\r\nConference: {}\r\nBridgeUniqueid: b1\r\n\
         Channel: PJSIP/line-00000000\r\nUniqueid: 1795453000.0\r\nLinkedid: 1795453000.0\r\nAdmin: No\r\n\r\n",
        manners.conference
    )
}

fn list(id: &str, complete: &str, items: &[String]) -> String {
    format!(
        "Response: Success\r\nActionID: {id}\r\nEventList: start\r\nMessage: A list will follow\r\n\r\n{}\
         Event: {complete}\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: {}\r\n\r\n",
        items.concat(),
        items.len()
    )
}
