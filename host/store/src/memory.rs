//! The store in memory: the model that others are measured against. Simple maps, one lock, nothing kept after the process.

mod outbox;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use largesse_domain::budget::{Usage, UsageKey, UsedBy};
use largesse_domain::campaign::Campaign;
use largesse_domain::customer::Customer;
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::facts::{About, AboutKey, BindingKey, ClaimKey, MessageSlot, Rows, State, StateKey, Wanted};
use largesse_domain::grant::{Grant, GrantSlot};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, Digest, EventSeq, TimerName};
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Policy;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerKey};

use crate::{Batch, Counters, DecisionFilter, Deferred, DeferredKey, Kind, Store, StoreError};

/// Everything, in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    events: BTreeMap<EventSeq, (Admission, Arc<Event>)>,
    keys: BTreeMap<EventKey, EventSeq>,
    decisions: BTreeMap<DecisionId, Arc<Decision>>,
    deferred: BTreeMap<DeferredKey, Deferred>,
    campaigns: BTreeMap<CampaignId, Arc<Campaign>>,
    policies: Vec<(Arc<Policy>, Arc<[u8]>)>,
    kinds: BTreeMap<String, Kind>,
    customers: BTreeMap<CustomerId, Customer>,
    states: BTreeMap<StateKey, State>,
    /// The issues of each, in order.
    grants: BTreeMap<GrantSlot, BTreeMap<u32, Grant>>,
    abouts: BTreeMap<AboutKey, About>,
    claims: BTreeMap<ClaimKey, CustomerId>,
    usage: BTreeMap<UsageKey, Usage>,
    bindings: BTreeMap<BindingKey, CustomerId>,
    messages: BTreeSet<MessageSlot>,
    outbox: outbox::OutboxTables,
    timers: BTreeMap<TimerKey, Timer>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// What of the batch contradicts what is stored, or itself.
    fn contradiction(&self, batch: &Batch) -> Option<String> {
        let mut seqs: BTreeSet<EventSeq> = BTreeSet::new();
        let mut keys: BTreeSet<&EventKey> = BTreeSet::new();
        for (admission, event) in &batch.events {
            if self.events.contains_key(&admission.seq) || !seqs.insert(admission.seq) {
                return Some(format!("event {} is stored", admission.seq));
            }
            if self.keys.contains_key(&event.key) || !keys.insert(&event.key) {
                return Some(format!("the event of {:?} is stored", event.key));
            }
        }
        let known = |seq: &EventSeq| seqs.contains(seq) || self.events.contains_key(seq);
        let mut ids = BTreeSet::new();
        for decision in &batch.decisions {
            if self.decisions.contains_key(&decision.id) || !ids.insert(decision.id) {
                return Some(format!("decision {} is stored", decision.id));
            }
            let new = batch.campaigns.iter().rfind(|campaign| campaign.id == decision.campaign);
            let campaign = new.or_else(|| self.campaigns.get(&decision.campaign));
            let number = decision.input.campaign.revision;
            if !campaign.is_some_and(|campaign| campaign.revisions.iter().any(|revision| revision.number == number)) {
                return Some(format!("decision {} is by an unknown revision", decision.id));
            }
            if !known(&decision.event) {
                return Some(format!("decision {} is on an unknown event", decision.id));
            }
        }
        let homeless = batch.deferred.iter().find(|deferred| !known(&deferred.key.event));
        let homeless = homeless.map(|deferred| format!("{:?} waits for an unknown event", deferred.key));
        homeless.or_else(|| self.outbox.contradiction(batch))
    }

    fn apply(&mut self, batch: &Batch) {
        for (admission, event) in &batch.events {
            self.keys.insert(event.key.clone(), admission.seq);
            self.events.insert(admission.seq, (*admission, event.clone()));
        }
        self.decisions.extend(batch.decisions.iter().map(|decision| (decision.id, decision.clone())));
        for key in &batch.undeferred {
            self.deferred.remove(key);
        }
        self.deferred.extend(batch.deferred.iter().map(|deferred| (deferred.key.clone(), deferred.clone())));
        self.campaigns.extend(batch.campaigns.iter().map(|campaign| (campaign.id.clone(), campaign.clone())));
        for (policy, bytes) in &batch.policies {
            if !self.policies.iter().any(|(known, _)| known.digest == policy.digest) {
                self.policies.push((policy.clone(), bytes.clone()));
            }
        }
        self.kinds.extend(batch.kinds.iter().map(|kind| (kind.kind.to_string(), kind.clone())));
        self.apply_rows(&batch.rows);
        self.outbox.apply(batch);
    }

    fn apply_rows(&mut self, rows: &Rows) {
        for (id, customer) in &rows.customers {
            let known = (*customer != Customer::default()).then(|| customer.clone());
            put(&mut self.customers, id, known);
        }
        for (key, state) in &rows.states {
            put(&mut self.states, key, state.clone());
        }
        for grant in rows.grants.iter().filter_map(|(_, grant)| grant.as_ref()) {
            let issues = self.grants.entry(grant.slot.clone()).or_default();
            // A key is granted again only when it was wholly taken back and freed.
            for earlier in issues.range_mut(..grant.issue).map(|(_, earlier)| earlier).filter(|old| !old.key_freed) {
                earlier.reversed = earlier.quantity;
                earlier.key_freed = true;
            }
            // Of a grant that stands, only what was taken back changes.
            let stored = issues.entry(grant.issue).or_insert_with(|| grant.clone());
            stored.reversed = grant.reversed;
            stored.key_freed = grant.key_freed;
        }
        for (key, about) in &rows.abouts {
            put(&mut self.abouts, key, (*about != About::default()).then(|| about.clone()));
        }
        for (key, holder) in &rows.claims {
            put(&mut self.claims, key, holder.clone());
        }
        for (key, usage) in &rows.usage {
            put(&mut self.usage, key, Some(*usage));
        }
        for (key, inviter) in &rows.bindings {
            put(&mut self.bindings, key, inviter.clone());
        }
        for (slot, sent) in &rows.messages {
            if *sent {
                self.messages.insert(slot.clone());
            } else {
                self.messages.remove(slot);
            }
        }
        for (key, timer) in &rows.timers {
            put(&mut self.timers, key, timer.clone());
        }
    }

    fn timer_names(&self, of: &StateKey) -> BTreeSet<TimerName> {
        let name = |key: &TimerKey| key.of_owner().filter(|(owner, _)| owner == of).map(|(_, name)| name.clone());
        self.timers.keys().filter_map(name).collect()
    }

    fn wallet(&self, customer: &CustomerId) -> Vec<Grant> {
        let issues = self.grants.values().flat_map(BTreeMap::values);
        let mut grants: Vec<_> = issues.filter(|grant| grant.slot.to == *customer).cloned().collect();
        grants.sort_by(|a, b| {
            let key = |grant: &Grant| (grant.decision, grant.slot.clone(), grant.issue);
            key(a).cmp(&key(b))
        });
        grants
    }
}

fn put<K: Ord + Clone, V>(table: &mut BTreeMap<K, V>, key: &K, value: Option<V>) {
    match value {
        Some(value) => table.insert(key.clone(), value),
        None => table.remove(key),
    };
}

fn each<K: Clone, V>(keys: &BTreeSet<K>, get: impl Fn(&K) -> V) -> Vec<(K, V)> {
    keys.iter().map(|key| (key.clone(), get(key))).collect()
}

impl Store for MemoryStore {
    fn seen(&self, keys: &[EventKey]) -> Result<Vec<Option<(EventSeq, BodyHash)>>, StoreError> {
        let tables = self.tables();
        let find = |key| tables.keys.get(key).map(|seq| (*seq, tables.events[seq].1.body_hash));
        Ok(keys.iter().map(find).collect())
    }

    fn load(&self, wanted: &Wanted) -> Result<Rows, StoreError> {
        let tables = self.tables();
        let last = |slot: &GrantSlot| tables.grants.get(slot)?.last_key_value().map(|(_, grant)| grant.clone());
        Ok(Rows {
            customers: each(&wanted.customers, |id| tables.customers.get(id).cloned().unwrap_or_default()),
            states: each(&wanted.states, |key| tables.states.get(key).cloned()),
            grants: each(&wanted.grants, last),
            abouts: each(&wanted.abouts, |key| tables.abouts.get(key).cloned().unwrap_or_default()),
            claims: each(&wanted.claims, |key| tables.claims.get(key).cloned()),
            usage: each(&wanted.usage, |key| tables.usage.get(key).copied().unwrap_or_default()),
            bindings: each(&wanted.bindings, |key| tables.bindings.get(key).cloned()),
            messages: each(&wanted.messages, |slot| tables.messages.contains(slot)),
            wallets: each(&wanted.wallets, |customer| tables.wallet(customer)),
            timers: each(&wanted.timers, |key| tables.timers.get(key).cloned()),
            timer_names: each(&wanted.timer_names, |of| tables.timer_names(of)),
        })
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if let Some(detail) = tables.contradiction(batch) {
            return Err(StoreError::Database(detail.into()));
        }
        tables.apply(batch);
        Ok(())
    }

    fn counters(&self) -> Result<Counters, StoreError> {
        let tables = self.tables();
        Ok(Counters {
            last_event: tables.events.last_key_value().map_or(EventSeq(0), |(seq, _)| *seq),
            last_decision: tables.decisions.last_key_value().map_or(DecisionId(0), |(id, _)| *id),
            last_delivery: tables.outbox.last_delivery(),
            last_admitted: tables.events.last_key_value().map(|(_, (admission, _))| admission.at),
        })
    }

    fn due(&self, campaigns: &[CampaignId], now: Instant, limit: usize) -> Result<Vec<Deferred>, StoreError> {
        let tables = self.tables();
        let due = |deferred: &&Deferred| deferred.due <= now && campaigns.contains(&deferred.key.campaign);
        let mut found: Vec<_> = tables.deferred.values().filter(due).cloned().collect();
        crate::earliest_first(&mut found, limit);
        Ok(found)
    }

    fn deferred_count(&self, campaign: &CampaignId) -> Result<u64, StoreError> {
        let tables = self.tables();
        let mine = tables.deferred.keys().filter(|key| key.campaign == *campaign);
        Ok(mine.map(|_| 1).sum())
    }

    fn due_timers(
        &self,
        campaigns: &[CampaignId],
        until: Instant,
        limit: usize,
    ) -> Result<Vec<(TimerKey, Timer)>, StoreError> {
        let tables = self.tables();
        let due = |(key, timer): &(&TimerKey, &Timer)| {
            timer.due <= until && key.waits_with().is_none_or(|campaign| campaigns.contains(campaign))
        };
        let mut found: Vec<_> =
            tables.timers.iter().filter(due).map(|(key, timer)| (key.clone(), timer.clone())).collect();
        crate::due_first(&mut found, limit);
        Ok(found)
    }

    fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        Ok(self.tables().campaigns.values().map(|campaign| (**campaign).clone()).collect())
    }

    fn policies(&self) -> Result<Vec<Policy>, StoreError> {
        let mut policies: Vec<_> = self.tables().policies.iter().map(|(policy, _)| (**policy).clone()).collect();
        policies.sort_by(|a, b| a.manifest.name.cmp(&b.manifest.name));
        Ok(policies)
    }

    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let tables = self.tables();
        let found = tables.policies.iter().find(|(policy, _)| policy.digest == *digest);
        Ok(found.map(|(_, bytes)| bytes.to_vec()))
    }

    fn kinds(&self) -> Result<Vec<Kind>, StoreError> {
        Ok(self.tables().kinds.values().cloned().collect())
    }

    fn events(&self, seqs: &[EventSeq]) -> Result<Vec<Option<(Admission, Event)>>, StoreError> {
        let tables = self.tables();
        let find = |seq| tables.events.get(seq).map(|(admission, event)| (*admission, (**event).clone()));
        Ok(seqs.iter().map(find).collect())
    }

    fn decisions_on(&self, event: EventSeq) -> Result<Vec<Decision>, StoreError> {
        let tables = self.tables();
        let on = tables.decisions.values().filter(|decision| decision.event == event);
        Ok(on.map(|decision| (**decision).clone()).collect())
    }

    fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        Ok(self.tables().decisions.get(&id).map(|decision| (**decision).clone()))
    }

    fn decisions(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Decision>, StoreError> {
        let tables = self.tables();
        let wanted = |decision: &&Arc<Decision>| {
            decision.id > after
                && filter.campaign.as_ref().is_none_or(|campaign| decision.campaign == *campaign)
                && filter.actor.as_ref().is_none_or(|actor| decision.input.event.actor == *actor)
        };
        Ok(tables.decisions.values().filter(wanted).take(limit).map(|decision| (**decision).clone()).collect())
    }

    fn customer(&self, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
        Ok(self.tables().customers.get(id).cloned())
    }

    fn grants_to(&self, customer: &CustomerId) -> Result<Vec<Grant>, StoreError> {
        Ok(self.tables().wallet(customer))
    }

    fn inviters_of(&self, invitee: &CustomerId) -> Result<Vec<(CampaignId, CustomerId)>, StoreError> {
        let tables = self.tables();
        let mine = tables.bindings.iter().filter(|(key, _)| key.invitee == *invitee);
        Ok(mine.map(|(key, inviter)| (key.campaign.clone(), inviter.clone())).collect())
    }

    fn budget_usage(&self, campaign: &CampaignId) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
        let tables = self.tables();
        let of = |key: &UsageKey| key.campaign == *campaign && key.by == UsedBy::Campaign;
        let mut found: Vec<_> = tables.usage.iter().filter(|(key, _)| of(key)).collect();
        found.sort_by_key(|(key, _)| (key.of.to_string(), key.window));
        Ok(found.into_iter().map(|(key, usage)| (key.clone(), *usage)).collect())
    }

    fn verdict_counts(&self, campaign: &CampaignId) -> Result<Vec<(String, u64)>, StoreError> {
        let mut counts = BTreeMap::new();
        for decision in self.tables().decisions.values().filter(|decision| decision.campaign == *campaign) {
            *counts.entry(decision.verdict.as_str().to_owned()).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }
}
