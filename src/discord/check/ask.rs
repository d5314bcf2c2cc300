//! One question to Discord after the other, and what is to be done when none is answered.
//!
//! Invariant: the token stands in one header alone; no error repeats it.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::client;
use crate::settings::Settings;

const API: &str = "https://discord.com/api/v10";
/// For one answer.
const WITHIN: Duration = Duration::from_secs(10);
/// A limit that lasts longer is told rather than waited for.
const PATIENCE: u64 = 5;
/// So often somebody is asked to wait.
const TRIES: u32 = 3;

/// Who asks.
pub(super) struct Asking {
    client: reqwest::Client,
    token: HeaderValue,
    relayed: bool,
}

/// Why nothing more can be found out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// There is no client.
    #[error("no connection can be tried: {0}; look at [discord] extra_ca")]
    Setup(String),
    /// The token.
    #[error(
        "Discord does not know this token; at https://discord.com/developers/applications choose the application, \
         press Reset Token on the page Bot, and put the new token where token of [discord] says"
    )]
    Token,
    /// The network.
    #[error("Discord is not reached: {0}; {1}")]
    Offline(String, &'static str),
    /// Not its day.
    #[error("Discord answers {0}; look at https://discordstatus.com and try again")]
    Server(u16),
    /// Asked too much.
    #[error("Discord wants no questions for {0} s (too many were asked with this token); try again then")]
    Limited(u64),
    /// Not this.
    #[error("Discord refuses an answer ({status}, {code}: {words})")]
    Refused {
        /// HTTP's.
        status: u16,
        /// Discord's.
        code: u64,
        /// Discord's, too.
        words: String,
    },
    /// Not Discord?
    #[error("the answer is none of Discord's: {0}; is it a proxy's?")]
    Strange(String),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: u64,
    message: String,
}

impl Asking {
    pub(super) fn new(settings: &Settings) -> Result<Self, Unanswered> {
        let client = client(settings.reach.as_ref()).map_err(|error| Unanswered::Setup(error.to_string()))?;
        let token = format!("Bot {}", settings.token.reveal());
        // What no header may carry is no token.
        let mut token = HeaderValue::from_str(&token).map_err(|_| Unanswered::Token)?;
        token.set_sensitive(true);
        Ok(Self { client, token, relayed: settings.reach.is_some() })
    }

    /// Asks for one thing.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Unanswered> {
        let mut tries = 1;
        loop {
            let answer = self.client.get(format!("{API}{path}")).header(AUTHORIZATION, self.token.clone());
            let answer = answer.timeout(WITHIN).send().await.map_err(|error| self.offline(&error))?;
            match answer.status() {
                StatusCode::TOO_MANY_REQUESTS => {
                    let after = wait(&answer);
                    if after > PATIENCE || tries == TRIES {
                        return Err(Unanswered::Limited(after));
                    }
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(after)).await;
                }
                _ => return self.read(answer).await,
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, answer: Response) -> Result<T, Unanswered> {
        let status = answer.status();
        let text = answer.bytes().await.map_err(|error| self.offline(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&text).map_err(|error| Unanswered::Strange(error.to_string()));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Unanswered::Token);
        }
        if status.is_server_error() {
            return Err(Unanswered::Server(status.as_u16()));
        }
        let refusal: Refusal = serde_json::from_slice(&text).unwrap_or_default();
        let words = refusal.message.chars().take(200).collect();
        Err(Unanswered::Refused { status: status.as_u16(), code: refusal.code, words })
    }

    fn offline(&self, error: &reqwest::Error) -> Unanswered {
        let remedy = if self.relayed {
            "look at resolve and extra_ca of [discord]"
        } else {
            "can this machine open https://discord.com?"
        };
        Unanswered::Offline(cause(error), remedy)
    }
}

/// The innermost cause says most ("connection refused").
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Whole seconds, rounded up.
fn wait(answer: &Response) -> u64 {
    let text = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    let seconds = text.and_then(|text| text.parse::<f64>().ok()).filter(|seconds| *seconds >= 0.0);
    // A float beyond what fits becomes the largest.
    seconds.map_or(1, |seconds| seconds.ceil() as u64).max(1)
}
