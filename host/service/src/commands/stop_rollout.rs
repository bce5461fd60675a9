//! A version is no longer tried in a campaign.

use std::sync::Arc;

use largesse_domain::campaign::Campaign;
use largesse_domain::id::CampaignId;

use super::Command;
use crate::pipeline::{CommandError, Decider, Precondition, expect_version};

/// A version is no longer tried in a campaign: the active one decides for everyone.
#[derive(Clone, Debug)]
pub struct StopRollout {
    /// Which campaign.
    pub id: CampaignId,
    /// What the sender knows of its version.
    pub precondition: Precondition,
}

impl Command for StopRollout {
    /// The campaign as it is now.
    type Answer = Arc<Campaign>;

    /// Refused when there is no such campaign, or it is at another version.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self { id, precondition } = self;
        let active = decider.active(&id)?;
        if precondition != Precondition::None {
            expect_version(Some(active.campaign.version), precondition)?;
        }
        if active.campaign.rollout.is_none() {
            return Ok(Arc::clone(&active.campaign));
        }
        let version = active.campaign.version + 1;
        let campaign =
            decider.put_campaign(Campaign { version, rollout: None, ..Campaign::clone(&active.campaign) })?;
        decider.tallies.forget(&campaign);
        Ok(campaign)
    }
}
