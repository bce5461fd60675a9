//! What is remembered of a loan, an order or a holding.

use largesse_sdk::{DAY_SECONDS, Paid};
use serde::{Deserialize, Serialize};

/// What is remembered of a loan, an order or a holding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What was paid of an order, and what of it went back.
    #[serde(flatten)]
    pub order: Paid,
    /// When a loan was drawn, in milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<i64>,
    /// When a loan was repaid in whole, where that was told first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaid: Option<i64>,
}

/// So many times 24 hours, in milliseconds.
pub(crate) fn days_ms(days: u32) -> i64 {
    i64::from(days) * DAY_SECONDS as i64 * 1_000
}

impl Memory {
    /// Whether the loan was repaid in whole within so many days.
    pub(crate) fn repaid_within(&self, days: Option<u32>) -> bool {
        let (Some(days), Some(drawn), Some(repaid)) = (days, self.drawn, self.repaid) else { return false };
        repaid.saturating_sub(drawn) <= days_ms(days)
    }
}
