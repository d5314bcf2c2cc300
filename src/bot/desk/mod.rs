//! The desk: takes what people say on all networks, binds, authorises, plans, and runs the jobs that come of it.

pub mod job;
pub mod orders;
pub mod phrase;
