//! Snapshot, evaluate, adjudicate: from events to decisions, in memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use largesse_domain::adjudicate;
use largesse_domain::campaign::{Campaign, OnFault};
use largesse_domain::case::Case;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::decision::{Evaluation, Fault, Input, Output, Refusal};
use largesse_domain::effect::{Proposal, StateChange};
use largesse_domain::facts::{State, Wanted};
use largesse_domain::id::{CampaignId, DecisionId, RefusalCode};
use largesse_domain::key::StateKey;
use largesse_domain::limits::DEFER_ATTEMPTS_MAX;
use largesse_domain::migration::StuckState;
use largesse_domain::outcome::{Decision, Denied, Reason, Verdict};
use largesse_domain::owner::Owner;
use largesse_domain::policy::Subscription;
use largesse_domain::rollout::{Rollout, Side};
use largesse_domain::time::{Instant, When};
use largesse_engine::{LoadedPolicy, WASI_PROFILE};
use largesse_store::{Deferred, DeferredKey, StoreError};

use super::Decider;
use super::admit::Admitted;
use super::evaluate::{Failures, Known, WhyFailed};
use super::outbox::Draft;
use super::protect::Run;
use super::show::Cast;
use super::stacking::Winners;
use super::trial::Shadow;
use crate::answer::{PutOff, WhyPutOff};
use crate::caused::Caused;
use crate::registry::{Active, Published, Registry};
use crate::seed::Purpose;

/// How long a decision waits after its first fault, in milliseconds; doubled at each further one.
pub(super) const DEFER_MS: i64 = 60_000;

/// One decision to be made.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) event: usize,
    pub(super) active: Arc<Active>,
    pub(super) published: Published,
    /// The published policy, to be run.
    pub(super) loaded: Arc<LoadedPolicy>,
    /// Which of the campaign's versions that is.
    pub(super) side: Side,
    pub(super) subscription: usize,
    /// How often it was put off after a fault.
    pub(super) attempts: u32,
}

impl Task {
    pub(super) fn state_key(&self, owner: &Owner) -> StateKey {
        StateKey { campaign: self.active.campaign.id.clone(), owner: owner.clone() }
    }

    pub(super) fn key(&self, event: &Admitted) -> DeferredKey {
        key(&self.active.campaign, event, &self.published.manifest().subscriptions[self.subscription])
    }
}

/// The decisions on a group of events.
#[derive(Default)]
pub(super) struct Round {
    /// How many decisions the rounds before it hold that are still to be kept.
    pub(super) before: usize,
    pub(super) decisions: Vec<Decision>,
    /// By which side each of them was made.
    pub(super) sides: Vec<Side>,
    /// Which versions ran, and whether they faulted; looked at after every wave.
    pub(super) runs: Vec<Run>,
    pub(super) shadows: Vec<Shadow>,
    pub(super) stuck: Vec<(StateKey, StuckState)>,
    pub(super) put_off: Vec<(PutOff, Deferred)>,
    pub(super) drafts: Vec<Draft>,
    pub(super) caused: Vec<Caused>,
    /// Which campaigns give, of groups in which only one does.
    pub(super) winners: Winners,
    /// Whether all of it is undone, to see what it comes to.
    pub(super) is_trial: bool,
    /// What policies answered before the wave was begun anew.
    pub(super) known: Known,
}

impl Round {
    /// How many effects policies asked for.
    pub(super) fn effects(&self) -> usize {
        self.decisions.iter().map(effects).sum()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.decisions.append(&mut other.decisions);
        self.sides.append(&mut other.sides);
        self.shadows.append(&mut other.shadows);
        self.stuck.append(&mut other.stuck);
        self.put_off.append(&mut other.put_off);
        self.drafts.append(&mut other.drafts);
        self.caused.append(&mut other.caused);
    }
}

pub(super) fn effects(decision: &Decision) -> usize {
    match &decision.evaluation.output {
        Output::Proposal(proposal) => proposal.effects.len(),
        Output::Refusal(_) | Output::Fault(_) => 0,
    }
}

/// Why decisions could not be made.
pub(super) enum Aborted {
    /// For want of time or memory.
    Events(Failures),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Aborted {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Decider {
    /// The decisions that an event asks for, by priority, campaign and subscription; those to be put off are.
    pub(super) fn tasks(&self, events: &[Admitted], index: usize, round: &mut Round) -> Vec<Task> {
        let event = &events[index];
        let inner = &event.arrival.event;
        let mut tasks = Vec::new();
        for active in self.registry.routed(&event.arrival) {
            let campaign = &active.campaign;
            if !campaign.takes(inner.occurred) || !self.is_in_audience(active, event) {
                continue;
            }
            let waits = self.why_put_off(active, event);
            for (side, published) in active.deciding() {
                for (subscription, declared) in published.manifest().subscriptions.iter().enumerate() {
                    if declared.kind != inner.kind || !campaign.subscribes(declared) {
                        continue;
                    }
                    if let (None, Some(loaded)) = (waits, published.loaded()) {
                        let (active, loaded, published) = (Arc::clone(active), Arc::clone(loaded), published.clone());
                        tasks.push(Task { event: index, active, published, loaded, side, subscription, attempts: 0 });
                    } else if side == Side::Active || active.published.manifest().subscription(&declared.name).is_none()
                    {
                        let why = waits.unwrap_or(WhyPutOff::Held);
                        round.put_off.push(self.put_off(key(campaign, event, declared), event, why));
                    }
                }
            }
        }
        tasks.sort_by_key(|task| Reverse(task.priority()));
        tasks
    }

    /// Why a campaign makes no new decision now, if it makes none.
    fn why_put_off(&self, active: &Active, event: &Admitted) -> Option<WhyPutOff> {
        if active.is_held() {
            return Some(WhyPutOff::Held);
        }
        if self.registry.holds(&active.campaign) || self.backlog.contains(&active.campaign.id) {
            return Some(WhyPutOff::Paused);
        }
        self.is_behind_queued(&active.campaign.id, event).then_some(WhyPutOff::Queued)
    }

    /// A decision on an event that is put off before it was tried, or because there was no time or memory for it.
    pub(super) fn put_off(&self, key: DeferredKey, event: &Admitted, why: WhyPutOff) -> (PutOff, Deferred) {
        let (attempts, wait) = if why == WhyPutOff::Fault { (1, DEFER_MS) } else { (0, 0) };
        let due = event.admission.at.plus_millis(wait).unwrap_or(Instant::MAX);
        let behind = (why == WhyPutOff::Queued).then(|| self.actor(event).clone());
        put_off(Deferred { key, attempts, due, behind }, why)
    }

    /// Makes decisions that share no customer and no entity.
    pub(super) fn decide_together(
        &mut self,
        tasks: &[Task],
        events: &[Admitted],
        purpose: Purpose,
        round: &mut Round,
    ) -> Result<(), Aborted> {
        let mut wanted = Wanted::default();
        let mut cast = Vec::with_capacity(tasks.len());
        for task in tasks {
            if let Some(who) = self.cast(task, &events[task.event])?
                && self.side_of(task, &who.owner) == task.side
            {
                wanted.extend(self.wanted_to_show(task, &who));
                cast.push((task, who));
            }
        }
        self.ensure(wanted)?;
        let mut jobs = Vec::with_capacity(cast.len());
        for (task, who) in &cast {
            let is_first = jobs.is_empty();
            jobs.push(self.prepare((task, who), &events[task.event], purpose, is_first));
        }
        let is_shadowed = purpose == Purpose::Commit && !round.is_trial;
        let shadows = if is_shadowed { self.run_shadows(&cast, events)? } else { HashMap::new() };
        let evaluations = self.evaluate(&cast, &jobs, events, round).map_err(Aborted::Events)?;
        let evaluated = cast.iter().zip(jobs).zip(evaluations).map(|(((task, cast), job), evaluation)| {
            let evaluation = self.validated((task, cast), &events[task.event], (&job, evaluation));
            Evaluated { task, cast, job, evaluation }
        });
        let evaluated: Vec<Evaluated<'_>> = evaluated.collect();
        self.ensure_for_proposals(&evaluated, events)?;
        let hears = purpose == Purpose::Commit && self.registry.hears();
        for (index, Evaluated { task, cast, job, evaluation }) in evaluated.into_iter().enumerate() {
            let (made, transfers) = (round.decisions.len(), self.facts.transfers_made());
            let event = &events[task.event];
            self.settle((task, cast), event, (job, evaluation, shadows.get(&index)), round);
            if hears && let Some(decision) = round.decisions.get(made) {
                let caused = self.caused_by(decision, (task, event), transfers)?;
                round.caused.extend(caused);
            }
        }
        Ok(())
    }

    /// Which version decides for an owner.
    fn side_of(&self, task: &Task, owner: &Owner) -> Side {
        let campaign = &task.active.campaign;
        let side = |rollout: &Rollout| rollout.mode.side(self.seeds.place(&campaign.id, rollout.number, owner));
        campaign.rollout.as_ref().map_or(Side::Active, side)
    }

    /// Shows a task to its policy, once the policy has migrated its owner's state. The first of a wave is prepared however
    /// late it is.
    pub(super) fn prepare(
        &mut self,
        (task, cast): (&Task, &Cast),
        event: &Admitted,
        purpose: Purpose,
        is_first: bool,
    ) -> Job {
        let manifest = task.published.manifest();
        let stored = self.facts.states.get(&task.state_key(&cast.owner)).clone();
        let state_read_as = stored.as_ref().map(|state| state.written_as);
        let state = match &stored {
            Some(state) if state.written_as != manifest.state_writes => {
                let (state, written_as) = (state.value.clone(), state.written_as);
                match self.migrate_in_turn((task, cast), (&state, written_as), is_first) {
                    Ok(Ok(migrated)) => Some(migrated),
                    Ok(Err(why)) => {
                        let input = Arc::new(self.input((task, cast), event, Some(state), purpose));
                        let output = Output::Refusal(not_migrated(written_as, &why));
                        let ready = Some(Evaluation { output, fuel: 0, log: String::new() });
                        let stuck = Some(self.stuck(&task.published, written_as, why));
                        return Job { input, state_read_as, ready, stuck, failed: None };
                    }
                    Err(failed) => {
                        let input = Arc::new(self.input((task, cast), event, Some(state), purpose));
                        return Job { input, state_read_as, ready: None, stuck: None, failed: Some(failed) };
                    }
                }
            }
            other => other.as_ref().map(|state| state.value.clone()),
        };
        let input = self.input((task, cast), event, state, purpose);
        Job { input: Arc::new(input), state_read_as, ready: None, stuck: None, failed: None }
    }

    fn settle(
        &mut self,
        (task, cast): (&Task, &Cast),
        event: &Admitted,
        (job, evaluation, shadow): (Job, Evaluation, Option<&Evaluation>),
        round: &mut Round,
    ) {
        let id = DecisionId(self.last_decision.0 + (round.before + round.decisions.len()) as u64 + 1);
        let resolve = resolver(&task.active, event.arrival.event.occurred);
        let registry = Arc::clone(&self.registry);
        let takes_on = takes_on(&registry);
        let case = case((task, cast), (&registry.catalogue, &takes_on), &job.input, (id, self.clock.now()), &resolve);
        round.runs.push(Run::of(task, matches!(evaluation.output, Output::Fault(_))));
        round.stuck.extend(job.stuck.map(|stuck| (task.state_key(&cast.owner), stuck)));
        let verdict = match &evaluation.output {
            Output::Proposal(proposal) => self.judge(&case, (task, &cast.owner, event), proposal, round),
            Output::Refusal(_) => Verdict::Refused,
            Output::Fault(fault) => {
                if !round.is_trial {
                    note_fault(task, fault);
                }
                let tries_left = task.attempts + 1 < DEFER_ATTEMPTS_MAX;
                if task.active.campaign.settings.on_fault == OnFault::Defer && tries_left {
                    let wait = DEFER_MS << task.attempts;
                    let due = self.clock.now().plus_millis(wait).unwrap_or(Instant::MAX);
                    let (key, attempts) = (task.key(event), task.attempts + 1);
                    round.put_off.push(put_off(Deferred { key, attempts, due, behind: None }, WhyPutOff::Fault));
                    return;
                }
                Verdict::Faulted
            }
        };
        if let Some(candidate) = shadow {
            round.shadows.extend(Shadow::of(task, id, &evaluation, candidate));
            round.runs.extend(task.active.candidate.as_ref().map(|published| Run {
                campaign: task.active.campaign.id.clone(),
                policy: published.policy.digest,
                faulted: matches!(candidate.output, Output::Fault(_)),
            }));
        }
        round.sides.push(task.side);
        round.decisions.push(Decision {
            id,
            event: event.admission.seq,
            campaign: task.active.campaign.id.clone(),
            policy: task.published.policy.digest,
            wasi_profile: WASI_PROFILE,
            input: job.input,
            state_read_as: job.state_read_as,
            evaluation,
            verdict,
            made_at: self.clock.now(),
        });
    }

    /// Judges a proposal, and keeps what comes of it unless another campaign gives instead.
    fn judge(
        &mut self,
        case: &Case<'_>,
        (task, owner, event): (&Task, &Owner, &Admitted),
        proposal: &Proposal,
        round: &mut Round,
    ) -> Verdict {
        let savepoint = self.facts.savepoint();
        let verdict = adjudicate::adjudicate(case, proposal, &mut self.facts);
        if let Some(winner) = round.winners.outdone(task, event.admission.seq, &verdict) {
            self.facts.undo_to(savepoint);
            return Verdict::Denied(Denied::Stacking(winner), Reason::Excluded);
        }
        if let Verdict::Accepted(outcomes) = &verdict {
            self.put_state(task, owner, proposal);
            self.draft(case, (&proposal.effects, outcomes), &mut round.drafts);
        }
        verdict
    }

    fn put_state(&mut self, task: &Task, owner: &Owner, proposal: &Proposal) {
        let state = match &proposal.state {
            StateChange::Keep => return,
            StateChange::Clear => None,
            StateChange::Put(value) => {
                Some(State { written_as: task.published.manifest().state_writes, value: value.clone() })
            }
        };
        self.facts.states.put(&task.state_key(owner), state);
    }

    /// Adds what was decided to the batch that gathers and to the answers.
    pub(super) fn keep_round(&mut self, mut round: Round) {
        self.pending.rows += round.decisions.len() + round.effects() + round.put_off.len();
        self.note_crossings();
        self.last_decision = round.decisions.last().map_or(self.last_decision, |last| last.id);
        self.count(&mut round);
        self.pending.batch.versions.stuck.append(&mut round.stuck);
        for decision in round.decisions.into_iter().map(Arc::new) {
            if let Some(answer) = self.answers.get_mut(&decision.event) {
                answer.decisions.push(Arc::clone(&decision));
            }
            self.pending.batch.decisions.push(decision);
        }
        round.put_off.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
        for (put_off, deferred) in round.put_off {
            let campaign = self.registry.campaign(&deferred.key.campaign);
            let catches_up = campaign.is_some_and(|active| self.is_catching_up(active));
            self.pending.behind_backlog += usize::from(put_off.why == WhyPutOff::Paused && catches_up);
            if let Some(answer) = self.answers.get_mut(&deferred.key.event) {
                answer.put_off.push(put_off);
            }
            self.pending.batch.deferred.push(deferred);
        }
        for draft in round.drafts {
            self.post(draft);
        }
        self.caused.append(&mut round.caused);
    }
}

/// A decision ready to be evaluated, or answered without.
pub(super) struct Job {
    pub(super) input: Arc<Input>,
    state_read_as: Option<u32>,
    pub(super) ready: Option<Evaluation>,
    stuck: Option<StuckState>,
    /// Why the owner's state could not be migrated now.
    pub(super) failed: Option<WhyFailed>,
}

/// A decision that was evaluated and is still to be judged.
pub(super) struct Evaluated<'a> {
    pub(super) task: &'a Task,
    pub(super) cast: &'a Cast,
    pub(super) job: Job,
    pub(super) evaluation: Evaluation,
}

/// What a decision comes to whose owner's state the policy could not migrate.
pub(crate) fn not_migrated(written_as: u32, why: &str) -> Refusal {
    Refusal {
        code: RefusalCode::new("state-not-migrated").expect("a code of letters and dashes"),
        message: format!("the state was written as version {written_as}, and migrate says: {why}"),
    }
}

pub(super) fn resolver(active: &Active, occurred: Instant) -> impl Fn(When) -> Option<Instant> + '_ {
    move |when| active.zone.resolve(when, occurred)
}

pub(super) fn case<'a>(
    (task, cast): (&'a Task, &'a Cast),
    (catalogue, takes_on): (&'a Catalogue, &'a dyn Fn(&CampaignId) -> bool),
    input: &'a Input,
    (decision, made): (DecisionId, Instant),
    resolve: &'a dyn Fn(When) -> Option<Instant>,
) -> Case<'a> {
    Case {
        campaign: &task.active.campaign,
        catalogue,
        manifest: task.published.manifest(),
        input,
        about: cast.about.as_ref(),
        decision,
        takes_on,
        made: task.active.zone.moment(made),
        resolve,
    }
}

/// Whether customers can be handed on to a campaign: it decides now, or will when its pause is over.
pub(super) fn takes_on(registry: &Registry) -> impl Fn(&CampaignId) -> bool + '_ {
    |id| registry.campaign(id).is_some_and(|active| active.campaign.lifecycle.is_live())
}

fn key(campaign: &Campaign, event: &Admitted, subscription: &Subscription) -> DeferredKey {
    let subscription = subscription.name.clone();
    DeferredKey { campaign: campaign.id.clone(), event: event.admission.seq, subscription }
}

fn put_off(deferred: Deferred, why: WhyPutOff) -> (PutOff, Deferred) {
    let DeferredKey { campaign, subscription, .. } = deferred.key.clone();
    (PutOff { campaign, subscription, why }, deferred)
}

fn note_fault(task: &Task, fault: &Fault) {
    let campaign = &task.active.campaign.id;
    tracing::warn!(%campaign, policy = %task.published.policy.digest, %fault, "a policy broke its contract");
    metrics::counter!("largesse_faults_total", "campaign" => campaign.to_string(), "kind" => fault.kind.as_str())
        .increment(1);
}
