//! What a candidate would have asked for: its version, or its parameters, on the inputs of recorded decisions.
//!
//! Pointwise: each decision with the state that it had, so one difference does not lead to others. What is compared is what was asked
//! for, before limits and budgets; nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use largesse_domain::decision::{Evaluation, Input, Output};
use largesse_domain::effect::{Benefit, Effect};
use largesse_domain::id::{CustomerId, DecisionId, Digest};
use largesse_domain::json::Json;
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Problem;
use largesse_domain::rollout::comes_to_the_same;
use largesse_domain::unit::Unit;
use largesse_engine::{Job, LoadError, LoadedPolicy, Workers};
use largesse_store::{Store, StoreError};

use crate::components::Components;
use crate::replay::{ReplayFilter, was_stuck};
use crate::{fit, start};

/// Decisions that one thread reads and runs at a time.
const PAGE: u64 = 256;
/// Most decisions that are named.
const NAMED_MAX: usize = 10;

/// What is tried on the record.
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    /// Another component; the one that decided when absent.
    pub component: Option<Vec<u8>>,
    /// Other parameters; those of the record when absent.
    pub params: Option<Json>,
}

/// Quantities asked for: then, and by the candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// By what decided.
    pub then: u128,
    /// By the candidate.
    pub now: u128,
}

/// What came of a backtest.
#[derive(Debug, Default)]
pub struct Backtested {
    /// Decisions that were run.
    pub decisions: u64,
    /// Those in which the candidate asks for something else.
    pub changed: u64,
    /// Faults of what decided, and of the candidate.
    pub faults: Asked,
    /// Fuel of what decided, and of the candidate.
    pub fuel: Asked,
    /// Decisions that could not be run, by why.
    pub not_run: BTreeMap<String, u64>,
    /// Quantities asked for, by unit.
    pub units: BTreeMap<Unit, Asked>,
    /// Quantities asked for, by customer and unit, where they differ.
    pub customers: BTreeMap<CustomerId, BTreeMap<Unit, Asked>>,
    /// The first decisions that changed.
    pub first: BTreeSet<DecisionId>,
}

impl Backtested {
    /// Customers who are asked more of something and less of nothing, and customers who are asked less of something.
    #[must_use]
    pub fn better_and_worse(&self) -> (usize, usize) {
        let worse = |units: &BTreeMap<Unit, Asked>| units.values().any(|asked| asked.now < asked.then);
        let worse = self.customers.values().filter(|units| worse(units)).count();
        (self.customers.len() - worse, worse)
    }

    fn add(&mut self, other: Self) {
        self.decisions += other.decisions;
        self.changed += other.changed;
        for (own, other) in [(&mut self.faults, other.faults), (&mut self.fuel, other.fuel)] {
            own.then += other.then;
            own.now += other.now;
        }
        for (why, count) in other.not_run {
            *self.not_run.entry(why).or_default() += count;
        }
        for (unit, asked) in other.units {
            add(self.units.entry(unit).or_default(), asked);
        }
        for (customer, units) in other.customers {
            let own = self.customers.entry(customer).or_default();
            units.into_iter().for_each(|(unit, asked)| add(own.entry(unit).or_default(), asked));
        }
        self.first.extend(other.first);
        while self.first.len() > NAMED_MAX {
            self.first.pop_last();
        }
    }

    fn note(&mut self, decision: &Decision, now: &Evaluation, same: bool) {
        let then = &decision.evaluation;
        self.decisions += 1;
        self.fuel.then += u128::from(then.fuel);
        self.fuel.now += u128::from(now.fuel);
        self.faults.then += u128::from(matches!(then.output, Output::Fault(_)));
        self.faults.now += u128::from(matches!(now.output, Output::Fault(_)));
        if !same {
            self.changed += 1;
            self.first.insert(decision.id);
        }
        let (then, now) = (asked(&then.output), asked(&now.output));
        for (who, (then, now)) in [(then, 0), (now, 1)].into_iter().fold(BTreeMap::new(), merged) {
            let (customer, unit) = who;
            let asked = Asked { then, now };
            add(self.units.entry(unit.clone()).or_default(), asked);
            add(self.customers.entry(customer).or_default().entry(unit).or_default(), asked);
        }
    }

    /// Customers of whom nothing differs in the end are of no interest.
    fn finish(mut self) -> Self {
        self.customers.retain(|_, units| {
            units.retain(|_, asked| asked.then != asked.now);
            !units.is_empty()
        });
        self
    }
}

fn add(to: &mut Asked, asked: Asked) {
    to.then += asked.then;
    to.now += asked.now;
}

type Who = (CustomerId, Unit);

fn merged(mut all: BTreeMap<Who, (u128, u128)>, (asked, side): (Vec<(Who, u128)>, u8)) -> BTreeMap<Who, (u128, u128)> {
    for (who, quantity) in asked {
        let entry = all.entry(who).or_default();
        *(if side == 0 { &mut entry.0 } else { &mut entry.1 }) += quantity;
    }
    all
}

/// What an output asks to give: of each grant its first choice, when that is so much of a unit.
fn asked(output: &Output) -> Vec<(Who, u128)> {
    let Output::Proposal(proposal) = output else { return Vec::new() };
    let grant = |effect: &Effect| match effect {
        Effect::Grant(grant) => match grant.choices.first()? {
            Benefit::Units { unit, quantity } => Some(((grant.to.clone(), unit.clone()), u128::from(quantity.get()))),
            _ => None,
        },
        _ => None,
    };
    proposal.effects.iter().filter_map(grant).collect()
}

/// Why a backtest could not begin.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// The store failed.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The candidate does not load.
    #[error("the candidate does not load")]
    Load(#[from] LoadError),
    /// The candidate does not take the parameters.
    #[error("the parameters are not taken: {}", .0.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message)).collect::<Vec<_>>().join("; "))]
    Params(Vec<Problem>),
}

/// Runs a candidate on the inputs of recorded decisions, one thread for each of the engines. `progress` is told the decisions looked at
/// by then, from any thread.
///
/// # Errors
/// When the candidate does not load or does not take the parameters, or the store cannot be read.
pub fn backtest(
    (store, components): (&dyn Store, &Components),
    engines: &[Workers],
    filter: &ReplayFilter,
    candidate: &Candidate,
    progress: &(impl Fn(u64) + Sync),
) -> Result<Backtested, BacktestError> {
    let until = filter.until.unwrap_or(DecisionId(u64::MAX)).min(store.counters()?.last_decision);
    let next = AtomicU64::new(filter.after.0);
    let total = Mutex::new(Backtested::default());
    let work = |workers: &Workers| -> Result<(), BacktestError> {
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
    let results: Vec<Result<(), BacktestError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = engines.iter().map(|workers| scope.spawn(|| work(workers))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.into_iter().collect::<Result<(), _>>()?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner).finish())
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
    fn page(
        &mut self,
        filter: &ReplayFilter,
        (after, until): (DecisionId, DecisionId),
    ) -> Result<Backtested, BacktestError> {
        let mut decisions = self.store.decisions(&filter.of, after, usize::try_from(PAGE).unwrap_or(usize::MAX))?;
        decisions.retain(|decision| decision.id <= until && filter.takes(decision));
        let mut done = Backtested::default();
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
    fn job(&mut self, decision: &Decision) -> Result<Result<(Job, u32), String>, BacktestError> {
        let decided = match self.decided(decision.policy)? {
            Ok(decided) => decided,
            Err(why) => return Ok(Err(format!("policy {}: {why}", decision.policy))),
        };
        let writes = decided.manifest().state_writes;
        let policy = self.component.clone().unwrap_or(decided);
        let mut input: Input = decision.input.clone();
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

    fn decided(&mut self, digest: Digest) -> Result<Result<Arc<LoadedPolicy>, Arc<str>>, BacktestError> {
        if let Some(known) = self.loaded.get(&digest) {
            return Ok(known.clone());
        }
        let loaded = start::load(self.components, self.workers, &digest);
        if let (Some(params), Ok(decided)) = (&self.params, &loaded) {
            let policy = self.component.as_ref().unwrap_or(decided);
            let problems = fit::params_problems(policy, params, self.workers);
            if !problems.is_empty() {
                return Err(BacktestError::Params(problems));
            }
        }
        self.loaded.insert(digest, loaded.clone());
        Ok(loaded)
    }
}
