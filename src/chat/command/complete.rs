//! Choices for something half typed: words of commands, callers.

use crate::text::{Foreign, Name};
use crate::{Choice, CrewPerson};

use super::{CATALOG, Command};

/// As many choices as Discord shows.
pub const MOST: usize = 25;

/// Main words that begin like this, of those that `may` allows.
pub fn words(typed: &str, may: impl Fn(Command) -> bool) -> Vec<Choice> {
    let typed = typed.to_lowercase();
    CATALOG
        .iter()
        .filter(|spec| spec.word.starts_with(&typed) && may(spec.command))
        .map(|spec| Choice {
            value: spec.word.to_owned(),
            label: Foreign::text(&format!("{}: {}", spec.usage, spec.help)),
        })
        .collect()
}

/// Callers whose number or name begins like this.
pub fn callers(typed: &str, people: &[CrewPerson]) -> Vec<Choice> {
    let typed = typed.trim().trim_start_matches('#').to_lowercase();
    let name = |person: &CrewPerson| person.name.as_ref().map(|name| name.as_str().to_lowercase());
    let fits = |person: &&CrewPerson| {
        person.number.to_string().starts_with(&typed)
            || name(person).is_some_and(|name| name.starts_with(&typed))
    };
    people.iter().filter(fits).take(MOST).map(choice).collect()
}

/// A caller as a choice: `7 Joel, talking`. Whoever gets the label instead of the value finds the number at its
/// beginning; a name that could be read as more numbers is put in brackets.
pub fn choice(person: &CrewPerson) -> Choice {
    let state = match person {
        CrewPerson { talking: Some(_), .. } => ", talking",
        CrewPerson { muted: true, .. } => ", muted",
        _ => "",
    };
    let label = Foreign::text(&format!("{}{state}", named(person)));
    Choice { value: person.number.to_string(), label }
}

/// Whether this is how a choice shows somebody else than who has its number now: numbers begin again with each show,
/// and a client may send what it showed long ago. What is no such choice is not judged.
pub fn is_outdated(shown: &str, people: &[CrewPerson]) -> bool {
    let shown = shown.trim().trim_start_matches('#').to_lowercase();
    let digits = shown.find(|c: char| !c.is_ascii_digit()).unwrap_or(shown.len());
    let (number, name) = shown.split_at_checked(digits).unwrap_or_default();
    let numbers_alone =
        !name.contains(|c: char| !c.is_ascii_digit() && !c.is_whitespace() && !"#,".contains(c));
    let person =
        number.parse().ok().and_then(|number: u32| people.iter().find(|person| person.number == number));
    let Some(person) = person.filter(|_| !numbers_alone) else { return false };
    let now = Foreign::text(&named(person)).as_str().to_lowercase();
    let state = shown.strip_prefix(&now);
    !state.is_some_and(|state| state.is_empty() || state.starts_with(", "))
}

/// What tells callers apart: `7 Joel`.
fn named(person: &CrewPerson) -> String {
    let name = match (&person.name, &person.ends) {
        (Some(name), _) => readable(name),
        (None, Some(ends)) => format!("no name, ends {ends}"),
        (None, None) => "no name".to_owned(),
    };
    format!("{} {name}", person.number)
}

fn readable(name: &Name) -> String {
    if name.as_str().starts_with(|c: char| c.is_ascii_digit() || c == '#' || c == ',' || c == ':') {
        format!("({name})")
    } else {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{CallerRef, Callers, parse_slots};
    use crate::testing::person;

    #[test]
    fn a_label_means_its_caller_whatever_the_name() {
        for name in ["Joel", "12", "8, 9", "#3", ": x", "all", "\u{202e}evil"] {
            let shown = choice(&person(7, name));
            for given in [shown.value.as_str(), shown.label.as_str()] {
                let call = parse_slots("mute", &[("callers".into(), given.into())]).unwrap();
                assert_eq!(call.args.callers, Callers::These(vec![CallerRef::Number(7)]), "{name}: {given}");
            }
        }
    }

    #[test]
    fn a_label_of_another_show_means_nobody() {
        let then = [person(7, "Joel"), person(8, "12"), person(9, "+44 113 496 0017"), person(4, "8 balls")];
        for person in &then {
            let mut muted = person.clone();
            muted.muted = true;
            assert!(!is_outdated(choice(person).label.as_str(), &[muted]), "who has muted is the same");
            assert!(!is_outdated(&choice(person).value, &then));
        }
        let now = [person(7, "Marta"), person(8, "13"), person(9, "Jo"), person(4, "8 ball")];
        for person in &then {
            assert!(is_outdated(choice(person).label.as_str(), &now), "{person:?}");
        }
        for other in ["7", "#7", "7, 8", "7 8", "all", "joel", "", "5 Ann", "99999999999 x"] {
            assert!(!is_outdated(other, &now), "{other}: who that is, others say");
        }
        assert!(!is_outdated("#7 MARTA, talking", &now) && is_outdated("7 noise", &now));
    }

    #[test]
    fn by_number_or_name() {
        let people = [person(7, "Joel"), person(8, "Marta"), person(71, "Jo")];
        let values =
            |typed| callers(typed, &people).into_iter().map(|choice| choice.value).collect::<Vec<_>>();
        assert_eq!(values("#7"), ["7", "71"]);
        assert_eq!(values("JO"), ["7", "71"]);
        assert_eq!(values(""), ["7", "8", "71"]);
        let mute: Vec<_> = words("M", |_| true).into_iter().map(|choice| choice.value).collect();
        assert_eq!(mute, ["mute"]);
        assert!(words("m", |command| command != Command::Mute).is_empty());
    }
}
