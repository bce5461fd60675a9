//! Versions in memory.

use std::collections::BTreeMap;

use largesse_domain::activation::Activation;
use largesse_domain::facts::State;
use largesse_domain::id::{CampaignId, DecisionId, Digest};
use largesse_domain::key::StateKey;
use largesse_domain::migration::{Migration, StuckState};
use largesse_domain::owner::Owner;
use largesse_domain::protection::Stop;
use largesse_domain::rollout::{ShadowDifference, Side, Tally, TallyKey};

use super::MemoryStore;
use crate::StoreError;
use crate::versions::{VersionChanges, Versions};

#[derive(Debug, Default)]
pub(super) struct VersionTables {
    activations: BTreeMap<(CampaignId, u32), Activation>,
    tallies: BTreeMap<TallyKey, Tally>,
    differences: BTreeMap<(CampaignId, u32, DecisionId), ShadowDifference>,
    stuck: BTreeMap<StateKey, StuckState>,
    stops: BTreeMap<Digest, Stop>,
    migrations: BTreeMap<CampaignId, Migration>,
}

impl VersionTables {
    pub(super) fn apply(&mut self, changes: &VersionChanges) {
        for (campaign, activation) in &changes.activations {
            self.activations.entry((campaign.clone(), activation.number)).or_insert_with(|| activation.clone());
        }
        self.tallies.extend(changes.tallies.iter().cloned());
        for difference in &changes.differences {
            let key = (difference.campaign.clone(), difference.rollout, difference.decision);
            self.differences.entry(key).or_insert_with(|| difference.clone());
        }
        self.stuck.extend(changes.stuck.iter().cloned());
        for (policy, stop) in &changes.stops {
            super::put(&mut self.stops, policy, stop.clone());
        }
        self.migrations.extend(changes.migrations.iter().map(|one| (one.campaign.clone(), one.clone())));
    }
}

impl Versions for MemoryStore {
    fn activations(&self, campaign: &CampaignId, before: u32, limit: usize) -> Result<Vec<Activation>, StoreError> {
        let tables = self.tables();
        let of_campaign = tables.versions.activations.range((campaign.clone(), 0)..(campaign.clone(), before));
        Ok(of_campaign.rev().take(limit).map(|(_, activation)| activation.clone()).collect())
    }

    fn tallies(&self, campaign: &CampaignId, rollout: u32) -> Result<Vec<(Side, Tally)>, StoreError> {
        let tables = self.tables();
        let key = |side| TallyKey { campaign: campaign.clone(), rollout, side };
        let tally = |side| Some((side, *tables.versions.tallies.get(&key(side))?));
        Ok(Side::ALL.into_iter().filter_map(tally).collect())
    }

    fn differences(
        &self,
        campaign: &CampaignId,
        rollout: u32,
        after: DecisionId,
        limit: usize,
    ) -> Result<Vec<ShadowDifference>, StoreError> {
        let tables = self.tables();
        let of_rollout = |(key, _): &(&(CampaignId, u32, DecisionId), &ShadowDifference)| {
            key.0 == *campaign && key.1 == rollout && key.2 > after
        };
        let found = tables.versions.differences.iter().filter(of_rollout);
        Ok(found.take(limit).map(|(_, difference)| difference.clone()).collect())
    }

    fn stuck_states(
        &self,
        campaign: &CampaignId,
        policy: &Digest,
        after: Option<&Owner>,
        limit: usize,
    ) -> Result<Vec<(StateKey, StuckState)>, StoreError> {
        let tables = self.tables();
        let still = |(key, stuck): &(&StateKey, &StuckState)| {
            key.campaign == *campaign
                && after.is_none_or(|after| key.owner > *after)
                && stuck.policy == *policy
                && tables.states.get(key).is_some_and(|state| state.written_as == stuck.written_as)
        };
        let found = tables.versions.stuck.iter().filter(still).take(limit);
        Ok(found.map(|(key, stuck)| (key.clone(), stuck.clone())).collect())
    }

    fn stops(&self) -> Result<Vec<(Digest, Stop)>, StoreError> {
        Ok(super::listed(&self.tables().versions.stops))
    }

    fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        Ok(self.tables().versions.migrations.values().cloned().collect())
    }

    fn state_versions(&self, campaign: &CampaignId) -> Result<Vec<(u32, u64)>, StoreError> {
        let tables = self.tables();
        let mut counts = BTreeMap::new();
        for (_, state) in tables.states.iter().filter(|(key, _)| key.campaign == *campaign) {
            *counts.entry(state.written_as).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }

    fn states_other_than(
        &self,
        campaign: &CampaignId,
        written_as: u32,
        after: Option<&Owner>,
        limit: usize,
    ) -> Result<Vec<(Owner, State)>, StoreError> {
        let tables = self.tables();
        let asked = |(key, state): &(&StateKey, &State)| {
            key.campaign == *campaign && state.written_as != written_as && after.is_none_or(|after| key.owner > *after)
        };
        let found = tables.states.iter().filter(asked).take(limit);
        Ok(found.map(|(key, state)| (key.owner.clone(), state.clone())).collect())
    }
}
