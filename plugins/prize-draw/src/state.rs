//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::{AllPaid, Date};
use serde::{Deserialize, Serialize};

/// Draws are counted for so many days back of the latest one; older requests come too late.
const DAYS_KEPT: i32 = 7;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// How many draws there were.
    pub draws: u64,
    /// How many there were on each of the latest days.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_day: BTreeMap<Date, u32>,
    /// The pools of the lotteries entered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entered: Vec<String>,
    /// What counts for the lucky value.
    #[serde(skip_serializing_if = "AllPaid::is_empty")]
    pub lucky: AllPaid,
    /// What was bought that earns chances and no luck.
    #[serde(skip_serializing_if = "AllPaid::is_empty")]
    pub bought: AllPaid,
}

impl State {
    /// How many draws there were on a day; `None` when it is too long ago to tell.
    pub(crate) fn drawn_on(&self, day: Date) -> Option<u32> {
        let latest = self.by_day.last_key_value().map_or(day, |(latest, _)| *latest);
        (day.0 >= latest.0.saturating_sub(DAYS_KEPT)).then(|| self.by_day.get(&day).copied().unwrap_or(0))
    }

    /// Notes so many draws on a day.
    pub(crate) fn draw(&mut self, day: Date, count: u32) {
        self.draws = self.draws.saturating_add(u64::from(count));
        let on_day = self.by_day.entry(day).or_default();
        *on_day = on_day.saturating_add(count);
        self.forget();
    }

    /// What is remembered of two customers who turn out to be one. The number of draws is that of both together, so that the next
    /// draw has a key of its own.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.draws = self.draws.saturating_add(other.draws);
        for (day, count) in other.by_day {
            let on_day = self.by_day.entry(day).or_default();
            *on_day = on_day.saturating_add(count);
        }
        self.forget();
        let new: Vec<String> = other.entered.into_iter().filter(|pool| !self.entered.contains(pool)).collect();
        self.entered.extend(new);
        self.lucky = self.lucky.with(other.lucky);
        self.bought = self.bought.with(other.bought);
        self
    }

    fn forget(&mut self) {
        if let Some((latest, _)) = self.by_day.last_key_value() {
            let oldest = latest.0.saturating_sub(DAYS_KEPT);
            self.by_day.retain(|day, _| day.0 >= oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_become_one() {
        let mut kept = State { entered: vec!["a".into()], ..State::default() };
        kept.lucky.of("one").pay(5);
        kept.draw(Date(10), 2);
        let mut joined = State { entered: vec!["a".into(), "b".into()], ..State::default() };
        joined.lucky.of("two").pay(7);
        joined.draw(Date(1), 1);
        joined.draw(Date(10), 1);
        let one = kept.with(joined);
        assert_eq!((one.draws, one.drawn_on(Date(10)), one.drawn_on(Date(9))), (4, Some(3), Some(0)));
        assert_eq!((one.drawn_on(Date(2)), one.entered.len(), one.lucky.left()), (None, 2, 12));
    }
}
