//! Times that come again: every Friday from ten, every 18th, New Year's Day.

use std::fmt;
use std::str::FromStr;

use crate::limits::MINUTES_PER_DAY;
use crate::words::time::LocalTime;

/// A date that comes every year or once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarDate {
    /// 1 to 9999; every year when `None`.
    year: Option<u16>,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDate;

impl fmt::Display for NoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a date that there is, such as 01-01 (every year) or 2026-01-01")
    }
}

impl std::error::Error for NoDate {}

impl CalendarDate {
    /// Returns the date, when there is such a day; 29 February is one of every year, though only leap years have it.
    #[must_use]
    pub fn new(year: Option<u16>, month: u8, day: u8) -> Option<Self> {
        let is_leap = year.is_none_or(|year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let fits = (1..=days).contains(&day) && year.is_none_or(|year| (1..=9_999).contains(&year));
        fits.then_some(Self { year, month, day })
    }

    fn is(self, local: &LocalTime) -> bool {
        let year = self.year.is_none_or(|year| i32::from(year) == local.year);
        year && (self.month, self.day) == (local.month, local.day_of_month)
    }
}

impl FromStr for CalendarDate {
    type Err = NoDate;

    /// Reads `01-31` or `2026-01-31`.
    fn from_str(text: &str) -> Result<Self, NoDate> {
        let number = |part: &str, digits: usize| {
            let right = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            right.then(|| part.parse::<u16>().ok()).flatten().ok_or(NoDate)
        };
        let small = |part: &str| number(part, 2).and_then(|number| u8::try_from(number).map_err(|_| NoDate));
        let parts: Vec<&str> = text.split('-').collect();
        let (year, month, day) = match parts[..] {
            [month, day] => (None, small(month)?, small(day)?),
            [year, month, day] => (Some(number(year, 4)?), small(month)?, small(day)?),
            _ => return Err(NoDate),
        };
        Self::new(year, month, day).ok_or(NoDate)
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(year) = self.year {
            write!(f, "{year:04}-")?;
        }
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// Part of a day, by the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    /// Minutes since local midnight, 0 to 1,439.
    from: u16,
    /// Exclusive; more than `from`, to 1,440.
    to: u16,
}

impl Hours {
    /// The whole day.
    pub const WHOLE_DAY: Self = Self { from: 0, to: MINUTES_PER_DAY };

    /// Returns the hours from a minute of the day to another, which is exclusive. `None` when that is no part of a day.
    #[must_use]
    pub fn new(from: u16, to: u16) -> Option<Self> {
        (from < to && to <= MINUTES_PER_DAY).then_some(Self { from, to })
    }

    /// Returns the first minute, 0 to 1,439.
    #[must_use]
    pub fn from(self) -> u16 {
        self.from
    }

    /// Returns the minute after the last, 1 to 1,440.
    #[must_use]
    pub fn to(self) -> u16 {
        self.to
    }
}

/// Days that come again, and the same part of each. A day fits when it is among all that is given; what is empty leaves every
/// day in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurringWindow {
    /// Months, 1 to 12.
    pub months: Vec<u8>,
    /// Days of a month, 1 to 31. A month that has not the day is left out.
    pub month_days: Vec<u8>,
    /// Days of the week, 1 (Monday) to 7 (ISO 8601).
    pub weekdays: Vec<u8>,
    /// Dates; at most [`WINDOW_DATES_MAX`](crate::limits::WINDOW_DATES_MAX).
    pub dates: Vec<CalendarDate>,
    /// Which part of the day.
    pub hours: Hours,
}

impl RecurringWindow {
    fn fits_day(&self, local: &LocalTime) -> bool {
        let among = |all: &[u8], one: u8| all.is_empty() || all.contains(&one);
        among(&self.months, local.month)
            && among(&self.month_days, local.day_of_month)
            && among(&self.weekdays, local.weekday)
            && (self.dates.is_empty() || self.dates.iter().any(|date| date.is(local)))
    }

    fn fits(&self, local: &LocalTime) -> bool {
        let from = u32::from(self.hours.from) * 60;
        let to = u32::from(self.hours.to) * 60;
        (from..to).contains(&local.second_of_day) && self.fits_day(local)
    }
}

/// Reports whether a local time lies within one of the windows; always when there are none.
#[must_use]
pub fn is_within(windows: &[RecurringWindow], local: &LocalTime) -> bool {
    windows.is_empty() || windows.iter().any(|window| window.fits(local))
}

/// Returns the parts of a local day that lie within one of the windows, in order and apart from one another; the whole day when there are
/// no windows.
#[must_use]
pub fn hours_of_day(windows: &[RecurringWindow], day: &LocalTime) -> Vec<Hours> {
    if windows.is_empty() {
        return vec![Hours::WHOLE_DAY];
    }
    let mut fitting: Vec<Hours> =
        windows.iter().filter(|window| window.fits_day(day)).map(|window| window.hours).collect();
    fitting.sort_unstable();
    let mut apart: Vec<Hours> = Vec::with_capacity(fitting.len());
    for hours in fitting {
        match apart.last_mut() {
            Some(last) if hours.from <= last.to => last.to = last.to.max(hours.to),
            _ => apart.push(hours),
        }
    }
    apart
}
