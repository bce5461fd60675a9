//! What is remembered of a customer: on which orders a coupon was used.

use serde::{Deserialize, Serialize};

/// How many orders are remembered. The key of the reservation keeps a second coupon off older ones.
const ORDERS_MAX: usize = 64;

/// The orders on which a customer used a coupon, the latest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Used(Vec<String>);

impl Used {
    /// Whether a coupon was used on it.
    pub(crate) fn on(&self, order: &str) -> bool {
        self.0.iter().any(|one| one == order)
    }

    /// Remembers one more.
    pub(crate) fn add(&mut self, order: String) {
        self.0.push(order);
        self.0.drain(..self.0.len().saturating_sub(ORDERS_MAX));
    }

    /// Both, what is kept counting as the latest.
    pub(crate) fn with(self, other: Self) -> Self {
        let mut both = Self(other.0.into_iter().filter(|order| !self.on(order)).collect());
        self.0.into_iter().for_each(|order| both.add(order));
        both
    }
}
