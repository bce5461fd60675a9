//! A campaign is started, paused, resumed or ended.

use std::sync::Arc;

use largesse_domain::campaign::Campaign;
use largesse_domain::id::CampaignId;
use largesse_domain::lifecycle;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, Precondition, expect_version};
use crate::{ChangeError, Service, fit};

impl Service {
    /// Starts, pauses, resumes or ends a campaign.
    ///
    /// # Errors
    /// When there is none, or its life does not allow it, or something that it needs to start is missing.
    pub async fn command(
        &self,
        id: CampaignId,
        command: lifecycle::Command,
        precondition: Precondition,
    ) -> Result<Arc<Campaign>, ChangeError> {
        if command == lifecycle::Command::Start {
            self.check_start(&id).await?;
        }
        self.run(Steer { id, command, precondition }).await
    }
}

/// A campaign goes on in its life.
struct Steer {
    id: CampaignId,
    command: lifecycle::Command,
    precondition: Precondition,
}

impl Command for Steer {
    /// The campaign as it is now.
    type Answer = Arc<Campaign>;

    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        decider.ensure_used_of_over(None)?;
        let Self { id, command, precondition } = self;
        let active = decider.active(&id)?;
        let campaign = &active.campaign;
        if precondition != Precondition::None {
            expect_version(Some(campaign.version), precondition)?;
        }
        if matches!(command, lifecycle::Command::Start | lifecycle::Command::Resume) {
            decider.may_decide(campaign.activations.active.policy)?;
        }
        if command == lifecycle::Command::Start && !campaign.lifecycle.has_started() {
            let manifest = active.published.manifest();
            let (catalogue, params) = (&decider.registry.catalogue, &campaign.latest().params);
            let mut problems = fit::problems_at_start(&campaign.settings, manifest, catalogue, params);
            problems.extend(decider.allocation_problems(&id, &campaign.settings));
            if !problems.is_empty() {
                return Err(ControlError::Problems(problems).into());
            }
        }
        let campaign = decider.go_on(campaign, command)?;
        // What is due by the clock is done at once.
        decider.look_at_clock();
        Ok(decider.registry.campaign(&id).map_or(campaign, |active| Arc::clone(&active.campaign)))
    }
}
