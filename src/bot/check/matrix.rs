//! Matrix: which rooms of the configuration its homeserver is asked about, and its findings as those of all.

use gavel_matrix::check::{self as asked, Sought};

use super::{Finding, Level};
use crate::config::{Config, MatrixRoom, View};
use crate::start::Keys;

/// What the homeserver says; nothing where it is not configured.
pub(super) async fn found(config: &Config, keys: &Keys) -> Vec<Finding> {
    let settings = keys.matrix.as_ref().and_then(|key| crate::run::matrix(config, key));
    let Some(settings) = settings else { return Vec::new() };
    let rooms: Vec<_> = config.matrix.iter().flat_map(|matrix| &matrix.places).map(sought).collect();
    let found = asked::check(&settings, &rooms).await.into_iter().map(finding);
    found.chain(in_the_clear(&settings.homeserver)).collect()
}

fn finding(found: asked::Finding) -> Finding {
    let level = match found.level {
        asked::Level::Ok => Level::Ok,
        asked::Level::Warning => Level::Warning,
        asked::Level::Problem => Level::Problem,
    };
    Finding { level, text: format!("matrix: {}", found.words) }
}

fn sought(MatrixRoom { room_id, room, view, .. }: &MatrixRoom) -> Sought {
    let view = match view {
        View::Crew => "crew",
        View::Public => "public",
    };
    Sought { room_id: room_id.clone(), purpose: format!("room {room}, {view}") }
}

/// The password and the token would be read by whoever is in between.
fn in_the_clear(homeserver: &str) -> Option<Finding> {
    let host = homeserver.strip_prefix("http://")?;
    let own = ["localhost", "127.", "[::1]"].iter().any(|own| host.starts_with(own));
    let text = format!(
        "matrix: {homeserver} is not encrypted; write https:// unless it is this very machine or network"
    );
    (!own).then_some(Finding { level: Level::Warning, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Verbosity;
    use gavel_ami::model::RoomName;

    #[test]
    fn what_a_homeserver_is_asked_about() {
        let room = MatrixRoom {
            room_id: "!a:e".to_owned(),
            room: RoomName::new("thursday"),
            view: View::Public,
            notices: Verbosity::Normal,
            bare_words: false,
            sync_topic: false,
        };
        let Sought { room_id, purpose } = sought(&room);
        assert_eq!((room_id.as_str(), purpose.as_str()), ("!a:e", "room thursday, public"));
    }

    #[test]
    fn a_token_in_the_clear_is_warned_of() {
        for fine in ["https://e", "http://localhost:8008", "http://127.0.0.1:8008", "http://[::1]"] {
            assert_eq!(in_the_clear(fine), None, "{fine}");
        }
        assert_eq!(in_the_clear("http://synapse:8008").map(|found| found.level), Some(Level::Warning));
    }
}
