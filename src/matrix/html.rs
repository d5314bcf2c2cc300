//! Rich text as Matrix's HTML. Whatever comes from outside can be nothing but itself: all signs that mean something in
//! HTML are escaped, and only `<strong>` and `<br>` are ever written.

use gavel_chat::text::{Doc, Foreign, Renderer, render};

/// A text as HTML.
pub(crate) fn html(doc: &Doc) -> String {
    render(&Html, doc)
}

struct Html;

impl Renderer for Html {
    fn say(&self, out: &mut String, words: &str) {
        escape(out, words);
    }

    fn strong(&self, out: &mut String, words: &str) {
        out.push_str("<strong>");
        escape(out, words);
        out.push_str("</strong>");
    }

    fn foreign(&self, out: &mut String, text: &Foreign) {
        escape(out, text.as_str());
    }

    fn line(&self, out: &mut String) {
        out.push_str("<br>");
    }
}

fn escape(out: &mut String, text: &str) {
    for sign in text.chars().filter(|sign| !sign.is_control()) {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn our_words_and_theirs() {
        let doc = Doc::new().strong("A & B").line().foreign(&Foreign::text("<b>\"'&amp;</b>"));
        assert_eq!(html(&doc), "<strong>A &amp; B</strong><br>&lt;b&gt;&quot;&#39;&amp;amp;&lt;/b&gt;");
    }

    proptest! {
        #[test]
        fn nothing_from_outside_is_markup(text in any::<String>()) {
            let written = html(&Doc::new().foreign(&Foreign::text(&text)));
            prop_assert!(!written.contains(['<', '>', '"', '\'']));
            let back = written.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
                .replace("&#39;", "'").replace("&amp;", "&");
            let foreign = Foreign::text(&text);
            prop_assert_eq!(back, foreign.as_str());
        }
    }
}
