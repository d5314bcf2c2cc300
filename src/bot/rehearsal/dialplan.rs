//! The rehearsal Asterisk's dialplan for the rooms of a configuration. Each room and lobby has an extension of its own
//! in the contexts that scripts know, whatever the conference is called.

use std::fmt::Write as _;

use gavel_ami::model::{ConferenceKind, ConferenceName, ServerName};

use crate::config::{At, Config, ConfigError, Problem, Room};

/// Context, ConfBridge's profile, MeetMe's options. Who waits for the crew is a thing of ConfBridge's here.
const CALLERS: [(&str, &str, &str); 4] = [
    ("conf", "caller", "dqTs"),
    ("crew", "admin", "adqTs"),
    ("waits", "waits", "dqTs"),
    ("muted", "muted", "dqTsm"),
];

/// What callers dial for the room of that place in the list.
pub(super) fn room(at: usize) -> String {
    format!("room{at}")
}

/// What callers dial for its lobby.
pub(super) fn lobby(at: usize) -> String {
    format!("lobby{at}")
}

/// `extensions.conf` for these rooms, or which conferences have names that no dialplan can hold.
pub(super) fn extensions(
    config: &Config,
    server: &ServerName,
    rooms: &[&Room],
) -> Result<String, ConfigError> {
    let problems: Vec<Problem> = rooms.iter().flat_map(|room| unspeakable(config, room)).collect();
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    let mut text = format!("; rehearsal of {server}\n[general]\n");
    for (context, profile, options) in CALLERS {
        let _ = writeln!(text, "\n[{context}]");
        for (at, it) in rooms.iter().enumerate() {
            extension(&mut text, &room(at), it.kind, &it.conference, (profile, options));
            if let Some(waiting) = &it.lobby {
                extension(&mut text, &lobby(at), it.kind, waiting, ("lobby", "dqTs"));
            }
        }
    }
    text.push_str(
        "\n[raise]\nexten => s,1,UserEvent(RaiseHand,Channel: ${CHANNEL},Uniqueid: ${UNIQUEID})\n same => n,Return()\n",
    );
    Ok(text)
}

fn extension(
    text: &mut String,
    dialled: &str,
    kind: ConferenceKind,
    conference: &ConferenceName,
    (profile, options): (&str, &str),
) {
    let application = match kind {
        ConferenceKind::ConfBridge => format!("ConfBridge({conference},default_bridge,{profile},keypad)"),
        ConferenceKind::MeetMe { .. } => format!("MeetMe({conference},{options})"),
    };
    let _ = writeln!(text, "exten => {dialled},1,Answer()\n same => n,{application}\n same => n,Hangup()");
}

fn unspeakable(config: &Config, room: &Room) -> Vec<Problem> {
    let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "-_.+#*@ ".contains(c));
    let named = [Some((&room.conference, "")), room.lobby.as_ref().map(|lobby| (lobby, ".lobby"))];
    let wrong = named.into_iter().flatten().filter(|(name, _)| !plain(name.as_str()));
    wrong
        .map(|(name, of)| {
            let text =
                format!("\"{name}\" can't be rehearsed: only letters, digits, blanks and - _ . + # * @ can");
            At::whole(&config.file.display().to_string())
                .problem(format!("room.{}{of}.conference", room.name), text)
        })
        .collect()
}
