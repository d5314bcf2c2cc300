//! A text as the content of a Matrix event: pure.
//!
//! Always HTML with the same words as a plain body, always `m.mentions` (without it clients search the text for names),
//! never bigger than a homeserver takes. What wakes somebody is `m.text`; everything else is `m.notice`, which never
//! makes a sound and which no bot answers.

use gavel_chat::Class;
use gavel_chat::text::{Doc, Span, plain};
use serde_json::{Value, json};

use crate::html::html;

/// An event may have 65,536 bytes; encryption takes a third on top, and the envelope its share.
const LONGEST: usize = 36 * 1024;
/// What clients that know no edits are shown of one.
const GLIMPSE: usize = 200;

/// What a message replies to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reply {
    /// The message; `None`: none of several.
    pub(crate) to: Option<String>,
    /// The thread that it is in: its first message, and the message itself.
    pub(crate) thread: Option<String>,
}

impl Reply {
    /// The thread stays, the message does not.
    pub(crate) fn only_thread(self) -> Option<Self> {
        self.thread.is_some().then_some(Self { to: None, thread: self.thread })
    }

    fn relation(&self) -> Value {
        let to = self.to.as_ref().map(|to| json!({"event_id": to}));
        match (&self.thread, to) {
            (Some(thread), Some(to)) => json!({
                "rel_type": "m.thread", "event_id": thread, "m.in_reply_to": to, "is_falling_back": false
            }),
            (Some(thread), None) => json!({
                "rel_type": "m.thread", "event_id": thread,
                "m.in_reply_to": {"event_id": thread}, "is_falling_back": true
            }),
            (None, Some(to)) => json!({ "m.in_reply_to": to }),
            (None, None) => Value::Null,
        }
    }
}

/// A new message.
pub(crate) fn content(doc: &Doc, class: Class, wake: &[&str], reply: Option<&Reply>) -> Value {
    let (body, formatted) = fitting(doc);
    let loud = class == Class::Alert || !wake.is_empty();
    let mentions = if wake.is_empty() { json!({}) } else { json!({ "user_ids": wake }) };
    let mut content = json!({
        "msgtype": if loud { "m.text" } else { "m.notice" },
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
        "m.mentions": mentions,
    });
    if let Some(relation) = reply.map(Reply::relation).filter(|relation| !relation.is_null()) {
        content["m.relates_to"] = relation;
    }
    content
}

/// The same as an edit of an earlier message. It mentions nobody anew.
pub(crate) fn edit(mut content: Value, event: &str) -> Value {
    if let Some(content) = content.as_object_mut() {
        // An edit cannot change what its message relates to.
        content.remove("m.relates_to");
    }
    let body = content["body"].as_str().unwrap_or_default();
    let glimpse: String = body.chars().take(GLIMPSE).collect();
    json!({
        "msgtype": content["msgtype"],
        "body": format!("* {glimpse}"),
        "m.mentions": {},
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    })
}

/// Body and HTML; of what is too long the last lines are left out.
fn fitting(doc: &Doc) -> (String, String) {
    let lines: Vec<&[Span]> = doc.0.split(|span| *span == Span::Break).collect();
    let mut kept = lines.len();
    loop {
        let mut doc = Doc(lines.get(..kept).unwrap_or_default().join(&Span::Break));
        if kept < lines.len() {
            doc = doc.line().say(format!("... and {} more lines.", lines.len() - kept));
        }
        let (body, formatted) = (plain(&doc), html(&doc));
        if body.len() + formatted.len() <= LONGEST || kept == 0 {
            return (body, formatted);
        }
        kept = (kept * 3 / 4).min(kept - 1);
    }
}

#[cfg(test)]
mod tests {
    use gavel_chat::text::Foreign;

    use super::*;

    #[test]
    fn only_who_is_to_wake_is_mentioned() {
        let doc = Doc::from("STREAM DOWN ").foreign(&Foreign::text("@room <b>"));
        let quiet = content(&doc, Class::Notice, &[], None);
        assert_eq!((quiet["msgtype"].as_str(), &quiet["m.mentions"]), (Some("m.notice"), &json!({})));
        let loud = content(&doc, Class::Alert, &["@sam:e.test"], None);
        assert_eq!(loud["msgtype"], "m.text");
        assert_eq!(loud["m.mentions"]["user_ids"], json!(["@sam:e.test"]));
        assert_eq!(loud["formatted_body"], "STREAM DOWN @room &lt;b&gt;");
        assert_eq!(edit(loud, "$1")["m.mentions"], json!({}), "nobody wakes twice");
    }

    #[test]
    fn replies_stay_in_their_thread() {
        let reply = Reply { to: Some("$2".into()), thread: Some("$1".into()) };
        let sent = content(&Doc::from("ok"), Class::Answer, &[], Some(&reply));
        assert_eq!(sent["m.relates_to"]["event_id"], "$1");
        assert_eq!(sent["m.relates_to"]["m.in_reply_to"]["event_id"], "$2");
        let edited = edit(sent, "$3");
        assert_eq!(edited["m.relates_to"], json!({"rel_type": "m.replace", "event_id": "$3"}));
        assert_eq!(edited["m.new_content"].get("m.relates_to"), None);
        let plain = content(&Doc::from("ok"), Class::Answer, &[], Some(&Reply::default()));
        assert_eq!(plain.get("m.relates_to"), None);
    }

    #[test]
    fn a_crowd_fits() {
        let name = Foreign::name(&"&".repeat(24));
        let crowd =
            (0..2000).fold(Doc::from("Thursday"), |doc, n| doc.line().say(format!("#{n} ")).foreign(&name));
        let sent = edit(content(&crowd, Class::Card, &[], None), "$1");
        assert!(sent.to_string().len() < 46 * 1024, "{}", sent.to_string().len());
        let body = sent["m.new_content"]["body"].as_str().unwrap();
        assert!(body.starts_with("Thursday\n#0 ") && body.ends_with("more lines."), "{body}");
        let endless = Doc::new().say("x".repeat(100_000));
        assert!(content(&endless, Class::Notice, &[], None).to_string().len() < 1000);
    }
}
