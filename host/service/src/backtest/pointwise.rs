//! What a candidate would have asked for: its version, or its parameters, on the inputs of recorded decisions.
//!
//! Pointwise: each decision with the state that it had, so one difference does not lead to others. What is compared is what was asked
//! for, before limits and budgets; nothing is written.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use largesse_documents::report::{Mode, ReportView};
use largesse_domain::decision::{Evaluation, Input};
use largesse_domain::id::{AttributeName, Digest};
use largesse_domain::json::Json;
use largesse_domain::outcome::Decision;
use largesse_domain::shadow::comes_to_the_same;
use largesse_engine::{Job, LoadedPolicy, Workers};
use largesse_store::Store;

use super::RunError;
use super::report::Findings;
use super::tally::{Came, Changes, Totals};
use crate::components::Components;
use crate::replay::{Pages, ReplayFilter, recorded, was_stuck};
use crate::rerun::{self, Stopped};
use crate::{fit, start};

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
    stopped: BTreeMap<String, u64>,
}

/// Why a decision was not run.
enum NotRun {
    /// The candidate has no answer to it.
    Unfit(String),
    /// The clock or the host stopped it.
    Stopped(Stopped),
}

impl From<Stopped> for NotRun {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.then.add(other.then);
        self.now.add(other.now);
        self.changes.add(other.changes);
        for (why, count) in other.not_run {
            *self.not_run.entry(why).or_default() += count;
        }
        for (kind, count) in other.stopped {
            *self.stopped.entry(kind).or_default() += count;
        }
    }

    fn not_run(&mut self, why: NotRun) {
        *match why {
            NotRun::Unfit(why) => self.not_run.entry(why).or_default(),
            NotRun::Stopped(Stopped(kind)) => self.stopped.entry(kind.as_str().to_owned()).or_default(),
        } += 1;
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
    let pages = Pages::of(store, filter)?;
    let total = Mutex::new(Found::default());
    let work = |workers: &Workers| -> Result<(), RunError> {
        let component = candidate.component.as_deref().map(|component| workers.load(component)).transpose()?;
        let mut runner =
            Runner { store, components, workers, component, params: candidate.params.clone(), loaded: BTreeMap::new() };
        while let Some(page) = pages.next() {
            let done = runner.page(filter, &page)?;
            total.lock().unwrap_or_else(PoisonError::into_inner).add(done);
            progress(page.end() - page.start() + 1);
        }
        Ok(())
    };
    let results: Vec<Result<(), RunError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = engines.iter().map(|workers| scope.spawn(|| work(workers))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.into_iter().collect::<Result<(), _>>()?;
    let Found { then, now, changes, mut not_run, stopped } = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    let removed = store.removed_count(&filter.of, filter.after, pages.until)?;
    if removed > 0 {
        not_run.insert("the record was removed".to_owned(), removed);
    }
    let (mode, then) = (Mode::Pointwise, Some(then));
    let findings = Findings { mode, events: None, then, now, changes, not_run, stopped, recorded: None };
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
    fn page(&mut self, filter: &ReplayFilter, page: &RangeInclusive<u64>) -> Result<Found, RunError> {
        let mut done = Found::default();
        let (mut jobs, mut ready) = (Vec::new(), Vec::new());
        for decision in recorded(self.store, filter, page)? {
            match self.job(&decision)? {
                Ok((job, writes)) => {
                    ready.push((decision, job.policy.manifest().state_writes == writes));
                    jobs.push(job);
                }
                Err(why) => done.not_run(why),
            }
        }
        for ((decision, same_state_version), now) in ready.into_iter().zip(rerun::decide_all(self.workers, jobs)) {
            match now {
                Ok(now) => {
                    let same = comes_to_the_same(&decision.evaluation.output, &now.output, same_state_version);
                    done.note(&decision, &now, same);
                }
                Err(stopped) => done.not_run(stopped.into()),
            }
        }
        Ok(done)
    }

    /// The candidate's job for a decision, and which version of the state the decision's policy writes; or why there is none.
    fn job(&mut self, decision: &Decision) -> Result<Result<(Job, u32), NotRun>, RunError> {
        let decided = match self.decided(decision.policy)? {
            Ok(decided) => decided,
            Err(why) => return Ok(Err(NotRun::Unfit(format!("policy {}: {why}", decision.policy)))),
        };
        let writes = decided.manifest().state_writes;
        let policy = self.component.clone().unwrap_or(decided);
        let mut input = Input::clone(&decision.input);
        if policy.manifest().subscription(&input.subscription).is_none() {
            return Ok(Err(NotRun::Unfit(format!("the candidate has no subscription {}", input.subscription))));
        }
        if let Some(params) = &self.params {
            input.campaign.params = params.clone();
        }
        // A state that was stuck then was shown as it is stored.
        let stored = decision.state_read_as.filter(|_| was_stuck(decision));
        let written = stored.unwrap_or(writes);
        if let Some(state) = input.state.take_if(|_| policy.manifest().state_writes != written) {
            match rerun::call(|| self.workers.migrate(&policy, input.owner.kind(), &state, written)) {
                Ok(Ok(migrated)) => input.state = Some(migrated),
                Ok(Err(_)) => return Ok(Err(NotRun::Unfit("the candidate cannot migrate the state".to_owned()))),
                Err(stopped) => return Ok(Err(stopped.into())),
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
