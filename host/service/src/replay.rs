//! Replaying decisions from their records: the same input to the same component must give the same bytes for the same fuel.
//!
//! A record holds all that the policy knew, so nothing of today's state is needed, and nothing is written. What the policy asked for is
//! compared, not what the host made of it: that depended on budgets and limits as they were between two other decisions.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use largesse_domain::campaign::Campaign;
use largesse_domain::case::Case;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::decision::{Evaluation, FaultKind, Output};
use largesse_domain::id::{CampaignId, DecisionId, Digest};
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Subscription;
use largesse_domain::run::{Numbered, Spans};
use largesse_domain::time::Instant;
use largesse_domain::validate;
use largesse_engine::{Job, LoadedPolicy, WASI_PROFILE, Workers};
use largesse_store::{DecisionFilter, Store, StoreError};

use crate::components::Components;
use crate::pipeline::not_migrated;
use crate::rerun::{self, Stopped};
use crate::zone::Zone;
use crate::{intake, start};

/// Decisions that one thread reads and runs at a time.
const PAGE: u64 = 256;

/// Which decisions are replayed; all conditions together.
#[derive(Clone, Debug)]
pub struct ReplayFilter {
    /// By this campaign, on events of this customer.
    pub of: DecisionFilter,
    /// After this one.
    pub after: DecisionId,
    /// Up to this one.
    pub until: Option<DecisionId>,
    /// Made within these times, the second exclusive.
    pub made: (Option<Instant>, Option<Instant>),
}

impl ReplayFilter {
    /// Whether a decision was made within the times.
    pub(crate) fn takes(&self, decision: &Decision) -> bool {
        let ((from, before), made) = (self.made, decision.made_at);
        from.is_none_or(|from| from <= made) && before.is_none_or(|before| made < before)
    }
}

/// What came of a replay.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Decisions that gave the same bytes for the same fuel.
    pub identical: u64,
    /// Decisions that did not.
    pub divergent: u64,
    /// Decisions that could not be run, by why.
    pub not_run: BTreeMap<String, u64>,
    /// Decisions whose records were removed.
    pub removed: u64,
    /// The first that did not.
    pub first: Option<Box<Divergence>>,
}

/// A decision that came to something else.
#[derive(Debug)]
pub struct Divergence {
    /// Its record.
    pub recorded: Decision,
    /// What it comes to now.
    pub now: Evaluation,
}

impl Replayed {
    /// Notes a decision that the clock or the host stopped.
    fn stopped(&mut self, stopped: Stopped) {
        *self.not_run.entry(stopped.to_string()).or_default() += 1;
    }

    fn add(&mut self, other: Self) {
        self.identical += other.identical;
        self.divergent += other.divergent;
        self.removed += other.removed;
        for (why, count) in other.not_run {
            *self.not_run.entry(why).or_default() += count;
        }
        let earlier = |a: &Divergence, b: &Divergence| a.recorded.id < b.recorded.id;
        self.first = match (self.first.take(), other.first) {
            (Some(a), Some(b)) => Some(if earlier(&a, &b) { a } else { b }),
            (a, b) => a.or(b),
        };
    }
}

/// The decisions that a filter asks for, some at a time: threads take turns.
pub(crate) struct Pages {
    spans: Spans,
    /// The last decision that is asked for.
    pub(crate) until: DecisionId,
    after: Mutex<u64>,
}

impl Pages {
    pub(crate) fn of(store: &dyn Store, filter: &ReplayFilter) -> Result<Self, StoreError> {
        let spans = store.assigned(Numbered::Decision)?;
        let last = store.counters()?.last_decision;
        let until = filter.until.map_or(last, |until| until.min(last));
        Ok(Self { spans, until, after: Mutex::new(filter.after.0) })
    }

    /// Takes the ids of the next decisions.
    pub(crate) fn next(&self) -> Option<RangeInclusive<u64>> {
        let mut after = self.after.lock().unwrap_or_else(PoisonError::into_inner);
        let page = self.spans.page(*after, self.until.0, PAGE)?;
        *after = *page.end();
        Some(page)
    }
}

/// Counts the decisions within the bounds of a filter: what a replay looks at.
///
/// # Errors
/// When the store cannot be read.
pub fn decisions_within(store: &dyn Store, filter: &ReplayFilter) -> Result<u64, StoreError> {
    let until = filter.until.unwrap_or(DecisionId(u64::MAX));
    Ok(store.assigned(Numbered::Decision)?.count(filter.after.0, until.0))
}

/// Reads the decisions of a page that a filter takes and whose records are kept.
pub(crate) fn recorded(
    store: &dyn Store,
    filter: &ReplayFilter,
    page: &RangeInclusive<u64>,
) -> Result<Vec<Decision>, StoreError> {
    let after = DecisionId(page.start().saturating_sub(1));
    let mut decisions = store.decisions(&filter.of, after, usize::try_from(PAGE).unwrap_or(usize::MAX))?;
    decisions.retain(|decision| decision.id.0 <= *page.end() && filter.takes(decision));
    Ok(decisions)
}

/// Replays decisions, one thread for each of the engines. `progress` is told the decisions looked at by then, from any thread.
///
/// # Errors
/// When the store cannot be read.
pub fn replay(
    store: &dyn Store,
    components: &Components,
    engines: &[Workers],
    filter: &ReplayFilter,
    progress: &(impl Fn(u64) + Sync),
) -> Result<Replayed, StoreError> {
    let pages = Pages::of(store, filter)?;
    let campaigns: BTreeMap<CampaignId, Campaign> =
        store.campaigns()?.into_iter().map(|campaign| (campaign.id.clone(), campaign)).collect();
    let removed = store.removed_count(&filter.of, filter.after, pages.until)?;
    let total = Mutex::new(Replayed { removed, ..Replayed::default() });
    let work = |workers: &Workers| -> Result<(), StoreError> {
        let mut runner = Runner { store, components, workers, campaigns: &campaigns, loaded: BTreeMap::new() };
        while let Some(page) = pages.next() {
            let done = runner.page(filter, &page)?;
            total.lock().unwrap_or_else(PoisonError::into_inner).add(done);
            progress(page.end() - page.start() + 1);
        }
        Ok(())
    };
    let results: Vec<Result<(), StoreError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = engines.iter().map(|workers| scope.spawn(|| work(workers))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.into_iter().collect::<Result<(), _>>()?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// One thread's own.
struct Runner<'a> {
    store: &'a dyn Store,
    components: &'a Components,
    workers: &'a Workers,
    campaigns: &'a BTreeMap<CampaignId, Campaign>,
    loaded: BTreeMap<Digest, Result<Arc<LoadedPolicy>, Arc<str>>>,
}

impl Runner<'_> {
    fn page(&mut self, filter: &ReplayFilter, page: &RangeInclusive<u64>) -> Result<Replayed, StoreError> {
        let decisions = recorded(self.store, filter, page)?;
        let mut done = Replayed::default();
        let (mut jobs, mut recorded) = (Vec::with_capacity(decisions.len()), Vec::with_capacity(decisions.len()));
        for decision in decisions {
            match self.policy(&decision) {
                Ok(policy) if was_stuck(&decision) => match self.migrated_again(&policy, &decision) {
                    Ok(now) => compare(&mut done, decision, now),
                    Err(stopped) => done.stopped(stopped),
                },
                Ok(policy) => {
                    jobs.push(Job { policy, input: Arc::clone(&decision.input) });
                    recorded.push(decision);
                }
                Err(why) => *done.not_run.entry(why).or_default() += 1,
            }
        }
        let policies: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.policy)).collect();
        for ((decision, policy), now) in recorded.into_iter().zip(policies).zip(rerun::decide_all(self.workers, jobs)) {
            match now {
                Ok(now) => {
                    let now = self.validated(&policy, &decision, now);
                    compare(&mut done, decision, now);
                }
                Err(stopped) => done.stopped(stopped),
            }
        }
        Ok(done)
    }

    fn policy(&mut self, decision: &Decision) -> Result<Arc<LoadedPolicy>, String> {
        if decision.wasi_profile != WASI_PROFILE {
            return Err(format!("made with WASI profile {}, this host has {WASI_PROFILE}", decision.wasi_profile));
        }
        let digest = decision.policy;
        let loaded = self.loaded.entry(digest).or_insert_with(|| start::load(self.components, self.workers, &digest));
        loaded.clone().map_err(|why| format!("policy {digest}: {why}"))
    }

    /// What comes of a state that could not be migrated.
    fn migrated_again(&self, policy: &LoadedPolicy, decision: &Decision) -> Result<Evaluation, Stopped> {
        let input = &decision.input;
        let (state, written_as) = (input.state.clone(), decision.state_read_as.unwrap_or_default());
        let state = state.unwrap_or_else(largesse_domain::json::Json::empty_object);
        let migrated = rerun::call(|| self.workers.migrate(policy, input.owner.kind(), &state, written_as))?;
        let output = match migrated {
            Err(why) => Output::Refusal(not_migrated(written_as, &why.to_string())),
            Ok(_) => {
                return Ok(Evaluation {
                    fuel: 0,
                    log: "the state can be migrated now".to_owned(),
                    ..decision.evaluation.clone()
                });
            }
        };
        Ok(Evaluation { output, fuel: 0, log: String::new() })
    }

    /// What the host finds wrong with a proposal that it found wrong before.
    fn validated(&self, policy: &LoadedPolicy, decision: &Decision, mut now: Evaluation) -> Evaluation {
        let judged = matches!(&decision.evaluation.output, Output::Fault(fault)
            if matches!(fault.kind, FaultKind::Stranger | FaultKind::Undeclared | FaultKind::InvalidOutput));
        let campaign = self.campaigns.get(&decision.campaign);
        let (true, Output::Proposal(proposal), Some(campaign)) = (judged, &now.output, campaign) else { return now };
        let zone = Zone::new(&campaign.settings.time_zone);
        let occurred = decision.input.event.occurred;
        let resolve = |when| zone.as_ref()?.resolve(when, occurred);
        let manifest = policy.manifest();
        let about = manifest.subscription(&decision.input.subscription).and_then(|of| about(decision, of));
        let (catalogue, about) = (Catalogue::default(), about.as_ref());
        let (input, id) = (&decision.input, decision.id);
        // What is held to the contract does not depend on which campaigns there are.
        let takes_on = |_: &CampaignId| true;
        let (catalogue, takes_on, resolve) = (&catalogue, &takes_on as _, &resolve as _);
        let (decision, made) = (id, input.now);
        let case = Case { campaign, catalogue, manifest, input, about, decision, made, takes_on, resolve };
        if let Err(fault) = validate::validate(&case, proposal) {
            now.output = Output::Fault(fault);
        }
        now
    }
}

fn about(decision: &Decision, subscription: &Subscription) -> Option<largesse_domain::id::AboutId> {
    let data = serde_json::from_str(decision.input.event.data.as_str()).ok()?;
    intake::about(&data, subscription)
}

/// Whether the decision was refused because its owner's state could not be migrated: the policy did not run then.
pub(crate) fn was_stuck(decision: &Decision) -> bool {
    let Output::Refusal(refusal) = &decision.evaluation.output else { return false };
    let Some(written_as) = decision.state_read_as else { return false };
    decision.evaluation.fuel == 0 && refusal.code == not_migrated(written_as, "").code
}

fn compare(done: &mut Replayed, recorded: Decision, now: Evaluation) {
    if recorded.evaluation == now {
        done.identical += 1;
        return;
    }
    done.divergent += 1;
    if done.first.as_ref().is_none_or(|first| recorded.id < first.recorded.id) {
        done.first = Some(Box::new(Divergence { recorded, now }));
    }
}
