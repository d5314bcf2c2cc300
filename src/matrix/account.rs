//! What an operator does to the account's keys by hand, while gavel is not running: a new recovery key, a new identity.

use std::io;

use gavel_chat::AdapterError;
use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::recovery::RecoveryState;
use matrix_sdk::encryption::{CrossSigningResetAuthType, recovery::IdentityResetHandle};
use matrix_sdk::ruma::api::client::uiaa::{AuthData, MatrixUserIdentifier, Password, UserIdentifier};

use crate::session::{self, folder};
use crate::settings::{Login, Secret, Settings};
use crate::{crypto, trouble};

/// Makes a new recovery key; an older one opens nothing any more. Needs the device's keys, or the older key.
pub async fn recovery_key(settings: &Settings) -> Result<Secret, AdapterError> {
    let client = begin(settings).await?;
    let recovery = client.encryption().recovery();
    let made = match (recovery.state(), crypto::known(&settings.recovery_key)) {
        (RecoveryState::Disabled, _) => recovery.enable().wait_for_backups_to_upload().await,
        (RecoveryState::Incomplete, Some(known)) => recovery.recover_and_reset(known.reveal()).await,
        (RecoveryState::Incomplete, None) => {
            return Err(AdapterError::Remedy(
                "the account's keys are neither here nor can they be fetched: give its present recovery key in \
                 `recovery_key`; if that is lost, `gavel matrix reset` begins anew"
                    .to_owned(),
            ));
        }
        (RecoveryState::Enabled | RecoveryState::Unknown, _) => recovery.reset_key().await,
    };
    made.map(Secret::new)
        .map_err(|error| AdapterError::Lost(format!("no recovery key could be made ({error})")))
}

/// Gives the account a new identity and a new recovery key. What only the old ones could open is lost, and everybody is
/// told that the account's identity has changed. `password` is the account's; the one of the configuration if it has one.
pub async fn reset(settings: &Settings, password: Option<&Secret>) -> Result<Secret, AdapterError> {
    let client = begin(settings).await?;
    let recovery = client.encryption().recovery();
    let begun = recovery.reset_identity().await;
    let begun =
        begun.map_err(|error| AdapterError::Lost(format!("the identity could not be reset ({error})")))?;
    if let Some(handle) = begun {
        let password = password.or(match &settings.login {
            Login::Password(password) => Some(password),
            Login::Token(_) => None,
        });
        prove(settings, &handle, password).await?;
    }
    let made = recovery.enable().wait_for_backups_to_upload().await;
    made.map(Secret::new)
        .map_err(|error| AdapterError::Lost(format!("no recovery key could be made ({error})")))
}

/// Keeps a recovery key where the configuration says, for our eyes only.
pub fn keep(settings: &Settings, key: &Secret) -> io::Result<()> {
    match &settings.recovery_key.file {
        Some(file) => folder::write(file, format!("{}\n", key.reveal()).as_bytes()),
        None => Ok(()),
    }
}

async fn begin(settings: &Settings) -> Result<Client, AdapterError> {
    let client = session::open(settings).await?.client;
    client.sync_once(SyncSettings::new()).await.map_err(|error| match trouble::what(&error) {
        trouble::What::Revoked => {
            AdapterError::Remedy(format!("{}'s session was ended: log in anew", settings.user))
        }
        _ => AdapterError::Lost(format!("the homeserver could not be asked ({error})")),
    })?;
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    Ok(client)
}

/// The homeserver wants to be sure that it is the account's owner.
async fn prove(
    settings: &Settings,
    handle: &IdentityResetHandle,
    password: Option<&Secret>,
) -> Result<(), AdapterError> {
    let CrossSigningResetAuthType::Uiaa(info) = handle.auth_type() else {
        return Err(AdapterError::Remedy(
            "this homeserver wants a person to approve that in a browser: reset the identity in Element, signed in as \
             the bot's account, and give gavel the new recovery key"
                .to_owned(),
        ));
    };
    let Some(password) = password else {
        return Err(AdapterError::Remedy(
            "the account's password is needed for this: give `password`".to_owned(),
        ));
    };
    let user = UserIdentifier::Matrix(MatrixUserIdentifier::new(settings.user.clone()));
    let mut answer = Password::new(user, password.reveal().to_owned());
    answer.session.clone_from(&info.session);
    handle.reset(Some(AuthData::Password(answer))).await.map_err(|error| {
        AdapterError::Remedy(format!(
            "the homeserver does not take the password for {} ({error})",
            settings.user
        ))
    })
}
