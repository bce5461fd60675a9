//! What a candidate would have asked for: its version, or its parameters, on the inputs of recorded decisions.
//!
//! Pointwise: each decision with the state that it had, so one difference does not lead to others. What is compared is what was asked
//! for, before limits and budgets; nothing is written.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use largesse_documents::report::{Mode, ReportView};
use largesse_domain::decision::{Evaluation, Input};
use largesse_domain::id::{AttributeName, DecisionId, Digest};
use largesse_domain::json::Json;
use largesse_domain::outcome::Decision;
use largesse_domain::rollout::comes_to_the_same;
use largesse_engine::{Job, LoadedPolicy, Workers};
use largesse_store::Store;

use super::RunError;
use super::report::Findings;
use super::tally::{Came, Changes, Totals};
use crate::components::Components;
use crate::replay::{ReplayFilter, was_stuck};
use crate::{fit, start};

/// Decisions that one thread reads and runs at a time.
const PAGE: u64 = 256;

/// What is tried on the record.
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    /// Another component; the one that decided when absent.
    pub component: Option<Vec<u8>>,
    /// Other parameters; those of the record when absent.
    pub params: Option<Json>,
    /// The attribute that customers are told apart by.
    pub segment: Option<AttributeName>,
}

/// What one thread, or all, have found.
#[derive(Default)]
struct Found {
    then: Totals,
    now: Totals,
    changes: Changes,
    not_run: BTreeMap<String, u64>,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.then.add(other.then);
        self.now.add(other.now);
        self.changes.add(other.changes);
        for (why, count) in other.not_run {
            *self.not_run.entry(why).or_default() += count;
        }
    }

    fn note(&mut self, decision: &Decision, now: &Evaluation, same: bool) {
        let (then, now) = (Came::asked(decision, &decision.evaluation), Came::asked(decision, now));
        self.then.note(&then);
        self.now.note(&now);
        if !same {
            self.changes.note(Some(&then), Some(&now));
        }
    }
}

/// Runs a candidate on the inputs of recorded decisions, one thread for each of the engines. `progress` is told the decisions looked at
/// by then, from any thread.
///
/// # Errors
/// When the candidate does not load or does not take the parameters, or the store cannot be read.
pub fn pointwise(
    (store, components): (&dyn Store, &Components),
    engines: &[Workers],
    filter: &ReplayFilter,
    candidate: &Candidate,
    progress: &(impl Fn(u64) + Sync),
) -> Result<ReportView, RunError> {
    let until = filter.until.unwrap_or(DecisionId(u64::MAX)).min(store.counters()?.last_decision);
    let next = AtomicU64::new(filter.after.0);
    let total = Mutex::new(Found::default());
    let work = |workers: &Workers| -> Result<(), RunError> {
        let component = candidate.component.as_deref().map(|component| workers.load(component)).transpose()?;
        let mut runner =
            Runner { store, components, workers, component, params: candidate.params.clone(), loaded: BTreeMap::new() };
        loop {
            let from = next.fetch_add(PAGE, Ordering::Relaxed);
            if from >= until.0 {
                return Ok(());
            }
            let to = until.0.min(from + PAGE);
            let done = runner.page(filter, (DecisionId(from), DecisionId(to)))?;
            total.lock().unwrap_or_else(PoisonError::into_inner).add(done);
            progress(to - from);
        }
    };
    let results: Vec<Result<(), RunError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = engines.iter().map(|workers| scope.spawn(|| work(workers))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.into_iter().collect::<Result<(), _>>()?;
    let Found { then, now, changes, mut not_run } = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    let removed = store.removed_count(&filter.of, filter.after, until)?;
    if removed > 0 {
        not_run.insert("the record was removed".to_owned(), removed);
    }
    let findings =
        Findings { mode: Mode::Pointwise, events: None, then: Some(then), now, changes, not_run, recorded: None };
    Ok(findings.report(store, &store.catalogue()?, candidate.segment.as_ref())?)
}

/// One thread's own.
struct Runner<'a> {
    store: &'a dyn Store,
    components: &'a Components,
    workers: &'a Workers,
    component: Option<Arc<LoadedPolicy>>,
    params: Option<Json>,
    /// What decided; checked for the candidate's parameters when it is to take them.
    loaded: BTreeMap<Digest, Result<Arc<LoadedPolicy>, Arc<str>>>,
}

impl Runner<'_> {
    fn page(&mut self, filter: &ReplayFilter, (after, until): (DecisionId, DecisionId)) -> Result<Found, RunError> {
        let mut decisions = self.store.decisions(&filter.of, after, usize::try_from(PAGE).unwrap_or(usize::MAX))?;
        decisions.retain(|decision| decision.id <= until && filter.takes(decision));
        let mut done = Found::default();
        let (mut jobs, mut recorded) = (Vec::new(), Vec::new());
        for decision in decisions {
            match self.job(&decision)? {
                Ok((job, writes)) => {
                    recorded.push((decision, job.policy.manifest().state_writes == writes));
                    jobs.push(job);
                }
                Err(why) => *done.not_run.entry(why).or_default() += 1,
            }
        }
        for ((decision, same_state_version), now) in recorded.into_iter().zip(self.workers.decide_all(jobs)) {
            let same = comes_to_the_same(&decision.evaluation.output, &now.output, same_state_version);
            done.note(&decision, &now, same);
        }
        Ok(done)
    }

    /// The candidate's job for a decision, and which version of the state the decision's policy writes; or why there is none.
    fn job(&mut self, decision: &Decision) -> Result<Result<(Job, u32), String>, RunError> {
        let decided = match self.decided(decision.policy)? {
            Ok(decided) => decided,
            Err(why) => return Ok(Err(format!("policy {}: {why}", decision.policy))),
        };
        let writes = decided.manifest().state_writes;
        let policy = self.component.clone().unwrap_or(decided);
        let mut input = Input::clone(&decision.input);
        if policy.manifest().subscription(&input.subscription).is_none() {
            return Ok(Err(format!("the candidate has no subscription {}", input.subscription)));
        }
        if let Some(params) = &self.params {
            input.campaign.params = params.clone();
        }
        // A state that was stuck then was shown as it is stored.
        let stored = decision.state_read_as.filter(|_| was_stuck(decision));
        let written = stored.unwrap_or(writes);
        if let Some(state) = input.state.take_if(|_| policy.manifest().state_writes != written) {
            match self.workers.migrate(&policy, input.owner.kind(), &state, written) {
                Ok(migrated) => input.state = Some(migrated),
                Err(_) => return Ok(Err("the candidate cannot migrate the state".to_owned())),
            }
        }
        Ok(Ok((Job { policy, input: Arc::new(input) }, writes)))
    }

    fn decided(&mut self, digest: Digest) -> Result<Result<Arc<LoadedPolicy>, Arc<str>>, RunError> {
        if let Some(known) = self.loaded.get(&digest) {
            return Ok(known.clone());
        }
        let loaded = start::load(self.components, self.workers, &digest);
        if let (Some(params), Ok(decided)) = (&self.params, &loaded) {
            let policy = self.component.as_ref().unwrap_or(decided);
            let problems = fit::params_problems(policy, params, self.workers);
            if !problems.is_empty() {
                return Err(RunError::Params(problems));
            }
        }
        self.loaded.insert(digest, loaded.clone());
        Ok(loaded)
    }
}
