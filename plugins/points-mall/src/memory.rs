//! What is remembered of an order, and of a customer.

use largesse_sdk::Paid;
use serde::{Deserialize, Serialize};

/// What is remembered of an order, or of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What was paid of an order, and what of it went back.
    #[serde(flatten)]
    pub order: Paid,
    /// The month of a customer's last withdrawals, such as `2026-03`, and how many they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawals: Option<(String, u32)>,
}

impl Memory {
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
    pub(crate) fn merge(self, joined: Self) -> Self {
        let withdrawals = match (self.withdrawals, joined.withdrawals) {
            (Some((month, count)), Some((other, more))) if month == other => Some((month, count.saturating_add(more))),
            (Some(one), Some(other)) => Some(if one.0 < other.0 { other } else { one }),
            (one, other) => one.or(other),
        };
        Self { order: self.order, withdrawals }
    }
}
