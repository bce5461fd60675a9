//! Decisions that were put off: because their campaign was paused or held, or because the policy faulted.
//!
//! Worked off between two commits, when nothing is being written: then the store and the batch that gathers tell between
//! them all that is put off. While a campaign has such decisions from a pause, its new ones queue behind them: order is
//! kept. At each turn more are worked off than a batch can add, so that a campaign catches up however busy the host is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use largesse_domain::event::{Admission, Event};
use largesse_domain::id::{CampaignId, EventSeq};
use largesse_domain::limits::DEFERRED_AT_ONCE_MAX;
use largesse_domain::rollout::Side;
use largesse_failpoint::{Point, reach};
use largesse_store::{Deferred, DeferredKey, StoreError};

use super::Decider;
use super::admit::Admitted;
use super::decide::{Aborted, Round, Task};
use crate::intake;
use crate::registry::Published;
use crate::seed::Purpose;

impl Decider {
    /// Makes decisions that are due.
    pub(super) fn decide_deferred(&mut self) -> Result<(), StoreError> {
        let live = self.registry.open();
        if live.is_empty() || !self.deferred_may_be_due() {
            return Ok(());
        }
        let mut due = self.store.due(&live, self.clock.now(), DEFERRED_AT_ONCE_MAX)?;
        let all = due.len() < DEFERRED_AT_ONCE_MAX;
        let batch = &self.pending.batch;
        let decided: HashSet<&DeferredKey> = batch.undeferred.iter().collect();
        let again: HashSet<&DeferredKey> = batch.deferred.iter().map(|deferred| &deferred.key).collect();
        due.retain(|deferred| !decided.contains(&deferred.key) && !again.contains(&deferred.key));
        let events = self.events_of(&due)?;
        let mut left = 0;
        for deferred in due {
            left += usize::from(!self.decide_one_deferred(&deferred, &events)?);
        }
        if all && left == 0 && self.decide_gathered(&live)? {
            let before = self.backlog.len();
            self.backlog.retain(|campaign| !live.contains(campaign));
            if self.backlog.len() < before {
                self.timers.look_again();
            }
        }
        Ok(())
    }

    /// Makes decisions that the batch that gathers has put off behind those of the store. Says whether it made all.
    fn decide_gathered(&mut self, live: &[CampaignId]) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let is_due = |deferred: &Deferred| deferred.due <= now && live.contains(&deferred.key.campaign);
        let (mut due, later): (Vec<_>, Vec<_>) = self.pending.batch.deferred.drain(..).partition(is_due);
        self.pending.batch.deferred = later;
        if due.is_empty() {
            return Ok(true);
        }
        due.sort_by_key(|deferred| deferred.key.event);
        let wanted: HashSet<EventSeq> = due.iter().map(|deferred| deferred.key.event).collect();
        let gathered = self.pending.batch.events.iter().filter(|(admission, _)| wanted.contains(&admission.seq));
        let events = self.readable(gathered.map(|(admission, event)| (*admission, Arc::clone(event))).collect());
        let mut all = true;
        for deferred in due {
            if self.decide_one_deferred(&deferred, &events)? {
                let DeferredKey { campaign, event, subscription } = &deferred.key;
                if let Some(answer) = self.answers.get_mut(event) {
                    answer.put_off.retain(|off| (&off.campaign, &off.subscription) != (campaign, subscription));
                }
            } else {
                all = false;
                self.pending.batch.deferred.push(deferred);
            }
        }
        // What these caused may have been put off behind them.
        Ok(all && !self.pending.batch.deferred.iter().any(is_due))
    }

    fn deferred_may_be_due(&mut self) -> bool {
        let now = self.clock.now();
        let looked = self.looked_for_deferred.replace(now);
        !self.backlog.is_empty() || looked.is_none_or(|looked| now.as_millis() - looked.as_millis() >= 1_000)
    }

    fn events_of(&self, due: &[Deferred]) -> Result<BTreeMap<EventSeq, Admitted>, StoreError> {
        let mut seqs: Vec<EventSeq> = due.iter().map(|deferred| deferred.key.event).collect();
        seqs.dedup();
        let stored = self.store.events(&seqs)?.into_iter().flatten();
        Ok(self.readable(stored.map(|(admission, event)| (admission, Arc::new(event))).collect()))
    }

    fn readable(&self, events: Vec<(Admission, Arc<Event>)>) -> BTreeMap<EventSeq, Admitted> {
        let mut readable = BTreeMap::new();
        for (admission, event) in events {
            let seq = admission.seq;
            match intake::again(event, &self.registry.kinds) {
                Ok(arrival) => {
                    readable.insert(seq, Admitted { arrival, admission, put_off: false });
                }
                Err(error) => tracing::error!(seq = seq.0, %error, "a deferred event cannot be read any more"),
            }
        }
        readable
    }

    /// Says whether it was decided, or put off again for a reason of its own.
    fn decide_one_deferred(
        &mut self,
        deferred: &Deferred,
        events: &BTreeMap<EventSeq, Admitted>,
    ) -> Result<bool, StoreError> {
        let Some(event) = events.get(&deferred.key.event) else { return Ok(false) };
        let Some(active) = self.registry.campaign(&deferred.key.campaign).cloned() else { return Ok(false) };
        if active.is_held() {
            return Ok(false);
        }
        let name = &deferred.key.subscription;
        let task = |(side, published): (Side, &Published)| {
            let declared = &published.manifest().subscriptions;
            let subscription = declared.iter().position(|declared| declared.name == *name)?;
            let (active, loaded) = (Arc::clone(&active), Arc::clone(published.loaded()?));
            let (published, attempts) = (published.clone(), deferred.attempts);
            Some(Task { event: 0, active, published, loaded, side, subscription, attempts })
        };
        // One of them decides: the other version's owner is on the other side.
        let tasks: Vec<Task> = active.deciding().filter_map(task).collect();
        let mut round = Round::default();
        if tasks.is_empty() {
            let (campaign, event) = (&deferred.key.campaign, deferred.key.event.0);
            tracing::warn!(%campaign, event, subscription = %name, "the policy has given up the subscription of a deferred decision");
        }
        if !tasks.is_empty() {
            let savepoint = self.facts.savepoint();
            self.prefetch(std::slice::from_ref(event))?;
            round.winners = self.winners_on(event.admission.seq, &tasks[0])?;
            match self.decide_together(&tasks, std::slice::from_ref(event), Purpose::Commit, &mut round) {
                Ok(()) => drop(self.protect(&mut round.runs)),
                // For want of time or memory: it stays where it is and comes up again.
                Err(Aborted::Event { by, .. }) => {
                    self.facts.undo_to(savepoint);
                    self.protect(&mut vec![by]);
                    return Ok(false);
                }
                Err(Aborted::Store(error)) => return Err(error),
            }
        }
        if round.put_off.is_empty() {
            self.pending.batch.undeferred.push(deferred.key.clone());
        }
        self.keep_round(round);
        self.cascade()?;
        reach(Point::DeferredDecided);
        Ok(true)
    }
}
