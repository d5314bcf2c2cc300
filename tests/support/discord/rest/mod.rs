//! REST: every request goes through the same steps, and each of them may answer it: faults, route, token, rate limits,
//! Discord's description and rules, and last what it asks for.

mod about;
mod call;
mod callback;
mod commands;
mod http;
mod messages;
mod pins;
mod webhook;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use axum::http::request::Parts;
use call::{Call, Outcome, Reply};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::Shared;
use crate::faults::What;
use crate::limits::{Bucket, Limited};
use crate::tls::{Identity, Tls};
use crate::world::{Requested, World};
use crate::{rules, schema};

/// Most bytes of a body. Discord takes more, with files; gavel sends none.
const BODY: usize = 1 << 20;

/// Serves REST until it is dropped.
pub(crate) async fn serve(shared: Shared, listener: TcpListener, identity: Identity) {
    let router = Router::new().fallback(move |request: Request| {
        let shared = shared.clone();
        async move { answer(&shared, request).await }
    });
    let served = axum::serve(Tls::new(listener, identity), router).await;
    served.expect("serving doesn't end");
}

async fn answer(shared: &Shared, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY).await.unwrap_or_default();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    let bare = http::path(&path).unwrap_or(&path);
    let strike = shared.change(|world| {
        let now = world.now();
        world.faults.strike(now, &method, bare)
    });
    let reply = match strike {
        None => done(shared, &parts, &bytes),
        Some(What::Hang) => pending().await,
        Some(What::Lost) => {
            done(shared, &parts, &bytes);
            pending().await
        }
        Some(What::DoneBut(status)) => {
            done(shared, &parts, &bytes);
            Reply { status, ..Reply::default() }
        }
        Some(What::CutOff) => {
            done(shared, &parts, &bytes);
            return http::cut_off();
        }
        Some(What::SlowAnswer(time)) => {
            let reply = done(shared, &parts, &bytes);
            sleep(time).await;
            reply
        }
        Some(What::Slow(time)) => {
            sleep(time).await;
            done(shared, &parts, &bytes)
        }
        Some(What::Status(status)) => Reply { status, ..Reply::default() },
        Some(What::Error { status, code, words }) => Reply::refuse(status, code, &words),
        Some(What::Limited(time)) => limited(shared, time, "user"),
        Some(What::Global(time)) => limited(shared, time, "global"),
    };
    http::response(shared.read(World::now), &reply)
}

/// A 429 that a test wants.
fn limited(shared: &Shared, time: Duration, scope: &'static str) -> Reply {
    let after = time.as_millis() as u64;
    let reset = shared.read(World::now) + after;
    let bucket = Bucket { name: "fault".into(), limit: 5, remaining: 0, reset };
    Reply { bucket: Some(bucket), ..Reply::limited(Limited { after, scope, code: None }) }
}

/// Does what is asked for, if it may be, and keeps what was asked and answered.
fn done(shared: &Shared, parts: &Parts, bytes: &Bytes) -> Reply {
    let url = shared.gateway_url();
    shared.change(|world| {
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let body = http::body(&parts.headers, bytes);
        let kept = body.clone().unwrap_or_default();
        let reply = steps(world, &url, parts, body).unwrap_or_else(|refusal| refusal);
        let path = http::path(&path).map_or(path.clone(), str::to_owned);
        world.keep(Requested { at: world.now(), method, path, status: reply.status, body: kept });
        reply
    })
}

fn steps(world: &mut World, url: &str, parts: &Parts, body: Result<Value, &'static str>) -> Outcome {
    let (method, by) = (parts.method.to_string(), format!("{} {}", parts.method, parts.uri.path()));
    let path = http::path(parts.uri.path()).inspect_err(|_| world.violate(&by, "there is no such route"))?;
    let (template, filled) = schema::operation(&method, path).map_err(|other| {
        world.violate(&by, "there is no such route here");
        let words = if other { "405: Method Not Allowed" } else { "404: Not Found" };
        Reply::refuse(if other { 405 } else { 404 }, 0, words)
    })?;
    authorised(world, template, parts)?;
    let query = http::query(parts.uri.query());
    let mut call = Call { method, template, parts: filled, query, body: Value::Null };
    let now = world.now();
    let (bucket, over) = world.limits.take(now, &call.method, template, &call.major());
    let outcome = match over {
        Some(limited) => Err(Reply::limited(limited)),
        None => checked(world, &by, &mut call, body).and_then(|()| dispatch(world, url, &call)),
    };
    let mut reply = outcome.unwrap_or_else(|refusal| refusal);
    world.limits.limited += u32::from(reply.status == 429);
    reply.bucket = Some(bucket);
    Ok(reply)
}

/// The bot's token, where one is needed: the token in the path is enough to answer an interaction.
fn authorised(world: &World, template: &str, parts: &Parts) -> Result<(), Reply> {
    let free = template == "/gateway"
        || template.starts_with("/webhooks/")
        || template.starts_with("/interactions/");
    let given = parts.headers.get("authorization").and_then(|it| it.to_str().ok());
    let good = given.and_then(|it| it.strip_prefix("Bot ")) == Some(world.token.as_str());
    if free || good { Ok(()) } else { Err(Reply::refuse(401, 0, "401: Unauthorized")) }
}

/// Checks the body by Discord's description and by what it leaves out, and puts it into the call.
fn checked(
    world: &mut World,
    by: &str,
    call: &mut Call,
    body: Result<Value, &'static str>,
) -> Result<(), Reply> {
    call.body = body.map_err(|words| {
        world.violate(by, words);
        Reply::refuse(400, 50109, words)
    })?;
    let problems = problems(call);
    if !problems.is_empty() {
        world.violate(by, format!("{problems:?} in {}", call.body));
        return Err(Reply { status: 400, body: Some(rules::invalid_form(&problems)), ..Reply::default() });
    }
    for stranger in schema::strangers(&call.method, call.template, &call.body) {
        world.violate(by, format!("nothing is called {stranger}"));
    }
    Ok(())
}

/// What is wrong with a request, without a server: what Discord would refuse, and what it would not know. `path` is
/// without `/api/v10`.
pub fn wrong_with(method: &str, path: &str, body: &Value) -> Vec<String> {
    let Ok((template, parts)) = schema::operation(method, path) else {
        return vec!["there is no such route".to_owned()];
    };
    let call = Call { method: method.to_owned(), template, parts, query: HashMap::new(), body: body.clone() };
    let unknown = schema::strangers(method, template, body);
    let unknown = unknown.into_iter().map(|stranger| format!("nothing is called {stranger}"));
    problems(&call).iter().map(|problem| format!("{problem:?}")).chain(unknown).collect()
}

fn problems(call: &Call) -> Vec<rules::Problem> {
    let mut problems = schema::check(&call.method, call.template, &call.body);
    problems.extend(beyond(call));
    problems
}

/// What the description leaves out.
fn beyond(call: &Call) -> Vec<rules::Problem> {
    let body = &call.body;
    match (call.method.as_str(), call.template) {
        ("PUT", it) if it.ends_with("/commands") => {
            rules::commands(body.as_array().map_or(&[], Vec::as_slice))
        }
        ("POST", it) if it.ends_with("/commands") => rules::commands(std::slice::from_ref(body)),
        ("POST", it) if it.ends_with("/callback") => match body["type"].as_u64() {
            Some(4 | 7) => rules::message(&body["data"], "/data"),
            Some(8) => rules::autocomplete(&body["data"]),
            Some(9) => rules::modal(&body["data"]),
            _ => Vec::new(),
        },
        ("POST" | "PATCH", it) if it.contains("/messages") || it.starts_with("/webhooks/") => {
            rules::message(body, "")
        }
        _ => Vec::new(),
    }
}

fn dispatch(world: &mut World, url: &str, call: &Call) -> Outcome {
    let mut parts = call.template.split('/').skip(1);
    match (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default()) {
        ("applications", "commands" | "guilds") => commands::handle(world, call),
        ("interactions", _) => callback::handle(world, call),
        ("webhooks", _) => webhook::handle(world, call),
        ("channels", "messages") if call.template.contains("/pins") => pins::handle(world, call),
        ("channels", "pins") => pins::handle(world, call),
        ("channels", "messages" | "typing") => messages::handle(world, call),
        _ => about::handle(world, url, call),
    }
}
