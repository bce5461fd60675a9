//! Changes to what is published and runs, made by the pipeline between decisions, so that no decision sees half of one.

use std::sync::Arc;

use largesse_domain::campaign::Campaign;
use largesse_domain::id::{CampaignId, Digest};
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::limits::AUDIENCES_STEPS_MAX;
use largesse_domain::problem::Problem;

use super::Decider;
use crate::error::ControlError;
use crate::registry::{Active, Registry};
use crate::start::count_broken;

/// What the sender of a change knows of the version that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// That there is none yet.
    Absent,
    /// That it is this version.
    Version(u64),
}

impl Decider {
    /// Returns a campaign as the next decision sees it.
    pub(crate) fn active(&self, id: &CampaignId) -> Result<Arc<Active>, ControlError> {
        let missing = || ControlError::NotFound { what: "campaign", name: id.to_string() };
        self.registry.campaign(id).cloned().ok_or_else(missing)
    }

    /// Replaces the picture of what runs: for the decider now, for readers once it is on disk.
    pub(crate) fn with_registry<T>(
        &mut self,
        change: impl FnOnce(&mut Registry) -> Result<T, ControlError>,
    ) -> Result<T, ControlError> {
        let mut registry = Registry::clone(&self.registry);
        let changed = change(&mut registry)?;
        self.registry = Arc::new(registry);
        let (shared, registry) = (Arc::clone(&self.shared), Arc::clone(&self.registry));
        self.pending.after.push(Box::new(move || shared.set_registry(registry)));
        Ok(changed)
    }

    /// Changes which policies are published, or can be run.
    pub(crate) fn with_policies(&mut self, change: impl FnOnce(&mut Registry)) -> Result<(), ControlError> {
        self.with_registry(|registry| {
            change(registry);
            count_broken(registry);
            Ok(())
        })
    }

    /// Takes a campaign a step further in its life.
    pub(crate) fn go_on(&mut self, old: &Arc<Campaign>, command: Command) -> Result<Arc<Campaign>, ControlError> {
        let lifecycle = old.lifecycle.next(command)?;
        if lifecycle == old.lifecycle {
            return Ok(Arc::clone(old));
        }
        let mut campaign = Campaign { lifecycle, version: old.version + 1, ..Campaign::clone(old) };
        let now = self.clock.now();
        if matches!(lifecycle, Lifecycle::Closing | Lifecycle::Ended)
            && campaign.settings.closes.is_none_or(|closes| now < closes)
        {
            // Ended before its time: events from now on are not rewarded.
            campaign.settings.closes = Some(now);
        }
        tracing::info!(campaign = %campaign.id, from = old.lifecycle.as_str(), to = lifecycle.as_str(), "campaign goes on");
        self.put_campaign(campaign)
    }

    /// Puts a campaign as it is from now on, in memory and in the batch.
    pub(crate) fn put_campaign(&mut self, campaign: Campaign) -> Result<Arc<Campaign>, ControlError> {
        let campaign = Arc::new(campaign);
        if self.registry.campaign(&campaign.id).is_some_and(|old| self.registry.holds(&old.campaign)) {
            self.backlog.insert(campaign.id.clone());
        }
        self.with_audiences(|registry| Ok(registry.set_campaign(Arc::clone(&campaign))?), "/audience")?;
        self.timers.look_again();
        self.pending.batch.campaigns.retain(|other| other.id != campaign.id);
        self.pending.batch.campaigns.push(Arc::clone(&campaign));
        Ok(campaign)
    }

    /// Changes the registry unless the audiences of all campaigns on some event kind would take too many steps together.
    pub(crate) fn with_audiences(
        &mut self,
        change: impl FnOnce(&mut Registry) -> Result<(), ControlError>,
        pointer: &str,
    ) -> Result<(), ControlError> {
        let before = self.registry.audience_steps().map_or(0, |(_, steps)| steps);
        self.with_registry(|registry| {
            change(registry)?;
            match registry.audience_steps() {
                Some((kind, steps)) if steps > AUDIENCES_STEPS_MAX && steps > before => {
                    let message = format!(
                        "with it the audiences of all campaigns on {kind} take {steps} steps, more than {AUDIENCES_STEPS_MAX}"
                    );
                    Err(ControlError::Problems(vec![Problem { pointer: pointer.to_owned(), message }]))
                }
                _ => Ok(()),
            }
        })
    }

    /// Rejects a version that is stopped.
    pub(crate) fn may_decide(&self, policy: Digest) -> Result<(), ControlError> {
        match self.registry.stops.get(&policy) {
            Some(stop) => Err(ControlError::Stopped { policy, reason: stop.reason.clone() }),
            None => Ok(()),
        }
    }

    /// Notes the activation that a campaign has come to, for the record.
    pub(crate) fn note_activation(&mut self, campaign: &Campaign) {
        let activation = campaign.activations.active.clone();
        let (number, cause, policy) = (activation.number, activation.cause, activation.policy);
        tracing::info!(campaign = %campaign.id, %policy, number, %cause, "a version is activated");
        self.pending.batch.versions.activations.push((campaign.id.clone(), activation));
    }
}

/// Holds what the sender knows against the version that there is.
pub(crate) fn expect_version(found: Option<u64>, precondition: Precondition) -> Result<(), ControlError> {
    match (found, precondition) {
        (None, Precondition::None | Precondition::Absent) => Ok(()),
        (Some(found), Precondition::Version(expected)) if found == expected => Ok(()),
        (Some(found), Precondition::None) => Err(ControlError::Unconditional { found }),
        (found, Precondition::Version(expected)) => Err(ControlError::Changed { expected, found: found.unwrap_or(0) }),
        (Some(found), Precondition::Absent) => Err(ControlError::Changed { expected: 0, found }),
    }
}
