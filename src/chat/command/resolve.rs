//! Typed numbers and names to callers: pure, against a list of who is there.

use crate::text::{Doc, Foreign, Name};

use super::CallerRef;

/// A shorter beginning of a name finds nobody.
const SHORTEST: usize = 3;

/// What typed callers came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Resolution {
    /// Who is meant: numbers of the list, in the order of typing, none twice.
    pub found: Vec<Found>,
    /// What means nobody, or more than one.
    pub problems: Vec<Problem>,
}

/// One who is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The number.
    pub number: u32,
    /// Found by a name: what cannot be taken back (kick, hangup) is asked for once more.
    pub by_name: bool,
}

/// Why a reference means no caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// Nobody in the list has this number (who had it may have left).
    NoNumber(u32),
    /// Nobody has this name.
    NoName(Foreign),
    /// Too short a beginning of a name.
    TooShort(Foreign),
    /// Several have it; nothing is to happen.
    Several {
        /// What was typed.
        typed: Foreign,
        /// Who is meant by it.
        matches: Vec<(u32, Name)>,
    },
}

impl Resolution {
    /// Somebody was found by name, not by number.
    pub fn by_name(&self) -> bool {
        self.found.iter().any(|found| found.by_name)
    }

    /// The numbers that were found.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.found.iter().map(|found| found.number)
    }
}

impl Problem {
    /// What the asker is told.
    pub fn doc(&self) -> Doc {
        match self {
            Self::NoNumber(u32::MAX) => Doc::from("There is no such number."),
            Self::NoNumber(number) => Doc::new().say(format!("There is no #{number}.")),
            Self::NoName(typed) => Doc::from("Nobody here is called \"").foreign(typed).say("\"."),
            Self::TooShort(typed) => Doc::new()
                .say("\"")
                .foreign(typed)
                .say(format!("\" is too short: give {SHORTEST} letters, or the number.")),
            Self::Several { typed, matches } => {
                let doc = Doc::new().say("Nothing done: \"").foreign(typed).say("\" is ");
                let joined = matches.iter().enumerate().fold(doc, |doc, (i, (number, name))| {
                    let doc = if i > 0 { doc.say(" or ") } else { doc };
                    doc.person(*number, Some(name), None)
                });
                joined.say(". Give the number.")
            }
        }
    }
}

/// Finds who is meant among those who are there.
pub fn resolve(callers: &[CallerRef], people: &[(u32, Option<Name>)]) -> Resolution {
    let mut resolution = Resolution::default();
    for caller in callers {
        let found = match caller {
            CallerRef::Number(number) => by_number(*number, people),
            CallerRef::Name(typed) => by_name(typed, people),
        };
        match found {
            Ok(found) if resolution.numbers().any(|number| number == found.number) => {}
            Ok(found) => resolution.found.push(found),
            Err(problem) => resolution.problems.push(problem),
        }
    }
    resolution
}

fn by_number(number: u32, people: &[(u32, Option<Name>)]) -> Result<Found, Problem> {
    let there = people.iter().any(|(known, _)| *known == number);
    there.then_some(Found { number, by_name: false }).ok_or(Problem::NoNumber(number))
}

fn by_name(typed: &Foreign, people: &[(u32, Option<Name>)]) -> Result<Found, Problem> {
    let wanted = typed.as_str().to_lowercase();
    let named = || people.iter().filter_map(|(number, name)| Some((*number, name.as_ref()?)));
    let lower = |name: &Name| name.as_str().to_lowercase();
    let mut hits: Vec<_> = named().filter(|(_, name)| lower(name) == wanted).collect();
    if hits.is_empty() {
        if wanted.chars().count() < SHORTEST {
            return Err(Problem::TooShort(typed.clone()));
        }
        hits = named().filter(|(_, name)| lower(name).starts_with(&wanted)).collect();
    }
    match hits.as_slice() {
        [] => Err(Problem::NoName(typed.clone())),
        [(number, _)] => Ok(Found { number: *number, by_name: true }),
        _ => {
            let matches = hits.into_iter().map(|(number, name)| (number, name.clone())).collect();
            Err(Problem::Several { typed: typed.clone(), matches })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn people() -> Vec<(u32, Option<Name>)> {
        [(3, "Mary"), (4, "Mark"), (5, "Jo"), (6, "+441134960017"), (7, "Joel"), (8, "JOEL"), (9, "all")]
            .into_iter()
            .map(|(number, name)| (number, Name::new(name)))
            .collect()
    }

    fn name(typed: &str) -> Resolution {
        resolve(&[CallerRef::Name(Foreign::text(typed))], &people())
    }

    #[test]
    fn numbers() {
        let seen = resolve(&[4, 99, 4, 6].map(CallerRef::Number), &people());
        assert_eq!(seen.numbers().collect::<Vec<_>>(), [4, 6]);
        assert!(!seen.by_name());
        assert_eq!(seen.problems, [Problem::NoNumber(99)]);
    }

    #[test]
    fn exact_names_and_unique_beginnings() {
        assert_eq!(name("mary").found, [Found { number: 3, by_name: true }]);
        assert_eq!(name("JO").found, [Found { number: 5, by_name: true }], "exact, though Joel begins so");
        assert_eq!(name("marY").numbers().collect::<Vec<_>>(), [3]);
        assert_eq!(name("ma").problems, [Problem::TooShort(Foreign::text("ma"))]);
        assert_eq!(name("nobody").problems, [Problem::NoName(Foreign::text("nobody"))]);
    }

    #[test]
    fn two_who_match_are_both_listed() {
        let numbers = |typed: &str| match &name(typed).problems[..] {
            [Problem::Several { matches, .. }] => {
                matches.iter().map(|(number, _)| *number).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(numbers("mar"), [3, 4]);
        assert_eq!(numbers("joel"), [7, 8]);
        assert!(name("joel").found.is_empty());
    }

    #[test]
    fn a_long_name_typed_whole_is_found() {
        let long = "Konstantinopolitanischer Dudelsack";
        let call = crate::command::parse(&format!("mute {long}")).unwrap();
        let crate::command::Callers::These(callers) = call.args.callers else { panic!() };
        let seen = resolve(&callers, &[(2, Name::new(long)), (3, Name::new("Konstantin"))]);
        assert_eq!(seen.numbers().collect::<Vec<_>>(), [2]);
    }

    proptest! {
        #[test]
        fn never_a_caller_who_is_not_there(typed in any::<String>(), number in any::<u32>(), names in proptest::collection::vec(any::<String>(), 0..6)) {
            let people: Vec<_> = names.iter().zip(1..).map(|(name, number)| (number, Name::new(name))).collect();
            let seen = resolve(&[CallerRef::Name(Foreign::text(&typed)), CallerRef::Number(number)], &people);
            for found in seen.numbers() {
                prop_assert!(people.iter().any(|(known, _)| *known == found));
            }
        }
    }
}
