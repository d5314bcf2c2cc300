//! Rich text in which text from outside can only be [`Foreign`].

mod doc;
mod foreign;
mod render;
mod time;

pub use doc::{Doc, Span};
pub use foreign::{Ends, Foreign, Name};
pub use render::{Plain, Renderer, plain, render};
pub use time::{Zone, lasting};
