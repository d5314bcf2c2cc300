//! A request that is known to be one of Discord's, and what it is answered with.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::limits::{Bucket, Limited};
use crate::world::Id;

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// The path as Discord's description writes it.
    pub(crate) template: &'static str,
    /// The parts of the path that fill it in.
    pub(crate) parts: Vec<String>,
    pub(crate) query: HashMap<String, String>,
    /// Null if there is none.
    pub(crate) body: Value,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) bucket: Option<Bucket>,
    pub(crate) limited: Option<Limited>,
}

/// What a handler comes to; the error is an answer too.
pub(crate) type Outcome = Result<Reply, Reply>;

impl Call {
    /// An id out of the path.
    pub(crate) fn id(&self, part: usize) -> Result<Id, Reply> {
        let id = self.parts.get(part).and_then(|it| it.parse().ok());
        id.ok_or_else(|| Reply::refuse(400, 50035, "Invalid Form Body"))
    }

    /// Whether a parameter of the query is true.
    pub(crate) fn asks(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true") || it == "1")
    }

    /// What a bucket is for: a channel, a guild, a token of a webhook or of an interaction.
    pub(crate) fn major(&self) -> String {
        let count = match self.template.split('/').nth(1) {
            Some("webhooks" | "interactions" | "applications") => 2,
            _ => 1,
        };
        self.parts.iter().take(count).cloned().collect::<Vec<_>>().join("/")
    }
}

impl Reply {
    /// 200 with a body.
    pub(crate) fn with(body: Value) -> Self {
        Self { status: 200, body: Some(body), ..Self::default() }
    }

    /// 204.
    pub(crate) fn done() -> Self {
        Self { status: 204, ..Self::default() }
    }

    /// An error with Discord's code for it.
    pub(crate) fn refuse(status: u16, code: u64, words: &str) -> Self {
        let body = json!({"message": words, "code": code});
        Self { status, body: Some(body), ..Self::default() }
    }

    /// A 429.
    pub(crate) fn limited(limited: Limited) -> Self {
        Self { status: 429, body: Some(limited.body()), limited: Some(limited), ..Self::default() }
    }
}
