//! Policies run, and what they ask for is made ready to be judged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use largesse_domain::adjudicate;
use largesse_domain::decision::{Evaluation, Fault, Input, Output};
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, DecisionId, Digest, EventSeq, SubscriptionName};
use largesse_domain::json::Json;
use largesse_domain::limits::DECISION_TRIES_MAX;
use largesse_domain::outcome::Decision;
use largesse_domain::reserve;
use largesse_domain::revoke;
use largesse_domain::validate;
use largesse_engine::ReplyError;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::decide::{Evaluated, Job, Round, Task, case, resolver, takes_on};
use super::protect::Run;
use super::show::Cast;

/// Events whose decisions could not be made for want of time or memory.
#[derive(Default)]
pub(super) struct Failures {
    pub(super) failed: Vec<Failed>,
    /// What was answered for others meanwhile.
    pub(super) made: Vec<(KnownKey, Arc<Input>, Evaluation)>,
}

impl Failures {
    /// One event was given up.
    pub(super) fn one(event: usize, why: String, by: Option<Run>) -> Self {
        Self { failed: vec![Failed { event, why: WhyFailed::GivenUp(why), by }], made: Vec::new() }
    }

    /// The runs that failed.
    pub(super) fn runs(&self) -> Vec<Run> {
        self.failed.iter().filter_map(|failed| failed.by.clone()).collect()
    }
}

/// An event whose decision could not be made.
pub(super) struct Failed {
    /// Its place among those decided together.
    pub(super) event: usize,
    pub(super) why: WhyFailed,
    /// The version that ran, if one did.
    pub(super) by: Option<Run>,
}

/// Why a decision could not be made.
pub(super) enum WhyFailed {
    /// There was no time or memory for it, or its version is suspended.
    GivenUp(String),
    /// It was not tried in this turn.
    NotRun,
}

type KnownKey = (EventSeq, CampaignId, Digest, SubscriptionName);

/// What policies answered to what they were shown, so that they are not asked again when a wave is begun anew.
#[derive(Default)]
pub(super) struct Known(HashMap<KnownKey, (Arc<Input>, Evaluation)>);

impl Known {
    /// What was known before, what decisions were made, and what was answered besides.
    pub(super) fn of(before: Self, decisions: Vec<Decision>, made: Vec<(KnownKey, Arc<Input>, Evaluation)>) -> Self {
        let mut known = before.0;
        let decided = decisions.into_iter().map(|decision| {
            let Decision { event, campaign, policy, input, evaluation, .. } = decision;
            let key = (event, campaign, policy, input.subscription.clone());
            (key, input, evaluation)
        });
        known.extend(decided.chain(made).map(|(key, input, evaluation)| (key, (input, evaluation))));
        Self(known)
    }

    /// What was answered to the same.
    fn answer(&self, key: &KnownKey, input: &Input) -> Option<Evaluation> {
        let (shown, evaluation) = self.0.get(key)?;
        (**shown == *input).then(|| evaluation.clone())
    }
}

impl Decider {
    /// Runs the policies. What ran out of wall time is tried again, as far as the turn allows; then its event is given up for
    /// now. Events that were not tried in this turn come up in the next.
    pub(super) fn evaluate(
        &mut self,
        cast: &[(&Task, Cast)],
        jobs: &[Job],
        events: &[Admitted],
        round: &Round,
    ) -> Result<Vec<Evaluation>, Failures> {
        let key = |index: usize| {
            let (task, seq) = (cast[index].0, events[cast[index].0.event].admission.seq);
            let subscription = jobs[index].input.subscription.clone();
            (seq, task.active.campaign.id.clone(), task.published.policy.digest, subscription)
        };
        let mut evaluations: Vec<Option<Evaluation>> = jobs.iter().map(|job| job.ready.clone()).collect();
        if !round.known.0.is_empty() {
            for (index, evaluation) in evaluations.iter_mut().enumerate().filter(|(_, known)| known.is_none()) {
                *evaluation = round.known.answer(&key(index), &jobs[index].input);
            }
        }
        let mut late: Vec<Option<Fault>> = vec![None; jobs.len()];
        for tries in 0..DECISION_TRIES_MAX {
            if tries > 0 && self.turn.may_not_be_late() {
                break;
            }
            self.run_open(cast, jobs, &mut evaluations, &mut late);
        }
        if evaluations.iter().all(Option::is_some) {
            return Ok(evaluations.into_iter().flatten().collect());
        }
        let mut failures = Failures::default();
        for (index, evaluation) in evaluations.into_iter().enumerate() {
            match evaluation {
                Some(evaluation) => failures.made.push((key(index), Arc::clone(&jobs[index].input), evaluation)),
                None => failures.failed.push(self.failed(cast[index].0, &jobs[index], late[index].take())),
            }
        }
        Err(failures)
    }

    /// Runs once what is still open, what was not late yet first.
    fn run_open(
        &mut self,
        cast: &[(&Task, Cast)],
        jobs: &[Job],
        evaluations: &mut [Option<Evaluation>],
        late: &mut [Option<Fault>],
    ) {
        let may_run = |index: &usize| {
            let is_open = evaluations[*index].is_none() && jobs[*index].failed.is_none();
            is_open && self.suspended(&cast[*index].0.published.policy.digest).is_none()
        };
        let mut open: Vec<usize> = (0..jobs.len()).filter(may_run).collect();
        open.sort_by_key(|index| late[*index].is_some());
        let batch = open.iter().map(|index| {
            let policy = Arc::clone(&cast[*index].0.loaded);
            largesse_engine::Job { policy, input: Arc::clone(&jobs[*index].input) }
        });
        let ran = self.workers.decide_within(batch.collect(), self.turn.patience());
        for (index, evaluation) in open.into_iter().zip(ran) {
            let Some(evaluation) = evaluation else { continue };
            let task = cast[index].0;
            match &evaluation.output {
                Output::Fault(fault) if !fault.kind.is_deterministic() => {
                    tracing::warn!(campaign = %task.active.campaign.id, %fault, "a decision could not be made");
                    self.note_late(task.published.policy.digest);
                    late[index] = Some(fault.clone());
                }
                _ => {
                    self.suspensions.note_in_time(&task.published.policy.digest);
                    evaluations[index] = Some(evaluation);
                }
            }
        }
    }

    /// Takes note of a run that ran out of wall time.
    pub(super) fn note_late(&mut self, policy: Digest) {
        self.turn.count_late();
        self.suspensions.note_late(policy, Instant::now());
        metrics::counter!("largesse_late_runs_total", "policy" => policy.to_string()).increment(1);
    }

    /// What is said of a version that is suspended, if it is.
    pub(super) fn suspended(&self, policy: &Digest) -> Option<String> {
        let left = self.suspensions.left(policy, Instant::now())?;
        Some(format!("it ran out of wall time too often and is suspended for {} ms", left.as_millis()))
    }

    fn failed(&mut self, task: &Task, job: &Job, late: Option<Fault>) -> Failed {
        let (event, policy) = (task.event, task.published.policy.digest);
        let given_up = |why: &dyn std::fmt::Display| {
            WhyFailed::GivenUp(format!("the policy of {} could not decide: {why}", task.active.campaign.id))
        };
        match (late, &job.failed) {
            (Some(fault), _) => {
                self.suspensions.note_given_up(policy, Instant::now());
                Failed { event, why: given_up(&fault), by: Some(Run::of(task, true)) }
            }
            (None, Some(WhyFailed::GivenUp(why))) => {
                let why = given_up(why);
                if self.suspended(&policy).is_some() {
                    return Failed { event, why, by: None };
                }
                self.suspensions.note_given_up(policy, Instant::now());
                Failed { event, why, by: Some(Run::of(task, true)) }
            }
            (None, Some(WhyFailed::NotRun)) => Failed { event, why: WhyFailed::NotRun, by: None },
            (None, None) => match self.suspended(&policy) {
                Some(why) => Failed { event, why: given_up(&why), by: None },
                None => Failed { event, why: WhyFailed::NotRun, by: None },
            },
        }
    }

    /// Has a policy migrate a state within the turn. The inner error says that the policy cannot, the outer one that it could
    /// not now.
    pub(super) fn migrate_in_turn(
        &mut self,
        (task, cast): (&Task, &Cast),
        (state, written_as): (&Json, u32),
        is_first: bool,
    ) -> Result<Result<Json, String>, WhyFailed> {
        let policy = task.published.policy.digest;
        if let Some(why) = self.suspended(&policy) {
            return Err(WhyFailed::GivenUp(why));
        }
        if !is_first && (self.turn.may_not_be_late() || self.turn.is_past()) {
            return Err(WhyFailed::NotRun);
        }
        match self.workers.migrate(&task.loaded, cast.owner.kind(), state, written_as) {
            Ok(migrated) => Ok(Ok(migrated)),
            Err(ReplyError::Fault(fault)) if !fault.kind.is_deterministic() => {
                self.note_late(policy);
                Err(WhyFailed::GivenUp(fault.to_string()))
            }
            Err(why) => Ok(Err(why.to_string())),
        }
    }

    /// Loads what judging the proposals looks at.
    pub(super) fn ensure_for_proposals(
        &mut self,
        evaluated: &[Evaluated<'_>],
        events: &[Admitted],
    ) -> Result<(), StoreError> {
        // Things and wallets first, then the grants about and in them, then what those grants are counted in.
        let registry = Arc::clone(&self.registry);
        let (takes_on, now) = (takes_on(&registry), self.clock.now());
        for step in 0..3 {
            let mut wanted = Wanted::default();
            for Evaluated { task, cast, job, evaluation } in evaluated {
                let Output::Proposal(proposal) = &evaluation.output else { continue };
                let resolve = resolver(&task.active, events[task.event].arrival.event.occurred);
                let case =
                    case((task, cast), (&registry.catalogue, &takes_on), &job.input, (DecisionId(0), now), &resolve);
                if step == 0 {
                    wanted.extend(adjudicate::wanted(&case, proposal, &self.facts));
                }
                if adjudicate::names_grants(proposal) {
                    wanted.extend(revoke::wanted(&case, proposal, &self.facts));
                    wanted.extend(reserve::wanted(&case, proposal, &self.facts));
                }
            }
            if wanted.is_empty() {
                break;
            }
            self.ensure(wanted)?;
        }
        Ok(())
    }

    /// What a policy answered, or the fault that it is when it breaks the contract.
    pub(super) fn validated(
        &self,
        (task, cast): (&Task, &Cast),
        event: &Admitted,
        (job, mut answer): (&Job, Evaluation),
    ) -> Evaluation {
        let resolve = resolver(&task.active, event.arrival.event.occurred);
        let takes_on = takes_on(&self.registry);
        let at = (DecisionId(0), self.clock.now());
        let case = case((task, cast), (&self.registry.catalogue, &takes_on), &job.input, at, &resolve);
        if let Output::Proposal(proposal) = &answer.output
            && let Err(fault) = validate::validate(&case, proposal)
        {
            answer.output = Output::Fault(fault);
        }
        answer
    }
}
