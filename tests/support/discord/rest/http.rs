//! From HTTP to a call and back: versions, query, body, and the headers that every answer of Discord's has.

use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

use super::call::Reply;
use crate::world::civil;

/// A path without its prefix. Discord takes `/api/v10`, and `/api` for its default version.
pub(super) fn path(full: &str) -> Result<&str, Reply> {
    let unknown = || Reply::refuse(404, 0, "404: Not Found");
    let rest = full.strip_prefix("/api").filter(|rest| rest.starts_with('/')).ok_or_else(unknown)?;
    let Some((version, path)) = rest[1..].split_once('/') else { return Ok(rest) };
    let number =
        version.strip_prefix('v').filter(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()));
    match number {
        None => Ok(rest),
        Some("10") => Ok(&rest[rest.len() - path.len() - 1..]),
        Some(_) => Err(Reply::refuse(400, 50041, "Invalid API version provided")),
    }
}

/// A query's parameters.
pub(super) fn query(text: Option<&str>) -> HashMap<String, String> {
    let pairs = text.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.into(), value.into())).collect()
}

/// The body: JSON, and said to be. Null where there is none.
pub(super) fn body(headers: &HeaderMap, bytes: &Bytes) -> Result<Value, &'static str> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let kind = headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err("the body is not said to be application/json");
    }
    serde_json::from_slice(bytes).map_err(|_| "The request body contains invalid JSON.")
}

/// An answer as Discord and what stands before it write it. A content type with a charset would be wrong: discord.py
/// then takes the body for text.
pub(super) fn response(now: u64, reply: &Reply) -> Response<Body> {
    let text = reply.body.as_ref().map(Value::to_string);
    let kind = text.as_ref().map(|_| "application/json".to_owned());
    let mut headers =
        vec![("date", Some(date(now))), ("via", Some("1.1 google".into())), ("content-type", kind)];
    if let Some(bucket) = &reply.bucket {
        let after = bucket.reset.saturating_sub(now);
        headers.extend([
            ("x-ratelimit-limit", Some(bucket.limit.to_string())),
            ("x-ratelimit-remaining", Some(bucket.remaining.to_string())),
            ("x-ratelimit-reset", Some(seconds(bucket.reset))),
            ("x-ratelimit-reset-after", Some(seconds(after))),
            ("x-ratelimit-bucket", Some(bucket.name.clone())),
        ]);
    }
    if let Some(limited) = &reply.limited {
        headers.push(("retry-after", Some(seconds(limited.after))));
        headers.push(("x-ratelimit-scope", Some(limited.scope.into())));
        headers.push(("x-ratelimit-global", (limited.scope == "global").then(|| "true".into())));
    }
    let mut response = Response::new(text.map_or_else(Body::empty, Body::from));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Some(value) = value.and_then(|it| HeaderValue::from_str(&it).ok()) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// An answer that ends before its body is there: the connection is lost.
pub(super) fn cut_off() -> Response<Body> {
    let lost = std::io::Error::other("cut off");
    let body = Body::from_stream(futures_util::stream::iter([Ok(Bytes::from("{")), Err(lost)]));
    let mut response = Response::new(body);
    response.headers_mut().insert("content-length", HeaderValue::from_static("100"));
    response
}

/// Milliseconds as seconds with three places.
fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// A `Date` header.
fn date(now: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = (now / 86_400_000, now / 1_000 % 86_400);
    let (year, month, day) = civil(days as i64);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let (name, month) = (DAYS[(days % 7) as usize], MONTHS[(month - 1) as usize]);
    format!("{name}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_ten_or_left_out() {
        assert_eq!(path("/api/v10/users/@me").ok(), Some("/users/@me"));
        assert_eq!(path("/api/gateway").ok(), Some("/gateway"));
        assert_eq!(path("/api/voice/x").ok(), Some("/voice/x"));
        assert_eq!(path("/api/v6/users/@me").unwrap_err().status, 400);
        assert_eq!(path("/users/@me").unwrap_err().status, 404);
        assert_eq!(path("/apis/users").unwrap_err().status, 404);
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date(1_709_164_800_000), "Thu, 29 Feb 2024 00:00:00 GMT");
    }

    #[test]
    fn a_json_answer_has_no_charset() {
        let response = response(0, &Reply::with(Value::Null));
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(super::response(0, &Reply::done()).headers().get("content-type").is_none());
    }
}
