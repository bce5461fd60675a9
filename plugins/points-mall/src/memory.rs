//! What is remembered of a customer.

use serde::{Deserialize, Serialize};

/// Most orders remembered; older ones are forgotten first.
const ORDERS_MAX: usize = 32;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Orders that could still be refunded, the first heard of first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// The month of the last withdrawals, such as `2026-03`, and how many they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawals: Option<(String, u32)>,
}

/// An order, paid, refunded, or both, in whatever order one hears of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its identifier.
    pub order: String,
    /// What was paid; unknown when only a refund was heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<u64>,
    /// What went back.
    #[serde(default)]
    pub back: u64,
    /// The least that was said to remain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
}

impl Order {
    /// What of it counts.
    pub(crate) fn counts(&self) -> u64 {
        let left = self.paid.unwrap_or(0).saturating_sub(self.back);
        self.remaining.map_or(left, |remaining| left.min(remaining))
    }

    /// Notes a refund: of an amount, of all but what remains, or of everything.
    pub(crate) fn refund(&mut self, amount: Option<u64>, remaining: Option<u64>) {
        match (amount, remaining) {
            (_, Some(remaining)) => {
                self.remaining = Some(self.remaining.map_or(remaining, |known| known.min(remaining)))
            }
            (Some(amount), None) => self.back = self.back.saturating_add(amount),
            (None, None) => self.remaining = Some(0),
        }
    }
}

impl Memory {
    /// What is known of an order.
    pub(crate) fn order(&mut self, order: &str) -> &mut Order {
        let at = self.orders.iter().position(|known| known.order == order).unwrap_or_else(|| {
            let surplus = (self.orders.len() + 1).saturating_sub(ORDERS_MAX);
            self.orders.drain(..surplus);
            self.orders.push(Order { order: order.to_owned(), ..Order::default() });
            self.orders.len() - 1
        });
        &mut self.orders[at]
    }

    /// How many withdrawals there were in a month. Only the last month is remembered: an older one counts as nothing.
    pub(crate) fn withdrawals_in(&self, month: &str) -> u32 {
        self.withdrawals.as_ref().filter(|(known, _)| known == month).map_or(0, |(_, count)| *count)
    }

    /// Counts a withdrawal, unless it is of a month before the last one.
    pub(crate) fn withdraw(&mut self, month: String) {
        if self.withdrawals.as_ref().is_none_or(|(known, _)| *known <= month) {
            let count = self.withdrawals_in(&month).saturating_add(1);
            self.withdrawals = Some((month, count));
        }
    }

    /// What is known of two customers who turn out to be one.
    pub(crate) fn merge(mut self, joined: Self) -> Self {
        let known = |order: &Order| self.orders.iter().any(|own| own.order == order.order);
        let mut orders: Vec<Order> = joined.orders.iter().filter(|order| !known(order)).cloned().collect();
        orders.append(&mut self.orders);
        let surplus = orders.len().saturating_sub(ORDERS_MAX);
        orders.drain(..surplus);
        let withdrawals = match (self.withdrawals, joined.withdrawals) {
            (Some((month, count)), Some((other, more))) if month == other => Some((month, count.saturating_add(more))),
            (Some(one), Some(other)) => Some(if one.0 < other.0 { other } else { one }),
            (one, other) => one.or(other),
        };
        Self { orders, withdrawals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refunds_in_parts_and_as_remainders_come_to_the_same() {
        let mut parts = Order { paid: Some(9_990), ..Order::default() };
        parts.refund(Some(2_000), None);
        parts.refund(Some(3_000), None);
        let mut remainders = Order { paid: Some(9_990), ..Order::default() };
        remainders.refund(Some(3_000), Some(4_990));
        remainders.refund(Some(2_000), Some(7_990));
        assert_eq!((parts.counts(), remainders.counts()), (4_990, 4_990));
        parts.refund(None, None);
        assert_eq!(parts.counts(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut memory = Memory::default();
        for number in 0..100 {
            memory.order(&format!("{number:0>128}")).paid = Some(u64::MAX);
        }
        assert_eq!(memory.orders.len(), ORDERS_MAX);
        assert_eq!(memory.clone().merge(memory.clone()), memory);
        assert!(largesse_sdk::json!(memory).to_string().len() < 16 * 1_024);
    }

    #[test]
    fn a_withdrawal_of_an_older_month_does_not_count_in_this_one() {
        let mut memory = Memory::default();
        for month in ["2025-12", "2026-01", "2025-12", "2026-01"] {
            memory.withdraw(month.to_owned());
        }
        assert_eq!((memory.withdrawals_in("2026-01"), memory.withdrawals_in("2025-12")), (2, 0));
    }
}
