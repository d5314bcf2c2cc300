//! gavel's Matrix against a real homeserver, with people at clients that share no code with ours.
//!
//! One server of each kind for all tests, people of its own for each; `tests/run` says where both are.
#![allow(clippy::disallowed_methods, reason = "these tests watch a real server by the real clock")]
#![allow(clippy::expect_used, reason = "a test may fail")]

mod lab;
