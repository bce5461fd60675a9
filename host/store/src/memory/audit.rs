//! The books in memory.

use largesse_domain::audit::{Audit, Audited, Difference, Part};
use largesse_domain::campaign::Campaign;
use largesse_domain::ledger::Transfer;
use largesse_domain::run::{Numbered, Run};

use super::{Tables, listed};
use crate::numbers::{Gapless, transfers_missing};

impl Tables {
    /// Numbers transfers and adds them.
    pub(super) fn add_transfers(&mut self, transfers: &[Transfer]) {
        let first = self.runs.last().map_or(1, |(run, _)| run.first.transfer);
        let next = self.transfers.last_key_value().map_or(1, |(last, _)| last + 1).max(first);
        self.transfers.extend((next..).zip(transfers.iter().cloned()));
    }

    /// Works the books out anew.
    pub(super) fn audit(&self) -> Result<Audited, Box<Difference>> {
        let campaigns: Vec<Campaign> = self.campaigns.values().map(|campaign| (**campaign).clone()).collect();
        let mut audit = Audit::new(&campaigns, &self.catalogue, Part::WHOLE);
        let runs: Vec<Run> = self.runs.iter().map(|(run, _)| run.clone()).collect();
        let mut gapless = Gapless::new(Numbered::Transfer, &runs);
        for (number, transfer) in &self.transfers {
            gapless.take(*number).map_err(transfers_missing)?;
            audit.transfer(*number, transfer)?;
        }
        gapless.finish().map_err(transfers_missing)?;
        self.redemptions.values().for_each(|redemption| audit.redemption(redemption));
        self.grants.values().flat_map(std::collections::BTreeMap::values).try_for_each(|grant| audit.grant(grant))?;
        self.customers.iter().try_for_each(|(id, customer)| audit.customer(id, customer))?;
        audit.positions(&listed(&self.positions))?;
        self.usage.iter().try_for_each(|(key, used)| audit.usage(key, *used))?;
        audit.finish(&listed(&self.stocks))
    }
}
