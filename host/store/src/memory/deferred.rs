//! Decisions that are put off, in memory.

use std::collections::BTreeMap;

use largesse_domain::id::{CampaignId, CustomerId, EventSeq};

use crate::{Deferred, DeferredKey};

#[derive(Debug, Default)]
pub(super) struct DeferredTable(BTreeMap<DeferredKey, Deferred>);

impl DeferredTable {
    pub(super) fn write(&mut self, made: &[DeferredKey], put_off: &[Deferred]) {
        for key in made {
            self.0.remove(key);
        }
        self.0.extend(put_off.iter().map(|deferred| (deferred.key.clone(), deferred.clone())));
    }

    /// Those of the campaigns that are wanted, the earliest event first, at most so many.
    pub(super) fn of(
        &self,
        campaigns: &[CampaignId],
        limit: usize,
        is_wanted: impl Fn(&Deferred) -> bool,
    ) -> Vec<Deferred> {
        let mut found = Vec::new();
        for campaign in campaigns {
            found.extend(self.of_campaign(campaign).filter(|deferred| is_wanted(deferred)).take(limit).cloned());
        }
        crate::earliest_first(&mut found, limit);
        found
    }

    /// Those of a campaign, in order of event and subscription.
    pub(super) fn of_campaign<'a>(&'a self, campaign: &'a CampaignId) -> impl Iterator<Item = &'a Deferred> {
        let first = self.0.keys().next().map(|key| DeferredKey {
            campaign: campaign.clone(),
            event: EventSeq(0),
            subscription: key.subscription.clone(),
        });
        let after = first.map(|first| self.0.range(first..)).into_iter().flatten();
        after.map(|(_, deferred)| deferred).take_while(|deferred| deferred.key.campaign == *campaign)
    }

    pub(super) fn on(&self, event: EventSeq) -> impl Iterator<Item = &Deferred> {
        self.0.values().filter(move |deferred| deferred.key.event == event)
    }

    pub(super) fn queues(&self) -> Vec<(CampaignId, CustomerId, u64)> {
        let mut counts = BTreeMap::<_, u64>::new();
        for Deferred { key, behind, .. } in self.0.values() {
            if let Some(behind) = behind {
                *counts.entry((key.campaign.clone(), behind.clone())).or_default() += 1;
            }
        }
        counts.into_iter().map(|((campaign, behind), count)| (campaign, behind, count)).collect()
    }
}
