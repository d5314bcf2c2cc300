//! One question to a homeserver after the other.

use std::time::Duration;

use matrix_sdk::reqwest::{Client, RequestBuilder, header};
use serde_json::Value;

use crate::settings::Settings;

/// For one answer.
const WITHIN: Duration = Duration::from_secs(10);

/// Who asks.
pub(super) struct Asking {
    client: Client,
    base: String,
    token: Option<String>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// `Null` where it is no JSON.
    pub(super) body: Value,
    /// What answers calls itself.
    pub(super) server: Option<String>,
}

/// Why nothing more can be found out.
pub(super) struct Unanswered(pub(super) String);

impl Asking {
    pub(super) fn new(settings: &Settings) -> Result<Self, Unanswered> {
        let client = Client::builder().timeout(WITHIN).build();
        let client = client.map_err(|error| Unanswered(format!("no connection can be tried: {error}")))?;
        Ok(Self { client, base: settings.homeserver.trim_end_matches('/').to_owned(), token: None })
    }

    /// From now on, in this name.
    pub(super) fn token(&mut self, token: String) {
        self.token = Some(token);
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, Unanswered> {
        self.ask(self.client.get(format!("{}{path}", self.base))).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer, Unanswered> {
        let request = self.client.post(format!("{}{path}", self.base));
        self.ask(request.header(header::CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    async fn ask(&self, mut request: RequestBuilder) -> Result<Answer, Unanswered> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let lost = |error: matrix_sdk::reqwest::Error| {
            let why = source(&error.without_url());
            Unanswered(format!(
                "{} can't be reached ({why}): is `homeserver` right, and does it run?",
                self.base
            ))
        };
        let response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let server = response.headers().get(header::SERVER).and_then(|name| name.to_str().ok()).map(short);
        let body = serde_json::from_str(&response.text().await.map_err(lost)?).unwrap_or(Value::Null);
        Ok(Answer { status, body, server })
    }
}

/// A name as a part of a path.
pub(super) fn encoded(text: &str) -> String {
    let sign = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(sign).collect()
}

/// The innermost cause says most.
fn source(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    short(&last.to_string())
}

fn short(words: &str) -> String {
    gavel_chat::text::Foreign::text(words).to_string()
}
