//! Lists, counts and ages in words, as a moderator reads them. Pure.

use gavel_chat::text::{Doc, Foreign, lasting};

/// How long ago that was; two clocks that disagree make it `just now`, never nonsense.
pub fn ago(now: u64, then: u64) -> String {
    match now.saturating_sub(then) {
        0..1000 => "just now".to_owned(),
        ms => format!("{} ago", lasting(ms)),
    }
}

/// `1 caller`, `5 callers`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// `#4`, `#4 and #5`, `#4, #5 and #7`, and three or more in a row as `#4 to #9`. The numbers need no order.
pub fn numbers(numbers: &[u32]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let items: Vec<_> = runs(&sorted).into_iter().flat_map(run).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: impl IntoIterator<Item = Doc>) -> Doc {
    let items: Vec<_> = items.into_iter().collect();
    let last = items.len().saturating_sub(1);
    items.into_iter().enumerate().fold(Doc::new(), |doc, (index, item)| match index {
        0 => item,
        _ if index == last => doc.say(" and ").then(item),
        _ => doc.say(", ").then(item),
    })
}

/// Ends a sentence with its reason, if there is one: foreign text.
pub fn because(doc: Doc, reason: Option<&str>) -> Doc {
    match reason {
        Some(reason) => doc.say(": ").foreign(&Foreign::text(reason)).say("."),
        None => doc.say("."),
    }
}

/// A run of neighbours in words: three or more are worth a "to".
fn run((first, last): (u32, u32)) -> Vec<String> {
    match last - first {
        0 => vec![format!("#{first}")],
        1 => vec![format!("#{first}"), format!("#{last}")],
        _ => vec![format!("#{first} to #{last}")],
    }
}

/// Sorted numbers as runs without gaps.
fn runs(sorted: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in sorted {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use gavel_chat::text::plain;

    use super::*;

    #[test]
    fn ago_survives_clocks_that_disagree() {
        assert_eq!(
            [ago(5000, 9000), ago(5000, 4500), ago(24_000, 4000)],
            ["just now", "just now", "20 s ago"]
        );
    }

    #[test]
    fn numbers_are_listed_in_runs() {
        assert_eq!(numbers(&[9, 4, 5, 6, 8, 7]), "#4 to #9");
        assert_eq!(numbers(&[2, 1, 7, 4]), "#1, #2, #4 and #7");
        assert_eq!(numbers(&[u32::MAX, u32::MAX - 1]), "#4294967294 and #4294967295");
        assert_eq!(numbers(&[]), "");
    }

    #[test]
    fn lists_read_like_lists() {
        let listed = |items: &[&str]| plain(&list(items.iter().map(|&item| Doc::from(item))));
        assert_eq!([listed(&[]), listed(&["a"]), listed(&["a", "b"])], ["", "a", "a and b"]);
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
