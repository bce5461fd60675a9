//! The store in memory: the model that others are measured against. Simple maps, one lock, nothing kept after the process.

mod audit;
mod chain;
mod deferred;
mod outbox;
mod pages;
mod records;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use largesse_domain::audit::{Audited, Difference};
use largesse_domain::budget::Usage;
use largesse_domain::campaign::Campaign;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::customer::Customer;
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::facts::{About, Members, Receipt, Rows, State, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::id::{
    CampaignId, CustomerId, DecisionId, Digest, EntityId, EventSeq, PocketId, PoolId, RequestId, TimerName,
};
use largesse_domain::key::{
    AboutKey, BindingKey, ClaimKey, GrantSlot, MessageSlot, PositionKey, ShareKey, StateKey, UsageKey, UsedBy,
};
use largesse_domain::ledger::{Position, Transfer};
use largesse_domain::measure::Measures;
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Policy;
use largesse_domain::pool::Share;
use largesse_domain::redemption::{Redemption, RedemptionId};
use largesse_domain::run::Run;
use largesse_domain::table::Keys;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerKey};
use largesse_domain::unit::{Quantity, Unit};

use self::deferred::DeferredTable;
use crate::{Batch, Counters, DecisionFilter, Deferred, Kind, Store, StoreError};

/// Everything, in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    /// In order, each with its link.
    runs: Vec<(Run, Digest)>,
    events: BTreeMap<EventSeq, (Admission, Arc<Event>)>,
    keys: BTreeMap<EventKey, EventSeq>,
    decisions: BTreeMap<DecisionId, Arc<Decision>>,
    links: BTreeMap<DecisionId, Digest>,
    removed: records::Removed,
    deferred: DeferredTable,
    campaigns: BTreeMap<CampaignId, Arc<Campaign>>,
    policies: Vec<Arc<Policy>>,
    kinds: BTreeMap<String, Kind>,
    customers: BTreeMap<CustomerId, Customer>,
    states: BTreeMap<StateKey, State>,
    /// The issues of each, in order.
    grants: BTreeMap<GrantSlot, BTreeMap<u32, Grant>>,
    /// Where each customer's stand.
    slots: BTreeMap<CustomerId, BTreeSet<GrantSlot>>,
    abouts: BTreeMap<AboutKey, About>,
    claims: BTreeMap<ClaimKey, CustomerId>,
    usage: BTreeMap<UsageKey, Usage>,
    bindings: BTreeMap<BindingKey, CustomerId>,
    messages: BTreeSet<MessageSlot>,
    members: BTreeMap<EntityId, Members>,
    shares: BTreeMap<ShareKey, Share>,
    measures: BTreeMap<CampaignId, Measures>,
    contacts: BTreeMap<CustomerId, Vec<Instant>>,
    outbox: outbox::OutboxTables,
    versions: versions::VersionTables,
    timers: BTreeMap<TimerKey, Timer>,
    /// The same in the order in which they are due, and then of the texts of their keys.
    dues: BTreeMap<(Instant, String), TimerKey>,
    /// The names of each owner's.
    timer_names: BTreeMap<StateKey, BTreeSet<TimerName>>,
    positions: BTreeMap<PositionKey, Position>,
    stocks: BTreeMap<Unit, Quantity>,
    redemptions: BTreeMap<RedemptionId, Redemption>,
    receipts: BTreeMap<RequestId, Receipt>,
    transfers: BTreeMap<u64, Transfer>,
    catalogue: Catalogue,
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
        let last_run = self.runs.last().map_or(0, |(last, _)| last.number);
        if let Some(run) = batch.run.as_ref().filter(|run| run.number != last_run + 1) {
            return Some(format!("run {} is not the next one", run.number));
        }
        let next = batch.run.as_ref().map_or(self.end().next.0, |run| run.first.decision);
        for (decision, next) in batch.decisions.iter().zip(next..) {
            if decision.id.0 != next {
                return Some(format!("decision {} is not the next one", decision.id));
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
        homeless.or_else(|| self.outbox.contradiction(batch)).or_else(|| self.no_such_records(batch))
    }

    fn apply(&mut self, batch: &Batch) {
        if let Some(run) = &batch.run {
            let link = self.end().run(run);
            self.runs.push((run.clone(), link));
        }
        for (admission, event) in &batch.events {
            self.keys.insert(event.key.clone(), admission.seq);
            self.events.insert(admission.seq, (*admission, event.clone()));
        }
        self.add_links(&batch.decisions);
        self.decisions.extend(batch.decisions.iter().map(|decision| (decision.id, decision.clone())));
        self.deferred.write(&batch.undeferred, &batch.deferred);
        self.campaigns.extend(batch.campaigns.iter().map(|campaign| (campaign.id.clone(), campaign.clone())));
        for policy in &batch.policies {
            self.policies.retain(|known| known.digest != policy.digest);
            self.policies.push(policy.clone());
        }
        self.kinds.extend(batch.kinds.iter().map(|kind| (kind.kind.to_string(), kind.clone())));
        self.catalogue.units.extend(batch.units.iter().map(|terms| (terms.unit.clone(), terms.clone())));
        self.catalogue.pockets.extend(batch.pockets.iter().map(|pocket| (pocket.id.clone(), pocket.clone())));
        let programmes = batch.programmes.iter().map(|programme| (programme.id.clone(), programme.clone()));
        self.catalogue.programmes.extend(programmes);
        self.catalogue.segments.extend(batch.segments.iter().map(|segment| (segment.id.clone(), segment.clone())));
        self.catalogue.messages = batch.message_rules.clone().unwrap_or_else(|| self.catalogue.messages.clone());
        self.apply_rows(&batch.rows);
        self.outbox.apply(batch);
        self.versions.apply(&batch.versions);
        self.trim(batch);
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
            self.slots.entry(grant.slot.to.clone()).or_default().insert(grant.slot.clone());
            let issues = self.grants.entry(grant.slot.clone()).or_default();
            // Of a grant that stands, only what became of it changes.
            let stored = issues.entry(grant.issue).or_insert_with(|| Grant::clone(grant));
            let Grant { reversed, owed, redeemed, paid, reserved, expired, key_freed, hold, expires, .. } = **grant;
            *stored =
                Grant { reversed, owed, redeemed, paid, reserved, expired, key_freed, hold, expires, ..stored.clone() };
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
        for (key, position) in &rows.positions {
            put(&mut self.positions, key, Some(*position));
        }
        for (unit, on_hand) in &rows.stocks {
            put(&mut self.stocks, unit, Some(*on_hand));
        }
        for (id, redemption) in rows.redemptions.iter().filter(|(_, redemption)| redemption.is_some()) {
            put(&mut self.redemptions, id, redemption.clone());
        }
        for (id, receipt) in rows.receipts.iter().filter(|(_, receipt)| receipt.is_some()) {
            put(&mut self.receipts, id, receipt.clone());
        }
        self.add_transfers(&rows.transfers);
        for (slot, sent) in &rows.messages {
            if *sent {
                self.messages.insert(slot.clone());
            } else {
                self.messages.remove(slot);
            }
        }
        for (entity, members) in &rows.members {
            put(&mut self.members, entity, (*members != Members::default()).then(|| members.clone()));
        }
        for (key, share) in &rows.shares {
            put(&mut self.shares, key, (*share != Share::default()).then_some(*share));
        }
        for (campaign, measures) in &rows.measures {
            put(&mut self.measures, campaign, (*measures != Measures::default()).then(|| measures.clone()));
        }
        self.contacts.extend(rows.contacts.iter().cloned());
        for (key, timer) in &rows.timers {
            self.set_timer(key, timer.clone());
        }
    }

    fn set_timer(&mut self, key: &TimerKey, timer: Option<Timer>) {
        if let Some(old) = self.timers.remove(key) {
            self.dues.remove(&(old.due, key.to_string()));
        }
        if let Some((owner, name)) = key.of_owner() {
            let names = self.timer_names.entry(owner).or_default();
            if timer.is_some() {
                names.insert(name.clone())
            } else {
                names.remove(name)
            };
        }
        if let Some(timer) = timer {
            self.dues.insert((timer.due, key.to_string()), key.clone());
            self.timers.insert(key.clone(), timer);
        }
    }

    fn wallet(&self, customer: &CustomerId) -> Vec<Grant> {
        let issues = self.slots.get(customer).into_iter().flatten().filter_map(|slot| self.grants.get(slot));
        let mut grants: Vec<_> = issues.flat_map(BTreeMap::values).cloned().collect();
        grants.sort_by(|a, b| {
            let key = |grant: &Grant| (grant.granted_at, grant.decision, grant.slot.clone(), grant.issue);
            key(a).cmp(&key(b))
        });
        grants
    }

    fn used_by(&self, by: &UsedBy) -> Vec<(UsageKey, Usage)> {
        let mut found: Vec<_> = self.usage.iter().filter(|(key, _)| key.by == *by).collect();
        found.sort_by_key(|(key, _)| (key.of.to_string(), key.window));
        found.into_iter().map(|(key, usage)| (key.clone(), *usage)).collect()
    }

    /// Those that may hold something.
    fn open(&self, customer: &CustomerId) -> Vec<Grant> {
        let mut open = self.wallet(customer);
        let holds = |grant: &Grant| !grant.left().is_zero() || !grant.reserved.is_zero();
        open.retain(|grant| !grant.key_freed && holds(grant));
        open
    }
}

fn listed<K: Clone, V: Clone>(table: &BTreeMap<K, V>) -> Vec<(K, V)> {
    table.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn put<K: Ord + Clone, V>(table: &mut BTreeMap<K, V>, key: &K, value: Option<V>) {
    match value {
        Some(value) => table.insert(key.clone(), value),
        None => table.remove(key),
    };
}

fn each<K: Clone, V>(keys: &Keys<K>, get: impl Fn(&K) -> V) -> Vec<(K, V)> {
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
        let last =
            |slot: &GrantSlot| tables.grants.get(slot)?.last_key_value().map(|(_, grant)| Arc::new(grant.clone()));
        let open = each(&wanted.wallets, |customer| tables.open(customer));
        let wallets =
            open.iter().map(|(id, grants)| (id.clone(), grants.iter().map(|grant| grant.slot.clone()).collect()));
        let wallets = wallets.collect();
        let mut grants = each(&wanted.grants, last);
        grants.extend(
            open.into_iter().flat_map(|(_, open)| open).map(|grant| (grant.slot.clone(), Some(Arc::new(grant)))),
        );
        Ok(Rows {
            customers: each(&wanted.customers, |id| tables.customers.get(id).cloned().unwrap_or_default()),
            states: each(&wanted.states, |key| tables.states.get(key).cloned()),
            grants,
            abouts: each(&wanted.abouts, |key| tables.abouts.get(key).cloned().unwrap_or_default()),
            claims: each(&wanted.claims, |key| tables.claims.get(key).cloned()),
            usage: each(&wanted.usage, |key| tables.usage.get(key).copied().unwrap_or_default()),
            bindings: each(&wanted.bindings, |key| tables.bindings.get(key).cloned()),
            messages: each(&wanted.messages, |slot| tables.messages.contains(slot)),
            members: each(&wanted.members, |entity| tables.members.get(entity).cloned().unwrap_or_default()),
            shares: each(&wanted.shares, |key| tables.shares.get(key).copied().unwrap_or_default()),
            measures: each(&wanted.measures, |campaign| tables.measures.get(campaign).cloned().unwrap_or_default()),
            contacts: each(&wanted.contacts, |customer| tables.contacts.get(customer).cloned().unwrap_or_default()),
            timers: each(&wanted.timers, |key| tables.timers.get(key).cloned()),
            timer_names: each(&wanted.timer_names, |of| tables.timer_names.get(of).cloned().unwrap_or_default()),
            wallets,
            positions: each(&wanted.positions, |key| tables.positions.get(key).copied().unwrap_or_default()),
            stocks: each(&wanted.stocks, |unit| tables.stocks.get(unit).copied().unwrap_or_default()),
            redemptions: each(&wanted.redemptions, |id| tables.redemptions.get(id).cloned()),
            receipts: each(&wanted.receipts, |id| tables.receipts.get(id).cloned()),
            transfers: Vec::new(),
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
            last_transfer: tables.transfers.last_key_value().map_or(0, |(number, _)| *number),
            last_admitted: tables.events.last_key_value().map(|(_, (admission, _))| admission.at),
        })
    }

    fn runs(&self, after: u64, limit: usize) -> Result<Vec<Run>, StoreError> {
        let tables = self.tables();
        let later = tables.runs.iter().map(|(run, _)| run).filter(|run| run.number > after);
        Ok(later.take(limit).cloned().collect())
    }

    fn last_run(&self) -> Result<Option<Run>, StoreError> {
        Ok(self.tables().runs.last().map(|(run, _)| run.clone()))
    }

    fn due(&self, campaigns: &[CampaignId], now: Instant, limit: usize) -> Result<Vec<Deferred>, StoreError> {
        let is_due = |deferred: &Deferred| deferred.behind.is_none() && deferred.due <= now;
        Ok(self.tables().deferred.of(campaigns, limit, is_due))
    }

    fn queued(&self, campaigns: &[CampaignId], limit: usize) -> Result<Vec<Deferred>, StoreError> {
        Ok(self.tables().deferred.of(campaigns, limit, |deferred| deferred.behind.is_some()))
    }

    fn queues(&self) -> Result<Vec<(CampaignId, CustomerId, u64)>, StoreError> {
        Ok(self.tables().deferred.queues())
    }

    fn deferred_count(&self, campaign: &CampaignId) -> Result<u64, StoreError> {
        Ok(self.tables().deferred.of_campaign(campaign).map(|_| 1).sum())
    }

    fn deferred_on(&self, event: EventSeq) -> Result<Vec<Deferred>, StoreError> {
        Ok(self.tables().deferred.on(event).cloned().collect())
    }

    fn due_timers(
        &self,
        campaigns: &[CampaignId],
        until: Instant,
        limit: usize,
    ) -> Result<Vec<(TimerKey, Timer)>, StoreError> {
        let tables = self.tables();
        let waits = |key: &TimerKey| key.waits_with().is_some_and(|campaign| !campaigns.contains(campaign));
        let due = tables.dues.iter().take_while(|((due, _), _)| *due <= until).map(|(_, key)| key);
        let due = due.filter(|key| !waits(key)).take(limit);
        Ok(due.filter_map(|key| Some((key.clone(), tables.timers.get(key)?.clone()))).collect())
    }

    fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        Ok(self.tables().campaigns.values().map(|campaign| (**campaign).clone()).collect())
    }

    fn policies(&self) -> Result<Vec<Policy>, StoreError> {
        Ok(self.tables().policies.iter().map(|policy| (**policy).clone()).collect())
    }

    fn kinds(&self) -> Result<Vec<Kind>, StoreError> {
        Ok(self.tables().kinds.values().cloned().collect())
    }

    fn events(&self, seqs: &[EventSeq]) -> Result<Vec<Option<(Admission, Event)>>, StoreError> {
        let tables = self.tables();
        let kept = |seq: &&EventSeq| !tables.removed.events.contains(*seq);
        let find = |seq| tables.events.get(seq).map(|(admission, event)| (*admission, (**event).clone()));
        let find = |seq| Some(seq).filter(kept).and_then(find);
        Ok(seqs.iter().map(find).collect())
    }

    fn decisions_on(&self, event: EventSeq) -> Result<Vec<Decision>, StoreError> {
        let tables = self.tables();
        let on = tables.kept(DecisionId(0)).filter(|decision| decision.event == event);
        Ok(on.map(|decision| (**decision).clone()).collect())
    }

    fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        let before = DecisionId(id.0.saturating_sub(1));
        Ok(self.tables().kept(before).next().filter(|found| found.id == id).map(|decision| (**decision).clone()))
    }

    fn decisions(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Decision>, StoreError> {
        let tables = self.tables();
        let wanted = |decision: &&Arc<Decision>| records::chosen(filter, decision);
        Ok(tables.kept(after).filter(wanted).take(limit).map(|decision| (**decision).clone()).collect())
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
        Ok(tables.used_by(&UsedBy::Campaign(campaign.clone())))
    }

    fn positions(&self, campaign: Option<&CampaignId>) -> Result<Vec<(PositionKey, Position)>, StoreError> {
        let mut found = listed(&self.tables().positions);
        found.retain(|(key, _)| campaign.is_none_or(|campaign| key.campaign == *campaign));
        Ok(found)
    }

    fn transfers(&self, after: u64, limit: usize) -> Result<Vec<(u64, Transfer)>, StoreError> {
        let tables = self.tables();
        let later = tables.transfers.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(later.take(limit).map(|(number, transfer)| (*number, transfer.clone())).collect())
    }

    fn shares(&self, campaign: &CampaignId, pool: &PoolId) -> Result<Vec<(CustomerId, Share)>, StoreError> {
        let tables = self.tables();
        let of_pool = tables.shares.iter().filter(|(key, _)| key.campaign == *campaign && key.pool == *pool);
        Ok(of_pool.map(|(key, share)| (key.customer.clone(), *share)).collect())
    }

    fn catalogue(&self) -> Result<Catalogue, StoreError> {
        Ok(self.tables().catalogue.clone())
    }

    fn pocket_usage(&self, pocket: &PocketId) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
        Ok(self.tables().used_by(&UsedBy::Pocket(pocket.clone())))
    }

    fn audit(&self) -> Result<Result<Audited, Box<Difference>>, StoreError> {
        Ok(self.tables().audit())
    }

    fn verdict_counts(&self, campaign: &CampaignId) -> Result<Vec<(String, u64)>, StoreError> {
        let mut counts = BTreeMap::new();
        for decision in self.tables().decisions.values().filter(|decision| decision.campaign == *campaign) {
            *counts.entry(decision.verdict.as_str().to_owned()).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }
}
