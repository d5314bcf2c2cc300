//! The SDK's errors, judged by who must act.

use std::time::Duration;

use matrix_sdk::ruma::api::error::{ErrorKind, RetryAfter};
use matrix_sdk::{Error, HttpError};

/// What an error means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum What {
    /// Too many requests; again after this.
    Limited(Option<Duration>),
    /// The token is worth nothing any more.
    Revoked,
    /// A person must give us a right.
    Forbidden(String),
    /// It never will be taken.
    Refused(String),
    /// The server is away or ill: try again.
    Away(String),
}

/// Judges an error.
pub(crate) fn what(error: &Error) -> What {
    match error {
        Error::Http(error) => of_http(error),
        error => What::Away(short(&error.to_string())),
    }
}

/// Judges an error.
pub(crate) fn of_http(error: &HttpError) -> What {
    if let HttpError::Reqwest(_) = error {
        return What::Away("the homeserver can't be reached".to_owned());
    }
    let Some(answer) = error.as_client_api_error() else {
        return What::Away(short(&format!("the homeserver's answer can't be read: {error}")));
    };
    let words = || short(&answer.to_string());
    match (answer.error_kind(), answer.status_code.as_u16()) {
        (Some(ErrorKind::LimitExceeded(limit)), _) => {
            What::Limited(limit.retry_after.as_ref().and_then(after))
        }
        (Some(ErrorKind::UnknownToken(_) | ErrorKind::MissingToken | ErrorKind::UserDeactivated), _) => {
            What::Revoked
        }
        (_, 429) => What::Limited(None),
        (Some(ErrorKind::Forbidden), _) => What::Forbidden(words()),
        (_, 401 | 403) => What::Forbidden(words()),
        (_, 400..=499) => What::Refused(words()),
        _ => What::Away(words()),
    }
}

fn after(after: &RetryAfter) -> Option<Duration> {
    match after {
        RetryAfter::Delay(delay) => Some(*delay),
        // By the server's clock, which may be wrong: as if it had said nothing.
        RetryAfter::DateTime(_) => None,
    }
}

/// What a server writes may be a whole page.
fn short(words: &str) -> String {
    gavel_chat::text::Foreign::text(words).to_string()
}
