//! Which callers: a script by its name or from a file, and whom they call.

use std::io;
use std::path::{Path, PathBuf};

use gavel_ami::model::ConferenceKind;
use gavel_sim::{Script, ScriptError, Server};

use super::{dialplan, first_callers};
use crate::cli::Callers;
use crate::config::{Room, nearest};
use crate::visible::visible;

/// What scripts call the room where callers wait; every other extension is the room.
const LOBBY: &str = "lobby";
/// A demo begins this far into its script (seconds): nobody wants to watch an empty room.
const LEAD: f64 = 45.0;
/// And begins again so long after the last caller of it.
const PAUSE: f64 = 10.0;

/// What is wrong with the script.
#[derive(Debug, thiserror::Error)]
pub enum BadScript {
    /// There is none of that name.
    #[error("there is no script \"{}\"{near}; there are {known}, or name a file", visible(.name))]
    Unknown {
        /// What was asked for.
        name: String,
        /// "; did you mean ...?"
        near: String,
        /// All there are.
        known: String,
    },
    /// The file can't be read.
    #[error("{}: can't be read: {error}", visible(&.file.display().to_string()))]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no script.
    #[error("{}: {error}", visible(.file))]
    Wrong {
        /// Which.
        file: String,
        /// Why.
        error: ScriptError,
    },
}

/// Callers who wait for their cue.
pub(super) struct Cast(Script);

/// The script that was asked for.
pub(super) fn cast(callers: &Callers) -> Result<Cast, BadScript> {
    let name = callers.script.as_str();
    if Script::names().any(|known| known == name) {
        return parsed(name, Script::named(name));
    }
    let path = Path::new(name);
    if !path.exists() && !name.contains(['/', '.']) {
        let near = nearest(name, Script::names()).map(|best| format!(", did you mean \"{best}\"?"));
        let known = Script::names().collect::<Vec<_>>().join(", ");
        return Err(BadScript::Unknown { name: name.to_owned(), near: near.unwrap_or_default(), known });
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| BadScript::Unreadable { file: path.to_owned(), error })?;
    parsed(name, Script::parse(&text))
}

fn parsed(file: &str, script: Result<Script, ScriptError>) -> Result<Cast, BadScript> {
    script.map(Cast).map_err(|error| BadScript::Wrong { file: file.to_owned(), error })
}

impl Cast {
    /// Begins in the middle, where scripts are long enough for it, and never ends.
    pub(super) fn under_way(&mut self) {
        let script = &mut self.0;
        let last =
            script.caller.iter().map(|c| c.until).chain(script.crowd.iter().map(|c| c.to + c.stays[1]));
        let last = last.fold(0.0, f64::max);
        let lead = if last > 10.0 * LEAD { LEAD } else { 0.0 };
        script.caller.retain(|caller| caller.until <= 0.0 || caller.until > lead);
        let earlier = |time: &mut f64| *time = (*time - lead).max(0.0);
        for caller in &mut script.caller {
            earlier(&mut caller.at);
            earlier(&mut caller.until);
        }
        for crowd in &mut script.crowd {
            earlier(&mut crowd.from);
            earlier(&mut crowd.to);
        }
        script.event.iter_mut().for_each(|event| earlier(&mut event.at));
        let stays =
            script.caller.iter().any(|c| c.until <= 0.0) || script.crowd.iter().any(|c| c.stays[1] <= 0.0);
        if script.repeat <= 0.0 && !stays && last > 0.0 {
            script.repeat = last - lead + PAUSE;
        }
    }

    /// In every room of that server; what goes wrong there goes wrong once.
    pub(super) fn play(&self, server: &Server, rooms: &[&Room]) {
        let mut at_once = 0;
        for (at, room) in rooms.iter().enumerate() {
            let mut script = self.in_room(at, room);
            if at > 0 {
                script.event.clear();
            }
            at_once += script.caller.iter().filter(|caller| caller.at <= 0.0).count();
            server.play(script);
        }
        first_callers(server, at_once);
    }

    /// As the callers of one room; without a lobby nobody waits there.
    fn in_room(&self, at: usize, room: &Room) -> Script {
        let mut script = self.0.clone();
        if matches!(room.kind, ConferenceKind::MeetMe { .. }) {
            script = script.on_meetme();
        }
        let dial = |dialled: &mut String| {
            let waits = dialled == LOBBY;
            *dialled = if waits { dialplan::lobby(at) } else { dialplan::room(at) };
            !waits || room.lobby.is_some()
        };
        script.caller.retain_mut(|caller| dial(&mut caller.room));
        script.crowd.retain_mut(|crowd| dial(&mut crowd.room));
        script
    }
}
