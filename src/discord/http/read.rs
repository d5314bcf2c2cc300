//! What Discord's answers say: which message, what time, what is wrong.

use reqwest::header::{DATE, HeaderMap};
use serde_json::Value;
use serenity::Error;
use serenity::http::{ErrorResponse, HttpError};

use std::time::Duration;

use crate::outbox::Trouble;

/// A limit that does not say for how long.
const A_WHILE: Duration = Duration::from_secs(2);

/// The message that is there now: the answer is one, or the callback of an interaction that made one.
pub(super) fn message(answer: &Value) -> Option<u64> {
    let made =
        answer.pointer("/resource/message/id").or_else(|| answer.pointer("/interaction/response_message_id"));
    made.or_else(|| answer.get("id")).and_then(Value::as_str)?.parse().ok()
}

/// Discord's clock, Unix ms.
pub(super) fn date(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    u64::try_from(date.as_millisecond()).ok()
}

/// What a failed call means.
pub(super) fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Http(HttpError::UnsuccessfulRequest(answer)) => refused(answer),
        Error::Http(HttpError::Request(error)) if error.is_connect() => Trouble::Offline,
        Error::Http(HttpError::Request(_) | HttpError::RateLimitI64F64 | HttpError::RateLimitUtf8) => {
            Trouble::TimedOut
        }
        other => Trouble::Refused { status: 0, code: 0, words: other.to_string() },
    }
}

fn refused(answer: &ErrorResponse) -> Trouble {
    let status = answer.status_code.as_u16();
    let code = i64::try_from(answer.error.code).unwrap_or(0).max(0);
    match (status, code) {
        (429, _) => Trouble::Limited { after: A_WHILE, global: false },
        (500.., _) => Trouble::Server(status),
        // 50005: it is another bot's, as after a change of the token.
        (_, 10008 | 10015 | 50005) => Trouble::Gone,
        (_, 30046) => Trouble::TooOld,
        (_, 10062) => Trouble::UnknownInteraction,
        (_, 40060) => Trouble::Acknowledged,
        (_, 50027) => Trouble::Expired,
        _ => Trouble::Refused { status, code, words: words(answer) },
    }
}

/// Discord's words, and which fields they are about.
fn words(answer: &ErrorResponse) -> String {
    let fields = answer.error.errors.iter().map(|field| format!("; {}: {}", field.path, field.message));
    let message = if answer.error.code < 0 { "no reason given" } else { answer.error.message.as_str() };
    message.chars().chain(fields.collect::<String>().chars()).take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use serde_json::json;

    #[test]
    fn the_message_is_found_in_every_answer() {
        let callback = json!({ "interaction": { "id": "1", "response_message_id": "7" } });
        let whole =
            json!({ "interaction": { "id": "1" }, "resource": { "type": 4, "message": { "id": "8" } } });
        assert_eq!(message(&callback), Some(7));
        assert_eq!(message(&whole), Some(8));
        assert_eq!(message(&json!({ "id": "9", "content": "" })), Some(9));
        assert_eq!(message(&Value::Null), None);
    }

    #[test]
    fn a_date_is_unix_time() {
        let mut headers = HeaderMap::new();
        assert_eq!(date(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(date(&headers), Some(784_111_777_000));
        headers.insert(DATE, HeaderValue::from_static("yesterday"));
        assert_eq!(date(&headers), None);
    }
}
