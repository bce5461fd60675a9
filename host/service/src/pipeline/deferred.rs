//! Decisions that were put off: because their campaign was paused, or because the policy faulted.
//!
//! Worked off only when nothing is being written, so that what the store says is due is all that is due. While a campaign
//! has such decisions from a pause, its new ones queue behind them: order is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use largesse_domain::id::{CampaignId, EventSeq};
use largesse_domain::lifecycle::Lifecycle;
use largesse_failpoint::{Point, reach};
use largesse_store::{Deferred, StoreError};

use super::Decider;
use super::admit::Admitted;
use super::decide::{Aborted, Round, Task};
use crate::intake;
use crate::seed::Purpose;

/// Most that are worked off between two batches of new events.
const AT_ONCE_MAX: usize = 512;

impl Decider {
    /// Makes decisions that are due.
    pub(super) fn decide_deferred(&mut self) -> Result<(), StoreError> {
        let live: Vec<CampaignId> = self
            .registry
            .campaigns()
            .filter(|active| matches!(active.campaign.lifecycle, Lifecycle::Running | Lifecycle::Closing))
            .map(|active| active.campaign.id.clone())
            .collect();
        if live.is_empty() || !self.deferred_may_be_due() {
            return Ok(());
        }
        let due = self.store.due(&live, self.clock.now(), AT_ONCE_MAX)?;
        if due.len() < AT_ONCE_MAX {
            let before = self.backlog.len();
            self.backlog.retain(|campaign| due.iter().any(|deferred| deferred.key.campaign == *campaign));
            if self.backlog.len() < before {
                self.timers.look_again();
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let events = self.events_of(&due)?;
        for deferred in due {
            self.decide_one_deferred(&deferred, &events)?;
        }
        Ok(())
    }

    fn deferred_may_be_due(&mut self) -> bool {
        let now = self.clock.now();
        let looked = self.looked_for_deferred.replace(now);
        !self.backlog.is_empty() || looked.is_none_or(|looked| now.as_millis() - looked.as_millis() >= 1_000)
    }

    fn events_of(&self, due: &[Deferred]) -> Result<BTreeMap<EventSeq, Admitted>, StoreError> {
        let mut seqs: Vec<EventSeq> = due.iter().map(|deferred| deferred.key.event).collect();
        seqs.dedup();
        let mut events = BTreeMap::new();
        for (admission, event) in self.store.events(&seqs)?.into_iter().flatten() {
            let seq = admission.seq;
            match intake::again(Arc::new(event), &self.registry.kinds) {
                Ok(arrival) => {
                    events.insert(seq, Admitted { arrival, admission });
                }
                Err(error) => tracing::error!(seq = seq.0, %error, "a deferred event cannot be read any more"),
            }
        }
        Ok(events)
    }

    fn decide_one_deferred(
        &mut self,
        deferred: &Deferred,
        events: &BTreeMap<EventSeq, Admitted>,
    ) -> Result<(), StoreError> {
        let Some(event) = events.get(&deferred.key.event) else { return Ok(()) };
        let Some(active) = self.registry.campaign(&deferred.key.campaign).cloned() else { return Ok(()) };
        let published = active.at(event.arrival.event.occurred).1.clone();
        let name = &deferred.key.subscription;
        let subscription = published.manifest().subscriptions.iter().position(|declared| declared.name == *name);
        let mut round = Round::default();
        if subscription.is_none() {
            let (campaign, event) = (&deferred.key.campaign, deferred.key.event.0);
            tracing::warn!(%campaign, event, subscription = %name, "the policy has given up the subscription of a deferred decision");
        }
        if let Some(subscription) = subscription {
            let task = Task { event: 0, active, published, subscription, attempts: deferred.attempts };
            let savepoint = self.facts.savepoint();
            self.prefetch(std::slice::from_ref(event))?;
            match self.decide_together(&[task], std::slice::from_ref(event), Purpose::Commit, &mut round) {
                Ok(()) => {}
                // For want of time or memory: it stays where it is and comes up again.
                Err(Aborted::Event { .. }) => {
                    self.facts.undo_to(savepoint);
                    return Ok(());
                }
                Err(Aborted::Store(error)) => return Err(error),
            }
        }
        if round.put_off.is_empty() {
            self.pending.batch.undeferred.push(deferred.key.clone());
        }
        self.keep_round(round);
        reach(Point::DeferredDecided);
        Ok(())
    }
}
