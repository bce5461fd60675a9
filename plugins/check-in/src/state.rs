//! What is remembered of a customer.

use largesse_sdk::{Date, DaySet, Paid};
use serde::{Deserialize, Serialize};

pub(crate) use crate::chain::Chain;
use crate::chain::{DateLine, Tail};

/// How many days back of the latest day a late event still counts a day.
pub(crate) const DAYS_KEPT: i32 = 400;
/// How many days back of the latest task a late event still counts towards a day's cap.
pub(crate) const TASK_DAYS_KEPT: i32 = 14;
/// Most runs of days that are remembered of two who turn out to be one, until they are looked at.
const PARTS_MAX: usize = 24;
/// How many months of make-up days are kept.
const MONTHS_KEPT: i32 = 14;

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
    /// Days of two customers who turned out to be one were united, and none was counted since.
    #[serde(skip_serializing_if = "is_false")]
    pub united: bool,
    /// The runs of days of either, of those that became longer by it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(i32, i32)>,
    /// Of an order, not of a customer: what was paid of it, and what went back.
    #[serde(skip_serializing_if = "is_unpaid")]
    pub order: Paid,
    /// What the days that are no longer in `days` left of streaks with gaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tails: Vec<Tail>,
    /// Where the customer's clock went over the date line.
    #[serde(skip_serializing_if = "DateLine::is_plain")]
    pub date_line: DateLine,
}

fn is_unpaid(order: &Paid) -> bool {
    *order == Paid::default()
}

fn is_false(flag: &bool) -> bool {
    !flag
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
    pub(crate) fn count_day(&mut self, date: Date, gaps: &[u32]) -> bool {
        if !self.days.insert(date) {
            return false;
        }
        self.keep_tails(gaps);
        self.first_day = Some(self.first_day.map_or(date.0, |first| first.min(date.0)));
        self.forget();
        true
    }

    /// Forgets what is too far back of the latest.
    fn forget(&mut self) {
        if let Some(last) = self.days.last() {
            let forgotten = self.days.prune_before(Date(last.0.saturating_sub(DAYS_KEPT)));
            self.days_forgotten = self.days_forgotten.saturating_add(forgotten);
        }
        if let Some(latest) = self.tasks.iter().map(|(_, day, _)| *day).max() {
            self.tasks.retain(|(_, day, _)| *day >= latest.saturating_sub(TASK_DAYS_KEPT));
        }
        if let Some(latest) = self.make_ups.iter().map(|(month, _)| *month).max() {
            self.make_ups.retain(|(month, _)| *month > latest - MONTHS_KEPT);
        }
        if let Some(latest) = self.chests.iter().copied().max() {
            self.chests.retain(|monday| *monday >= latest.saturating_sub(DAYS_KEPT));
        }
    }

    /// What bonuses were given for. When days were united that is not known: they are asked for as if there had been no day before, and
    /// the host leaves out those that either customer was given.
    pub(crate) fn rewarded(&mut self) -> Self {
        if std::mem::take(&mut self.united) { Self::default() } else { self.clone() }
    }

    /// The runs of days that are remembered, the first first.
    pub(crate) fn runs(&self) -> Vec<(Date, Date)> {
        let mut runs: Vec<(Date, Date)> = Vec::new();
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else { return runs };
        let mut day = first;
        while day <= last {
            let run = self.days.run_around(day);
            runs.extend(run);
            day = Date(run.map_or(day, |(_, end)| end).0.saturating_add(1));
        }
        runs
    }

    /// What was kept of two who turn out to be one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        let parts: Vec<(Date, Date)> = self.runs().into_iter().chain(other.runs()).collect();
        if let (Some(first), Some(last)) = (other.days.first(), other.days.last()) {
            let days = (first.0..=last.0).map(Date).filter(|day| other.days.contains(*day));
            days.for_each(|day| _ = self.days.insert(day));
        }
        self.days_forgotten = self.days_forgotten.saturating_add(other.days_forgotten);
        self.first_day = self.first_day.into_iter().chain(other.first_day).min();
        other.make_ups.into_iter().for_each(|(month, used)| self.add_make_ups(month, used));
        self.chests.extend(other.chests.into_iter().filter(|monday| !self.chests.contains(monday)).collect::<Vec<_>>());
        other.tasks.into_iter().for_each(|(task, day, count)| self.add_task(&task, day, count));
        let done = other.tasks_done.into_iter().filter(|task| !self.tasks_done.contains(task));
        self.tasks_done.extend(done.collect::<Vec<_>>());
        self.purchases = self.purchases.saturating_add(other.purchases);
        self.date_line = self.date_line.with(other.date_line);
        self.tails.extend(
            other.tails.into_iter().filter(|tail| self.tails.iter().all(|own| own.gap != tail.gap)).collect::<Vec<_>>(),
        );
        self.united = true;
        self.forget();
        let runs = self.runs();
        let longer = |(first, last): &(Date, Date)| !runs.contains(&(*first, *last));
        self.parts.extend(other.parts);
        self.parts.extend(parts.iter().filter(|part| longer(part)).map(|(first, last)| (first.0, last.0)));
        let surplus = self.parts.len().saturating_sub(PARTS_MAX);
        self.parts.drain(..surplus);
        self
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
        self.add_task(task, date.0, 1);
        self.forget();
    }

    fn add_task(&mut self, task: &str, day: i32, times: u32) {
        match self.tasks.iter_mut().find(|(id, one, _)| id == task && *one == day) {
            Some((_, _, count)) => *count = count.saturating_add(times),
            None => self.tasks.push((task.to_owned(), day, times)),
        }
    }

    /// Make-up days used in a month.
    pub(crate) fn make_ups_in(&self, month: i32) -> u32 {
        self.make_ups.iter().find(|(one, _)| *one == month).map_or(0, |(_, used)| *used)
    }

    /// Notes that a make-up day was used in a month.
    pub(crate) fn use_make_up(&mut self, month: i32) {
        self.add_make_ups(month, 1);
        self.forget();
    }

    fn add_make_ups(&mut self, month: i32, times: u32) {
        match self.make_ups.iter_mut().find(|(one, _)| *one == month) {
            Some((_, used)) => *used = used.saturating_add(times),
            None => self.make_ups.push((month, times)),
        }
    }

    /// Notes that a week's chest is open.
    pub(crate) fn open_chest(&mut self, monday: Date) {
        self.chests.push(monday.0);
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two thousand days from one on, with as much on each as there can be. Every other day is what takes most room.
    fn full(first: i32) -> State {
        let mut state = State::default();
        let ids: Vec<String> = (0..16).map(|n| format!("{n:032}")).collect();
        for day in first..first + 2_000 {
            if (day - first) % 2 == 0 {
                state.count_day(Date(day), &[]);
            }
            ids.iter().for_each(|id| state.count_task(id, Date(day)));
            if day % 7 == 4 {
                state.open_chest(Date(day));
            }
            state.use_make_up(day / 30);
        }
        state.tasks_done = ids;
        state
    }

    fn bytes(state: &State) -> usize {
        largesse_sdk::json!(state).to_string().len()
    }

    #[test]
    fn the_state_stays_small() {
        let state = full(20_000);
        assert!(bytes(&state) < 16 * 1024, "{} bytes", bytes(&state));
        assert_eq!(state.days_ever(), 1_000);
        assert!(state.is_forgotten(Date(21_500)));
        assert_eq!(state.task_count("x", Date(21_900)), None);
    }

    #[test]
    fn two_states_come_to_what_one_would_have_been() {
        let of = |days: &[i32], month: i32, task: &str| {
            let mut state = State::default();
            days.iter().for_each(|day| _ = state.count_day(Date(*day), &[]));
            state.use_make_up(month);
            state.open_chest(Date(20_514));
            state.count_task("t", Date(20_515));
            state.tasks_done.push(task.to_owned());
            state.purchases = 2;
            state
        };
        let (own, theirs) = (of(&[20_513, 20_515], 24_315, "a"), of(&[20_512, 20_514, 20_515], 24_316, "a"));
        let one = own.clone().with(theirs.clone());
        assert_eq!(one.days.run_around(Date(20_513)), Some((Date(20_512), Date(20_515))));
        assert_eq!((one.first_day, one.purchases), (Some(20_512), 4));
        assert_eq!((&*one.make_ups, &*one.chests), (&[(24_315, 1), (24_316, 1)][..], &[20_514][..]));
        assert_eq!((one.task_count("t", Date(20_515)), one.tasks_done.len()), (Some(2), 1));
        assert_eq!(own.clone().with(own.clone()).days, own.days);
        assert_eq!(theirs.with(own).days, one.days, "whoever stays");
    }

    #[test]
    fn two_full_states_are_one_that_is_not_too_large() {
        let one = full(20_000).with(full(20_001));
        assert!(bytes(&one) < 16 * 1024, "{} bytes", bytes(&one));
        // Every other day of each fills the gaps of the other.
        assert_eq!((one.days_ever(), one.days.len()), (2_000, 402));
        let long_ago = full(10_000).with(full(20_000));
        assert_eq!((long_ago.days_ever(), long_ago.first_day), (2_000, Some(10_000)));
        assert_eq!(long_ago.days, full(20_000).days);
    }

    #[test]
    fn a_streak_that_reaches_back_stays_whole_whoever_stays() {
        let run = |days: std::ops::Range<i32>| {
            let mut state = State::default();
            days.for_each(|day| _ = state.count_day(Date(day), &[]));
            state
        };
        let (early, late) = (run(20_000..20_100), run(20_100..20_800));
        let whole = Some((Date(20_000), Date(20_799)));
        assert_eq!(early.clone().with(late.clone()).days.run_around(Date(20_799)), whole);
        assert_eq!(late.with(early).days.run_around(Date(20_799)), whole);
    }
}
