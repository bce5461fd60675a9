//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::{AllPaid, Date};
use serde::{Deserialize, Serialize};

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When each occasion was last, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last: BTreeMap<String, i64>,
    /// Which year's birthday was last, by occasion. An instant does not say: at the end of a year it depends on the clock.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub years: BTreeMap<String, i32>,
    /// The days for which timers are set, by occasion.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<String, Date>,
    /// From when on a follow-up is due unless the customer does something, by occasion, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<String, i64>,
    /// What was ordered.
    #[serde(default, skip_serializing_if = "AllPaid::is_empty")]
    pub orders: AllPaid,
}

impl State {
    /// One state of two: the later time, the earlier day, and every order once.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        for (id, at) in other.last {
            let own = self.last.entry(id).or_insert(at);
            *own = at.max(*own);
        }
        for (id, year) in other.years {
            let own = self.years.entry(id).or_insert(year);
            *own = year.max(*own);
        }
        for (id, day) in other.days {
            self.days.entry(id).or_insert(day);
        }
        for (id, at) in other.asked {
            self.asked.entry(id).or_insert(at);
        }
        self.orders = self.orders.with(other.orders);
        self
    }
}
