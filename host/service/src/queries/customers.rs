//! What is known of a customer, what they were granted, and what that comes to.

use std::collections::BTreeMap;

use largesse_domain::customer::Customer;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use largesse_store::{GrantPlace, Store, StoreError};

use super::{Committed, Query, QueryError, not_found};

/// What is known of a customer.
#[derive(Clone, Debug)]
pub struct ShowCustomer(pub CustomerId);

/// A customer by the id that stays.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownCustomer {
    /// The id that stays of all that name the customer.
    pub id: CustomerId,
    /// Attributes, tags, identifiers, invitations; nothing when the customer is known from grants alone.
    pub customer: Customer,
    /// Who invited them, by campaign, as far as campaigns have bound that.
    pub inviters: Vec<(CampaignId, CustomerId)>,
}

impl Query for ShowCustomer {
    /// The customer, whom somebody has told of, or a campaign has bound or granted something.
    type Answer = KnownCustomer;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let store = committed.store;
        let id = who_stays(store, &self.0)?;
        let (customer, inviters) = (store.customer(&id)?, store.inviters_of(&id)?);
        // Nobody may have told of a customer to whom something was granted.
        let mut known = customer.is_some() || !inviters.is_empty();
        if !known {
            store.each_grant_to(&id, &mut |_| {
                known = true;
                false
            })?;
        }
        if !known {
            return Err(not_found("customer", &self.0));
        }
        Ok(KnownCustomer { id, customer: customer.unwrap_or_default(), inviters })
    }
}

/// Who invited a customer.
#[derive(Clone, Debug)]
pub struct ShowReferrals(pub CustomerId);

/// Who invited a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Referrals {
    /// The customer, with the invitations; nothing of one whom nobody knows.
    pub customer: Customer,
    /// What campaigns have bound.
    pub inviters: Vec<(CampaignId, CustomerId)>,
}

impl Query for ShowReferrals {
    /// Invitations and bindings; none of a customer whom nobody knows.
    type Answer = Referrals;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let store = committed.store;
        let id = who_stays(store, &self.0)?;
        Ok(Referrals { customer: store.customer(&id)?.unwrap_or_default(), inviters: store.inviters_of(&id)? })
    }
}

fn who_stays(store: &dyn Store, id: &CustomerId) -> Result<CustomerId, StoreError> {
    Ok(store.ids_of(id)?.swap_remove(0))
}

/// A page of what a customer was granted.
#[derive(Clone, Debug)]
pub struct Grants {
    /// Whom, by any id.
    pub customer: CustomerId,
    /// After this grant.
    pub after: Option<GrantPlace>,
    /// At most so many.
    pub limit: usize,
}

impl Query for Grants {
    /// The grants, in order of time and decision.
    type Answer = Vec<Grant>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let ids = committed.store.ids_of(&self.customer)?;
        Ok(committed.store.grants_page(&ids, self.after.as_ref(), self.limit)?)
    }
}

/// What the grants of a customer come to.
#[derive(Clone, Debug)]
pub struct Balances(pub CustomerId);

/// What the grants of a unit come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Can be used.
    pub available: u64,
    /// Granted and not yet given.
    pub pending: u64,
    /// Held for redemptions.
    pub reserved: u64,
    /// Was used.
    pub redeemed: u64,
    /// Was kept for debts: of what was used and then taken back.
    pub paid: u64,
    /// Has expired.
    pub expired: u64,
    /// Was taken back.
    pub reversed: u64,
    /// Is owed: it was used before it was taken back.
    pub owed: u64,
}

impl Query for Balances {
    /// The balances by unit; `None` when a sum leaves 64 bits.
    type Answer = Option<BTreeMap<Unit, Balance>>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let (store, now) = (committed.store, committed.now);
        let (ids, mut sums) = (store.ids_of(&self.0)?, Sums::default());
        for id in &ids {
            store.each_grant_to(id, &mut |grant| sums.add(&grant, now))?;
        }
        sums.owe(&store.customer(&ids[0])?.unwrap_or_default().debts);
        Ok(sums.done())
    }
}

/// Balances under way.
#[derive(Debug, Default)]
struct Sums {
    by_unit: BTreeMap<Unit, Balance>,
    is_too_much: bool,
}

impl Sums {
    fn of(&mut self, unit: &Unit) -> &mut Balance {
        self.by_unit.entry(unit.clone()).or_default()
    }

    /// Adds a grant. Reports whether the sums still fit 64 bits.
    fn add(&mut self, grant: &Grant, now: Instant) -> bool {
        let sum = self.of(&grant.unit);
        let left = match (grant.is_past(now), grant.hold) {
            (true, _) => &mut sum.expired,
            (false, Some(_)) => &mut sum.pending,
            (false, None) => &mut sum.available,
        };
        let mut fits = plus(left, grant.left());
        fits &= plus(&mut sum.reserved, grant.reserved) && plus(&mut sum.redeemed, grant.redeemed);
        fits &= plus(&mut sum.paid, grant.paid);
        fits &= plus(&mut sum.expired, grant.expired) && plus(&mut sum.reversed, grant.reversed);
        self.is_too_much |= !fits;
        fits
    }

    fn owe(&mut self, debts: &BTreeMap<Unit, Quantity>) {
        for (unit, debt) in debts {
            self.of(unit).owed = debt.get();
        }
    }

    /// Returns the sums; none when one leaves 64 bits.
    fn done(self) -> Option<BTreeMap<Unit, Balance>> {
        (!self.is_too_much).then_some(self.by_unit)
    }
}

fn plus(sum: &mut u64, quantity: Quantity) -> bool {
    let more = sum.checked_add(quantity.get());
    *sum = more.unwrap_or(*sum);
    more.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::grant::Hold;
    use largesse_domain::hold::AfterHold;
    use largesse_domain::id::{CampaignId, DecisionId, GrantKey};
    use largesse_domain::key::GrantSlot;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    fn grant(unit: &str, quantity: u64, reversed: u64) -> Grant {
        Grant {
            slot: GrantSlot {
                campaign: CampaignId::new("c").unwrap(),
                to: CustomerId::new("u").unwrap(),
                key: GrantKey::new("k").unwrap(),
            },
            issue: 1,
            decision: Some(DecisionId(1)),
            about: None,
            unit: Unit::new(unit).unwrap(),
            quantity: Quantity::new(quantity).unwrap(),
            reversed: Quantity::new(reversed).unwrap(),
            owed: Quantity::ZERO,
            redeemed: Quantity::ZERO,
            paid: Quantity::ZERO,
            reserved: Quantity::ZERO,
            expired: Quantity::ZERO,
            key_freed: false,
            from_stock: false,
            granted_at: at(0),
            counted_on: largesse_documents::time::local_time(largesse_domain::time::Day(0), 0).unwrap(),
            counted_for: Vec::new(),
            hold: None,
            expires: None,
            principal_cap: None,
            reason: String::new(),
        }
    }

    #[test]
    fn every_part_of_every_grant_is_in_one_sum() {
        let quantity = |value| Quantity::new(value).unwrap();
        let hold = Some(Hold { until: at(200), then: AfterHold::Post });
        let grants = [
            grant("points", 10, 3),
            Grant { hold, ..grant("points", 5, 0) },
            Grant { expires: Some(at(50)), ..grant("points", 4, 1) },
            grant("points", 2, 2),
            Grant { redeemed: quantity(5), reserved: quantity(2), expired: quantity(1), ..grant("points", 9, 0) },
            Grant { redeemed: quantity(1), paid: quantity(3), ..grant("points", 4, 0) },
            grant("cash:CNY", 1, 0),
        ];
        let mut sums = Sums::default();
        assert!(grants.iter().all(|grant| sums.add(grant, at(100))));
        sums.owe(&[(Unit::new("points").unwrap(), quantity(8))].into());
        let sums: Vec<_> = sums.done().unwrap().into_values().collect();
        assert_eq!(sums.len(), 2);
        let (available, pending, reserved, redeemed, paid) = (8, 5, 2, 6, 3);
        let (expired, reversed, owed) = (4, 6, 8);
        let expected = Balance { available, pending, reserved, redeemed, paid, expired, reversed, owed };
        assert_eq!(sums[1], expected);
    }

    #[test]
    fn a_sum_out_of_range_is_not_answered() {
        let (grant, mut sums) = (grant("points", Quantity::MAX.get(), 0), Sums::default());
        let added = (0..20_000).take_while(|_| sums.add(&grant, at(100))).count();
        assert_eq!((u128::from(Quantity::MAX.get()) * (added as u128 + 1)) >> 64, 1, "as many as fit");
        assert_eq!(sums.done(), None);
    }
}
