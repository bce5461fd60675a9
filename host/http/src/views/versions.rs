//! What goes in and out about versions at work in campaigns.

use largesse_documents::rollout::{ActivationView, DifferenceView, RolloutView, StuckStateView, TallyView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is accepted on the way to another version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AcceptDocument {
    /// Go on although states were found that the version cannot migrate: the decisions of their owners are refused.
    pub accept_stuck_states: bool,
    /// Check everything and report, and change nothing.
    pub dry_run: bool,
}

/// Activations of a campaign, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivationList {
    /// The activations.
    pub items: Vec<ActivationView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// What is tried in a campaign, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RolloutStatus {
    /// The campaign.
    pub campaign: String,
    /// What is tried.
    pub rollout: RolloutView,
    /// The active version, then the candidate, since the rollout began.
    pub versions: Vec<TallyView>,
}

/// Decisions in which a shadow differed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DifferenceList {
    /// The differences, in order of decisions.
    pub items: Vec<DifferenceView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// States that cannot be migrated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StuckStateList {
    /// The states, by owner.
    pub items: Vec<StuckStateView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Why a version is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopDocument {
    /// For people, at most 256 bytes.
    pub reason: String,
}

/// Whether a version may decide, and where it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopView {
    /// The version's digest.
    pub policy: String,
    /// Why it is stopped; absent when it may decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The campaigns in which it is active or tried. Those in which a stopped version is active keep their events.
    pub campaigns: Vec<String>,
}
