//! Time as the domain sees it: instants given from outside, local days worked out by whoever knows time zones.

use std::fmt;

/// Returns the milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-30T00:00:00Z.
    pub const MAX: Self = Self(253_402_128_000_000);

    /// Checks that the instant is within the years 1 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        let instant = Self(millis);
        (Self::MIN..=Self::MAX).contains(&instant).then_some(instant)
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant later (or, for a negative number, earlier) by so many milliseconds; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Option<Self> {
        self.0.checked_add(millis).and_then(Self::from_millis)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({} ms)", self.0)
    }
}

/// Days since 1970-01-01 of a local date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// Civil time in a campaign's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The local date.
    pub day: Day,
    /// Its year.
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
    /// 0 to 86,399.
    pub second_of_day: u32,
}

/// An instant with its civil reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// What the clock on the wall of the campaign's zone says then.
    pub local: LocalTime,
}

/// A point in time that a policy asks for. The service, which knows zones, resolves it to an [`Instant`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Then.
    At(Instant),
    /// So many seconds after the event's time.
    AfterSeconds(u64),
    /// At a second of a local day in the campaign's zone.
    AtLocal {
        /// The local date.
        day: Day,
        /// 0 to 86,399.
        second_of_day: u32,
    },
}

/// The window that a limit or a budget counts in, by the event's local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// The whole campaign.
    Campaign,
    /// A local day.
    Day,
    /// An ISO week (Monday to Sunday).
    Week,
    /// A calendar month.
    Month,
}

impl Window {
    /// Returns the word in configuration and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Returns which window of this kind the local time falls in. Two times in one window give the same number.
    #[must_use]
    pub fn index(self, local: &LocalTime) -> WindowIndex {
        let index = match self {
            Self::Campaign => 0,
            Self::Day => i64::from(local.day.0),
            Self::Week => i64::from(local.iso_year) * 100 + i64::from(local.iso_week),
            Self::Month => i64::from(local.year) * 100 + i64::from(local.month),
        };
        WindowIndex { window: self, index }
    }
}

/// One particular window: this day, this week, this month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowIndex {
    /// The kind of window.
    pub window: Window,
    /// Days since 1970-01-01, ISO year and week (`yyyyww`), year and month (`yyyymm`), or 0.
    pub index: i64,
}
