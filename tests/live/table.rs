//! The table of words, said at the console: a gavel for each role in each place, one after the other.

use std::time::Duration;

use crate::backend::{Asterisk, Backend};
use crate::gavel::{Gavel, Home, configuration};
use crate::until;
use crate::words::{self, Driver, Said, Where, Who};

/// The console of one role in one place.
struct Console {
    configuration: String,
    open: Option<(Who, Where, Home, Gavel)>,
    asked: u32,
}

impl Driver for Console {
    fn say(&mut self, who: Who, place: Where, said: &Said) -> Option<String> {
        if self.open.as_ref().is_none_or(|(is, at, ..)| (*is, *at) != (who, place)) {
            // One gavel after the other.
            self.open = None;
            let home = Home::new(&self.of(who, place));
            let gavel = home.console();
            self.open = Some((who, place, home, gavel));
        }
        let (.., gavel) = self.open.as_mut()?;
        self.asked += 1;
        let (from, end) = (gavel.printed().len(), format!("x{}x", self.asked));
        gavel.say(&said.typed);
        // The plain console takes one after the other, each after the last word of the one before.
        gavel.say(&end);
        let end = format!("There is no \"{end}\".");
        let lines = until(Duration::from_secs(20), &said.typed, || {
            let lines = gavel.printed().split_off(from);
            let at = lines.iter().position(|line| line.starts_with(&end))?;
            Some(lines[..at].join("\n"))
        });
        Some(lines)
    }

    fn has_others(&self) -> bool {
        false
    }

    fn begins_anew(&self) -> bool {
        true
    }
}

impl Console {
    fn of(&self, who: Who, place: Where) -> String {
        let role = match who {
            Who::Listener => "listener",
            Who::Screener => "screener",
            Who::Cohost => "cohost",
            Who::Host => "host",
        };
        let view = if place == Where::Crew { "crew" } else { "public" };
        let text = self.configuration.replace("role = \"host\"", &format!("role = \"{role}\""));
        text.replace("view = \"crew\"", &format!("view = \"{view}\""))
    }
}

pub(crate) fn every_command_for_every_role(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let crew = format!("title = \"Thursday Line\"\ncrew = [\"{}\"]", words::CREW);
    let configuration = configuration(backend, asterisk.port()).replace("title = \"Thursday Line\"", &crew);
    let mut console = Console { configuration, open: None, asked: 0 };
    words::people(&control);
    words::all(&control, &mut console);
}
