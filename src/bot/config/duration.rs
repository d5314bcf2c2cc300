//! Durations as people write them: `30m`, `7d`, `1h30m`.

use std::time::Duration;

/// Ten years: longer is a slip of the finger, and far from any overflow.
const LONGEST: u64 = 3650 * 86_400;

/// Reads numbers with units (`s`, `m`, `h`, `d`, `w`), one after another; more than nothing and at most ten years.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = tail.chars().next()?;
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(seconds_in(unit)?)?)?;
        rest = tail.get(unit.len_utf8()..)?.trim_start();
    }
    (1..=LONGEST).contains(&seconds).then(|| Duration::from_secs(seconds))
}

fn seconds_in(unit: char) -> Option<u64> {
    match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        'w' => Some(7 * 86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in
            [("30m", 1800), ("7d", 604_800), ("1h30m", 5400), ("1h 30m", 5400), ("2w", 1_209_600)]
        {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in
            ["", "30", "m", "-1m", "1.5h", "0s", "30 minutes", "99999999999999999999d", "4000d", "3ö", "5m!"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
