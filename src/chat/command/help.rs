//! Help, drawn from the table: short enough for a phone.

use crate::text::Doc;

use super::{CATALOG, Command};

/// What may be done here: one line per command that `may` allows.
pub fn overview(may: impl Fn(Command) -> bool) -> Doc {
    let doc = Doc::new().strong("You can do here:");
    let open = CATALOG.iter().filter(|spec| may(spec.command));
    open.fold(doc, |doc, spec| doc.line().strong(spec.usage).say(format!(": {}", spec.help)))
}

/// One command.
pub fn about(command: Command) -> Doc {
    let spec = command.spec();
    let doc = Doc::new().strong(spec.usage).say(format!(": {}", spec.help));
    let doc =
        spec.slots.iter().fold(doc, |doc, slot| doc.line().say(format!("{}: {}", slot.name, slot.help)));
    match spec.aliases {
        [] => doc,
        aliases => doc.line().say(format!("Also: {}", aliases.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use crate::text::plain;

    #[test]
    fn it_fits_a_phone_and_shows_what_one_may() {
        let listener = plain(&overview(|command| command.spec().role == Role::Listener));
        assert_eq!(
            listener,
            "You can do here:\nroster: who is in the room\nhelp [COMMAND]: this, or one command"
        );
        let host = plain(&overview(|_| true));
        assert_eq!(host.lines().count(), CATALOG.len() + 1);
        assert!(host.lines().all(|line| line.chars().count() <= 50), "{host}");
        assert!(plain(&about(Command::Kick)).ends_with("Also: k"));
    }
}
