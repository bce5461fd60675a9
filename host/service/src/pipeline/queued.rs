//! Queued decisions: those that an event led to beyond what is decided at once.
//!
//! They are stored with the event and worked off in pieces, one between two commits, in the order of admission, so that what
//! one event leads to never keeps others waiting for long. Decisions of one customer by one campaign stay in order: while some
//! are queued, further ones queue behind them. Everybody else's are made at once.

use std::collections::{HashMap, HashSet};

use largesse_domain::id::{CampaignId, CustomerId, EventSeq};
use largesse_domain::limits::QUEUED_DECISIONS_MAX;
use largesse_failpoint::{Point, reach};
use largesse_store::{Deferred, DeferredKey, Store, StoreError};

use super::Decider;
use super::admit::Admitted;
use super::deferred::Fate;
use super::turn::Turn;
use crate::answer::PutOff;

/// How many decisions of each customer are queued, by campaign.
#[derive(Default)]
pub(super) struct Queued(HashMap<CampaignId, HashMap<CustomerId, u64>>);

impl Queued {
    /// Those that are stored.
    pub(super) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut queued = Self::default();
        for (campaign, customer, count) in store.queues()? {
            queued.0.entry(campaign).or_default().insert(customer, count);
        }
        Ok(queued)
    }

    /// Takes note of decisions that were put off.
    pub(super) fn add(&mut self, put_off: &[(PutOff, Deferred)]) {
        put_off.iter().for_each(|(_, deferred)| self.put(deferred));
    }

    /// Takes note of a decision if it is queued.
    pub(super) fn put(&mut self, deferred: &Deferred) {
        if let Some(customer) = &deferred.behind {
            *self.0.entry(deferred.key.campaign.clone()).or_default().entry(customer.clone()).or_default() += 1;
        }
    }

    /// Takes note of a decision that is not queued any more.
    fn take(&mut self, deferred: &Deferred) {
        let Some(customer) = &deferred.behind else { return };
        let Some(customers) = self.0.get_mut(&deferred.key.campaign) else { return };
        if let Some(count) = customers.get_mut(customer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                customers.remove(customer);
            }
        }
        if customers.is_empty() {
            self.0.remove(&deferred.key.campaign);
        }
    }

    fn has(&self, campaign: &CampaignId) -> bool {
        self.0.contains_key(campaign)
    }

    fn any_of(&self, campaign: &CampaignId, customers: &[CustomerId]) -> bool {
        self.0.get(campaign).is_some_and(|queued| customers.iter().any(|customer| queued.contains_key(customer)))
    }
}

impl Decider {
    /// Whether decisions of the event's customer, or of one that it names, are queued in the campaign. They are loaded.
    pub(super) fn is_behind_queued(&self, campaign: &CampaignId, event: &Admitted) -> bool {
        if !self.queued.has(campaign) {
            return false;
        }
        let named = event.arrival.reading.named.iter().chain([&event.arrival.event.actor]);
        let ids: Vec<CustomerId> = named.flat_map(|id| self.facts.ids_of(id)).collect();
        self.queued.any_of(campaign, &ids)
    }

    /// The campaigns whose queued decisions can be made now.
    fn queues_open(&self) -> Vec<CampaignId> {
        if self.queued.0.is_empty() {
            return Vec::new();
        }
        let mut open = self.registry.open();
        open.retain(|id| self.queued.has(id) && !self.is_suspended(id));
        open
    }

    /// Whether a version that decides in the campaign is suspended.
    fn is_suspended(&self, campaign: &CampaignId) -> bool {
        let active = self.registry.campaign(campaign);
        let suspended = |digest| self.suspended(&digest).is_some();
        active.is_some_and(|active| active.deciding().any(|(_, published)| suspended(published.policy.digest)))
    }

    /// Makes some of the queued decisions. Nothing is being written. Those that the batch that gathers has put off come up once
    /// they are written.
    pub(super) fn decide_queued(&mut self) -> Result<(), StoreError> {
        let open = self.queues_open();
        if open.is_empty() {
            return Ok(());
        }
        let mut due = self.store.queued(&open, QUEUED_DECISIONS_MAX)?;
        let batch = &self.pending.batch;
        let changed: HashSet<&DeferredKey> =
            batch.undeferred.iter().chain(batch.deferred.iter().map(|deferred| &deferred.key)).collect();
        due.retain(|deferred| !changed.contains(&deferred.key));
        self.turn = Turn::for_queued(self.clock.stands());
        let events = self.events_of(&due)?;
        let mut blocked = HashSet::new();
        for deferred in due {
            if self.turn.is_over() {
                break;
            }
            if blocked.contains(&deferred.key.campaign) {
                continue;
            }
            match self.decide_one_deferred(&deferred, &events)? {
                Fate::Made | Fate::PutOffAgain => self.queued.take(&deferred),
                // What is behind it waits with it.
                Fate::Stays => drop(blocked.insert(deferred.key.campaign)),
            }
        }
        reach(Point::QueuedDecided);
        Ok(())
    }

    /// Whether nothing that could be decided now is queued.
    pub(super) fn is_worked_off(&self) -> bool {
        self.queues_open().is_empty()
    }

    /// Queues a decision that was put off because of a pause behind those of the same customer that were queued before it. Says
    /// whether there are any.
    pub(super) fn queue_behind(&mut self, deferred: &Deferred, event: &Admitted) -> bool {
        if !self.is_behind_queued(&deferred.key.campaign, event) {
            return false;
        }
        let behind = Some(self.actor(event).clone());
        let queued = Deferred { behind, ..deferred.clone() };
        self.queued.put(&queued);
        self.pending.rows += 1;
        self.pending.batch.deferred.push(queued);
        true
    }
}

/// The events of decisions, each once.
pub(super) fn seqs_of(due: &[Deferred]) -> Vec<EventSeq> {
    let mut seqs: Vec<EventSeq> = due.iter().map(|deferred| deferred.key.event).collect();
    seqs.dedup();
    seqs
}

#[cfg(test)]
mod tests {
    use largesse_domain::time::Instant;

    use super::*;

    fn deferred(campaign: &str, event: u64, behind: Option<&str>) -> Deferred {
        let (campaign, subscription) = (campaign.parse().unwrap(), "any".parse().unwrap());
        let key = DeferredKey { campaign, event: EventSeq(event), subscription };
        Deferred { key, attempts: 0, due: Instant::MIN, behind: behind.map(|id| id.parse().unwrap()) }
    }

    #[test]
    fn a_customer_waits_until_the_last_is_made() {
        let (spring, autumn) = ("spring".parse().unwrap(), "autumn".parse().unwrap());
        let (ann, bob) = (["ann".parse().unwrap()], ["bob".parse().unwrap()]);
        let mut queued = Queued::default();
        let two = [deferred("spring", 1, Some("ann")), deferred("spring", 2, Some("ann"))];
        two.iter().for_each(|deferred| queued.put(deferred));
        queued.put(&deferred("spring", 3, None));
        assert!(queued.any_of(&spring, &ann) && !queued.any_of(&spring, &bob) && !queued.any_of(&autumn, &ann));
        queued.take(&two[0]);
        assert!(queued.any_of(&spring, &ann));
        queued.take(&two[1]);
        assert!(!queued.has(&spring), "a decision that is put off for a pause is not queued");
    }
}
