//! What is remembered of a customer.

use largesse_sdk::{Date, DaySet};
use serde::{Deserialize, Serialize};

/// How many days back of the latest day a late event still counts a day.
pub(crate) const DAYS_KEPT: i32 = 400;
/// How many days back of the latest task a late event still counts towards a day's cap.
pub(crate) const TASK_DAYS_KEPT: i32 = 14;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The days counted.
    pub days: DaySet,
    /// How many days counted are no longer in `days`.
    #[serde(skip_serializing_if = "is_zero")]
    pub days_forgotten: u32,
    /// The first day ever counted, as days since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<i32>,
    /// Make-up days used, by month (year times 12 plus month).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub make_ups: Vec<(i32, u32)>,
    /// Mondays of the weeks whose chest is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chests: Vec<i32>,
    /// Tasks rewarded: the task, the day, how often on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<(String, i32, u32)>,
    /// Tasks that are rewarded once, and have been.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks_done: Vec<String>,
    /// How many purchases counted as spending.
    #[serde(skip_serializing_if = "is_zero_long")]
    pub purchases: u64,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_zero_long(number: &u64) -> bool {
    *number == 0
}

impl State {
    /// How many days were ever counted.
    pub(crate) fn days_ever(&self) -> u32 {
        self.days.len().saturating_add(self.days_forgotten)
    }

    /// Whether a day is too far back to be counted.
    pub(crate) fn is_forgotten(&self, date: Date) -> bool {
        self.days.last().is_some_and(|last| date.0 < last.0.saturating_sub(DAYS_KEPT))
    }

    /// Counts a day; `false` when it was counted before. Forgets what is too far back, so that the state stays small.
    pub(crate) fn count_day(&mut self, date: Date) -> bool {
        if !self.days.insert(date) {
            return false;
        }
        self.first_day = Some(self.first_day.map_or(date.0, |first| first.min(date.0)));
        if let Some(last) = self.days.last() {
            let forgotten = self.days.prune_before(Date(last.0.saturating_sub(DAYS_KEPT)));
            self.days_forgotten = self.days_forgotten.saturating_add(forgotten);
        }
        true
    }

    /// How often a task was rewarded on a day; `None` when the day is too far back to tell.
    pub(crate) fn task_count(&self, task: &str, date: Date) -> Option<u32> {
        let latest = self.tasks.iter().map(|(_, day, _)| *day).max();
        if latest.is_some_and(|latest| date.0 < latest.saturating_sub(TASK_DAYS_KEPT)) {
            return None;
        }
        let entry = self.tasks.iter().find(|(id, day, _)| id == task && *day == date.0);
        Some(entry.map_or(0, |(_, _, count)| *count))
    }

    /// Notes that a task was rewarded on a day.
    pub(crate) fn count_task(&mut self, task: &str, date: Date) {
        match self.tasks.iter_mut().find(|(id, day, _)| id == task && *day == date.0) {
            Some((_, _, count)) => *count = count.saturating_add(1),
            None => self.tasks.push((task.to_owned(), date.0, 1)),
        }
        let latest = self.tasks.iter().map(|(_, day, _)| *day).max().unwrap_or(date.0);
        self.tasks.retain(|(_, day, _)| *day >= latest.saturating_sub(TASK_DAYS_KEPT));
    }

    /// Make-up days used in a month.
    pub(crate) fn make_ups_in(&self, month: i32) -> u32 {
        self.make_ups.iter().find(|(one, _)| *one == month).map_or(0, |(_, used)| *used)
    }

    /// Notes that a make-up day was used in a month.
    pub(crate) fn use_make_up(&mut self, month: i32) {
        match self.make_ups.iter_mut().find(|(one, _)| *one == month) {
            Some((_, used)) => *used = used.saturating_add(1),
            None => self.make_ups.push((month, 1)),
        }
        let latest = self.make_ups.iter().map(|(one, _)| *one).max().unwrap_or(month);
        self.make_ups.retain(|(one, _)| *one > latest - 14);
    }

    /// Notes that a week's chest is open.
    pub(crate) fn open_chest(&mut self, monday: Date) {
        self.chests.push(monday.0);
        let latest = self.chests.iter().copied().max().unwrap_or(monday.0);
        self.chests.retain(|one| *one >= latest.saturating_sub(DAYS_KEPT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_stays_small() {
        let mut state = State::default();
        let ids: Vec<String> = (0..16).map(|n| format!("{n:032}")).collect();
        for day in 20_000..22_000 {
            // Every other day is what takes most room.
            if day % 2 == 0 {
                state.count_day(Date(day));
            }
            ids.iter().for_each(|id| state.count_task(id, Date(day)));
            if day % 7 == 4 {
                state.open_chest(Date(day));
            }
            state.use_make_up(day / 30);
        }
        state.tasks_done = ids;
        let bytes = largesse_sdk::json!(state).to_string().len();
        assert!(bytes < 16 * 1024, "{bytes} bytes");
        assert_eq!(state.days_ever(), 1_000);
        assert!(state.is_forgotten(Date(21_500)));
        assert_eq!(state.task_count("x", Date(21_900)), None);
    }
}
