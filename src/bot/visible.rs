//! Text from outside on its way to a terminal that must not obey it: configuration files, system messages, logs.
//! What people read in chat is [`gavel_chat::text::Foreign`] instead, which leaves such characters out.

/// Text with everything that a terminal would obey, or that would turn its words around, as an escape.
pub(crate) fn visible(text: &str) -> String {
    escaped(text, |c, to| to.extend(c.escape_unicode()))
}

/// The same, each such character written by `escape`.
pub(crate) fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turning = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turning { escape(c, &mut shown) } else { shown.push(c) }
    }
    shown
}
