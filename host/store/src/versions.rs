//! Versions of policies: which decided when, what came of trying them, which states they cannot read.

use largesse_domain::activation::Activation;
use largesse_domain::facts::State;
use largesse_domain::id::{CampaignId, DecisionId, Digest};
use largesse_domain::key::StateKey;
use largesse_domain::migration::{Migration, StuckState};
use largesse_domain::owner::Owner;
use largesse_domain::protection::Stop;
use largesse_domain::rollout::{ShadowDifference, Side, Tally, TallyKey};

use crate::StoreError;

/// What a batch says of versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VersionChanges {
    /// Activations made. One that is stored is passed over.
    pub activations: Vec<(CampaignId, Activation)>,
    /// Counts of rollouts, as they are now.
    pub tallies: Vec<(TallyKey, Tally)>,
    /// Decisions in which a shadow differed. One that is stored is passed over.
    pub differences: Vec<ShadowDifference>,
    /// States that could not be migrated.
    pub stuck: Vec<(StateKey, StuckState)>,
    /// Versions stopped, or (`None`) allowed again.
    pub stops: Vec<(Digest, Option<Stop>)>,
    /// Migrations begun, carried on, or ended; of each campaign the last is kept.
    pub migrations: Vec<Migration>,
}

/// What is kept of versions.
pub trait Versions {
    /// A campaign's activations before a number, the latest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn activations(&self, campaign: &CampaignId, before: u32, limit: usize) -> Result<Vec<Activation>, StoreError>;

    /// The counts of a rollout, as far as there are any.
    ///
    /// # Errors
    /// When the database fails.
    fn tallies(&self, campaign: &CampaignId, rollout: u32) -> Result<Vec<(Side, Tally)>, StoreError>;

    /// Differences of a rollout on decisions after one, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn differences(
        &self,
        campaign: &CampaignId,
        rollout: u32,
        after: DecisionId,
        limit: usize,
    ) -> Result<Vec<ShadowDifference>, StoreError>;

    /// States that this version could not migrate and that are still as they were, of owners after one, in order, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn stuck_states(
        &self,
        campaign: &CampaignId,
        policy: &Digest,
        after: Option<&Owner>,
        limit: usize,
    ) -> Result<Vec<(StateKey, StuckState)>, StoreError>;

    /// Versions that are stopped.
    ///
    /// # Errors
    /// When the database fails.
    fn stops(&self) -> Result<Vec<(Digest, Stop)>, StoreError>;

    /// The last migration of each campaign, by campaign.
    ///
    /// # Errors
    /// When the database fails.
    fn migrations(&self) -> Result<Vec<Migration>, StoreError>;

    /// How many states of a campaign there are in each version of the state, in order of the version.
    ///
    /// # Errors
    /// When the database fails.
    fn state_versions(&self, campaign: &CampaignId) -> Result<Vec<(u32, u64)>, StoreError>;

    /// A campaign's states in other versions than one, of owners after one, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn states_other_than(
        &self,
        campaign: &CampaignId,
        written_as: u32,
        after: Option<&Owner>,
        limit: usize,
    ) -> Result<Vec<(Owner, State)>, StoreError>;
}
