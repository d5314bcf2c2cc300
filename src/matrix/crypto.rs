//! The account's encryption: signed by itself, backed up, and brought back by the recovery key.
//!
//! Runs beside the sync, after the first one. What a person must do is said in words; nothing is ever reset by itself.

use matrix_sdk::Client;
use matrix_sdk::encryption::recovery::RecoveryState;
use tracing::{info, warn};

use crate::session::folder;
use crate::settings::{RecoveryKey, Secret};

/// Brings the encryption in order as far as it can be; what is still missing, in words.
pub(crate) async fn settle(client: &Client, key: &RecoveryKey) -> Vec<String> {
    let encryption = client.encryption();
    encryption.wait_for_e2ee_initialization_tasks().await;
    let mut lacks = Vec::new();
    match encryption.recovery().state() {
        RecoveryState::Incomplete => lacks.extend(recover(client, key).await),
        RecoveryState::Disabled => lacks.extend(enable(client, key).await),
        RecoveryState::Enabled | RecoveryState::Unknown => {}
    }
    if lacks.is_empty() && !signed(client).await {
        lacks.push(
            "this device is not verified: give the account's recovery key in `recovery_key`".to_owned(),
        );
    }
    lacks
}

/// The device is signed by its own account.
pub(crate) async fn signed(client: &Client) -> bool {
    match client.encryption().get_own_device().await {
        Ok(Some(device)) => device.is_cross_signed_by_owner(),
        _ => false,
    }
}

/// The key as configured, or as an earlier run wrote it.
pub(crate) fn known(key: &RecoveryKey) -> Option<Secret> {
    let written = || {
        let text = std::fs::read_to_string(key.file.as_ref()?).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty()).map(Secret::new)
    };
    key.known.clone().or_else(written)
}

/// A new device of an account whose keys are on the server, locked.
async fn recover(client: &Client, key: &RecoveryKey) -> Option<String> {
    let Some(known) = known(key) else {
        return Some(
            "the keys of this account are not here, and there is no recovery key to fetch them with: give it in \
             `recovery_key`; if it is lost, `gavel matrix reset` begins anew"
                .to_owned(),
        );
    };
    match client.encryption().recovery().recover(known.reveal()).await {
        Ok(()) => {
            info!("the recovery key brought the keys back");
            None
        }
        Err(error) => {
            warn!(%error, "the recovery key opens nothing");
            Some("the recovery key does not open this account's keys: correct `recovery_key`".to_owned())
        }
    }
}

/// A new account: makes a recovery key, if there is a place for it.
async fn enable(client: &Client, key: &RecoveryKey) -> Option<String> {
    if known(key).is_some() {
        return Some(
            "this account has no keys on the server that the recovery key could open: take the old key away, and \
             gavel makes a new one"
                .to_owned(),
        );
    }
    let Some(file) = &key.file else {
        return Some("no recovery key is kept: give `recovery_key` a file to write it to".to_owned());
    };
    match client.encryption().recovery().enable().wait_for_backups_to_upload().await {
        Ok(made) => {
            let made = Secret::new(made);
            let line = format!("{}\n", made.reveal());
            match folder::write(file, line.as_bytes()) {
                Ok(()) => {
                    info!(file = %file.display(), "made a recovery key: keep a copy of it elsewhere");
                    None
                }
                Err(error) => Some(format!(
                    "the new recovery key could not be written to {} ({error}): run `gavel matrix recovery-key`",
                    file.display()
                )),
            }
        }
        Err(error) => Some(format!("no recovery key could be made ({error})")),
    }
}
