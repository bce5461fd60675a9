//! Caps: what limits and budgets leave of a unit to a recipient, and the counts that a grant goes into.

use crate::rows::budget::Usage;
use crate::rows::table::Keys;
use crate::words::dimension::Dimension;
use crate::words::id::{CustomerId, Identifier};
use crate::words::key::{UsageKey, UsedBy};
use crate::words::unit::Quantity;

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
    /// Returns how much more fits.
    #[must_use]
    pub fn room(&self, used: Usage) -> Quantity {
        if self.count.is_some_and(|count| used.count >= count) {
            return Quantity::ZERO;
        }
        self.amount.unwrap_or(Quantity::MAX).room_after(used.amount)
    }

    /// Reports whether it is a limit rather than a budget.
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

/// Returns the highest of the shares that a budget's use reaches with this change and had not reached before.
#[must_use]
pub fn crossed(warn_at: &[u8], total: Quantity, before: Quantity, after: Quantity) -> Option<u8> {
    let reaches = |used: Quantity, percent: u8| {
        u128::from(used.get()) * 100 >= u128::from(total.get()) * u128::from(percent) && !used.is_zero()
    };
    warn_at.iter().copied().filter(|percent| !reaches(before, *percent) && reaches(after, *percent)).max()
}

/// Returns the counts that say what the caps leave room for.
#[must_use]
pub fn looked_at(caps: Vec<Cap>) -> Keys<UsageKey> {
    caps.into_iter().flat_map(|cap| std::iter::once(cap.key).chain(cap.other_keys)).collect()
}

/// Returns the counts that a grant under the caps goes into, each once.
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
