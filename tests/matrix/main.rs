//! gavel's Matrix against a real homeserver, with people at clients that share no code with ours.
//!
//! One server of each kind for all tests, people of its own for each; `tests/run` says where both are.
#![allow(clippy::disallowed_methods, reason = "these tests watch a real server by the real clock")]
#![allow(clippy::expect_used, reason = "a test may fail")]

mod battery;
mod bot;
mod commands;
mod faults;
mod keys;
mod lab;
mod operator;
mod outage;
mod pace;
mod reader;
mod verified;

/// What gavel logs shows where a test fails. `RUST_LOG` chooses; by default warnings.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter =
        filter.unwrap_or_else(|_| "warn,matrix_sdk=off,matrix_sdk_crypto=off,matrix_sdk_base=off".into());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}
