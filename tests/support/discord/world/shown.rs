//! A message as its readers see it: all its text, and what is live in it.

use serde_json::Value;

use super::Message;
use crate::markdown::{Mark, read};

impl Message {
    /// The texts in which Markdown is rendered: content, and titles, descriptions and fields of embeds.
    pub fn rendered(&self) -> Vec<&str> {
        let mut texts = vec![self.content.as_str()];
        for embed in &self.embeds {
            texts.extend(["title", "description"].iter().filter_map(|key| embed[*key].as_str()));
            for field in embed["fields"].as_array().into_iter().flatten() {
                texts.extend(["name", "value"].iter().filter_map(|key| field[*key].as_str()));
            }
        }
        texts.retain(|text| !text.is_empty());
        texts
    }

    /// The texts that are shown as they are: footers, authors, and what stands on controls.
    pub fn plain(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        for embed in &self.embeds {
            texts.extend(embed["author"]["name"].as_str());
            texts.extend(embed["footer"]["text"].as_str());
        }
        for control in self.controls() {
            texts.extend(["label", "placeholder"].iter().filter_map(|key| control[*key].as_str()));
            for option in control["options"].as_array().into_iter().flatten() {
                texts.extend(["label", "description"].iter().filter_map(|key| option[*key].as_str()));
            }
        }
        texts
    }

    /// All that is read, line by line: no escapes, no marks.
    pub fn shown(&self) -> String {
        let rendered = self.rendered().into_iter().map(|text| read(text).text);
        rendered.chain(self.plain().into_iter().map(str::to_owned)).collect::<Vec<_>>().join("\n")
    }

    /// The markup that is live in it.
    pub fn marks(&self) -> Vec<Mark> {
        self.rendered().into_iter().flat_map(|text| read(text).marks).collect()
    }

    /// The `custom_id` of the button, or of the select, with that label or placeholder.
    pub fn control(&self, label: &str) -> Option<&str> {
        let labelled = |it: &&&Value| it["label"] == label || it["placeholder"] == label;
        self.controls().iter().find(labelled).and_then(|it| it["custom_id"].as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::world::{Channel, Clock, Draft, Guild, Id};

    #[test]
    fn all_that_is_read_is_shown_and_only_what_is_rendered_is_live() {
        let guild = Guild::new(10, "Radio").channel(Channel::new(30, "crew"));
        let mut world = crate::Setup::default().guild(guild).world(Clock::fixed(1));
        let button = json!({"type": 2, "style": 1, "label": "*Manage*", "custom_id": "m"});
        let body = json!({"content": r"\*Joel\* **left**",
            "embeds": [{"description": "`1` <@5>", "footer": {"text": "*now*"}}],
            "components": [{"type": 1, "components": [button]}]});
        let id = world.post(Id(2), Id(30), Draft { body, ..Draft::default() });
        let message = &world.messages[&id];
        assert_eq!(message.shown(), "*Joel* left\n1 <@5>\n*now*\n*Manage*");
        let kinds: Vec<_> = message.marks().iter().map(|mark| mark.kind).collect();
        assert_eq!(kinds, ["bold", "code", "mention"]);
        assert_eq!(message.control("*Manage*"), Some("m"));
    }
}
