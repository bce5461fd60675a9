//! What was held on which days, kept as runs of days with the same.

use largesse_sdk::Date;
use serde::{Deserialize, Serialize};

/// How late the last day's balance may be known where it is looked at, in days.
const LATE_DAYS: i64 = 2;

/// First day, last day, and what was held on each of them at least: a year of the same is one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Runs(Vec<(i32, i32, u64)>);

impl Runs {
    /// Notes what was held on a day. The first that is said of a day counts: `false` when it was known.
    pub(crate) fn insert(&mut self, day: Date, held: u64) -> bool {
        let at = self.0.partition_point(|(first, _, _)| *first <= day.0);
        if at.checked_sub(1).is_some_and(|before| day.0 <= self.0[before].1) {
            return false;
        }
        self.0.insert(at, (day.0, day.0, held));
        self.join(at);
        if at > 0 {
            self.join(at - 1);
        }
        true
    }

    /// Makes one of a run and the next, where that one follows on it with the same.
    fn join(&mut self, at: usize) {
        if let (Some((_, last, held)), Some((next, end, as_much))) =
            (self.0.get(at).copied(), self.0.get(at + 1).copied())
            && last.checked_add(1) == Some(next)
            && held == as_much
        {
            self.0[at].1 = end;
            self.0.remove(at + 1);
        }
    }

    /// The last day of which anything is known.
    pub(crate) fn last(&self) -> Option<Date> {
        self.0.last().map(|(_, last, _)| Date(*last))
    }

    /// The least that was held on so many days up to the last one known; nothing when one of them is not known.
    pub(crate) fn least(&self, days: u32) -> u64 {
        let Some(Date(end)) = self.last() else { return 0 };
        let from = i64::from(end) - i64::from(days) + 1;
        let mut least = u64::MAX;
        let mut expected = i64::from(end);
        for (first, last, held) in self.0.iter().rev() {
            if i64::from(*last) != expected {
                return 0;
            }
            least = least.min(*held);
            if i64::from(*first) <= from {
                return least;
            }
            expected = i64::from(*first) - 1;
        }
        0
    }

    /// [`Runs::least`] as of the morning of a day; nothing when what is known is from too long before.
    pub(crate) fn least_on(&self, day: Date, days: u32) -> u64 {
        let known = self.last().is_some_and(|last| i64::from(day.0) - i64::from(last.0) <= LATE_DAYS);
        if known { self.least(days) } else { 0 }
    }

    /// Forgets what is of no use for so many days up to the last one known.
    pub(crate) fn prune(&mut self, days: u32) {
        let Some(Date(end)) = self.last() else { return };
        let from = i64::from(end) - i64::from(days);
        self.0.retain(|(_, last, _)| i64::from(*last) > from);
    }

    /// Notes what another knows of days of which nothing is known here.
    pub(crate) fn fill(&mut self, other: &Self) {
        for (first, last, held) in &other.0 {
            (*first..=*last).for_each(|day| _ = self.insert(Date(day), *held));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(days: &[(i32, u64)]) -> Runs {
        let mut runs = Runs::default();
        for (day, held) in days {
            assert!(runs.insert(Date(*day), *held), "{day}");
        }
        runs
    }

    #[test]
    fn order_does_not_matter_and_runs_join() {
        let whole = runs(&[(1, 5), (2, 5), (3, 5), (4, 7)]);
        assert_eq!(runs(&[(4, 7), (1, 5), (3, 5), (2, 5)]), whole);
        assert_eq!(whole, Runs(vec![(1, 3, 5), (4, 4, 7)]));
    }

    #[test]
    fn what_is_said_first_of_a_day_counts() {
        let mut known = runs(&[(1, 5), (2, 5)]);
        assert!(!known.insert(Date(1), 9) && !known.insert(Date(2), 9));
        assert_eq!(known.least(2), 5);
    }

    #[test]
    fn the_least_of_the_last_days_counts() {
        let known = runs(&[(1, 9), (2, 4), (3, 6), (4, 8)]);
        assert_eq!([1, 2, 3, 4, 5].map(|days| known.least(days)), [8, 6, 4, 4, 0]);
        assert_eq!(runs(&[(1, 9), (3, 9)]).least(2), 0);
        assert_eq!(Runs::default().least(1), 0);
    }

    #[test]
    fn what_is_known_must_not_be_too_old() {
        let known = runs(&[(10, 5)]);
        assert_eq!([10, 11, 12, 13].map(|day| known.least_on(Date(day), 1)), [5, 5, 5, 0]);
    }

    #[test]
    fn what_is_of_no_use_is_forgotten() {
        let mut known = runs(&[(1, 1), (2, 2), (3, 3), (4, 4)]);
        known.prune(2);
        assert_eq!(known, Runs(vec![(3, 3, 3), (4, 4, 4)]));
        assert_eq!(known.least(2), 3);
    }
}
