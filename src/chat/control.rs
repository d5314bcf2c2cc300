//! Buttons and selects. A control carries its whole meaning and holds no session: an old one changes nothing.

use serde::{Deserialize, Serialize};

use crate::text::Foreign;

/// What a control means, whole. Written out it must fit the 100 bytes of a Discord `custom_id`: verbs are short.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Press {
    /// What to do: a command's word, or one of the desk's own ("confirm").
    pub verb: String,
    /// The show in which the number is meant.
    pub show: u32,
    /// The caller, if it is about one.
    pub number: Option<u32>,
    /// The [`crate::CrewView::version`] that it was drawn from.
    pub version: u32,
}

/// Something to press. Networks without controls leave them out: the text says what to type as well.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Control {
    /// A button.
    Button {
        /// Its text: ours.
        label: String,
        /// Its look.
        style: Style,
        /// Its meaning.
        press: Press,
    },
    /// One of several.
    Select {
        /// What is to be chosen.
        hint: String,
        /// Its meaning; the choice comes beside it.
        press: Press,
        /// The choices.
        choices: Vec<Choice>,
    },
}

/// The look of a button.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Style {
    /// Grey.
    Plain,
    /// Green.
    Good,
    /// Red: cannot be taken back.
    Danger,
}

/// One of several, in a select or a completion.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Choice {
    /// What is sent when it is chosen; it works where it is typed, too.
    pub value: String,
    /// What is shown; unique among the choices, and begins with what tells them apart: `7 Joel, talking`.
    pub label: Foreign,
}
