//! Policies run, and what they ask for is made ready to be judged.

use std::sync::Arc;

use largesse_domain::adjudicate;
use largesse_domain::decision::{Evaluation, Output};
use largesse_domain::facts::Wanted;
use largesse_domain::id::DecisionId;
use largesse_domain::limits::DECISION_TRIES_MAX;
use largesse_domain::reserve;
use largesse_domain::revoke;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::decide::{Aborted, Evaluated, Job, Task, case, resolver, takes_on};
use super::protect::Run;
use super::show::Cast;

impl Decider {
    /// Runs the policies. What ran out of wall time is tried again at once; then its event is given up for now.
    pub(super) fn evaluate(&self, cast: &[(&Task, Cast)], jobs: &[Job]) -> Result<Vec<Evaluation>, Aborted> {
        let mut evaluations: Vec<Option<Evaluation>> = jobs.iter().map(|job| job.ready.clone()).collect();
        for tries in 1.. {
            let open: Vec<usize> = (0..jobs.len()).filter(|index| evaluations[*index].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let batch = open.iter().map(|index| {
                let policy = Arc::clone(&cast[*index].0.loaded);
                largesse_engine::Job { policy, input: Arc::clone(&jobs[*index].input) }
            });
            for (index, evaluation) in open.iter().zip(self.workers.decide_all(batch.collect())) {
                match &evaluation.output {
                    Output::Fault(fault) if !fault.kind.is_deterministic() => {
                        let task = cast[*index].0;
                        let campaign = &task.active.campaign.id;
                        tracing::warn!(%campaign, %fault, tries, "a decision could not be made");
                        if tries == DECISION_TRIES_MAX {
                            let why = format!("the policy of {campaign} could not decide: {fault}");
                            return Err(Aborted::Event { index: task.event, why, by: Run::of(task, true) });
                        }
                    }
                    _ => evaluations[*index] = Some(evaluation),
                }
            }
        }
        Ok(evaluations.into_iter().flatten().collect())
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
            && let Err(fault) = adjudicate::validate(&case, proposal)
        {
            answer.output = Output::Fault(fault);
        }
        answer
    }
}
