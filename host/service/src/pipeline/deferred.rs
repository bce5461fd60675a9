//! Decisions that were put off: because their campaign was paused or held, or because the policy faulted.
//!
//! Worked off between two commits, when nothing is being written: then the store and the batch that gathers tell between
//! them all that is put off. While a campaign has such decisions from a pause, its new ones queue behind them: order is
//! kept. Each time a turn's worth is worked off, and the batch that gathers then puts off at most half as many for campaigns
//! that catch up, so that they do however busy the host is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use largesse_domain::event::{Admission, Event};
use largesse_domain::id::{CampaignId, EventSeq};
use largesse_domain::limits::TURN_DECISIONS_MAX;
use largesse_domain::rollout::Side;
use largesse_domain::time::Instant;
use largesse_failpoint::{Point, reach};
use largesse_store::{Deferred, DeferredKey, StoreError};

use super::Decider;
use super::admit::Admitted;
use super::decide::{Aborted, DEFER_MS, Round, Task};
use super::evaluate::WhyFailed;
use super::queued::seqs_of;
use crate::intake;
use crate::registry::{Active, Published};
use crate::seed::Purpose;

/// What became of a decision that was due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is made.
    Made,
    /// It is put off again, until later.
    PutOffAgain,
    /// It cannot be made now and stays where it is.
    Stays,
}

impl Decider {
    /// Makes decisions that are due.
    pub(super) fn decide_deferred(&mut self) -> Result<(), StoreError> {
        let live = self.registry.open();
        if live.is_empty() || !self.deferred_may_be_due(&live) {
            return Ok(());
        }
        self.begin_turn();
        let mut due = self.store.due(&live, self.clock.now(), TURN_DECISIONS_MAX)?;
        let all = due.len() < TURN_DECISIONS_MAX;
        let batch = &self.pending.batch;
        let decided: HashSet<&DeferredKey> = batch.undeferred.iter().collect();
        let again: HashSet<&DeferredKey> = batch.deferred.iter().map(|deferred| &deferred.key).collect();
        due.retain(|deferred| !decided.contains(&deferred.key) && !again.contains(&deferred.key));
        let events = self.events_of(&due)?;
        let (mut left, mut worked_off) = (0, 0);
        for deferred in due {
            if !self.turn.is_over() && self.work_off(&deferred, &events)? != Fate::Stays {
                worked_off += 1;
            } else {
                left += 1;
            }
        }
        self.worked_off = worked_off;
        if all && left == 0 && self.decide_gathered(&live)? {
            let before = self.backlog.len();
            self.backlog.retain(|campaign| !live.contains(campaign));
            if self.backlog.len() < before {
                self.timers.look_again();
            }
        }
        Ok(())
    }

    /// Makes a decision, or queues it behind others of the same customer.
    fn work_off(&mut self, deferred: &Deferred, events: &BTreeMap<EventSeq, Admitted>) -> Result<Fate, StoreError> {
        if let Some(event) = events.get(&deferred.key.event) {
            self.prefetch(std::slice::from_ref(event))?;
            if deferred.attempts == 0 && self.queue_behind(deferred, event) {
                return Ok(Fate::PutOffAgain);
            }
        }
        self.decide_one_deferred(deferred, events)
    }

    /// Makes decisions that the batch that gathers has put off behind those of the store. Says whether it made all.
    fn decide_gathered(&mut self, live: &[CampaignId]) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let is_due = |deferred: &Deferred| {
            deferred.behind.is_none() && deferred.due <= now && live.contains(&deferred.key.campaign)
        };
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
            if self.turn.is_over() {
                all = false;
                self.pending.batch.deferred.push(deferred);
                continue;
            }
            let fate = self.work_off(&deferred, &events)?;
            if fate == Fate::Made {
                let DeferredKey { campaign, event, subscription } = &deferred.key;
                if let Some(answer) = self.answers.get_mut(event) {
                    answer.put_off.retain(|off| (&off.campaign, &off.subscription) != (campaign, subscription));
                }
            } else if fate == Fate::Stays {
                all = false;
                self.pending.batch.deferred.push(deferred);
            }
        }
        // What these caused may have been put off behind them.
        Ok(all && !self.pending.batch.deferred.iter().any(is_due))
    }

    fn deferred_may_be_due(&mut self, live: &[CampaignId]) -> bool {
        let now = self.clock.now();
        let looked = self.looked_for_deferred.replace(now);
        let catches_up = live.iter().any(|campaign| self.backlog.contains(campaign));
        catches_up || looked.is_none_or(|looked| now.as_millis() - looked.as_millis() >= 1_000)
    }

    /// Whether the campaign decides, and makes up for a pause before new decisions.
    pub(super) fn is_catching_up(&self, active: &Active) -> bool {
        self.backlog.contains(&active.campaign.id) && !self.registry.holds(&active.campaign)
    }

    /// How many more decisions the batch that gathers may put off for campaigns that catch up.
    pub(super) fn room_behind_backlog(&self) -> usize {
        (self.worked_off / 2).max(1).saturating_sub(self.pending.behind_backlog)
    }

    pub(super) fn events_of(&self, due: &[Deferred]) -> Result<BTreeMap<EventSeq, Admitted>, StoreError> {
        let stored = self.store.events(&seqs_of(due))?.into_iter().flatten();
        Ok(self.readable(stored.map(|(admission, event)| (admission, Arc::new(event))).collect()))
    }

    fn readable(&self, events: Vec<(Admission, Arc<Event>)>) -> BTreeMap<EventSeq, Admitted> {
        let mut readable = BTreeMap::new();
        for (admission, event) in events {
            let seq = admission.seq;
            match intake::again(event, &self.registry.kinds) {
                Ok(arrival) => {
                    readable.insert(seq, Admitted { arrival, admission });
                }
                Err(error) => tracing::error!(seq = seq.0, %error, "a deferred event cannot be read any more"),
            }
        }
        readable
    }

    /// Makes a decision that was put off, if it can be made.
    pub(super) fn decide_one_deferred(
        &mut self,
        deferred: &Deferred,
        events: &BTreeMap<EventSeq, Admitted>,
    ) -> Result<Fate, StoreError> {
        let Some(event) = events.get(&deferred.key.event) else {
            if deferred.behind.is_none() {
                return Ok(Fate::Stays);
            }
            // Others are not kept waiting for an event that nobody can read.
            self.put_off_late(deferred);
            return Ok(Fate::PutOffAgain);
        };
        let Some(active) = self.registry.campaign(&deferred.key.campaign).cloned() else { return Ok(Fate::Stays) };
        if self.registry.holds(&active.campaign) {
            return Ok(Fate::Stays);
        }
        let tasks = tasks(deferred, &active);
        let mut round = Round::default();
        if tasks.is_empty() {
            let DeferredKey { campaign, event, subscription } = &deferred.key;
            tracing::warn!(%campaign, event = event.0, %subscription, "the policy has given up the subscription of a deferred decision");
        } else {
            let savepoint = self.facts.savepoint();
            self.prefetch(std::slice::from_ref(event))?;
            round.winners = self.winners_on(event.admission.seq, &tasks[0])?;
            match self.decide_together(&tasks, std::slice::from_ref(event), Purpose::Commit, &mut round) {
                Ok(()) => drop(self.protect(&mut round.runs)),
                Err(Aborted::Store(error)) => return Err(error),
                Err(Aborted::Events(failures)) => {
                    self.facts.undo_to(savepoint);
                    let was_run = failures.failed.iter().any(|failed| failed.by.is_some());
                    let not_now = failures.failed.iter().any(|failed| matches!(failed.why, WhyFailed::NotRun));
                    self.protect(&mut failures.runs());
                    if not_now || !was_run {
                        return Ok(Fate::Stays);
                    }
                    self.put_off_late(deferred);
                    return Ok(Fate::PutOffAgain);
                }
            }
        }
        if round.put_off.is_empty() {
            self.pending.batch.undeferred.push(deferred.key.clone());
        }
        self.turn.count(round.decisions.len().max(1), round.effects() + round.caused.len());
        self.keep_round(round);
        self.cascade()?;
        reach(Point::DeferredDecided);
        Ok(Fate::Made)
    }

    /// Puts off a decision for which there was no time or memory, as after a fault; it is no attempt, for it may be the
    /// machine's fault.
    fn put_off_late(&mut self, deferred: &Deferred) {
        let due = self.clock.now().plus_millis(DEFER_MS).unwrap_or(Instant::MAX);
        let attempts = deferred.attempts.max(1);
        self.pending.rows += 1;
        self.pending.batch.deferred.push(Deferred { key: deferred.key.clone(), attempts, due, behind: None });
    }
}

/// What is to be decided: by both versions while a canary is on, of which one decides for the owner.
fn tasks(deferred: &Deferred, active: &Arc<Active>) -> Vec<Task> {
    let name = &deferred.key.subscription;
    let task = |(side, published): (Side, &Published)| {
        let declared = &published.manifest().subscriptions;
        let subscription = declared.iter().position(|declared| declared.name == *name)?;
        let (active, loaded) = (Arc::clone(active), Arc::clone(published.loaded()?));
        let (published, attempts) = (published.clone(), deferred.attempts);
        Some(Task { event: 0, active, published, loaded, side, subscription, attempts })
    };
    active.deciding().filter_map(task).collect()
}
