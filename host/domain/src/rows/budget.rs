//! Budgets and limits: how much a campaign may spend, and how much one customer may receive.

use crate::words::dimension::Dimension;
use crate::words::key::UsageKey;
use crate::words::time::Window;
use crate::words::unit::{OutOfRange, Quantity, UnitPattern};

/// The most that a campaign may spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Of what.
    pub of: UnitPattern,
    /// Over the whole campaign.
    pub total: Quantity,
    /// Over one local day of the event.
    pub per_day: Option<Quantity>,
}

/// The most that one customer, or one device, card, address or identity, may receive in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Of what.
    pub of: UnitPattern,
    /// For each of these.
    pub per: Dimension,
    /// In which window.
    pub window: Window,
    /// So much.
    pub amount: Option<Quantity>,
    /// So many grants.
    pub count: Option<u64>,
}

/// How much was used: what was granted less what was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How much.
    pub amount: Quantity,
    /// In how many grants that are not wholly taken back.
    pub count: u64,
}

/// A count that would fall below nothing or rise out of range. The caller checked before, so this is a broken invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miscounted;

impl From<OutOfRange> for Miscounted {
    fn from(_: OutOfRange) -> Self {
        Self
    }
}

impl Usage {
    /// Returns the sum with another count.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            amount: self.amount.plus(other.amount).unwrap_or(Quantity::MAX),
            count: self.count.saturating_add(other.count),
        }
    }

    /// Returns the use after one more grant.
    ///
    /// # Errors
    /// When the amount leaves its range.
    pub fn after_grant(self, quantity: Quantity) -> Result<Self, Miscounted> {
        let count = self.count.checked_add(1).ok_or(Miscounted)?;
        Ok(Self { amount: self.amount.plus(quantity)?, count })
    }

    /// Returns the use after taking back, `whole` when nothing of the grant is left.
    ///
    /// # Errors
    /// When more would be taken back than was used.
    pub fn after_return(self, quantity: Quantity, whole: bool) -> Result<Self, Miscounted> {
        let count = self.count.checked_sub(u64::from(whole)).ok_or(Miscounted)?;
        Ok(Self { amount: self.amount.minus(quantity)?, count })
    }
}

/// A budget whose use rose to a share that operators want to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Which budget.
    pub key: UsageKey,
    /// The share, in per cent.
    pub percent: u8,
    /// What is used now.
    pub used: Quantity,
    /// Of so much.
    pub total: Quantity,
}
