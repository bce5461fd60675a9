//! RFC 3339 times in tests.

use crate::time::{Date, LocalTime};
use crate::when::When;

/// Milliseconds since 1970 of a time such as `2026-03-01T09:00:00+08:00` or `2026-03-01T01:00:00Z`.
///
/// # Panics
/// When it is written otherwise.
pub(super) fn parse(text: &str) -> i64 {
    try_parse(text).unwrap_or_else(|| panic!("{text:?} is not a time such as 2026-03-01T09:00:00+08:00"))
}

fn try_parse(text: &str) -> Option<i64> {
    let date = Date::parse(text.get(..10)?)?;
    let clock = text.get(10..19)?;
    let zone = text.get(19..)?;
    if !clock.starts_with('T') {
        return None;
    }
    let two = |text: Option<&str>| text?.parse::<u8>().ok().map(i64::from);
    let seconds = two(clock.get(1..3))? * 3_600 + two(clock.get(4..6))? * 60 + two(clock.get(7..9))?;
    let sign = match zone.as_bytes() {
        [b'Z'] => 0,
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let offset = if sign == 0 { 0 } else { sign * (two(zone.get(1..3))? * 3_600 + two(zone.get(4..6))? * 60) };
    Some((i64::from(date.0) * 86_400 + seconds - offset) * 1_000)
}

/// A point in time that a policy asks for on an event of that time, local time being so many minutes ahead of UTC.
///
/// # Panics
/// After the year 9999.
pub(super) fn resolve(when: When, event: i64, offset_minutes: i32) -> i64 {
    match when.by(&LocalTime::at_offset(event, offset_minutes)) {
        When::At(at) => at,
        When::AfterSeconds(seconds) => event + i64::try_from(seconds).expect("a time before 10000") * 1_000,
        When::AtLocal(date, second) => {
            i64::from(date.0) * 86_400_000 + (i64::from(second) - i64::from(offset_minutes) * 60) * 1_000
        }
        When::AfterDays(_) | When::EndOfDay(_) | When::Expiry(_) => unreachable!("made out by the local time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants() {
        assert_eq!(try_parse("1970-01-02T00:00:01Z"), Some(86_401_000));
        assert_eq!(try_parse("1970-01-01T08:00:00+08:00"), Some(0));
        assert_eq!(try_parse("1969-12-31T19:00:00-05:00"), Some(0));
        for bad in ["", "2026-03-01", "2026-03-01 09:00:00Z", "2026-03-01T09:00:00", "2026-03-01T09:00:00+0800"] {
            assert_eq!(try_parse(bad), None, "{bad}");
        }
    }
}
