//! From the configuration to a client that is logged in: a session that goes on, or a first login.
//!
//! Owns the order in which things become true on the disk; leaves the disk to [`folder`], the keys to `crypto`.
//! Invariant: a device's keys are never used with another device's session.

pub(crate) mod folder;

use std::path::PathBuf;
use std::time::Duration;

use gavel_chat::AdapterError;
use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::config::RequestConfig;
use matrix_sdk::encryption::{BackupDownloadStrategy, EncryptionSettings};
use matrix_sdk::{Client, SqliteStoreConfig};
use serde_json::Value;

use crate::settings::{Login, Secret, Settings};
use crate::trouble::{self, What};
use folder::{Folder, Found};

/// A request that takes longer is lost.
const REQUEST: Duration = Duration::from_secs(10);
/// A server that takes no more logins, and says nothing of when.
const LATER: Duration = Duration::from_secs(60);
const NAME: &str = "gavel";

/// A client that is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    /// The device before this one, if its keys are lost.
    pub(crate) lost: Option<String>,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Closed {
    /// See [`AdapterError`].
    Adapter(AdapterError),
    /// The server wants to be left in peace for so long.
    Later(Duration),
}

impl From<AdapterError> for Closed {
    fn from(error: AdapterError) -> Self {
        Self::Adapter(error)
    }
}

impl From<Closed> for AdapterError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Adapter(error) => error,
            Closed::Later(after) => Self::Lost(later(after)),
        }
    }
}

/// In words.
pub(crate) fn later(after: Duration) -> String {
    format!("the homeserver takes no more logins for now, again in {} s", after.as_secs())
}

/// Logs in, or goes on.
pub(crate) async fn open(settings: &Settings) -> Result<Session, Closed> {
    let folder = Folder::open(&settings.state_dir)?;
    let found = folder.look()?;
    let lost = match found {
        Found::Nothing => folder.device().map(|device| device.device),
        Found::Whole(_) => None,
    };
    if matches!(found, Found::Nothing) {
        folder.begin()?;
    }
    let client = client(settings, &folder).await?;
    match found {
        Found::Whole(session) => go_on(settings, &folder, &client, *session).await?,
        Found::Nothing => {
            let session = log_in(settings, &client).await?;
            folder.finish(&session)?;
        }
    }
    Ok(Session { client, lost })
}

async fn client(settings: &Settings, folder: &Folder) -> Result<Client, AdapterError> {
    let encryption = EncryptionSettings {
        auto_enable_cross_signing: true,
        backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
        auto_enable_backups: true,
    };
    // Without a key: it would have to lie beside what it locks.
    let store = SqliteStoreConfig::new(folder.store());
    let built = Client::builder()
        .homeserver_url(&settings.homeserver)
        .sqlite_store_with_config_and_cache_path(store, None::<PathBuf>)
        .with_encryption_settings(encryption)
        // Whoever retries in here is deaf meanwhile, and knows no order.
        .request_config(RequestConfig::new().disable_retry().timeout(REQUEST))
        // Where the server is, the configuration says.
        .respect_login_well_known(false)
        .build()
        .await;
    built.map_err(|error| match error {
        matrix_sdk::ClientBuildError::SqliteStore(error) => {
            folder.half(&format!("its databases can't be opened ({error})"))
        }
        matrix_sdk::ClientBuildError::Url(error) => {
            AdapterError::Remedy(format!("`homeserver` in [matrix] is no address ({error})"))
        }
        error => AdapterError::Lost(format!("no Matrix client: {error}")),
    })
}

/// A session that is there.
async fn go_on(
    settings: &Settings,
    folder: &Folder,
    client: &Client,
    mut session: MatrixSession,
) -> Result<(), Closed> {
    if session.meta.user_id.as_str() != settings.user {
        let (kept, user) = (&session.meta.user_id, &settings.user);
        return Err(folder.half(&format!("it is of {kept}, and `user` is {user}")).into());
    }
    if let Login::Token(token) = &settings.login
        && token.reveal() != session.tokens.access_token
    {
        let other = owner(client, settings, token).await?;
        if other.meta.device_id != session.meta.device_id {
            let (kept, new) = (&session.meta.device_id, &other.meta.device_id);
            return Err(folder
                .half(&format!("its keys are of device {kept}, and `token` is of device {new}"))
                .into());
        }
        session = other;
        folder.keep(&session)?;
    }
    let restored = client.restore_session(session).await;
    restored.map_err(|error| folder.half(&format!("its session can't go on ({error})")).into())
}

/// A new device.
async fn log_in(settings: &Settings, client: &Client) -> Result<MatrixSession, Closed> {
    match &settings.login {
        Login::Password(password) => {
            let auth = client.matrix_auth();
            let login =
                auth.login_username(&settings.user, password.reveal()).initial_device_display_name(NAME);
            login
                .send()
                .await
                .map_err(|error| refused(&trouble::what(&error), &settings.user, "password"))?;
            let lost = || AdapterError::Lost("the login brought no session".to_owned());
            let session = auth.session().ok_or_else(lost)?;
            Ok(same_user(settings, session)?)
        }
        Login::Token(token) => {
            let session = same_user(settings, owner(client, settings, token).await?)?;
            let restored = client.restore_session(session.clone()).await;
            restored.map_err(|error| AdapterError::Lost(format!("the session can't begin: {error}")))?;
            Ok(session)
        }
    }
}

fn same_user(settings: &Settings, session: MatrixSession) -> Result<MatrixSession, AdapterError> {
    if session.meta.user_id.as_str() == settings.user {
        return Ok(session);
    }
    let (user, other) = (&settings.user, &session.meta.user_id);
    Err(AdapterError::Remedy(format!(
        "`user` in [matrix] is {user}, but the login is {other}'s: correct one of them"
    )))
}

/// Whose a token is.
async fn owner(client: &Client, settings: &Settings, token: &Secret) -> Result<MatrixSession, Closed> {
    let base = settings.homeserver.trim_end_matches('/');
    let address = format!("{base}/_matrix/client/v3/account/whoami");
    let lost = |error: matrix_sdk::reqwest::Error| {
        AdapterError::Lost(format!("{base} can't be reached: {}", error.without_url()))
    };
    let request = client.http_client().get(address).bearer_auth(token.reveal()).timeout(REQUEST);
    let response = request.send().await.map_err(lost)?;
    if response.status() == 401 {
        return Err(refused(&What::Revoked, &settings.user, "token"));
    }
    let unknown = || AdapterError::Lost(format!("{base} does not say whose the token is"));
    let mut answer: Value = serde_json::from_str(&response.text().await.map_err(lost)?).unwrap_or_default();
    if answer["device_id"].is_null() {
        return Err(unknown().into());
    }
    answer["access_token"] = token.reveal().into();
    Ok(serde_json::from_value(answer).map_err(|_| unknown())?)
}

fn refused(what: &What, user: &str, secret: &str) -> Closed {
    let error = match what {
        What::Revoked | What::Forbidden(_) => AdapterError::Remedy(format!(
            "the homeserver does not take {user}'s {secret}: correct `{secret}` in [matrix]"
        )),
        What::Limited(after) => return Closed::Later(after.unwrap_or(LATER)),
        What::Refused(words) | What::Away(words) => AdapterError::Lost(words.clone()),
    };
    Closed::Adapter(error)
}
