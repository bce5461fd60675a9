//! Caps: what limits and budgets leave of a unit to a recipient, and the counts that a grant goes into.

use crate::rows::budget::Usage;
use crate::rows::campaign::Campaign;
use crate::rows::catalogue::Catalogue;
use crate::rows::table::Keys;
use crate::words::dimension::Dimension;
use crate::words::id::{CustomerId, Identifier};
use crate::words::key::{UsageKey, UsedBy};
use crate::words::time::{LocalTime, Window};
use crate::words::unit::{Quantity, Unit, UnitPattern};

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
