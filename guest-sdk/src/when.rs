//! Points in time that a policy asks for.

use crate::term::Expiry;
use crate::time::{Date, LocalTime};

/// A point in time that a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    At(i64),
    /// So many seconds after the event's time.
    AfterSeconds(u64),
    /// On a local date, at a second of it (0 to 86,399). A time that a clock change skips moves forward.
    AtLocal(Date, u32),
    /// So many local days after the event's, at the same time by the clock on the wall.
    AfterDays(u32),
    /// When a term that begins with the event is over.
    Expiry(Expiry),
    /// With the day that is so many local days after the event's.
    EndOfDay(u32),
}

impl When {
    /// So many local days after the event's, at the same time by the clock on the wall.
    #[must_use]
    pub fn after_days(days: u32) -> Self {
        Self::AfterDays(days)
    }

    /// The same, where what goes by the event's local time is made out.
    #[must_use]
    pub fn by(self, local: &LocalTime) -> Self {
        match self {
            Self::AfterDays(days) => Self::AtLocal(local.date().plus_days(days), local.second_of_day),
            Self::EndOfDay(days) => Self::AtLocal(local.date().plus_days(days.saturating_add(1)), 0),
            Self::Expiry(Expiry { hours: Some(hours), .. }) => Self::AfterSeconds(u64::from(hours) * 3_600),
            Self::Expiry(expiry) => Self::AtLocal(expiry.last_day(local.date()).plus_days(1), 0),
            known => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_by_the_clock_on_the_wall_is_made_out() {
        // 2026-01-31T10:00 in Shanghai.
        let day = Date::parse("2026-01-31").unwrap();
        let local = LocalTime::at_offset(i64::from(day.0) * 86_400_000 + 2 * 3_600_000, 480);
        let in_hours = Expiry { hours: Some(48), ..Expiry::default() };
        let in_months = Expiry { months: Some(1), ..Expiry::default() };
        for (when, expected) in [
            (When::after_days(2), When::AtLocal(day.plus_days(2), 36_000)),
            (When::EndOfDay(30), When::AtLocal(day.plus_days(31), 0)),
            (When::Expiry(in_hours), When::AfterSeconds(172_800)),
            (When::Expiry(in_months), When::AtLocal(Date::parse("2026-03-01").unwrap(), 0)),
            (When::At(5), When::At(5)),
        ] {
            assert_eq!(when.by(&local), expected, "{when:?}");
        }
    }
}
