//! Instants and civil time. The host does the time-zone work; a policy only reads and counts.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds in a local day without a clock change.
pub const DAY_SECONDS: u64 = 86_400;

/// An instant with its civil reading in the campaign's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// What the clock on the wall says then.
    pub local: LocalTime,
}

/// Civil time in the campaign's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Days since 1970-01-01 of the local date.
    pub day: i32,
    /// The year.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day_of_month: u8,
    /// 1 is Monday, 7 is Sunday (ISO 8601).
    pub weekday: u8,
    /// The year that the ISO week belongs to.
    pub iso_year: i32,
    /// 1 to 53 (ISO 8601).
    pub iso_week: u8,
    /// Seconds since local midnight, 0 to 86,399.
    pub second_of_day: u32,
}

impl Moment {
    /// The same instant by a clock that is so many minutes ahead of UTC.
    #[must_use]
    pub fn by_offset(&self, minutes: i32) -> Self {
        // No clock is further ahead or behind than a day.
        Self { at: self.at, local: LocalTime::at_offset(self.at, minutes.clamp(-1_440, 1_440)) }
    }

    /// How many minutes the clock on the wall is ahead of UTC.
    #[must_use]
    pub fn offset_minutes(&self) -> i32 {
        let ahead =
            i64::from(self.local.day) * 86_400 + i64::from(self.local.second_of_day) - self.at.div_euclid(1_000);
        i32::try_from(ahead.div_euclid(60)).unwrap_or(0)
    }

    /// The local date on which another instant (milliseconds since 1970) falls, by this moment's offset from UTC. Off
    /// by the clock change when one lies between the two.
    #[must_use]
    pub fn date_of(&self, at: i64) -> Date {
        let offset_ms = i64::from(self.local.day) * 86_400_000 + i64::from(self.local.second_of_day) * 1_000
            - self.at.div_euclid(1_000) * 1_000;
        let day = at.saturating_add(offset_ms).div_euclid(86_400_000);
        Date(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }
}

impl LocalTime {
    /// The date.
    #[must_use]
    pub fn date(&self) -> Date {
        Date(self.day)
    }

    /// The civil reading of an instant (milliseconds since 1970) in a zone with a fixed offset from UTC.
    #[must_use]
    pub fn at_offset(at: i64, offset_minutes: i32) -> Self {
        let seconds = at.div_euclid(1_000) + i64::from(offset_minutes) * 60;
        let date =
            Date(i32::try_from(seconds.div_euclid(86_400)).expect("an instant within the years that a date holds"));
        let (year, month, day_of_month) = date.year_month_day();
        let (iso_year, iso_week) = date.iso_week();
        Self {
            day: date.0,
            year,
            month,
            day_of_month,
            weekday: date.weekday(),
            iso_year,
            iso_week,
            second_of_day: u32::try_from(seconds.rem_euclid(86_400)).expect("less than a day"),
        }
    }
}

/// A date of the Gregorian calendar, as days since 1970-01-01. In JSON it is a text such as `2026-03-05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

impl Date {
    /// The date of a year, month and day of the month; `None` when there is no such day.
    #[must_use]
    pub fn new(year: i32, month: u8, day_of_month: u8) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        // Years that begin in March put the leap day last, so that months before it have fixed lengths.
        let shifted = i64::from(year) - i64::from(month <= 2);
        let month_from_march = i64::from((month + 9) % 12);
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day_of_month) - 1;
        let days =
            shifted * 365 + shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400) + day_of_year;
        let date = Self(i32::try_from(days - 719_468).ok()?);
        (date.year_month_day() == (year, month, day_of_month)).then_some(date)
    }

    /// Reads `2026-03-05`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range]
                .iter()
                .try_fold(0_i32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i32::from(digit - b'0')))
        };
        Self::new(number(0..4)?, u8::try_from(number(5..7)?).ok()?, u8::try_from(number(8..10)?).ok()?)
    }

    /// Year, month (1 to 12) and day of the month (1 to 31).
    #[must_use]
    pub fn year_month_day(self) -> (i32, u8, u8) {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        (clamp(year), u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
    }

    /// 1 is Monday, 7 is Sunday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        u8::try_from((i64::from(self.0) + 3).rem_euclid(7) + 1).unwrap_or(0)
    }

    /// ISO 8601 year and week (1 to 53): the week belongs to the year of its Thursday.
    #[must_use]
    pub fn iso_week(self) -> (i32, u8) {
        let thursday = Self(self.0 + 4 - i32::from(self.weekday()));
        let (year, _, _) = thursday.year_month_day();
        let first = Self::new(year, 1, 1).map_or(thursday.0, |first| first.0);
        (year, u8::try_from((thursday.0 - first) / 7 + 1).unwrap_or(0))
    }

    /// The first and the last date of this date's ISO week.
    #[must_use]
    pub fn week_range(self) -> (Self, Self) {
        let monday = self.0 + 1 - i32::from(self.weekday());
        (Self(monday), Self(monday + 6))
    }

    /// The first and the last date of this date's month.
    #[must_use]
    pub fn month_range(self) -> (Self, Self) {
        let (year, month, day) = self.year_month_day();
        let first = Self(self.0 + 1 - i32::from(day));
        let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let last = Self::new(next_year, next_month, 1).map_or(first.0 + 30, |next| next.0 - 1);
        (first, Self(last))
    }

    /// So many days later.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add_unsigned(days))
    }

    /// The day of the same number so many months later, or the last day of a month that has not that day.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let (first, day) = self.first_of_month(months);
        let last = first.month_range().1;
        first.plus_days(u32::from(day) - 1).min(last)
    }

    /// The first day after so many months that begin with this one: the day of the same number, or the first of the next month when
    /// that one has no such day.
    #[must_use]
    pub fn after_months(self, months: u32) -> Self {
        let (first, day) = self.first_of_month(months);
        let last = first.month_range().1;
        first.plus_days(u32::from(day) - 1).min(last.plus_days(1))
    }

    /// The first of the month that is so many months later, and this date's day of the month.
    fn first_of_month(self, months: u32) -> (Self, u8) {
        let (year, month, day) = self.year_month_day();
        let count = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let month = u8::try_from(count.rem_euclid(12) + 1).unwrap_or(1);
        let first = i32::try_from(count.div_euclid(12)).ok().and_then(|year| Self::new(year, month, 1));
        (first.unwrap_or(self), day)
    }

    /// The month as a part of a grant key: `2026-03`.
    #[must_use]
    pub fn month_key(self) -> String {
        let (year, month, _) = self.year_month_day();
        format!("{year:04}-{month:02}")
    }

    /// The ISO week as a part of a grant key: `2026-w10`.
    #[must_use]
    pub fn week_key(self) -> String {
        let (year, week) = self.iso_week();
        format!("{year:04}-w{week:02}")
    }
}

fn clamp(year: i64) -> i32 {
    i32::try_from(year).unwrap_or(i32::MAX)
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::place::text(deserializer, "a date such as 2026-03-05", Self::parse)
    }
}

impl JsonSchema for Date {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_and_back() {
        for (text, day) in [("1970-01-01", 0), ("2026-03-01", 20_513), ("2000-02-29", 11_016), ("1969-12-31", -1)] {
            let date = Date::parse(text).unwrap();
            assert_eq!((date.0, date.to_string().as_str()), (day, text));
        }
        for day in (-200_000..200_000).step_by(17) {
            let (year, month, of_month) = Date(day).year_month_day();
            assert_eq!(Date::new(year, month, of_month), Some(Date(day)));
        }
        for bad in ["2026-02-29", "2026-13-01", "2026-3-01", "2026/03/01", "", "2026-03-00", "+026-03-01"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn iso_weeks_belong_to_the_year_of_their_thursday() {
        for (text, week, weekday) in [
            ("2026-03-02", "2026-w10", 1),
            ("2026-03-01", "2026-w09", 7),
            ("2021-01-01", "2020-w53", 5),
            ("2024-12-30", "2025-w01", 1),
        ] {
            let date = Date::parse(text).unwrap();
            assert_eq!((date.week_key().as_str(), date.weekday()), (week, weekday), "{text}");
        }
    }

    #[test]
    fn months_and_weeks_have_their_ends() {
        let date = |text| Date::parse(text).unwrap();
        assert_eq!(date("2024-02-10").month_range(), (date("2024-02-01"), date("2024-02-29")));
        assert_eq!(date("2025-12-31").month_range(), (date("2025-12-01"), date("2025-12-31")));
        assert_eq!(date("2026-03-04").week_range(), (date("2026-03-02"), date("2026-03-08")));
    }

    #[test]
    fn another_instant_has_its_local_date() {
        let at = 20_513 * 86_400_000 + 3_600_000;
        let moment = Moment { at, local: LocalTime::at_offset(at, 480) };
        assert_eq!(moment.local.second_of_day, 9 * 3_600);
        assert_eq!(moment.date_of(20_513 * 86_400_000 - 8 * 3_600_000), Date(20_513));
        assert_eq!(moment.date_of(20_513 * 86_400_000 - 8 * 3_600_000 - 1), Date(20_512));
    }
}
