//! Times and spans of time in words, as a moderator reads them. Pure: the zone and both moments are arguments.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A span of time, coarse enough to be read at a glance: `14 s`, `6 min`, `1 h 5 min`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{} s", seconds.max(1)),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// How long ago that was; two clocks that disagree make it `just now`, never nonsense.
pub fn ago(now: u64, then: u64) -> String {
    match now.saturating_sub(then) {
        0..1000 => "just now".to_owned(),
        ms => format!("{} ago", span(ms)),
    }
}

/// The time of day, for a moment in Unix milliseconds.
pub fn clock(zone: &TimeZone, at: u64) -> String {
    let moment = i64::try_from(at).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    moment.unwrap_or_default().to_zoned_datetime(zone.clone()).strftime("%H:%M:%S").to_string()
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
    list(&runs(&sorted).into_iter().flat_map(run).collect::<Vec<_>>())
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
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
    use super::*;

    #[test]
    fn spans_are_read_at_a_glance() {
        let told = [0, 999, 14_400, 59_999, 60_000, 360_000, 3_600_000, 3_900_000, 90_000_000].map(span);
        assert_eq!(told, ["1 s", "1 s", "14 s", "59 s", "1 min", "6 min", "1 h", "1 h 5 min", "25 h"]);
    }

    #[test]
    fn ago_survives_clocks_that_disagree() {
        assert_eq!(
            [ago(5000, 9000), ago(5000, 4500), ago(24_000, 4000)],
            ["just now", "just now", "20 s ago"]
        );
    }

    #[test]
    fn the_time_of_day_is_that_of_the_zone() {
        let east = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(clock(&TimeZone::UTC, 74_470_000), "20:41:10");
        assert_eq!(clock(&east, 74_470_000), "21:41:10");
        assert_eq!(clock(&TimeZone::UTC, u64::MAX), "00:00:00", "nonsense is no panic");
    }

    #[test]
    fn numbers_are_listed_in_runs() {
        assert_eq!(numbers(&[9, 4, 5, 6, 8, 7]), "#4 to #9");
        assert_eq!(numbers(&[2, 1, 7, 4]), "#1, #2, #4 and #7");
        assert_eq!(numbers(&[u32::MAX, u32::MAX - 1]), "#4294967294 and #4294967295");
        assert_eq!(numbers(&[]), "");
    }
}
