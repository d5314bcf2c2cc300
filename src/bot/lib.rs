//! The wiring.

pub mod board;
pub mod clock;
#[cfg(test)]
mod layers;
pub mod supervisor;
pub mod words;
