//! Taking a version out of a campaign: because it broke its contract too often, or because an operator stopped it.

use std::collections::HashMap;

use largesse_documents::delivery::Cause;
use largesse_domain::activation::{ActivationCause, NextActivation};
use largesse_domain::campaign::Campaign;
use largesse_domain::id::{CampaignId, Digest};
use largesse_domain::lifecycle::Command;
use largesse_domain::notice::Notice;
use largesse_domain::protection::{FaultWindow, Rescue, Withdrawal, WithdrawalReason};
use largesse_failpoint::{Point, reach};

use super::Decider;
use super::decide::Task;
use crate::registry::Published;

/// That a version ran once in a campaign.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) campaign: CampaignId,
    pub(super) policy: Digest,
    pub(super) faulted: bool,
}

impl Run {
    pub(super) fn of(task: &Task, faulted: bool) -> Self {
        Self { campaign: task.active.campaign.id.clone(), policy: task.published.policy.digest, faulted }
    }
}

/// The last decisions of the versions at work.
pub(crate) type FaultWindows = HashMap<(CampaignId, Digest), FaultWindow>;

impl Decider {
    /// Notes runs, and takes out versions that faulted too often. Says whether it took one out.
    pub(super) fn protect(&mut self, runs: &mut Vec<Run>) -> bool {
        let mut any = false;
        for Run { campaign, policy, faulted } in runs.drain(..) {
            let Some(active) = self.registry.campaign(&campaign) else { continue };
            // Of one that was taken out a moment ago, decisions of the same wave may follow.
            if self.registry.holds(&active.campaign) || !at_work(&active.campaign, policy) {
                continue;
            }
            let threshold = active.campaign.settings.fault_threshold;
            let window = self.fault_windows.entry((campaign.clone(), policy)).or_default();
            if window.note(faulted, threshold) && faulted {
                let decisions = u32::try_from(window.decisions()).unwrap_or(u32::MAX);
                let reason = WithdrawalReason::Faults { faults: window.faults(), decisions };
                any |= self.withdraw(&campaign, policy, reason);
            }
        }
        any
    }

    /// Takes a version out of a campaign. Says whether another decides now, or nobody for a while.
    fn withdraw(&mut self, id: &CampaignId, policy: Digest, reason: WithdrawalReason) -> bool {
        self.fault_windows.remove(&(id.clone(), policy));
        let Some(active) = self.registry.campaign(id).cloned() else { return false };
        let Some((campaign, rescue)) = self.rescued(&active.campaign, policy, &reason) else {
            tracing::error!(campaign = %id, %policy, %reason, "a version is bad, and there is none to go back to");
            return false;
        };
        let activated = campaign.activations.active.number > active.campaign.activations.active.number;
        let withdrawal = Withdrawal { policy, reason, rescue, active: campaign.activations.active.policy };
        if activated {
            self.note_activation(&campaign);
        }
        if let Err(error) = self.put_campaign(campaign) {
            tracing::error!(campaign = %id, %error, "a bad version cannot be taken out");
            return false;
        }
        reach(Point::VersionWithdrawn);
        let Withdrawal { active, reason, .. } = &withdrawal;
        tracing::error!(campaign = %id, %policy, %reason, done = rescue.as_str(), %active, "a version was taken out");
        metrics::counter!("largesse_withdrawals_total", "campaign" => id.to_string(), "done" => rescue.as_str())
            .increment(1);
        self.tell(&Notice::Withdrawn(&withdrawal), Some(id), Cause::Host);
        true
    }

    /// The campaign without the version, and what was done. `None` when nothing can be.
    fn rescued(&self, old: &Campaign, policy: Digest, reason: &WithdrawalReason) -> Option<(Campaign, Rescue)> {
        let mut campaign = Campaign { version: old.version + 1, ..old.clone() };
        if old.rollout.as_ref().is_some_and(|rollout| rollout.policy == policy) {
            campaign.rollout = None;
            return Some((campaign, Rescue::CandidateDropped));
        }
        let written_as = self.registry.policy(&policy)?.manifest().state_writes;
        let good = |digest: Digest| {
            let runs =
                |published: &Published| published.manifest().reads_state(written_as) && published.loaded().is_some();
            !self.registry.stops.contains_key(&digest) && self.registry.policy(&digest).is_some_and(runs)
        };
        if let Some(back) = old.activations.earlier.iter().rfind(|earlier| good(earlier.policy)) {
            let next = NextActivation {
                policy: back.policy,
                revisions: back.revisions.clone(),
                at: self.clock.now(),
                cause: ActivationCause::Protected,
            };
            campaign.activations.activate(next, false);
            campaign.rollout = None;
            return Some((campaign, Rescue::RolledBack));
        }
        if matches!(reason, WithdrawalReason::Faults { .. }) {
            campaign.lifecycle = old.lifecycle.next(Command::Pause).ok()?;
        }
        Some((campaign, Rescue::Held))
    }

    /// Takes a version out that was stopped. It may be both: tried with other parameters than those that it decides with.
    pub(crate) fn withdraw_stopped(&mut self, campaign: &Campaign, policy: Digest, reason: &str) {
        let reason = || WithdrawalReason::Stopped(reason.to_owned());
        if campaign.rollout.as_ref().is_some_and(|rollout| rollout.policy == policy) {
            self.withdraw(&campaign.id, policy, reason());
        }
        if campaign.activations.active.policy == policy {
            self.withdraw(&campaign.id, policy, reason());
        }
    }
}

/// Whether the version decides, or is tried, in the campaign.
pub(crate) fn at_work(campaign: &Campaign, policy: Digest) -> bool {
    let tried = campaign.rollout.as_ref().is_some_and(|rollout| rollout.policy == policy);
    tried || campaign.activations.active.policy == policy
}
