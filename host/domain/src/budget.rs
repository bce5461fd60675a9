//! Budgets and limits: how much a campaign may spend, and how much one customer may receive.

use std::collections::BTreeSet;

use crate::id::{CampaignId, CustomerId};
use crate::time::{LocalTime, Window, WindowIndex};
use crate::unit::{OutOfRange, Quantity, Unit, UnitPattern};

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

/// The most that one customer may receive in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Of what.
    pub of: UnitPattern,
    /// In which window.
    pub window: Window,
    /// So much.
    pub amount: Option<Quantity>,
    /// So many grants.
    pub count: Option<u64>,
}

/// Whose use is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsedBy {
    /// The campaign's: a budget.
    Campaign,
    /// A customer's: a limit.
    Customer(CustomerId),
}

/// What a count of use is kept under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
    /// In which campaign.
    pub campaign: CampaignId,
    /// Whose.
    pub by: UsedBy,
    /// Of what.
    pub of: UnitPattern,
    /// In which window.
    pub window: WindowIndex,
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
    /// After one more grant.
    ///
    /// # Errors
    /// When the amount leaves its range.
    pub fn after_grant(self, quantity: Quantity) -> Result<Self, Miscounted> {
        let count = self.count.checked_add(1).ok_or(Miscounted)?;
        Ok(Self { amount: self.amount.plus(quantity)?, count })
    }

    /// After taking back; `whole` when nothing of the grant is left.
    ///
    /// # Errors
    /// When more would be taken back than was used.
    pub fn after_return(self, quantity: Quantity, whole: bool) -> Result<Self, Miscounted> {
        let count = self.count.checked_sub(u64::from(whole)).ok_or(Miscounted)?;
        Ok(Self { amount: self.amount.minus(quantity)?, count })
    }
}

/// One cap that a grant of a unit must fit under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// What it counts.
    pub key: UsageKey,
    /// At most so much.
    pub amount: Option<Quantity>,
    /// At most so many.
    pub count: Option<u64>,
}

impl Cap {
    /// How much more fits.
    #[must_use]
    pub fn room(&self, used: Usage) -> Quantity {
        if self.count.is_some_and(|count| used.count >= count) {
            return Quantity::ZERO;
        }
        self.amount.unwrap_or(Quantity::MAX).room_after(used.amount)
    }

    /// Whether it is a customer's limit rather than the campaign's budget.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.key.by != UsedBy::Campaign
    }
}

/// The caps on a grant of a unit to a customer at a local time: limits first, then budgets. Two caps may share one count
/// (a limit by amount and one by number in the same window).
#[must_use]
pub fn caps(
    campaign: &CampaignId,
    (budgets, limits): (&[Budget], &[Limit]),
    (to, unit): (&CustomerId, &Unit),
    local: &LocalTime,
) -> Vec<Cap> {
    let key = |by: UsedBy, of: &UnitPattern, window: Window| UsageKey {
        campaign: campaign.clone(),
        by,
        of: of.clone(),
        window: window.index(local),
    };
    let mut caps = Vec::new();
    for limit in limits.iter().filter(|limit| limit.of.matches(unit)) {
        let key = key(UsedBy::Customer(to.clone()), &limit.of, limit.window);
        caps.push(Cap { key, amount: limit.amount, count: limit.count });
    }
    for budget in budgets.iter().filter(|budget| budget.of.matches(unit)) {
        let total = key(UsedBy::Campaign, &budget.of, Window::Campaign);
        caps.push(Cap { key: total, amount: Some(budget.total), count: None });
        if let Some(per_day) = budget.per_day {
            let day = key(UsedBy::Campaign, &budget.of, Window::Day);
            caps.push(Cap { key: day, amount: Some(per_day), count: None });
        }
    }
    caps
}

/// The counts that a grant under the caps goes into, each once.
#[must_use]
pub fn counts(caps: Vec<Cap>) -> BTreeSet<UsageKey> {
    caps.into_iter().map(|cap| cap.key).collect()
}
