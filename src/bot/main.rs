//! gavel.
fn main() {}
