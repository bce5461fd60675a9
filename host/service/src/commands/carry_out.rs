//! A version decides in a campaign from now on, or is tried in it: one change of the picture between two batches, so that no
//! decision is made by a mixture.

use std::sync::Arc;

use largesse_documents::rollout::StatesReport;
use largesse_domain::activation::{ActivationCause, NextActivation};
use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::id::{CampaignId, Digest};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::policy::Manifest;
use largesse_domain::problem::Problem;
use largesse_domain::rollout::{Rollout, RolloutMode};
use largesse_domain::time::Instant;
use largesse_failpoint::{Point, reach};

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, Precondition, expect_version};

/// A version that was looked at, for a campaign as it was then.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The campaign.
    pub campaign: CampaignId,
    /// The version of the campaign that the plan was made for.
    pub based_on: u64,
    /// The version.
    pub policy: Digest,
    /// The revisions of parameters that it takes, rising.
    pub takes: Vec<u32>,
    /// Those that it does not take, of the ones that decide now.
    pub left: Vec<u32>,
    /// A revision to be made for it, from that event time on or from now.
    pub revision: Option<(Json, Option<Instant>)>,
    /// How far it reads the states that there are.
    pub states: StatesReport,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// To decide.
    Activate(ActivationCause),
    /// To be tried.
    Try(RolloutMode),
}

/// A plan is carried out, if the campaign is still as it was made for.
pub(super) struct CarryOut {
    pub(super) plan: Plan,
    pub(super) aim: Aim,
}

impl Command for CarryOut {
    /// The campaign as it is now.
    type Answer = Arc<Campaign>;

    /// Refused when the campaign has changed since, the version is stopped, or it cannot be tried beside the active one.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self { plan, aim } = self;
        let started = std::time::Instant::now();
        let old = Arc::clone(&decider.active(&plan.campaign)?.campaign);
        expect_version(Some(old.version), Precondition::Version(plan.based_on))?;
        decider.may_decide(plan.policy)?;
        let mut campaign = Campaign { version: old.version + 1, ..Campaign::clone(&old) };
        let mut revisions = plan.takes;
        if let Some((params, effective_from)) = plan.revision {
            let number = old.next_revision();
            let effective_from = effective_from.unwrap_or_else(|| decider.clock.now());
            campaign.revisions.push(Revision { number, effective_from, params });
            revisions.push(number);
        }
        match aim {
            Aim::Activate(cause) => {
                if old.lifecycle == Lifecycle::Ended {
                    return Err(ControlError::Ended.into());
                }
                let stopped = decider.registry.stops.contains_key(&old.activations.active.policy);
                let good = !stopped && cause != ActivationCause::RolledBack;
                campaign
                    .activations
                    .activate(NextActivation { policy: plan.policy, revisions, at: decider.clock.now(), cause }, good);
                campaign.rollout = None;
                decider.note_activation(&campaign);
            }
            Aim::Try(mode) => try_version(decider, &mut campaign, Candidate { policy: plan.policy, revisions }, mode)?,
        }
        let campaign = decider.put_campaign(campaign)?;
        decider.tallies.forget(&campaign);
        decider.fault_windows.remove(&(plan.campaign, plan.policy));
        metrics::histogram!("largesse_swap_seconds").record(started.elapsed().as_secs_f64());
        reach(Point::VersionSwapped);
        Ok(campaign)
    }
}

/// A version with the revisions of parameters that it takes.
struct Candidate {
    policy: Digest,
    revisions: Vec<u32>,
}

fn try_version(
    decider: &Decider,
    campaign: &mut Campaign,
    candidate: Candidate,
    mode: RolloutMode,
) -> Result<(), ControlError> {
    let Candidate { policy, revisions } = candidate;
    if !campaign.lifecycle.is_live() && campaign.lifecycle != Lifecycle::Scheduled {
        return Err(ControlError::NothingToTry { lifecycle: campaign.lifecycle.as_str() });
    }
    let manifest = |digest| decider.registry.policy(&digest).map(|published| published.manifest().clone());
    if let (Some(active), Some(candidate)) = (manifest(campaign.activations.active.policy), manifest(policy)) {
        let problems = problems_of_trial(&active, &candidate, mode);
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems));
        }
    }
    let canary = |mode| matches!(mode, RolloutMode::Canary { .. });
    let goes_on = campaign.rollout.as_ref().filter(|old| old.policy == policy && canary(old.mode) == canary(mode));
    let (number, since) = match goes_on {
        // The same owners stay with the candidate, and the counts go on.
        Some(old) => (old.number, old.since),
        None => (campaign.rollouts.saturating_add(1), decider.clock.now()),
    };
    campaign.rollouts = number;
    campaign.rollout = Some(Rollout { number, policy, revisions, mode, since });
    Ok(())
}

/// What keeps a version from being tried beside another. A canary's owners may fall to either at any time: both must read what the
/// other writes, and mean the same owner by the same subscription.
fn problems_of_trial(active: &Manifest, candidate: &Manifest, mode: RolloutMode) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |message: String| problems.push(Problem { pointer: "/policy".into(), message });
    let mut reads = |reader: &Manifest, writer: &Manifest| {
        if !reader.reads_state(writer.state_writes) {
            let (reader, written_by) = (&reader.version, &writer.version);
            problem(format!("version {reader} does not read the states that version {written_by} writes"));
        }
    };
    reads(candidate, active);
    if mode != RolloutMode::Shadow {
        reads(active, candidate);
        for subscription in &candidate.subscriptions {
            let same = active.subscription(&subscription.name);
            if same.is_some_and(|same| (&same.kind, &same.owner) != (&subscription.kind, &subscription.owner)) {
                let name = &subscription.name;
                problem(format!("the subscription {name} has another kind or owner than in the active version"));
            }
        }
    }
    problems
}
