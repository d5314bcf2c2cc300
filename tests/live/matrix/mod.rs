//! gavel on Matrix: the program, a real homeserver with people in its rooms, and a phone system behind it.
//!
//! The people's client shares no code with gavel's; the crew's rooms are encrypted.

mod bench;
mod crew;
mod forged;
mod kills;
mod many;
#[cfg(feature = "discord")]
mod mirror;
mod table;

use gavel_matrix_lab::{Homeserver, Limits};

use crate::backend::{Asterisk, Backend};
use crate::community::Community;
use crate::gavel::{Gavel, Home, configuration};
use crate::words;

pub(crate) use bench::command_to_act;
pub(crate) use crew::{reactions_and_replies, the_crew_moderates};
pub(crate) use forged::{forged_commands_change_nothing, forged_reactions_change_nothing};
pub(crate) use kills::{its_state_is_lost, killed_at_5_points, killed_at_50_points};
pub(crate) use many::{
    commands_while_gavel_was_away, fifty_join_with_default_limits, thirty_commands_at_once,
    thirty_commands_at_once_with_default_limits,
};
#[cfg(feature = "discord")]
pub(crate) use mirror::{
    homeserver_is_away_for_10_s, homeserver_is_away_for_60_s, one_crew_on_three_networks, two_networks_race,
};
pub(crate) use table::{every_command_for_every_role, some_commands_for_some_roles};

/// A configuration with the room of the stories, without any place.
fn room(backend: Backend, asterisk: &Asterisk) -> String {
    let crew = format!("title = \"Thursday Line\"\ncrew = [\"{}\"]", words::CREW);
    configuration(backend, asterisk.port()).replace("title = \"Thursday Line\"", &crew)
}

/// Where gavel lives with that community alone.
fn home(backend: Backend, asterisk: &Asterisk, community: &Community) -> Home {
    let home =
        Home::new(&format!("{}{}{}", room(backend, asterisk), community.configuration(), community.access()));
    home.write("matrix-password", &community.bot.password);
    home
}

/// gavel in the rooms, its card on the wall.
fn open(backend: Backend, asterisk: &Asterisk, limits: Limits) -> (Home, Gavel, Community) {
    let mut community = Community::start(Homeserver::shared(limits));
    let home = home(backend, asterisk, &community);
    let gavel = home.console();
    community.open();
    (home, gavel, community)
}

/// What was written down.
fn journal(home: &Home) -> Vec<String> {
    let file = rusqlite::Connection::open(home.path("gavel.db")).expect("the state is there");
    let mut rows = file.prepare("SELECT entry FROM journal ORDER BY id").expect("it has a journal");
    let rows = rows.query_map([], |row| row.get(0)).expect("it can be read");
    rows.collect::<Result<_, _>>().expect("texts")
}
