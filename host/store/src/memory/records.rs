//! Records in memory. What was removed is only marked: the model needs no room.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use largesse_documents::stored::record_text;
use largesse_domain::decision::Output;
use largesse_domain::id::{DecisionId, EventSeq};
use largesse_domain::outcome::{Decision, Remains};
use largesse_domain::time::Instant;

use super::{MemoryStore, Tables};
use crate::pack::pack;
use crate::{Batch, DecisionFilter, KeptRecord, Records, Room, StoreError};

/// What was removed.
#[derive(Debug, Default)]
pub(super) struct Removed {
    /// Up to which decision, and which event.
    decision: DecisionId,
    event: EventSeq,
    /// Up to which decision, when.
    at: BTreeMap<DecisionId, Instant>,
    /// Events whose data is gone.
    pub(super) events: BTreeSet<EventSeq>,
}

/// Whether a filter takes a decision.
pub(super) fn chosen(filter: &DecisionFilter, decision: &Decision) -> bool {
    filter.campaign.as_ref().is_none_or(|campaign| decision.campaign == *campaign)
        && (filter.actors.is_empty() || filter.actors.contains(&decision.input.event.actor))
}

fn record_bytes(decision: &Decision) -> u64 {
    pack(&record_text(decision)).len() as u64
}

impl Tables {
    /// Decisions after one whose records are kept.
    pub(super) fn kept(&self, after: DecisionId) -> impl Iterator<Item = &Arc<Decision>> {
        let from = after.max(self.removed.decision);
        self.decisions.range((Bound::Excluded(from), Bound::Unbounded)).map(|(_, decision)| decision)
    }

    /// Why a batch cannot remove what it is to remove.
    pub(super) fn no_such_records(&self, batch: &Batch) -> Option<String> {
        let until = batch.removal?.decision;
        let last = batch.decisions.last().or(self.decisions.values().last()).map(|decision| decision.id);
        let is_there = until >= self.removed.decision && until <= last.unwrap_or_default();
        (!is_there).then(|| format!("there are no records up to {until}"))
    }

    /// Removes the records that a batch is to remove, and data that nothing needs any more.
    pub(super) fn trim(&mut self, batch: &Batch) {
        let (before, looked_at) = (self.removed.decision, self.removed.event);
        let put_off = batch.undeferred.iter().map(|key| key.event).filter(|event| *event <= looked_at);
        let mut candidates: BTreeSet<EventSeq> = put_off.collect();
        if let Some(removal) = &batch.removal {
            self.removed.decision = removal.decision;
            self.removed.event = looked_at.max(removal.event);
            if removal.decision > before {
                self.removed.at.insert(removal.decision, removal.at);
            }
            let removed = self.decisions.values().filter(|decision| decision.id > before);
            let removed = removed.take_while(|decision| decision.id <= removal.decision);
            candidates.extend(removed.map(|decision| decision.event));
            let range = |seq: &EventSeq| *seq > looked_at && *seq <= removal.event;
            candidates.extend(self.events.keys().copied().filter(range));
        }
        let needed = |seq: &EventSeq| {
            self.kept(DecisionId(0)).any(|decision| decision.event == *seq) || self.deferred.on(*seq).next().is_some()
        };
        let gone: Vec<EventSeq> = candidates.into_iter().filter(|seq| !needed(seq)).collect();
        self.removed.events.extend(gone);
    }

    fn room(&self) -> Room {
        let records: u64 = self.kept(DecisionId(0)).map(|decision| record_bytes(decision)).sum();
        let kept = self.events.iter().filter(|(seq, _)| !self.removed.events.contains(seq));
        let data: u64 = kept.map(|(_, (_, event))| event.data.len() as u64).sum();
        Room { bytes: records + data, decision: self.removed.decision, event: self.removed.event }
    }

    /// What remains of removed decisions, in order.
    fn remains(&self) -> impl Iterator<Item = Remains> {
        self.decisions.range(..=self.removed.decision).map(|(id, decision)| {
            let event = &decision.input.event;
            let (refusal, fault) = match &decision.evaluation.output {
                Output::Proposal(_) => (None, None),
                Output::Refusal(refusal) => (Some(refusal.code.clone()), None),
                Output::Fault(fault) => (None, Some(fault.kind)),
            };
            Remains {
                id: *id,
                event: decision.event,
                key: event.key.clone(),
                kind: event.kind.clone(),
                actor: event.actor.clone(),
                occurred: event.occurred,
                campaign: decision.campaign.clone(),
                policy: decision.policy,
                subscription: decision.input.subscription.clone(),
                verdict: decision.verdict.clone(),
                refusal,
                fault,
                made_at: decision.made_at,
                removed_at: self.removed.at.range(id..).next().map_or(decision.made_at, |(_, at)| *at),
            }
        })
    }
}

impl Records for MemoryStore {
    fn room(&self) -> Result<Room, StoreError> {
        Ok(self.tables().room())
    }

    fn oldest_records(&self, limit: usize) -> Result<Vec<KeptRecord>, StoreError> {
        let tables = self.tables();
        let record = |decision: &Arc<Decision>| KeptRecord {
            decision: decision.id,
            event: decision.event,
            made_at: decision.made_at,
            bytes: record_bytes(decision) + decision.input.event.data.len() as u64,
        };
        Ok(tables.kept(DecisionId(0)).take(limit).map(record).collect())
    }

    fn data_after(&self, event: EventSeq, limit: usize) -> Result<Option<EventSeq>, StoreError> {
        let tables = self.tables();
        let later = tables.events.range((Bound::Excluded(event), Bound::Unbounded)).map(|(seq, _)| *seq);
        Ok(later.filter(|seq| !tables.removed.events.contains(seq)).take(limit).last())
    }

    fn remains_on(&self, event: EventSeq) -> Result<Vec<Remains>, StoreError> {
        Ok(self.tables().remains().filter(|remains| remains.event == event).collect())
    }

    fn remains(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Remains>, StoreError> {
        let tables = self.tables();
        let chosen = |remains: &Remains| remains.id > after && chosen(filter, &tables.decisions[&remains.id]);
        Ok(tables.remains().filter(chosen).take(limit).collect())
    }

    fn removed_count(&self, filter: &DecisionFilter, after: DecisionId, until: DecisionId) -> Result<u64, StoreError> {
        let tables = self.tables();
        let counted = |remains: &Remains| {
            remains.id > after && remains.id <= until && chosen(filter, &tables.decisions[&remains.id])
        };
        Ok(tables.remains().filter(counted).map(|_| 1).sum())
    }
}
