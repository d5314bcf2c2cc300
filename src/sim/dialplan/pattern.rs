//! Extension patterns: `_X.`, `_Z[1-3]!`.

/// Whether a pattern (with its `_`) matches an extension.
pub(super) fn fits(pattern: &str, exten: &str) -> bool {
    let Some(pattern) = pattern.strip_prefix('_') else { return pattern == exten };
    rest(pattern.as_bytes(), exten.as_bytes())
}

fn rest(pattern: &[u8], exten: &[u8]) -> bool {
    let Some((&code, after)) = pattern.split_first() else { return exten.is_empty() };
    if code == b'!' {
        return true;
    }
    let Some((&digit, others)) = exten.split_first() else { return false };
    match code {
        b'.' => true,
        b'[' => {
            let Some(end) = after.iter().position(|b| *b == b']') else { return false };
            let (set, behind) = after.split_at(end);
            within(set, digit) && rest(behind.get(1..).unwrap_or_default(), others)
        }
        b'X' | b'x' => digit.is_ascii_digit() && rest(after, others),
        b'Z' | b'z' => (b'1'..=b'9').contains(&digit) && rest(after, others),
        b'N' | b'n' => (b'2'..=b'9').contains(&digit) && rest(after, others),
        code => code == digit && rest(after, others),
    }
}

fn within(set: &[u8], digit: u8) -> bool {
    let ranges = set.windows(3).any(|w| w[1] == b'-' && (w[0]..=w[2]).contains(&digit));
    ranges || set.contains(&digit)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_as_asterisk_reads_them() {
        for (pattern, exten, expected) in [
            ("_X.", "200", true),
            ("_X.", "2", false),
            ("_X!", "2", true),
            ("_r.", "r Room One", true),
            ("_ha-X.", "ha-03", true),
            ("_handy", "handy", false), // n is a pattern, in small letters too
            ("_[2-4]00", "300", true),
            ("_[2-4]00", "500", false),
            ("200", "200", true),
        ] {
            assert_eq!(fits(pattern, exten), expected, "{pattern} {exten}");
        }
    }
}
