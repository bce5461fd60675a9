//! Bringing stored states to the version that the active policy writes, ahead of the decisions that need them.

use crate::words::id::{CampaignId, Digest};
use crate::words::owner::Owner;
use crate::words::time::Instant;

/// A migration of all states of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// By which version.
    pub policy: Digest,
    /// When it was asked for.
    pub started: Instant,
    /// How many states there were to be migrated.
    pub states: u64,
    /// How many are.
    pub migrated: u64,
    /// How many could not be; they are listed.
    pub failed: u64,
    /// The last owner looked at; what comes after is still to be done.
    pub after: Option<Owner>,
    /// When it came to its end: all were looked at, or another version was activated.
    pub ended: Option<Instant>,
}

/// A state that the active version could not migrate. Its owner's decisions are refused until a version can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StuckState {
    /// Which version could not.
    pub policy: Digest,
    /// The version of the state.
    pub written_as: u32,
    /// What the version said.
    pub why: String,
    /// When it was last tried.
    pub at: Instant,
}
