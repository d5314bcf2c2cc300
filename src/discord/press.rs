//! What a control means, written into a `custom_id` and read back.
//!
//! `g1:SHOW:NUMBER:VERSION:PART:VERB`. PART makes equal controls of one message differ, as Discord wants, and means
//! nothing. Invariant: what is read is exactly what would have been written, so nothing else passes for one of ours.

use gavel_chat::Press;

use super::limits::CUSTOM_ID;

/// Another form of writing gets another one: buttons of an older gavel are then unknown, and never mean something else.
const FORM: &str = "g1";

/// Writes it; `None`: it has no verb, or does not fit.
pub(crate) fn write(press: &Press) -> Option<String> {
    write_part(press, 0)
}

/// Writes the nth of equal ones in a message.
pub(super) fn write_part(press: &Press, part: usize) -> Option<String> {
    let Press { verb, show, number, version } = press;
    let number = number.map_or_else(String::new, |number| number.to_string());
    let id = format!("{FORM}:{show}:{number}:{version}:{part}:{verb}");
    let fits = !verb.trim().is_empty() && !verb.chars().any(char::is_control) && id.len() <= CUSTOM_ID;
    fits.then_some(id)
}

/// Reads it; `None`: not one of ours, or of another version of gavel.
pub(crate) fn read(id: &str) -> Option<Press> {
    if id.len() > CUSTOM_ID {
        return None;
    }
    let mut fields = id.strip_prefix(FORM)?.strip_prefix(':')?.splitn(5, ':');
    let show = fields.next()?.parse().ok()?;
    let number = match fields.next()? {
        "" => None,
        number => Some(number.parse().ok()?),
    };
    let version = fields.next()?.parse().ok()?;
    let part = fields.next()?.parse().ok()?;
    let press = Press { verb: fields.next()?.to_owned(), show, number, version };
    // `+7` and `07` are read as numbers too: only what comes out again as it went in is ours.
    (write_part(&press, part).as_deref() == Some(id)).then_some(press)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn press(verb: &str) -> Press {
        Press { verb: verb.to_owned(), show: 6, number: Some(7), version: 41 }
    }

    #[test]
    fn it_is_short_and_readable() {
        assert_eq!(write(&press("mute")).as_deref(), Some("g1:6:7:41:0:mute"));
        let all = Press { number: None, ..press("ask mute all") };
        assert_eq!(write_part(&all, 2).as_deref(), Some("g1:6::41:2:ask mute all"));
        assert_eq!(read("g1:6::41:2:ask mute all"), Some(all));
        let widest = Press { show: u32::MAX, number: Some(u32::MAX), version: u32::MAX, ..press("x") };
        let room = CUSTOM_ID - write(&widest).unwrap().len();
        assert!(room > 50, "a verb of {room} bytes fits, whatever the numbers");
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        assert_eq!(write(&press("")), None);
        assert_eq!(write(&press(&"x".repeat(99))), None);
        assert_eq!(write(&press("a\nb")), None);
        let long = format!("g1:6:7:41:0:{}", "x".repeat(200));
        for id in [
            "",
            "g1",
            "g1:",
            "g1:::::",
            "g0:6:7:41:0:mute",
            "g1:6:7:41:0:",
            "g1:6:7:41:0: ",
            "g1:6:7:41:mute",
            "g1:06:7:41:0:mute",
            "g1:6:+7:41:0:mute",
            "g1:6:-7:41:0:mute",
            "g1:4294967296:7:41:0:mute",
            "g1:6:7:41:0:mu\u{0}te",
            "g1:6: 7:41:0:mute",
            "g1:6:７:41:0:mute",
            "mute",
            &long,
        ] {
            assert_eq!(read(id), None, "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn written_is_read(verb in "\\PC{0,90}", show: u32, number: Option<u32>, version: u32, part in 0_usize..30) {
            let press = Press { verb, show, number, version };
            if let Some(id) = write_part(&press, part) {
                prop_assert!(id.len() <= CUSTOM_ID);
                prop_assert_eq!(read(&id), Some(press));
            }
        }

        #[test]
        fn read_is_what_was_written(id in "(g1:)?[0-9:+g]{0,20}\\PC{0,90}") {
            if let Some(press) = read(&id) {
                let again = (0..100).any(|part| write_part(&press, part).as_deref() == Some(&id));
                prop_assert!(again || id.split(':').nth(4).is_some_and(|part| part.len() > 2));
            }
        }
    }
}
