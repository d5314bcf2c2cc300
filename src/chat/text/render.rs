//! Rich text to a network's own form. One small trait per network; the walk over the spans is here.

use super::{Doc, Foreign, Span};

/// How one network writes rich text. Implementors escape; nobody else does.
pub trait Renderer {
    /// Our own words. They may have figures and times in them, but no text from outside.
    fn say(&self, out: &mut String, words: &str);
    /// Our own words, to be seen first.
    fn strong(&self, out: &mut String, words: &str);
    /// Text from outside: must come out as nothing but itself.
    fn foreign(&self, out: &mut String, text: &Foreign);
    /// A new line.
    fn line(&self, out: &mut String);
}

/// No markup at all: terminals, logs, tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Renderer for Plain {
    fn say(&self, out: &mut String, words: &str) {
        // Second fence: should text from outside ever get in here, it still cannot steer a terminal.
        out.extend(words.chars().filter(|c| !c.is_control()));
    }

    fn strong(&self, out: &mut String, words: &str) {
        self.say(out, words);
    }

    fn foreign(&self, out: &mut String, text: &Foreign) {
        out.push_str(text.as_str());
    }

    fn line(&self, out: &mut String) {
        out.push('\n');
    }
}

/// Writes a text in a network's form.
pub fn render(renderer: &impl Renderer, doc: &Doc) -> String {
    doc.0.iter().fold(String::new(), |mut out, span| {
        match span {
            Span::Say(words) => renderer.say(&mut out, words),
            Span::Strong(words) => renderer.strong(&mut out, words),
            Span::Foreign(text) => renderer.foreign(&mut out, text),
            Span::Break => renderer.line(&mut out),
        }
        out
    })
}

/// Writes a text without any markup.
pub fn plain(doc: &Doc) -> String {
    render(&Plain, doc)
}
