//! Points in time and lengths of time, in words. Which clock is right is said by whoever asks: nothing here reads one.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time zone in which people are told times.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// That zone.
    pub fn new(zone: TimeZone) -> Self {
        Self(zone)
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// A moment (Unix milliseconds) to the second: `20:41:10`.
    pub fn second(&self, at: u64) -> String {
        self.write(at, "%H:%M:%S")
    }

    /// A moment (Unix milliseconds) to the minute: `20:41`.
    pub fn minute(&self, at: u64) -> String {
        self.write(at, "%H:%M")
    }

    fn write(&self, at: u64, form: &str) -> String {
        let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        at.map_or_else(|| "some time".to_owned(), |at| self.0.to_datetime(at).strftime(form).to_string())
    }
}

/// A length of time (milliseconds) as people say it, rounded down: `20 s`, `6 min`, `1 h 4 min`.
pub fn lasting(length: u64) -> String {
    let seconds = length / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min"),
        (_, 0) => format!("{hours} h"),
        _ => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let said: Vec<_> = [0, 20_999, 60_000, 359_999, 3_600_000, 3_840_000].map(lasting).into();
        assert_eq!(said, ["0 s", "20 s", "1 min", "5 min", "1 h", "1 h 4 min"]);
    }

    #[test]
    fn moments() {
        let zone = Zone::new(TimeZone::fixed(jiff::tz::offset(1)));
        assert_eq!(zone.second(70_000), "01:01:10");
        assert_eq!(Zone::utc().minute(70_000), "00:01");
        assert_eq!(zone.second(u64::MAX), "some time");
    }
}
