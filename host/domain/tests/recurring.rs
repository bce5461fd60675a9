//! Times that come again, over whole years of days.

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, DateTime};
    use largesse_domain::recurring::{CalendarDate, Hours, RecurringWindow, hours_of_day, is_within};
    use largesse_domain::time::{Day, LocalTime};

    fn local(text: &str) -> LocalTime {
        let civil: DateTime = text.parse().unwrap();
        let seconds = |number: i8| u32::from(number.unsigned_abs());
        let (date, week) = (civil.date(), civil.date().iso_week_date());
        LocalTime {
            day: Day((date - jiff::civil::date(1970, 1, 1)).get_days()),
            year: i32::from(date.year()),
            month: date.month().unsigned_abs(),
            day_of_month: date.day().unsigned_abs(),
            weekday: date.weekday().to_monday_one_offset().unsigned_abs(),
            iso_year: i32::from(week.year()),
            iso_week: week.week().unsigned_abs(),
            second_of_day: seconds(civil.hour()) * 3_600 + seconds(civil.minute()) * 60 + seconds(civil.second()),
        }
    }

    fn every_day() -> RecurringWindow {
        RecurringWindow {
            months: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            dates: Vec::new(),
            hours: Hours::WHOLE_DAY,
        }
    }

    /// The days of a year that a window fits.
    fn days(window: &RecurringWindow, year: i16) -> Vec<String> {
        let mut date: Date = jiff::civil::date(year, 1, 1);
        let mut fitting = Vec::new();
        while date.year() == year {
            if !hours_of_day(std::slice::from_ref(window), &local(&format!("{date}T00:00:00"))).is_empty() {
                fitting.push(format!("{:02}-{:02}", date.month(), date.day()));
            }
            date = date.tomorrow().unwrap();
        }
        fitting
    }

    #[test]
    fn no_window_is_always() {
        assert!(is_within(&[], &local("2026-03-01T23:59:59")));
        assert_eq!(hours_of_day(&[], &local("2026-03-01T00:00:00")), [Hours::WHOLE_DAY]);
    }

    #[test]
    fn a_month_that_has_not_the_day_is_left_out() {
        let last = RecurringWindow { month_days: vec![31], ..every_day() };
        assert_eq!(days(&last, 2026), ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"]);
        let leap = RecurringWindow { month_days: vec![29], months: vec![2], ..every_day() };
        assert!(days(&leap, 2026).is_empty());
        assert_eq!(days(&leap, 2028), ["02-29"]);
    }

    #[test]
    fn a_leap_day_of_every_year_comes_in_leap_years() {
        let leap = RecurringWindow { dates: vec!["02-29".parse().unwrap()], ..every_day() };
        let years = [1900, 2000, 2026, 2028].map(|year| days(&leap, year).len());
        assert_eq!(years, [0, 1, 0, 1]);
    }

    #[test]
    fn a_day_fits_all_that_is_given() {
        let thirteenth = RecurringWindow { month_days: vec![13], weekdays: vec![5], ..every_day() };
        assert_eq!(days(&thirteenth, 2026), ["02-13", "03-13", "11-13"]);
        let spring = RecurringWindow { months: vec![3], ..thirteenth };
        assert_eq!(days(&spring, 2026), ["03-13"]);
        let once = RecurringWindow { dates: vec!["2026-01-01".parse().unwrap()], ..every_day() };
        assert_eq!((days(&once, 2026).len(), days(&once, 2027).len()), (1, 0));
        let never = RecurringWindow { weekdays: vec![5], ..once };
        assert!(days(&never, 2026).is_empty(), "it is a Thursday");
    }

    #[test]
    fn hours_begin_with_their_first_second_and_end_before_their_last() {
        let ten = RecurringWindow { hours: Hours::new(600, 1_440).unwrap(), weekdays: vec![5], ..every_day() };
        let within = |time: &str| is_within(std::slice::from_ref(&ten), &local(time));
        assert!(!within("2026-01-02T09:59:59"));
        assert!(within("2026-01-02T10:00:00"));
        assert!(within("2026-01-02T23:59:59"));
        assert!(!within("2026-01-03T00:00:01"), "a Saturday");
        let noon = RecurringWindow { hours: Hours::new(0, 720).unwrap(), ..every_day() };
        let within = |time: &str| is_within(&[noon.clone(), ten.clone()], &local(time));
        assert!(within("2026-01-03T00:00:01") && within("2026-01-03T11:59:59"));
        assert!(!within("2026-01-03T12:00:00") && within("2026-01-02T12:00:00"), "one window is enough");
    }

    #[test]
    fn the_parts_of_a_day_are_apart_and_in_order() {
        let part = |from, to| RecurringWindow { hours: Hours::new(from, to).unwrap(), ..every_day() };
        let windows = [part(1_200, 1_440), part(60, 120), part(90, 180), part(180, 240), part(600, 601)];
        let hours = hours_of_day(&windows, &local("2026-01-02T12:00:00"));
        let bounds: Vec<_> = hours.iter().map(|hours| (hours.from(), hours.to())).collect();
        assert_eq!(bounds, [(60, 240), (600, 601), (1_200, 1_440)]);
        let sunday = RecurringWindow { weekdays: vec![7], ..part(0, 1_440) };
        assert!(hours_of_day(&[sunday], &local("2026-01-02T12:00:00")).is_empty());
    }

    #[test]
    fn hours_are_part_of_a_day() {
        assert_eq!(Hours::new(0, 1_440), Some(Hours::WHOLE_DAY));
        for (from, to) in [(0, 0), (600, 600), (601, 600), (0, 1_441), (1_440, 1_441)] {
            assert_eq!(Hours::new(from, to), None, "{from} {to}");
        }
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        for text in ["01-01", "12-31", "02-29", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            let date: CalendarDate = text.parse().unwrap();
            assert_eq!(date.to_string(), text);
        }
        let wrong = [
            "",
            "1-1",
            "00-01",
            "01-00",
            "13-01",
            "02-30",
            "04-31",
            "2026-02-29",
            "1900-02-29",
            "0000-01-01",
            "26-01-01",
            "2026-1-01",
            "+1-01",
            "2026-01-01-01",
            "20260101",
        ];
        for text in wrong {
            assert!(text.parse::<CalendarDate>().is_err(), "{text}");
        }
    }
}
