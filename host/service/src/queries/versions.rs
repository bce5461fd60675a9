//! The versions of policies at work in campaigns: which were activated, what is tried, how far states are migrated.

use largesse_domain::activation::Activation;
use largesse_domain::id::{CampaignId, DecisionId, Digest};
use largesse_domain::key::StateKey;
use largesse_domain::migration::{Migration, StuckState};
use largesse_domain::owner::Owner;
use largesse_domain::rollout::{Rollout, ShadowDifference, Side, Tally};

use super::{Committed, Query, QueryError, Sink, fill, not_found};

/// A page of the activations of a campaign.
#[derive(Clone, Debug)]
pub struct Activations {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Before the activation with this number.
    pub before: Option<u32>,
    /// At most so many.
    pub limit: usize,
}

impl Query for Activations {
    /// The activations, the latest first.
    type Answer = Vec<Activation>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self { campaign, before, limit } = self;
        committed.campaign(&campaign)?;
        Ok(committed.store.activations(&campaign, before.unwrap_or(u32::MAX), limit)?)
    }
}

/// What is tried in a campaign.
#[derive(Clone, Debug)]
pub struct ShowRollout(pub CampaignId);

/// A version that is tried beside the active one.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The campaign.
    pub campaign: CampaignId,
    /// How it is tried.
    pub rollout: Rollout,
    /// What came of both versions since the rollout began: the active one first.
    pub versions: [(Side, Digest, Tally); 2],
}

impl Query for ShowRollout {
    type Answer = Tried;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let campaign = &committed.campaign(&self.0)?.campaign;
        let rollout = campaign.rollout.clone().ok_or_else(|| not_found("rollout in", &self.0))?;
        let tallies = committed.store.tallies(&self.0, rollout.number)?;
        let tally = |side| tallies.iter().find(|(of, _)| *of == side).map_or_else(Tally::default, |(_, tally)| *tally);
        let versions = [(Side::Active, campaign.activations.active.policy), (Side::Candidate, rollout.policy)];
        let versions = versions.map(|(side, policy)| (side, policy, tally(side)));
        Ok(Tried { campaign: self.0, rollout, versions })
    }
}

/// A page of where a shadow differed: of the rollout that is on, or else of the last one.
#[derive(Clone, Debug)]
pub struct Differences<S> {
    /// Which campaign.
    pub campaign: CampaignId,
    /// After the difference of this decision.
    pub after: DecisionId,
    /// Takes them, in order of decisions.
    pub into: S,
}

impl<S: Sink<Item = ShadowDifference>> Query for Differences<S> {
    type Answer = S;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self { campaign, after, mut into } = self;
        let number = committed.campaign(&campaign)?.campaign.rollouts;
        let read = |after, some| committed.store.differences(&campaign, number, DecisionId(after), some);
        fill(&mut into, after.0, read, |difference| difference.decision.0)?;
        Ok(into)
    }
}

/// How far the states of a campaign are migrated.
#[derive(Clone, Debug)]
pub struct ShowMigration(pub CampaignId);

impl Query for ShowMigration {
    /// The last migration.
    type Answer = Migration;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        committed.campaign(&self.0)?;
        let found = committed.store.migrations()?.into_iter().find(|migration| migration.campaign == self.0);
        found.ok_or_else(|| not_found("migration of", &self.0))
    }
}

/// A page of the states that the active version of a campaign cannot migrate.
#[derive(Clone, Debug)]
pub struct StuckStates {
    /// Which campaign.
    pub campaign: CampaignId,
    /// After the state of this owner.
    pub after: Option<Owner>,
    /// At most so many.
    pub limit: usize,
}

impl Query for StuckStates {
    /// The states, by owner.
    type Answer = Vec<(StateKey, StuckState)>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self { campaign, after, limit } = self;
        let policy = committed.campaign(&campaign)?.campaign.activations.active.policy;
        Ok(committed.store.stuck_states(&campaign, &policy, after.as_ref(), limit)?)
    }
}
