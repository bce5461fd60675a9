//! Dates as tests write them.

use jiff::civil::Date;
use largesse_domain::time::{Day, Instant, LocalTime, Moment};

const DAY_MS: i64 = 86_400_000;

/// Noon of a date such as `2026-11-09`.
pub(crate) fn noon(date: &str) -> Moment {
    moment(date.parse().unwrap_or_else(|error| panic!("{date}: {error}")))
}

/// Noon of the date so many days after 2026-11-09, a Monday.
pub(crate) fn noon_after(days: i64) -> Moment {
    let start: Date = "2026-11-09".parse().unwrap();
    moment(start.saturating_add(jiff::Span::new().days(days)))
}

fn moment(date: Date) -> Moment {
    let days = (date - jiff::civil::date(1970, 1, 1)).get_days();
    let week = date.iso_week_date();
    let local = LocalTime {
        day: Day(days),
        year: i32::from(date.year()),
        month: date.month().unsigned_abs(),
        day_of_month: date.day().unsigned_abs(),
        weekday: date.weekday().to_monday_one_offset().unsigned_abs(),
        iso_year: i32::from(week.year()),
        iso_week: week.week().unsigned_abs(),
        second_of_day: 43_200,
    };
    Moment { at: Instant::from_millis(i64::from(days) * DAY_MS + DAY_MS / 2).unwrap(), local }
}
