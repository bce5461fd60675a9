//! Entries: what changes a lot books its transfers through one, and keeps the accounts and the customer's debt in step.

use crate::rows::facts::Facts;
use crate::rows::grant::Grant;
use crate::rows::ledger::{Account, Cause, Lot, Transfer};
use crate::words::id::CustomerId;
use crate::words::key::PositionKey;
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// The accounts that a quantity of a grant moves between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Where it leaves.
    pub(crate) from: Account,
    /// Where it goes.
    pub(crate) to: Account,
}

/// When and by what a lot is changed.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The host's clock.
    pub at: Instant,
    /// What makes it.
    pub cause: &'a Cause,
}

impl Entry<'_> {
    /// Books a quantity of a grant from one account to another, unless it is nothing. The caller has loaded the position
    /// and keeps the grant.
    pub(crate) fn book(self, facts: &mut Facts, grant: &Grant, quantity: Quantity, way: Way) {
        if quantity.is_zero() {
            return;
        }
        let key = PositionKey { campaign: grant.slot.campaign.clone(), unit: grant.unit.clone() };
        let (cause, lot) = (self.cause.clone(), Some(Lot::of(grant)));
        let transfer =
            Transfer { at: self.at, cause, lot, unit: grant.unit.clone(), quantity, debit: way.from, credit: way.to };
        let position = facts.positions.get(&key).after(&transfer);
        facts.positions.put(&key, position);
        facts.record(transfer);
    }
}

/// Returns what a customer owes of a unit, under whichever id.
pub(crate) fn debt(facts: &Facts, customer: &CustomerId, unit: &Unit) -> Quantity {
    facts.customers.get(facts.who_stays(customer)).debts.get(unit).copied().unwrap_or_default()
}

/// Sets what a customer owes.
pub(crate) fn set_debt(facts: &mut Facts, customer: &CustomerId, unit: &Unit, debt: Quantity) {
    let customer = facts.who_stays(customer).clone();
    let mut changed = facts.customers.get(&customer).clone();
    if debt.is_zero() {
        changed.debts.remove(unit);
    } else {
        changed.debts.insert(unit.clone(), debt);
    }
    facts.customers.put(&customer, changed);
}
