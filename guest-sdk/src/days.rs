//! A set of days, from which streaks and totals are read.
//!
//! A streak kept as "length and last day" goes wrong when an event comes late or twice. A set of days does not: what it
//! says depends on which days are in it and not on the order in which they came.

use serde::{Deserialize, Serialize};

use crate::time::Date;

/// Days on which something happened, kept as runs of consecutive days: a year without a gap is one pair of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DaySet {
    /// First and last day of each run; sorted, with a gap between any two.
    runs: Vec<(i32, i32)>,
}

impl DaySet {
    /// No days.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a day; `false` when it was there already.
    pub fn insert(&mut self, date: Date) -> bool {
        let day = date.0;
        let after = self.runs.partition_point(|(first, _)| *first <= day);
        let joins_next = self.runs.get(after).is_some_and(|(first, _)| day.checked_add(1) == Some(*first));
        if let Some((_, last)) = after.checked_sub(1).and_then(|before| self.runs.get_mut(before)) {
            if day <= *last {
                return false;
            }
            if last.checked_add(1) == Some(day) {
                *last = day;
                if joins_next {
                    let (_, end) = self.runs.remove(after);
                    self.runs[after - 1].1 = end;
                }
                return true;
            }
        }
        if joins_next {
            self.runs[after].0 = day;
        } else {
            self.runs.insert(after, (day, day));
        }
        true
    }

    /// Whether a day is in the set.
    #[must_use]
    pub fn contains(&self, date: Date) -> bool {
        self.run_around(date).is_some()
    }

    /// The first and last day of the run that a day is in.
    #[must_use]
    pub fn run_around(&self, date: Date) -> Option<(Date, Date)> {
        let before = self.runs.partition_point(|(first, _)| *first <= date.0).checked_sub(1)?;
        let (first, last) = self.runs[before];
        (date.0 <= last).then_some((Date(first), Date(last)))
    }

    /// The first and the last day of each run, the earliest first.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = (Date, Date)> + '_ {
        self.runs.iter().map(|(first, last)| (Date(*first), Date(*last)))
    }

    /// How many days in a row end with this one; 0 when the day is not in the set.
    #[must_use]
    pub fn streak_ending(&self, date: Date) -> u32 {
        self.run_around(date).map_or(0, |(first, _)| days_between(first.0, date.0))
    }

    /// How many of the days from `from` to `to`, both included, are in the set.
    #[must_use]
    pub fn count(&self, from: Date, to: Date) -> u32 {
        self.runs
            .iter()
            .map(|(first, last)| (from.0.max(*first), to.0.min(*last)))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| days_between(first, last))
            .sum()
    }

    /// How many days there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.runs.iter().map(|(first, last)| days_between(*first, *last)).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The earliest day.
    #[must_use]
    pub fn first(&self) -> Option<Date> {
        self.runs.first().map(|(first, _)| Date(*first))
    }

    /// The latest day.
    #[must_use]
    pub fn last(&self) -> Option<Date> {
        self.runs.last().map(|(_, last)| Date(*last))
    }

    /// Forgets the runs that ended before a day, so that the set stays small, and says how many days that were. A run
    /// that reaches the day is kept whole, so that streaks keep their length.
    pub fn prune_before(&mut self, date: Date) -> u32 {
        let keep_from = self.runs.partition_point(|(_, last)| *last < date.0);
        self.runs.drain(..keep_from).map(|(first, last)| days_between(first, last)).sum()
    }
}

/// Days from `first` to `last`, both included.
fn days_between(first: i32, last: i32) -> u32 {
    last.abs_diff(first).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn set(days: &[i32]) -> DaySet {
        let mut set = DaySet::new();
        for day in days {
            set.insert(Date(*day));
        }
        set
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let in_order = set(&[1, 2, 3, 5, 6, 9]);
        assert_eq!(set(&[9, 5, 1, 3, 2, 6, 2, 9]), in_order);
        assert_eq!(serde_json::to_string(&in_order).unwrap(), "[[1,3],[5,6],[9,9]]");
    }

    #[test]
    fn it_is_a_set() {
        // Against the plain thing, over many random orders.
        for seed in 0..200 {
            let mut chance = Chance::new(seed);
            let mut plain = std::collections::BTreeSet::new();
            let mut set = DaySet::new();
            for _ in 0..60 {
                let day = i32::try_from(chance.below(40)).unwrap() - 20;
                assert_eq!(set.insert(Date(day)), plain.insert(day));
            }
            for day in -22..22 {
                assert_eq!(set.contains(Date(day)), plain.contains(&day));
                let streak = (0..).take_while(|back| plain.contains(&(day - back))).count();
                assert_eq!(set.streak_ending(Date(day)) as usize, streak);
                assert_eq!(
                    set.count(Date(-5), Date(day)) as usize,
                    plain.range(-5..=day.max(-5)).filter(|one| **one <= day).count()
                );
            }
            assert_eq!(set.len() as usize, plain.len());
        }
    }

    #[test]
    fn a_late_day_joins_two_runs() {
        let mut set = set(&[1, 2, 4, 5]);
        assert_eq!(set.streak_ending(Date(5)), 2);
        assert!(set.insert(Date(3)));
        assert_eq!(set.streak_ending(Date(5)), 5);
        assert_eq!(set.run_around(Date(3)), Some((Date(1), Date(5))));
        assert!(!set.insert(Date(3)));
    }

    #[test]
    fn pruning_keeps_the_run_that_reaches_the_day() {
        let mut set = set(&[1, 2, 5, 6, 7, 20]);
        assert_eq!(set.prune_before(Date(6)), 2);
        assert_eq!(set.streak_ending(Date(7)), 3);
        assert_eq!((set.first(), set.last(), set.len()), (Some(Date(5)), Some(Date(20)), 4));
    }
}
