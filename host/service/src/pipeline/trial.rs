//! Trying a version beside the one that decides: running it in the shadow, and counting what comes of both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use largesse_domain::campaign::Campaign;
use largesse_domain::decision::{Evaluation, Output, Refusal};
use largesse_domain::id::{CampaignId, DecisionId, RefusalCode};
use largesse_domain::limits::ROLLOUT_DIFFERENCES_MAX;
use largesse_domain::migration::StuckState;
use largesse_domain::outcome::Verdict;
use largesse_domain::rollout::{Rollout, RolloutMode, ShadowDifference, Side, Tally, TallyKey};
use largesse_domain::shadow::comes_to_the_same;
use largesse_store::{Store, StoreError};

use super::Decider;
use super::admit::Admitted;
use super::decide::{Job, Round, Task};
use super::show::Cast;
use crate::registry::{Active, Published, Registry};
use crate::seed::Purpose;

/// What came of a candidate in the shadow of a decision.
pub(super) struct Shadow {
    campaign: CampaignId,
    rollout: u32,
    decision: DecisionId,
    candidate: Evaluation,
    differs: bool,
}

impl Shadow {
    /// Compares what both versions asked for.
    pub(super) fn of(task: &Task, decision: DecisionId, active: &Evaluation, candidate: &Evaluation) -> Option<Self> {
        let (rollout, published) = task.active.campaign.rollout.as_ref().zip(task.active.candidate.as_ref())?;
        let same_state_version = task.published.manifest().state_writes == published.manifest().state_writes;
        let same = comes_to_the_same(&active.output, &candidate.output, same_state_version);
        let campaign = task.active.campaign.id.clone();
        Some(Self { campaign, rollout: rollout.number, decision, candidate: candidate.clone(), differs: !same })
    }

    fn count(&self, tally: &mut Tally) {
        // Nobody judges what a shadow proposes.
        let verdict = match &self.candidate.output {
            Output::Proposal(_) => Verdict::Accepted(Vec::new()),
            Output::Refusal(_) => Verdict::Refused,
            Output::Fault(_) => Verdict::Faulted,
        };
        tally.count(&verdict, self.candidate.fuel);
        tally.differing = tally.differing.saturating_add(u64::from(self.differs));
    }
}

/// What came of the versions at work since their rollout began.
#[derive(Default)]
pub(crate) struct Tallies {
    counts: HashMap<TallyKey, Tally>,
    changed: HashSet<TallyKey>,
}

impl Tallies {
    /// Those of the rollouts that are on.
    pub(super) fn read(store: &dyn Store, registry: &Registry) -> Result<Self, StoreError> {
        let mut counts = HashMap::new();
        for active in registry.campaigns() {
            let campaign = &active.campaign;
            let Some(Rollout { number, .. }) = campaign.rollout else { continue };
            for (side, tally) in store.tallies(&campaign.id, number)? {
                counts.insert(TallyKey { campaign: campaign.id.clone(), rollout: number, side }, tally);
            }
        }
        Ok(Self { counts, changed: HashSet::new() })
    }

    fn of(&mut self, campaign: &CampaignId, rollout: u32, side: Side) -> &mut Tally {
        let key = TallyKey { campaign: campaign.clone(), rollout, side };
        self.changed.insert(key.clone());
        self.counts.entry(key).or_default()
    }

    /// Those that changed since this was last asked.
    pub(super) fn take_changes(&mut self) -> Vec<(TallyKey, Tally)> {
        let mut changed: Vec<_> = self.changed.drain().map(|key| (self.counts[&key], key)).collect();
        changed.sort_by(|(_, a), (_, b)| a.cmp(b));
        changed.into_iter().map(|(tally, key)| (key, tally)).collect()
    }

    /// Drops the counts of a campaign's rollouts that are over; the store has them.
    pub(crate) fn forget(&mut self, campaign: &Campaign) {
        let on = campaign.rollout.as_ref().map(|rollout| rollout.number);
        let changed = &self.changed;
        let over = |key: &TallyKey| key.campaign == campaign.id && Some(key.rollout) != on && !changed.contains(key);
        self.counts.retain(|key, _| !over(key));
    }
}

impl Decider {
    /// A state that a version cannot migrate, seen now.
    pub(super) fn stuck(&self, published: &Published, written_as: u32, why: String) -> StuckState {
        StuckState { policy: published.policy.digest, written_as, why, at: self.clock.now() }
    }

    /// Runs the candidates of shadow rollouts on what their active versions are about to decide; the answers are by place in
    /// the cast.
    pub(super) fn run_shadows(
        &mut self,
        cast: &[(&Task, Cast)],
        events: &[Admitted],
    ) -> Result<HashMap<usize, Evaluation>, StoreError> {
        let mut answers = HashMap::new();
        let mut shown: Vec<(usize, Task, Cast)> = Vec::new();
        for (index, (task, _)) in cast.iter().enumerate() {
            let Some(published) = shadow_of(&task.active) else { continue };
            match self.cast_shadow(task, published, &events[task.event])? {
                Some((task, cast)) => shown.push((index, task, cast)),
                None => drop(answers.insert(index, nothing_to_decide())),
            }
        }
        let mut jobs: Vec<Job> = Vec::with_capacity(shown.len());
        for (_, task, cast) in &shown {
            jobs.push(self.prepare((task, cast), &events[task.event], Purpose::Commit, false));
        }
        // A candidate that takes too long is not waited for: nobody's decision depends on it.
        let may_run = |at: &usize| {
            let is_open = jobs[*at].ready.is_none() && jobs[*at].failed.is_none();
            is_open && self.suspended(&shown[*at].1.published.policy.digest).is_none()
        };
        let open: Vec<usize> = (0..jobs.len()).filter(may_run).collect();
        let run = open.iter().map(|at| largesse_engine::Job {
            policy: Arc::clone(&shown[*at].1.loaded),
            input: Arc::clone(&jobs[*at].input),
        });
        let ran = self.workers.decide_within(run.collect(), self.turn.patience());
        let ran: HashMap<usize, Evaluation> =
            open.into_iter().zip(ran).filter_map(|(at, evaluation)| Some((at, evaluation?))).collect();
        for (at, evaluation) in &ran {
            let policy = shown[*at].1.published.policy.digest;
            match &evaluation.output {
                Output::Fault(fault) if !fault.kind.is_deterministic() => {
                    self.note_late(policy);
                    self.suspensions.note_given_up(policy, Instant::now());
                }
                _ => self.suspensions.note_in_time(&policy),
            }
        }
        for (at, (index, task, cast)) in shown.iter().enumerate() {
            let answer = jobs[at].ready.clone().or_else(|| ran.get(&at).cloned());
            let event = &events[task.event];
            let valid = |answer| self.validated((task, cast), event, (&jobs[at], answer));
            answers.extend(answer.map(|answer| (*index, valid(answer))));
        }
        Ok(answers)
    }

    /// The task of a candidate in the shadow of another. `None` when it would not decide.
    fn cast_shadow(
        &mut self,
        task: &Task,
        published: &Published,
        event: &Admitted,
    ) -> Result<Option<(Task, Cast)>, StoreError> {
        let name = &task.published.manifest().subscriptions[task.subscription].name;
        let same = published.manifest().subscriptions.iter().position(|declared| declared.name == *name);
        let (Some(subscription), Some(loaded)) = (same, published.loaded().cloned()) else { return Ok(None) };
        let shadow = Task { published: published.clone(), loaded, side: Side::Candidate, subscription, ..task.clone() };
        let Some(cast) = self.cast(&shadow, event)? else { return Ok(None) };
        self.ensure(self.wanted_to_show(&shadow, &cast))?;
        Ok(Some((shadow, cast)))
    }

    /// Counts what a round came to for the rollouts that are on, and keeps the differences.
    pub(super) fn count(&mut self, round: &mut Round) {
        for (decision, side) in round.decisions.iter().zip(&round.sides) {
            let active = self.registry.campaign(&decision.campaign);
            if let Some(rollout) = active.and_then(|active| active.campaign.rollout.as_ref()) {
                let tally = self.tallies.of(&decision.campaign, rollout.number, *side);
                tally.count(&decision.verdict, decision.evaluation.fuel);
            }
        }
        for shadow in round.shadows.drain(..) {
            let tally = self.tallies.of(&shadow.campaign, shadow.rollout, Side::Candidate);
            shadow.count(tally);
            // What would be otherwise another time is counted and not kept.
            let lasting = !matches!(&shadow.candidate.output, Output::Fault(fault) if !fault.kind.is_deterministic());
            if shadow.differs && lasting && tally.differing <= ROLLOUT_DIFFERENCES_MAX {
                let Shadow { campaign, rollout, decision, candidate, .. } = shadow;
                let difference = ShadowDifference { campaign, rollout, decision, candidate };
                self.pending.batch.versions.differences.push(difference);
            }
        }
    }
}

/// The candidate that is run in the shadow of a campaign's active version.
fn shadow_of(active: &Active) -> Option<&Published> {
    let shadow = active.campaign.rollout.as_ref().is_some_and(|rollout| rollout.mode == RolloutMode::Shadow);
    active.candidate.as_ref().filter(|candidate| shadow && candidate.loaded().is_some())
}

/// What is kept of a candidate that does not decide where the active version does.
fn nothing_to_decide() -> Evaluation {
    let refusal = Refusal {
        code: RefusalCode::new("no-decision").expect("a code of letters and dashes"),
        message: "the candidate has no such subscription, or no owner for it".to_owned(),
    };
    Evaluation { output: Output::Refusal(refusal), fuel: 0, log: String::new() }
}
