//! How much Discord takes, and how text is made to fit.
//!
//! Owns the numbers and the cut; what is left out is said by whoever cuts. Counted in UTF-16 units, as Discord's
//! clients do: never less than the characters that its servers count.

use unicode_segmentation::UnicodeSegmentation;

/// A message's text.
pub(crate) const CONTENT: usize = 2000;
/// An embed's text.
pub(crate) const DESCRIPTION: usize = 4096;
/// A component's `custom_id`, in bytes.
pub(crate) const CUSTOM_ID: usize = 100;
/// The text on a button.
pub(crate) const BUTTON: usize = 80;
/// The label or the value of one choice, in a select or a completion.
pub(crate) const CHOICE: usize = 100;
/// The choices of one select, or of one completion.
pub(crate) const CHOICES: usize = 25;
/// What stands in a select before something is chosen.
pub(crate) const PLACEHOLDER: usize = 150;
/// Rows of components below a message.
pub(crate) const ROWS: usize = 5;
/// Buttons in a row.
pub(crate) const BUTTONS: usize = 5;
/// The description of a command or an option.
pub(crate) const HELP: usize = 100;
/// People who can be pinged at once: as many mentions still leave more than half of the message to its words.
pub(crate) const PINGS: usize = 40;

/// How long Discord takes a text to be.
pub(crate) fn size(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The beginning of a text that fits, cut between signs; `…` where something was cut.
pub(crate) fn cap(text: &str, most: usize) -> String {
    if size(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |sign: &&str| {
        let left = room.checked_sub(size(sign));
        room = left.unwrap_or(room);
        left.is_some()
    };
    let kept: String = text.graphemes(true).take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_leaves_signs_whole() {
        let family = "👩‍👩‍👧";
        assert_eq!(cap(&family.repeat(3), size(family) * 2 + 1), format!("{}…", family.repeat(2)));
        assert_eq!(cap(&family.repeat(3), size(family) * 3), family.repeat(3));
        assert_eq!(cap("e\u{301}e\u{301}", 3), "e\u{301}…");
        assert_eq!(cap("one two", 5), "one…");
    }

    proptest! {
        #[test]
        fn it_fits(text in any::<String>(), most in 1_usize..120) {
            prop_assert!(size(&cap(&text, most)) <= most);
        }
    }
}
