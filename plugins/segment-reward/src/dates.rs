//! On which days occasions are.

use largesse_sdk::{Date, Moment, Party};

use crate::params::{LeapDay, Monthly, On, Yearly};

/// 2000-01-01.
const CENTURY: i32 = 10_957;
const SECONDS_PER_DAY_OF_REGISTRATION: i32 = 4;
const LAST_SECOND: u32 = 86_399;

/// The first day of an occasion that is not before another; `None` when it is on no day, or the birthday is not known.
pub(crate) fn next(on: &On, from: Date, customer: &Party) -> Option<Date> {
    let (year, month, _) = from.year_month_day();
    match on {
        On::Birthday(birthday) => {
            let born = customer.text("birth_date").and_then(|text| Date::parse(&text))?;
            let (_, month, day) = born.year_month_day();
            first(from, [year, year + 1].map(|year| in_year(year, (month, day), birthday.leap_day)))
        }
        On::Yearly(yearly) => {
            let day = yearly.month_and_day()?;
            first(from, [year, year + 1].map(|year| in_year(year, day, LeapDay::February28)))
        }
        On::Monthly(Monthly { day, .. }) => {
            let after = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            first(from, [(year, month), after].map(|(year, month)| in_month(year, month, *day)))
        }
        On::SegmentEntered(_) | On::TierChanged(_) | On::SurveyAnswered(_) => None,
    }
}

fn first(from: Date, days: [Option<Date>; 2]) -> Option<Date> {
    days.into_iter().flatten().find(|day| *day >= from)
}

fn in_year(year: i32, (month, day): (u8, u8), leap_day: LeapDay) -> Option<Date> {
    let instead = match leap_day {
        LeapDay::February28 => (2, 28),
        LeapDay::March1 => (3, 1),
    };
    Date::new(year, month, day).or_else(|| Date::new(year, instead.0, instead.1))
}

fn in_month(year: i32, month: u8, day: u8) -> Option<Date> {
    let (_, last) = Date::new(year, month, 1)?.month_range();
    Date::new(year, month, day).or(Some(last))
}

/// The second of its day at which an occasion is, for a customer.
pub(crate) fn second(on: &On, customer: &Party, occurred: &Moment) -> u32 {
    if let On::Yearly(Yearly { by_tenure: true, .. }) = on {
        let Some(registered) = customer.integer("registered_at") else { return LAST_SECOND };
        let days = occurred.date_of(registered).0.saturating_sub(CENTURY).max(0);
        let second = days.saturating_mul(SECONDS_PER_DAY_OF_REGISTRATION);
        return u32::try_from(second).unwrap_or(LAST_SECOND).min(LAST_SECOND);
    }
    on.at().unwrap_or_default().0
}

impl Yearly {
    /// The month and the day; `None` when there is no such day in any year.
    pub(crate) fn month_and_day(&self) -> Option<(u8, u8)> {
        let (month, day) = self.day.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        Date::new(2000, month, day).map(|_| (month, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Birthday;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn born(day: &str) -> Party {
        Party { attributes: format!(r#"{{"birth_date":"{day}"}}"#), ..Party::default() }
    }

    #[test]
    fn years_that_end_and_years_without_a_29th() {
        let birthday = |leap_day| On::Birthday(Birthday { leap_day, at: None });
        let (february, march) = (birthday(LeapDay::February28), birthday(LeapDay::March1));
        let cases = [
            (&february, "2000-02-29", "2025-01-01", "2025-02-28"),
            (&february, "2000-02-29", "2025-03-01", "2026-02-28"),
            (&february, "2000-02-29", "2027-03-01", "2028-02-29"),
            (&march, "2000-02-29", "2025-01-01", "2025-03-01"),
            (&march, "2000-02-29", "2028-01-01", "2028-02-29"),
            (&march, "1990-12-31", "2025-12-31", "2025-12-31"),
            (&march, "1990-01-01", "2025-01-02", "2026-01-01"),
        ];
        for (on, birth, from, expected) in cases {
            assert_eq!(next(on, date(from), &born(birth)), Some(date(expected)), "{birth} from {from}");
        }
        assert_eq!(next(&february, date("2025-01-01"), &Party::default()), None);
        assert_eq!(next(&february, date("2025-01-01"), &born("2000-02-30")), None);
    }

    #[test]
    fn days_of_months_that_are_shorter() {
        let monthly = |day| On::Monthly(Monthly { day, at: None });
        for (day, from, expected) in [
            (31, "2025-02-01", "2025-02-28"),
            (31, "2024-02-29", "2024-02-29"),
            (31, "2025-04-30", "2025-04-30"),
            (8, "2025-12-09", "2026-01-08"),
            (8, "2025-12-08", "2025-12-08"),
        ] {
            assert_eq!(next(&monthly(day), date(from), &Party::default()), Some(date(expected)), "{day} from {from}");
        }
    }
}
