//! Rich text in which text from outside can only be [`Foreign`].

mod doc;
mod foreign;

pub use doc::{Doc, Span};
pub use foreign::{Ends, Foreign, Name};
