//! Matrix, as configured: a network with one place for each room.

use std::sync::Arc;

use gavel_chat::text::Zone;
use gavel_matrix::{Login, Matrix, MatrixPlace, RecoveryKey, Secret, Settings, place_id};

use super::places::{Opening, PlaceOpening};
use crate::config::{Config, MatrixLogin, MatrixRoom, SecretKind};
use crate::start::{MatrixKey, Start};

/// The network, if it is configured.
pub(super) fn matrix(start: &Start) -> Option<Opening> {
    let network = Matrix::new(settings(&start.config, start.keys.matrix.as_ref()?)?);
    let places = start.config.matrix.iter().flat_map(|matrix| &matrix.places).map(opening).collect();
    Some(Opening { network: Arc::new(network), places })
}

/// What the network is told; `None`: the file says nothing of it.
pub(crate) fn settings(config: &Config, key: &MatrixKey) -> Option<Settings> {
    let matrix = config.matrix.as_ref()?;
    let secret = |secret: &crate::secret::Secret| Secret::new(secret.expose());
    let login = match &matrix.login {
        MatrixLogin::Password(_) => Login::Password(secret(&key.login)),
        MatrixLogin::Token(_) => Login::Token(secret(&key.login)),
    };
    let file = matrix.recovery_key.as_ref().and_then(|source| match &source.kind {
        SecretKind::File(path) => Some(path.clone()),
        SecretKind::Env(_) | SecretKind::Credential(_) => None,
    });
    Some(Settings {
        homeserver: matrix.homeserver.clone(),
        user: matrix.user.clone(),
        login,
        state_dir: matrix.state_dir.clone(),
        recovery_key: RecoveryKey { known: key.recovery.as_ref().map(secret), file },
        prefixes: matrix.prefixes.clone(),
        require_verified: matrix.require_verified,
        invite_from: matrix.invite_from.clone(),
        places: matrix.places.iter().map(place).collect(),
        zone: Zone::new(config.timezone.clone()),
    })
}

fn place(room: &MatrixRoom) -> MatrixPlace {
    let (bare_words, sync_topic) = (room.bare_words, room.sync_topic);
    MatrixPlace { room_id: room.room_id.clone(), bare_words, sync_topic }
}

fn opening(room: &MatrixRoom) -> PlaceOpening {
    let MatrixRoom { room_id, room, view, notices, .. } = room;
    PlaceOpening { id: place_id(room_id), room: room.clone(), view: *view, verbosity: *notices }
}
