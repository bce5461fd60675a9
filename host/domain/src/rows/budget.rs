//! Budgets and limits: how much a campaign may spend, and how much one customer may receive.

use crate::rows::campaign::Campaign;
use crate::rows::catalogue::Catalogue;
use crate::rows::effect::Dimension;
use crate::rows::table::Keys;
use crate::words::id::{CampaignId, CustomerId, Identifier, PocketId};
use crate::words::time::{LocalTime, Window, WindowIndex};
use crate::words::unit::{OutOfRange, Quantity, Unit, UnitPattern};

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

/// Whose use is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsedBy {
    /// A campaign's: a budget.
    Campaign(CampaignId),
    /// Several campaigns' together: the budget of a pocket.
    Pocket(PocketId),
    /// A customer's in a campaign: a limit.
    Customer(CampaignId, CustomerId),
    /// A device's, card's, address's or identity's in a campaign: a limit.
    Identifier(CampaignId, Dimension, Identifier),
}

impl UsedBy {
    /// The campaign, unless it is a pocket's.
    #[must_use]
    pub fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::Campaign(campaign) | Self::Customer(campaign, _) | Self::Identifier(campaign, _, _) => Some(campaign),
            Self::Pocket(_) => None,
        }
    }
}

/// What a count of use is kept under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
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
    /// Together with another count.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            amount: self.amount.plus(other.amount).unwrap_or(Quantity::MAX),
            count: self.count.saturating_add(other.count),
        }
    }

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
    /// What was counted under the customer's other ids.
    pub other_keys: Vec<UsageKey>,
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

    /// Whether it is a limit rather than a budget.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.key.by, UsedBy::Customer(..) | UsedBy::Identifier(..))
    }
}

/// Who receives a grant, as limits count it.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The customer.
    pub customer: &'a CustomerId,
    /// What is known to be theirs, of the dimensions that the campaign's limits count.
    pub identifiers: &'a [(Dimension, Identifier)],
    /// Their other ids.
    pub other_ids: &'a [CustomerId],
}

/// The caps on a grant of a unit at a local time: limits first, then budgets, then the budgets of pockets. Two caps may share
/// one count (a limit by amount and one by number in the same window). A limit on an identifier that is not known is left out.
#[must_use]
pub fn caps(
    campaign: &Campaign,
    catalogue: &Catalogue,
    recipient: Recipient<'_>,
    (unit, local): (&Unit, &LocalTime),
) -> Vec<Cap> {
    let key =
        |by: UsedBy, of: &UnitPattern, window: Window| UsageKey { by, of: of.clone(), window: window.index(local) };
    let settings = &campaign.settings;
    let customer = |id: &CustomerId| UsedBy::Customer(campaign.id.clone(), id.clone());
    let mut caps = Vec::new();
    for limit in settings.limits.iter().filter(|limit| limit.of.matches(unit)) {
        let by = match limit.per {
            Dimension::Customer => Some(customer(recipient.customer)),
            dimension => recipient
                .identifiers
                .iter()
                .find(|(known, _)| *known == dimension)
                .map(|(_, value)| UsedBy::Identifier(campaign.id.clone(), dimension, value.clone())),
        };
        if let Some(by) = by {
            let other_ids = if limit.per == Dimension::Customer { recipient.other_ids } else { &[] };
            let other_keys = other_ids.iter().map(|id| key(customer(id), &limit.of, limit.window)).collect();
            let key = key(by, &limit.of, limit.window);
            caps.push(Cap { key, other_keys, amount: limit.amount, count: limit.count });
        }
    }
    let pockets = settings.pockets.iter().filter_map(|pocket| catalogue.pockets.get(pocket));
    let pockets = pockets.map(|pocket| (UsedBy::Pocket(pocket.id.clone()), &pocket.budgets));
    for (by, budgets) in [(UsedBy::Campaign(campaign.id.clone()), &settings.budgets)].into_iter().chain(pockets) {
        for budget in budgets.iter().filter(|budget| budget.of.matches(unit)) {
            let total = key(by.clone(), &budget.of, Window::Campaign);
            caps.push(Cap { key: total, other_keys: Vec::new(), amount: Some(budget.total), count: None });
            if let Some(per_day) = budget.per_day {
                let day = key(by.clone(), &budget.of, Window::Day);
                caps.push(Cap { key: day, other_keys: Vec::new(), amount: Some(per_day), count: None });
            }
        }
    }
    caps
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

/// The highest of the shares that a budget's use reaches with this change and had not reached before.
#[must_use]
pub fn crossed(warn_at: &[u8], total: Quantity, (before, after): (Quantity, Quantity)) -> Option<u8> {
    let reaches = |used: Quantity, percent: u8| {
        u128::from(used.get()) * 100 >= u128::from(total.get()) * u128::from(percent) && !used.is_zero()
    };
    warn_at.iter().copied().filter(|percent| !reaches(before, *percent) && reaches(after, *percent)).max()
}

/// The counts that say what the caps leave room for.
#[must_use]
pub fn looked_at(caps: Vec<Cap>) -> Keys<UsageKey> {
    caps.into_iter().flat_map(|cap| std::iter::once(cap.key).chain(cap.other_keys)).collect()
}

/// The counts that a grant under the caps goes into, each once.
#[must_use]
pub fn counts(caps: Vec<Cap>) -> Vec<UsageKey> {
    let mut keys: Vec<UsageKey> = Vec::with_capacity(caps.len());
    for cap in caps {
        if !keys.contains(&cap.key) {
            keys.push(cap.key);
        }
    }
    keys
}
