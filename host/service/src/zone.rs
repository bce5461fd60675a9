//! Time zones: what the clock on the wall says, and when it will say something. The only module that uses them.

use jiff::civil::{Date, DateTime, ISOWeekDate, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use largesse_domain::limits::MINUTES_PER_DAY;
use largesse_domain::time::{Day, Instant, LocalTime, Moment, When};

/// A campaign's time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Looks an IANA name up.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// What the clock on the wall says at an instant.
    #[must_use]
    pub fn moment(&self, at: Instant) -> Moment {
        let civil = self.0.to_datetime(timestamp(at));
        let week: ISOWeekDate = civil.date().iso_week_date();
        let local = LocalTime {
            day: day_of(civil.date()),
            year: i32::from(civil.year()),
            month: civil.month().unsigned_abs(),
            day_of_month: civil.day().unsigned_abs(),
            weekday: week.weekday().to_monday_one_offset().unsigned_abs(),
            iso_year: i32::from(week.year()),
            iso_week: week.week().unsigned_abs(),
            second_of_day: second_of_day(civil.time()),
        };
        Moment { at, local }
    }

    /// An instant as the clock on the wall says it, with the offset of the zone: `2026-03-01T10:00:00+08:00`.
    #[must_use]
    pub fn text(&self, at: Instant) -> String {
        timestamp(at).to_zoned(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// When a minute of a local day begins, 0 to 1,440; 1,440 is the first of the next day. `None` outside the years 1 to 9999.
    #[must_use]
    pub fn minute_of(&self, day: Day, minute: u16) -> Option<Instant> {
        let day = Day(day.0.checked_add(i32::from(minute / MINUTES_PER_DAY))?);
        let second_of_day = u32::from(minute % MINUTES_PER_DAY) * 60;
        self.resolve(When::AtLocal { day, second_of_day }, Instant::MIN)
    }

    /// When something that a policy asks for will be. A local time that a clock change skips moves forward; of one that
    /// comes twice the earlier is meant. `None` outside the years 1 to 9999.
    #[must_use]
    pub fn resolve(&self, when: When, occurred: Instant) -> Option<Instant> {
        match when {
            When::At(at) => Some(at),
            When::AfterSeconds(seconds) => occurred.plus_millis(i64::try_from(seconds).ok()?.checked_mul(1_000)?),
            When::AtLocal { day, second_of_day } => {
                let date = Date::constant(1970, 1, 1).checked_add(i64::from(day.0).days()).ok()?;
                let seconds = i64::from(second_of_day).seconds();
                let civil: DateTime = date.to_datetime(Time::midnight()).checked_add(seconds).ok()?;
                let at = self.0.to_ambiguous_timestamp(civil).compatible().ok()?;
                Instant::from_millis(at.as_millisecond())
            }
        }
    }
}

fn timestamp(at: Instant) -> Timestamp {
    Timestamp::from_millisecond(at.as_millis()).expect("an instant lies within the years 1 to 9999")
}

fn day_of(date: Date) -> Day {
    let hours = date.duration_since(Date::constant(1970, 1, 1)).as_hours();
    Day(i32::try_from(hours / 24).expect("the years 1 to 9999 have fewer days than an i32 counts"))
}

fn second_of_day(time: Time) -> u32 {
    let field = |field: i8| u32::from(field.unsigned_abs());
    field(time.hour()) * 3_600 + field(time.minute()) * 60 + field(time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_millis(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    #[test]
    fn the_day_is_the_local_one() {
        let zone = Zone::new("Asia/Shanghai").unwrap();
        let local = zone.moment(at("2026-03-01T16:00:01Z")).local;
        assert_eq!((local.year, local.month, local.day_of_month), (2026, 3, 2));
        assert_eq!((local.weekday, local.iso_year, local.iso_week), (1, 2026, 10));
        assert_eq!((local.second_of_day, local.day), (1, Day(20_514)));
        let old = zone.moment(at("1969-12-31T00:00:00Z")).local;
        assert_eq!(old.day, Day(-1));
    }

    #[test]
    fn a_skipped_local_time_moves_forward() {
        let zone = Zone::new("Europe/Prague").unwrap();
        // On 2026-03-29 the clock goes from 02:00 to 03:00.
        let day = zone.moment(at("2026-03-29T00:00:00Z")).local.day;
        let skipped = When::AtLocal { day, second_of_day: 2 * 3_600 + 1_800 };
        assert_eq!(zone.resolve(skipped, at("2026-03-01T00:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(zone.resolve(When::AfterSeconds(60), at("2026-03-01T00:00:00Z")), Some(at("2026-03-01T00:01:00Z")));
        assert_eq!(zone.resolve(When::AfterSeconds(u64::MAX), at("2026-03-01T00:00:00Z")), None);
    }
}
