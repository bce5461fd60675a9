//! Long lists in memory.

use largesse_domain::grant::Grant;
use largesse_domain::id::{CustomerId, DecisionId};
use largesse_domain::outcome::Decision;
use largesse_domain::redemption::{Redemption, RedemptionId};

use super::MemoryStore;
use crate::{DecisionFilter, GrantPlace, Pages, Store as _, StoreError};

impl Pages for MemoryStore {
    fn each_decision(
        &self,
        filter: &DecisionFilter,
        after: DecisionId,
        take: &mut dyn FnMut(Decision) -> bool,
    ) -> Result<(), StoreError> {
        // Decisions are handed over outside the lock: whoever takes them may ask for more.
        let found = self.decisions(filter, after, usize::MAX)?;
        let _ = found.into_iter().try_for_each(|decision| take(decision).then_some(()));
        Ok(())
    }

    fn each_grant_to(&self, customer: &CustomerId, take: &mut dyn FnMut(Grant) -> bool) -> Result<(), StoreError> {
        let found = self.grants_to(customer)?;
        let _ = found.into_iter().try_for_each(|grant| take(grant).then_some(()));
        Ok(())
    }

    fn grants_page(
        &self,
        customers: &[CustomerId],
        after: Option<&GrantPlace>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let mut found = Vec::new();
        for customer in customers {
            found.extend(self.grants_to(customer)?.into_iter().map(|grant| (GrantPlace::of(&grant), grant)));
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        let later = found.into_iter().filter(|(place, _)| after.is_none_or(|after| place > after));
        Ok(later.take(limit).map(|(_, grant)| grant).collect())
    }

    fn redemptions_of(
        &self,
        customers: &[CustomerId],
        after: Option<&RedemptionId>,
        limit: usize,
    ) -> Result<Vec<Redemption>, StoreError> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        let tables = self.tables();
        let theirs = tables.redemptions.values().filter(|found| customers.contains(&found.request.customer));
        let mut theirs: Vec<_> = theirs.map(|found| (found.request.id.to_string(), found)).collect();
        theirs.retain(|(id, _)| *id > after);
        theirs.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(theirs.into_iter().take(limit).map(|(_, found)| found.clone()).collect())
    }
}
