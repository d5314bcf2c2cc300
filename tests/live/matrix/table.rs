//! The table of words, typed in Matrix rooms.

use gavel_matrix_lab::{Homeserver, Limits};

use super::home;
use crate::backend::{Asterisk, Backend};
use crate::community::Community;
use crate::words::{self, Driver, Said, Where, Who};

/// People of each role who type.
struct Crew<'c>(&'c mut Community);

impl Driver for Crew<'_> {
    fn say(&mut self, who: Who, place: Where, said: &Said) -> Option<String> {
        let Crew(Community { dana, sam, lee, ola, crew, public, bot, .. }) = self;
        let member = match who {
            Who::Listener => ola,
            Who::Screener => lee,
            Who::Cohost => sam,
            Who::Host => dana,
        };
        let room = if place == Where::Crew { &*crew } else { &*public };
        let answer = member.asks(room, &format!("!{}", said.typed));
        assert_eq!(answer.sender, bot.user);
        assert_eq!(answer.decrypted, place == Where::Crew, "{answer:?}");
        Some(answer.text)
    }

    fn has_others(&self) -> bool {
        true
    }

    fn begins_anew(&self) -> bool {
        false
    }
}

fn table(backend: Backend, whom: &[(Who, Where)]) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    words::people(&control);
    let mut community = Community::start(Homeserver::shared(Limits::Relaxed));
    let home = home(backend, &asterisk, &community);
    // The console would be one more place of the crew.
    let _gavel = home.run();
    community.open();
    words::some(&control, &mut Crew(&mut community), whom);
}

pub(crate) fn every_command_for_every_role(backend: Backend) {
    table(backend, &words::everybody());
}

/// As many as fit into a minute.
pub(crate) fn some_commands_for_some_roles(backend: Backend) {
    table(backend, &[(Who::Cohost, Where::Crew), (Who::Listener, Where::Public)]);
}
