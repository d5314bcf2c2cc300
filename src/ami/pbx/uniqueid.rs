//! The order in which calls began, by their Uniqueid: `[SYSTEMNAME-]seconds.counter`.

use std::sync::Arc;

/// Sorts by seconds, then counter, as numbers. Ids of another shape (chosen by whoever originated) come last, by
/// their letters.
pub(super) fn order(call: &Arc<str>) -> (u64, u64, Arc<str>) {
    let own = call.rsplit_once('-').map_or(&**call, |(_, own)| own);
    let (seconds, counter) = own.split_once('.').unwrap_or((own, ""));
    (seconds.parse().unwrap_or(u64::MAX), counter.parse().unwrap_or(u64::MAX), call.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_counter_count_as_numbers() {
        let mut ids = ["gavel-x", "main-1700000002.1", "1700000001.10", "1700000001.9", "999999999.77"]
            .map(Arc::<str>::from);
        ids.sort_by_cached_key(order);
        let expected = ["999999999.77", "1700000001.9", "1700000001.10", "main-1700000002.1", "gavel-x"];
        assert_eq!(ids.each_ref().map(|id| &**id), expected);
    }
}
