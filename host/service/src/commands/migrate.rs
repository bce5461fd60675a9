//! The states of a campaign are migrated ahead of the decisions that need them.

use largesse_domain::id::CampaignId;
use largesse_domain::migration::Migration;

use super::Command;
use crate::pipeline::{CommandError, Decider};

/// All states of a campaign are migrated to what its active version writes; a migration that is under way goes on.
#[derive(Clone, Debug)]
pub struct MigrateStates(pub CampaignId);

impl Command for MigrateStates {
    /// The migration as it is now.
    type Answer = Migration;

    /// Refused when there is no such campaign.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(id) = self;
        let active = decider.active(&id)?;
        let (policy, writes) = (active.published.policy.digest, active.published.manifest().state_writes);
        if let Some(under_way) = decider.migrations.get(&id).filter(|migration| migration.policy == policy) {
            return Ok(under_way.clone());
        }
        let versions = decider.store.state_versions(&id)?;
        let states = versions.iter().filter(|(version, _)| *version != writes).map(|(_, count)| count).sum();
        let migration = Migration {
            campaign: id,
            policy,
            started: decider.clock.now(),
            states,
            migrated: 0,
            failed: 0,
            after: None,
            ended: None,
        };
        decider.note_migration(migration.clone());
        Ok(migration)
    }
}
