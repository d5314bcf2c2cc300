//! What a person reads: the HTML as a client shows it, which must be the same as the plain body.

use serde_json::Value;

/// The text of a message.
pub(crate) fn text(content: &Value) -> String {
    let body = content["body"].as_str().expect("a body");
    let html = content["formatted_body"].as_str().expect("HTML");
    let shown = unescaped(&without_tags(html));
    assert_eq!(shown, body, "who reads HTML and who does not must read the same: {html}");
    shown
}

fn without_tags(html: &str) -> String {
    let mut text = html.replace("<br>", "\n");
    while let Some(begin) = text.find('<') {
        let end = begin + text[begin..].find('>').expect("a tag ends");
        let tag = &text[begin..=end];
        assert!(["<strong>", "</strong>"].contains(&tag), "{tag} in {html}");
        text.replace_range(begin..=end, "");
    }
    text
}

fn unescaped(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.to_owned(), |text, (written, sign)| text.replace(written, sign))
}
