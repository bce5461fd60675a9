//! What is remembered of a customer.

use std::collections::BTreeSet;

use largesse_sdk::DAY_SECONDS;
use serde::{Deserialize, Serialize};

use crate::params::{LOANS_MAX, Loans};

const DAY_MS: i64 = DAY_SECONDS as i64 * 1_000;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The counts of the first of each customer that the customer is in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub counted: BTreeSet<String>,
    /// When the latest loans were drawn, in milliseconds since 1970; the earliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loans: Vec<i64>,
}

impl State {
    /// A loan was drawn. As many are kept as a mark can ask for.
    pub(crate) fn drew(&mut self, at: i64) {
        self.loans.push(at);
        self.trim();
    }

    fn trim(&mut self) {
        self.loans.sort_unstable();
        self.loans.drain(..self.loans.len().saturating_sub(LOANS_MAX as usize));
    }

    /// How many loans were drawn within the time before.
    pub(crate) fn loans_before(&self, at: i64, loans: Loans) -> u32 {
        let from = at.saturating_sub(i64::from(loans.within_days).saturating_mul(DAY_MS));
        let within = self.loans.iter().filter(|drawn| from < **drawn && **drawn <= at);
        u32::try_from(within.count()).unwrap_or(u32::MAX)
    }

    /// What was kept of two who turn out to be one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.counted.extend(other.counted);
        self.loans.extend(other.loans);
        self.trim();
        self
    }
}
