//! What is remembered of a customer, or of a team.

use largesse_sdk::{Date, DaySet};
use serde::{Deserialize, Serialize};

/// How many days back of the latest day a late event still counts a day.
const DAYS_KEPT: i32 = 400;

/// What is remembered of a customer, or of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// A customer's days.
    #[serde(skip_serializing_if = "DaySet::is_empty")]
    pub days: DaySet,
    /// A customer's days that are too long ago to be in `days`.
    #[serde(skip_serializing_if = "is_zero")]
    pub days_forgotten: u32,
    /// Whether a customer has a share of their own.
    #[serde(skip_serializing_if = "is_false")]
    pub weighs: bool,
    /// A team's members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl State {
    /// How many days there ever were.
    pub(crate) fn count(&self) -> u32 {
        self.days.len().saturating_add(self.days_forgotten)
    }

    /// Counts a day; `false` when it is counted already, or too long ago to tell.
    pub(crate) fn insert(&mut self, day: Date) -> bool {
        let oldest = |latest: Date| Date(latest.0.saturating_sub(DAYS_KEPT));
        if self.days.last().is_some_and(|latest| day < oldest(latest)) || !self.days.insert(day) {
            return false;
        }
        if let Some(latest) = self.days.last() {
            self.days_forgotten = self.days_forgotten.saturating_add(self.days.prune_before(oldest(latest)));
        }
        true
    }

    /// What is remembered of two customers who turn out to be one: a day on which both did something is one day.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.days_forgotten = self.days_forgotten.saturating_add(other.days_forgotten);
        self.weighs |= other.weighs;
        if let (Some(first), Some(last)) = (other.days.first(), other.days.last()) {
            (first.0..=last.0).map(Date).filter(|day| other.days.contains(*day)).for_each(|day| {
                self.insert(day);
            });
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_both_is_one_day() {
        let of = |days: &[i32]| {
            let mut state = State::default();
            days.iter().for_each(|day| assert!(state.insert(Date(*day))));
            state
        };
        assert_eq!(of(&[1, 2, 5]).with(of(&[2, 3, 9])).count(), 5);
        assert_eq!(of(&[]).with(of(&[4])), of(&[4]));
    }

    #[test]
    fn the_state_stays_small() {
        let mut state = State::default();
        for day in (0..4_000).step_by(2) {
            assert!(state.insert(Date(day)));
        }
        assert_eq!(state.count(), 2_000);
        assert!(!state.insert(Date(1)), "too long ago");
        assert!(largesse_sdk::json!(state).to_string().len() < 4_096);
    }
}
