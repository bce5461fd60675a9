//! Terms by the calendar: how long something is good, and how long a period lasts. One vocabulary for all policies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Problems;
use crate::time::Date;

/// Most hours of a term.
const HOURS_MAX: u32 = 87_600;
/// Most months of a term.
const MONTHS_MAX: u32 = 1_200;
/// Most days of a term.
const DAYS_MAX: u32 = 3_660;

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CalendarUnit {
    /// The local day.
    Day,
    /// The ISO week, Monday to Sunday.
    Week,
    /// The month.
    Month,
    /// Three months, from January, April, July or October on.
    Quarter,
    /// The year.
    Year,
}

impl CalendarUnit {
    /// The last day of the unit that a day is in.
    #[must_use]
    pub fn last_day(self, day: Date) -> Date {
        let (year, month, _) = day.year_month_day();
        let last = |month: u8| Date::new(year, month, 1).map_or(day, |first| first.month_range().1);
        match self {
            Self::Day => day,
            Self::Week => day.week_range().1,
            Self::Month => day.month_range().1,
            Self::Quarter => last(month.div_ceil(3) * 3),
            Self::Year => last(12),
        }
    }
}

/// When something ends that is good from the event on: exactly one way of saying it, all by the clock on the wall. `end_of` may go
/// with `months` or `years`: the end of the month that is six months away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// After so many times 60 minutes, to the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = HOURS_MAX))]
    pub hours: Option<u32>,
    /// With the day of the same number so many months later; with the last day of a month that has not that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MONTHS_MAX))]
    pub months: Option<u32>,
    /// With the same day so many years later; with 28 February where there is no 29th.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub years: Option<u32>,
    /// With the day, week, month, quarter or year in which the event, or the day by months or years, lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of: Option<CalendarUnit>,
    /// With this day. What is given after it is worth nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
}

impl Expiry {
    /// The last day on which it is good, for what happened on a day; hours are not days.
    #[must_use]
    pub fn last_day(self, day: Date) -> Date {
        let months = self.months.unwrap_or(0) + self.years.unwrap_or(0) * 12;
        let day = self.on.unwrap_or_else(|| day.plus_months(months));
        self.end_of.map_or(day, |unit| unit.last_day(day))
    }

    /// Notes what is wrong with it; `pointer` names its place in the parameters.
    pub fn check(self, pointer: &str, problems: &mut Problems) {
        let by_calendar = usize::from(self.months.is_some()) + usize::from(self.years.is_some());
        let alone = usize::from(self.hours.is_some()) + usize::from(self.on.is_some());
        let well = match (alone, by_calendar) {
            (1, 0) => self.end_of.is_none(),
            (0, 1) => true,
            (0, 0) => self.end_of.is_some(),
            _ => false,
        };
        let message = "expected one of hours, months, years, end_of and on; end_of may go with months or years";
        problems.unless(well, pointer, message);
    }
}

/// How long a period lasts: exactly one of days, months, years and the unit of the calendar that it ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// So many days, the first of which is the one on which it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub days: Option<u32>,
    /// So many months. Periods that follow on one another keep the day of the month of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MONTHS_MAX))]
    pub months: Option<u32>,
    /// So many years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub years: Option<u32>,
    /// With the week, month, quarter or year of the calendar, so the first period may be shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarUnit>,
}

impl Span {
    /// The first day after the period in which a day lies, where the first of them begins with `first`. Nothing when no length is
    /// given, or the day is before the first.
    #[must_use]
    pub fn end_after(self, first: Date, day: Date) -> Option<Date> {
        if let Some(unit) = self.calendar {
            return Some(unit.last_day(day).plus_days(1));
        }
        let passed = u32::try_from(i64::from(day.0) - i64::from(first.0)).ok()?;
        if let Some(days) = self.days {
            return Some(first.plus_days((passed / days.max(1) + 1) * days.max(1)));
        }
        let months = match (self.months, self.years) {
            (Some(months), _) => months.max(1),
            (None, Some(years)) => years.max(1) * 12,
            (None, None) => return None,
        };
        // No month has more than 31 days: not more periods than these are over.
        let mut number = passed / 31 / months;
        loop {
            number += 1;
            let end = first.after_months(number * months);
            if end > day {
                return Some(end);
            }
        }
    }

    /// Whether no length is given.
    #[must_use]
    pub fn is_endless(self) -> bool {
        self == Self::default()
    }

    /// How many days a whole period has at least; nothing when no length is given.
    #[must_use]
    pub fn least_days(self) -> u32 {
        let months = self.months.map(|months| (months, 28)).or(self.years.map(|years| (years, 365)));
        let calendar = self.calendar.map(|unit| match unit {
            CalendarUnit::Day => 1,
            CalendarUnit::Week => 7,
            CalendarUnit::Month => 28,
            CalendarUnit::Quarter => 90,
            CalendarUnit::Year => 365,
        });
        let by_calendar = months.map(|(number, days)| number.saturating_mul(days)).or(calendar);
        self.days.or(by_calendar).unwrap_or(0)
    }

    /// Notes what is wrong with it; `pointer` names its place in the parameters.
    pub fn check(self, pointer: &str, problems: &mut Problems) {
        let given = [self.days.is_some(), self.months.is_some(), self.years.is_some(), self.calendar.is_some()];
        let one = given.iter().filter(|given| **given).count() == 1;
        problems.unless(one, pointer, "expected exactly one of days, months, years and calendar");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn expiry(value: serde_json::Value) -> Expiry {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_good_for_a_term_is_good_all_of_its_last_day() {
        for (given, last) in [
            (json!({"months": 1}), "2026-02-28"),
            (json!({"months": 6}), "2026-07-31"),
            (json!({"years": 1}), "2027-01-31"),
            (json!({"end_of": "day"}), "2026-01-31"),
            (json!({"end_of": "week"}), "2026-02-01"),
            (json!({"end_of": "month"}), "2026-01-31"),
            (json!({"end_of": "quarter"}), "2026-03-31"),
            (json!({"end_of": "year"}), "2026-12-31"),
            (json!({"years": 1, "end_of": "year"}), "2027-12-31"),
            (json!({"months": 1, "end_of": "quarter"}), "2026-03-31"),
            (json!({"on": "2026-05-04"}), "2026-05-04"),
        ] {
            assert_eq!(expiry(given.clone()).last_day(date("2026-01-31")), date(last), "{given}");
        }
    }

    #[test]
    fn one_way_of_saying_it() {
        let problems = |value: serde_json::Value| {
            let mut problems = Problems::new();
            expiry(value).check("/expires", &mut problems);
            problems.done().is_err()
        };
        for bad in [
            json!({}),
            json!({"hours": 1, "months": 1}),
            json!({"months": 1, "years": 1}),
            json!({"on": "2026-05-04", "end_of": "month"}),
            json!({"hours": 1, "end_of": "day"}),
        ] {
            assert!(problems(bad.clone()), "{bad}");
        }
        for good in [json!({"hours": 1}), json!({"months": 1, "end_of": "month"}), json!({"end_of": "year"})] {
            assert!(!problems(good.clone()), "{good}");
        }
    }

    #[test]
    fn periods_keep_the_day_of_the_first() {
        let months = Span { months: Some(1), ..Span::default() };
        let ends = |day: &str| months.end_after(date("2026-01-31"), date(day)).unwrap();
        assert_eq!(ends("2026-01-31"), date("2026-03-01"));
        assert_eq!(ends("2026-02-28"), date("2026-03-01"));
        assert_eq!(ends("2026-03-01"), date("2026-03-31"));
        assert_eq!(ends("2026-03-31"), date("2026-05-01"));
        assert_eq!(ends("2030-01-31"), date("2030-03-01"));
        let days = Span { days: Some(10), ..Span::default() };
        assert_eq!(days.end_after(date("2026-01-01"), date("2026-01-10")), Some(date("2026-01-11")));
        assert_eq!(days.end_after(date("2026-01-01"), date("2026-01-11")), Some(date("2026-01-21")));
        assert_eq!(days.end_after(date("2026-01-01"), date("2025-12-31")), None);
        let years = Span { years: Some(1), ..Span::default() };
        assert_eq!(years.end_after(date("2024-02-29"), date("2025-02-28")), Some(date("2025-03-01")));
        assert_eq!(years.end_after(date("2024-02-29"), date("2027-12-31")), Some(date("2028-02-29")));
        let calendar = Span { calendar: Some(CalendarUnit::Year), ..Span::default() };
        assert_eq!(calendar.end_after(date("2026-05-01"), date("2026-05-01")), Some(date("2027-01-01")));
    }
}
