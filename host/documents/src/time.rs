//! Times as RFC 3339 texts.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use largesse_domain::time::{Day, Instant, LocalTime, When};
use serde::{Deserialize, Serialize};

use crate::nearest::meant;

const EXPECTED: &str =
    "expected an RFC 3339 time with Z or an offset, in the years 1 to 9999, such as 2026-03-01T09:00:00+08:00";

const DAY_SECONDS: i64 = 86_400;

/// Reads an RFC 3339 time with `Z` or any offset, and nothing else that ISO 8601 has. What is finer than a millisecond is cut off. A leap
/// second is the second after it, as in Unix time.
///
/// # Errors
/// What was expected, when the text is none or its year is outside 1 to 9999.
pub fn read_instant(text: &str) -> Result<Instant, String> {
    split(text).and_then(instant).ok_or_else(|| EXPECTED.to_owned())
}

/// Date, time of day, digits of a fraction of a second and offset of an RFC 3339 time.
fn split(text: &str) -> Option<[&str; 4]> {
    // The digits are those that `d` stands for.
    const PATTERN: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let (head, rest) = text.split_at_checked(PATTERN.len())?;
    let fits = |(byte, pattern): (u8, &u8)| match pattern {
        b'd' => byte.is_ascii_digit(),
        pattern => byte.to_ascii_uppercase() == *pattern,
    };
    head.bytes().zip(PATTERN).all(fits).then_some(())?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => Some(rest.split_at(digits(rest))).filter(|(fraction, _)| !fraction.is_empty())?,
        None => ("", rest),
    };
    let (date, time) = head.split_at("2026-03-01".len());
    Some([date, &time[1..], fraction, offset])
}

fn instant([date, time, fraction, offset]: [&str; 4]) -> Option<Instant> {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let offset = match offset {
        "Z" | "z" => "Z",
        offset => {
            let (hours, minutes) = offset.strip_prefix(['+', '-'])?.split_once(':')?;
            (digits(hours) && digits(minutes) && hours < "24" && minutes < "60").then_some(offset)?
        }
    };
    let (minute, second) = time.rsplit_once(':')?;
    let leaps = second == "60";
    let second = if leaps { "59" } else { second };
    let read = format!("{date}T{minute}:{second}{offset}").parse::<Timestamp>().ok()?.as_second();
    // Only the last second of a day in UTC is ever followed by one more.
    (!leaps || read.rem_euclid(DAY_SECONDS) == DAY_SECONDS - 1).then_some(())?;
    let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Instant::from_millis((read + i64::from(leaps)) * 1_000 + ms)
}

/// The time in UTC, with milliseconds when there are any: `2026-03-01T01:00:00Z`.
#[must_use]
pub fn instant_text(instant: Instant) -> String {
    match Timestamp::from_millisecond(instant.as_millis()) {
        Ok(time) if time.subsec_millisecond() == 0 => time.to_string(),
        Ok(time) => format!("{time:.3}"),
        // Instants are within the years 1 to 9999, which the time library holds.
        Err(_) => format!("{} ms", instant.as_millis()),
    }
}

/// Reads a time as HTTP headers have it: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub fn read_http_date(text: &str) -> Option<Instant> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Instant::from_millis(time.timestamp().as_millisecond())
}

/// The civil reading of a second of a day, given the day in days since 1970-01-01. `None` outside the years -9999 to 9999
/// and the 86,400 seconds of a day.
#[must_use]
pub fn local_time(day: Day, second_of_day: u32) -> Option<LocalTime> {
    let days = Span::new().try_days(day.0).ok()?;
    let date = date(1970, 1, 1).checked_add(days).ok()?;
    let week = date.iso_week_date();
    let small = |number: i8| u8::try_from(number).ok();
    (second_of_day < 86_400).then_some(())?;
    Some(LocalTime {
        day,
        year: i32::from(date.year()),
        month: small(date.month())?,
        day_of_month: small(date.day())?,
        weekday: small(date.weekday().to_monday_one_offset())?,
        iso_year: i32::from(week.year()),
        iso_week: small(week.week())?,
        second_of_day,
    })
}

/// A local date: `2026-03-01`.
#[must_use]
pub fn day_text(day: Day) -> String {
    match local_time(day, 0) {
        Some(local) => format!("{:04}-{:02}-{:02}", local.year, local.month, local.day_of_month),
        // Days that something happened on come from times within the years 1 to 9999.
        None => format!("day {}", day.0),
    }
}

/// Reads a local date: `2026-03-01`.
///
/// # Errors
/// What was expected, when the text is none or its year is outside 1 to 9999.
pub fn read_day(text: &str) -> Result<Day, String> {
    let date = text.parse::<jiff::civil::Date>().ok().filter(|date| date.year() > 0 && date.to_string() == text);
    let days = date.map(|date| date.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() / 24);
    let day = days.and_then(|days| i32::try_from(days).ok()).map(Day);
    day.ok_or_else(|| format!("{text:?} is not a date such as 2026-03-01"))
}

/// Reads the name of an IANA time zone, and spells it as the database of zones does.
///
/// # Errors
/// When the host's database of zones does not know it.
pub fn read_time_zone(text: &str) -> Result<String, String> {
    let zone = TimeZone::get(text);
    let name = zone.ok().and_then(|zone| zone.iana_name().map(str::to_owned));
    name.ok_or_else(|| {
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let near = meant(text, known.iter().map(String::as_str));
        format!("{text:?} is not an IANA time zone such as Asia/Shanghai or Etc/UTC{near}")
    })
}

/// A point in time that a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WhenDocument {
    /// Then, in RFC 3339.
    At(String),
    /// So many seconds after the event's time.
    AfterSeconds(u64),
    /// In the campaign's zone.
    AtLocal {
        /// Days since 1970-01-01 of the local date.
        day: i32,
        /// 0 to 86,399.
        second_of_day: u32,
    },
}

impl From<When> for WhenDocument {
    fn from(when: When) -> Self {
        match when {
            When::At(instant) => Self::At(instant_text(instant)),
            When::AfterSeconds(seconds) => Self::AfterSeconds(seconds),
            When::AtLocal { day, second_of_day } => Self::AtLocal { day: day.0, second_of_day },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_any_offset_and_written_in_utc() {
        for (text, written) in [
            ("2026-03-01T09:00:00+08:00", "2026-03-01T01:00:00Z"),
            ("2026-03-01T01:00:00Z", "2026-03-01T01:00:00Z"),
            ("2026-03-01T01:00:00.250Z", "2026-03-01T01:00:00.250Z"),
            ("2026-03-01T01:00:00.0004Z", "2026-03-01T01:00:00Z"),
            ("1969-12-31T23:59:59.5-01:00", "1970-01-01T00:59:59.500Z"),
            ("2026-03-01t01:00:00.0123456789123z", "2026-03-01T01:00:00.012Z"),
            ("2026-03-01T00:30:00-00:30", "2026-03-01T01:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2017-01-01T07:59:60.5+08:00", "2017-01-01T00:00:00.500Z"),
        ] {
            assert_eq!(read_instant(text).map(instant_text).as_deref(), Ok(written), "{text}");
        }
        for bad in [
            "",
            "yesterday",
            "-000001-01-01T00:00:00Z",
            "2026-03-01",
            "2026-03-01T09:00:00",
            "2026-03-01T09:00Z",
            "2026-03-01 09:00:00Z",
            "20260301T090000Z",
            "2026-03-01T09:00:00+08",
            "2026-03-01T09:00:00+0800",
            "2026-03-01T09:00:00+08:00:00",
            "2026-03-01T09:00:00+24:00",
            "2026-03-01T09:00:00+08:60",
            "2026-03-01T09:00:00+08:00[Asia/Shanghai]",
            "2026-03-01T09:00:00,5Z",
            "2026-03-01T09:00:00.Z",
            "2026-03-01T09:00:00 Z",
            "2026-03-01T09:00:60Z",
            "2026-03-01T24:00:00Z",
            "2026-02-29T09:00:00Z",
            "2026-W09-7T09:00:00Z",
            "1772326800",
            "２０２６-03-01T09:00:00Z",
        ] {
            assert_eq!(read_instant(bad), Err(EXPECTED.to_owned()), "{bad}");
        }
    }

    #[test]
    fn the_ends_of_time_can_be_written_and_read() {
        for end in [Instant::MIN, Instant::MAX] {
            assert_eq!(read_instant(&instant_text(end)), Ok(end));
        }
    }

    #[test]
    fn a_day_has_its_civil_reading() {
        let local = local_time(Day(20_454), 3_600).unwrap();
        let expected = LocalTime {
            day: Day(20_454),
            year: 2026,
            month: 1,
            day_of_month: 1,
            weekday: 4,
            iso_year: 2026,
            iso_week: 1,
            second_of_day: 3_600,
        };
        assert_eq!(local, expected);
        assert_eq!(local_time(Day(-1), 0).map(|local| (local.year, local.weekday)), Some((1969, 3)));
        assert_eq!((local_time(Day(i32::MAX), 0), local_time(Day(0), 86_400)), (None, None));
    }

    #[test]
    fn zones_are_known_by_their_iana_name() {
        assert_eq!(read_time_zone("asia/shanghai").as_deref(), Ok("Asia/Shanghai"));
        assert!(read_time_zone("Mars/Olympus").is_err());
        assert!(read_time_zone("+08:00").is_err());
    }
}
