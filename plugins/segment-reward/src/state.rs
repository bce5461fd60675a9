//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::{Date, key_part};
use serde::{Deserialize, Serialize};

/// Most orders that are remembered one by one.
const RECENT_MAX: usize = 32;

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
    #[serde(default, skip_serializing_if = "Orders::is_empty")]
    pub orders: Orders,
}

/// What was ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// How many that are not refunded whole.
    pub count: u32,
    /// What they came to, in minor units.
    pub spent: u64,
    /// The last orders and what is still paid of each, so that none counts twice and refunds find theirs.
    pub recent: Vec<(String, u64)>,
}

impl Orders {
    fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// An order was paid.
    pub(crate) fn pay(&mut self, order: &str, minor: u64) {
        let order = key_part(order).into_owned();
        if self.recent.iter().any(|(known, _)| *known == order) {
            return;
        }
        self.count = self.count.saturating_add(1);
        self.spent = self.spent.saturating_add(minor);
        self.remember(order, minor);
    }

    fn remember(&mut self, order: String, minor: u64) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.remove(0);
        }
        self.recent.push((order, minor));
    }

    /// So much of an order is still paid. One that is not remembered stays as it was.
    pub(crate) fn refund(&mut self, order: &str, left: u64) {
        let order = key_part(order);
        let Some((_, paid)) = self.recent.iter_mut().find(|(known, _)| *known == order) else { return };
        let left = left.min(*paid);
        if left == 0 && *paid > 0 {
            self.count = self.count.saturating_sub(1);
        }
        self.spent = self.spent.saturating_sub(*paid - left);
        *paid = left;
    }
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
        let Orders { count, spent, recent } = other.orders;
        let (mut count, mut spent) = (count, spent);
        for (order, left) in recent {
            if self.orders.recent.iter().any(|(known, _)| *known == order) {
                count = count.saturating_sub(u32::from(left > 0));
                spent = spent.saturating_sub(left);
            } else {
                self.orders.remember(order, left);
            }
        }
        self.orders.count = self.orders.count.saturating_add(count);
        self.orders.spent = self.orders.spent.saturating_add(spent);
        self
    }
}
