//! Versions at work in a campaign: what is asked to be activated or tried, and what is told of it.

use std::collections::BTreeMap;

use largesse_domain::activation::Activation;
use largesse_domain::campaign::Campaign;
use largesse_domain::decision::{Evaluation, Output};
use largesse_domain::id::Digest;
use largesse_domain::json::Json;
use largesse_domain::key::StateKey;
use largesse_domain::migration::{Migration, StuckState};
use largesse_domain::problem::Problem;
use largesse_domain::rollout::{Rollout, RolloutMode, ShadowDifference, Side, Tally};
use largesse_domain::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::campaign::{PolicyRef, read_optional, read_params};
use crate::decision::{FaultView, OwnerView, RefusalView};
use crate::effect::ProposalView;
use crate::problem::Problems;
use crate::time::instant_text;

/// A version that shall decide in a campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivationDocument {
    /// `name@version`, `name` (its latest version), or a digest.
    pub policy: String,
    /// Parameters for it, as a new revision; as they are when absent. With parameters of its own a version need not take those of
    /// earlier revisions: events of their time are then decided with the first revision that it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub params: Option<Map<String, Value>>,
    /// From which event time on the parameters apply; from now on when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Go on although states were found that the version cannot migrate: the decisions of their owners are refused.
    #[serde(default)]
    pub accept_stuck_states: bool,
    /// Check everything and report, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// A version that shall be tried in a campaign, beside the one that is active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RolloutDocument {
    /// `name@version`, `name` (its latest version), or a digest.
    pub policy: String,
    /// `canary` or `shadow`.
    pub mode: ModeWord,
    /// Of a canary: for how many of a hundred owners it decides, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Parameters for it, as a new revision; as they are when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub params: Option<Map<String, Value>>,
    /// From which event time on the parameters apply; from now on when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Go on although states were found that the version cannot migrate.
    #[serde(default)]
    pub accept_stuck_states: bool,
}

/// How a version is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ModeWord {
    /// It decides for a share of the owners.
    Canary,
    /// It is run beside the active version, without effect.
    Shadow,
}

/// What is asked to be activated, checked by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionSpec {
    /// The version.
    pub policy: PolicyRef,
    /// Its own parameters.
    pub params: Option<Json>,
    /// From which event time on they apply.
    pub effective_from: Option<Instant>,
    /// Whether states that it cannot migrate are accepted.
    pub accept_stuck_states: bool,
}

fn read_version(
    policy: &str,
    (params, effective_from): (Option<&Map<String, Value>>, Option<&str>),
    accept_stuck_states: bool,
    problems: &mut Problems,
) -> Option<VersionSpec> {
    let policy = problems.keep("/policy", policy.parse::<PolicyRef>());
    if effective_from.is_some() && params.is_none() {
        problems.add("/effective_from", "says since when parameters apply, and there are none");
    }
    let effective_from = read_optional(problems, "/effective_from", effective_from);
    let params = params.map(|params| read_params(params, problems));
    Some(VersionSpec { policy: policy?, params, effective_from, accept_stuck_states })
}

impl ActivationDocument {
    /// Checks the document by itself.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<VersionSpec, Vec<Problem>> {
        let mut problems = Problems::default();
        let params = (self.params.as_ref(), self.effective_from.as_deref());
        let spec = read_version(&self.policy, params, self.accept_stuck_states, &mut problems);
        problems.finish(spec)
    }
}

impl RolloutDocument {
    /// Checks the document by itself.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<(VersionSpec, RolloutMode), Vec<Problem>> {
        let mut problems = Problems::default();
        let params = (self.params.as_ref(), self.effective_from.as_deref());
        let spec = read_version(&self.policy, params, self.accept_stuck_states, &mut problems);
        let mode = match (self.mode, self.percent) {
            (ModeWord::Canary, Some(percent)) if (1..=100).contains(&percent) => Some(RolloutMode::Canary { percent }),
            (ModeWord::Canary, _) => {
                problems.add("/percent", "a canary decides for 1 to 100 per cent of the owners");
                None
            }
            (ModeWord::Shadow, None) => Some(RolloutMode::Shadow),
            (ModeWord::Shadow, Some(_)) => {
                problems.add("/percent", "a shadow is run on every decision");
                None
            }
        };
        problems.finish(spec.zip(mode))
    }
}

/// A version at work in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivationView {
    /// Counts the campaign's activations, from 1.
    pub number: u32,
    /// The version's digest.
    pub policy: String,
    /// The numbers of the revisions of parameters that it decides with.
    pub revisions: Vec<u32>,
    /// Since when it decides.
    pub at: String,
    /// `created`, `chosen`, `followed`, `promoted`, `rolled-back` or `protected`.
    pub cause: String,
}

impl From<&Activation> for ActivationView {
    fn from(activation: &Activation) -> Self {
        Self {
            number: activation.number,
            policy: activation.policy.to_string(),
            revisions: activation.revisions.clone(),
            at: instant_text(activation.at),
            cause: activation.cause.as_str().to_owned(),
        }
    }
}

/// A version that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutView {
    /// Counts the campaign's rollouts, from 1.
    pub number: u32,
    /// The candidate's digest.
    pub policy: String,
    /// The numbers of the revisions of parameters that it decides with.
    pub revisions: Vec<u32>,
    /// `canary` or `shadow`.
    pub mode: ModeWord,
    /// Of a canary: for how many of a hundred owners it decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Since when it is tried.
    pub since: String,
}

impl From<&Rollout> for RolloutView {
    fn from(rollout: &Rollout) -> Self {
        let (mode, percent) = match rollout.mode {
            RolloutMode::Canary { percent } => (ModeWord::Canary, Some(percent)),
            RolloutMode::Shadow => (ModeWord::Shadow, None),
        };
        Self {
            number: rollout.number,
            policy: rollout.policy.to_string(),
            revisions: rollout.revisions.clone(),
            mode,
            percent,
            since: instant_text(rollout.since),
        }
    }
}

/// How far a version can read the states that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatesReport {
    /// How many states there are in each version of the state.
    pub by_version: BTreeMap<u32, u64>,
    /// How many of those in other versions than the one that the policy writes were tried, at most 10,000.
    pub tried: u64,
    /// How many of those tried it cannot migrate.
    pub stuck: u64,
    /// Some of them.
    pub examples: Vec<StuckStateView>,
}

/// A state that a version cannot migrate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StuckStateView {
    /// Whose.
    pub owner: OwnerView,
    /// The digest of the version that cannot.
    pub policy: String,
    /// The version of the state.
    pub written_as: u32,
    /// What the version says.
    pub why: String,
    /// When it was tried.
    pub at: String,
}

impl StuckStateView {
    /// The state as it goes out.
    #[must_use]
    pub fn of(key: &StateKey, stuck: &StuckState) -> Self {
        Self {
            owner: OwnerView::from(&key.owner),
            policy: stuck.policy.to_string(),
            written_as: stuck.written_as,
            why: stuck.why.clone(),
            at: instant_text(stuck.at),
        }
    }
}

/// What came of asking for an activation or a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivationAnswer {
    /// The campaign.
    pub campaign: String,
    /// Its version after that; the ETag.
    pub version: u64,
    /// Whether nothing was changed because nothing was to be.
    pub dry_run: bool,
    /// The version that is active now.
    pub active: ActivationView,
    /// The version that is tried now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutView>,
    /// Revisions of parameters that the version does not take: events of their time are decided with the first that it takes.
    pub revisions_left: Vec<u32>,
    /// How far it reads the states that there are.
    pub states: StatesReport,
}

impl ActivationAnswer {
    /// The answer.
    #[must_use]
    pub fn of(campaign: &Campaign, dry_run: bool, (revisions_left, states): (Vec<u32>, StatesReport)) -> Self {
        Self {
            campaign: campaign.id.to_string(),
            version: campaign.version,
            dry_run,
            active: (&campaign.activations.active).into(),
            rollout: campaign.rollout.as_ref().map(Into::into),
            revisions_left,
            states,
        }
    }
}

/// What came of a version's decisions while a rollout was on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TallyView {
    /// `active` or `candidate`.
    pub side: String,
    /// The version's digest.
    pub policy: String,
    /// Decisions made; of a shadow: that it was run on.
    pub decisions: u64,
    /// Of them, those whose effects were accepted; of a shadow, which is not judged: that proposed something.
    pub accepted: u64,
    /// Those that the host denied.
    pub denied: u64,
    /// Those that the policy refused.
    pub refused: u64,
    /// Those that broke the contract.
    pub faulted: u64,
    /// Those in which a shadow asked for something else than the active version.
    pub differing: u64,
    /// Fuel used by one decision on average. Not comparable between versions but for its order.
    pub mean_fuel: u64,
}

impl TallyView {
    /// The counts as they go out.
    #[must_use]
    pub fn of(side: Side, policy: Digest, tally: &Tally) -> Self {
        Self {
            side: side.as_str().to_owned(),
            policy: policy.to_string(),
            decisions: tally.decisions,
            accepted: tally.accepted,
            denied: tally.denied,
            refused: tally.refused,
            faulted: tally.faulted,
            differing: tally.differing,
            mean_fuel: tally.fuel.checked_div(tally.decisions).unwrap_or(0),
        }
    }
}

/// A decision in which a shadow asked for something else than the active version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DifferenceView {
    /// The decision of the active version.
    pub decision: u64,
    /// What the candidate asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalView>,
    /// The candidate's own no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
    /// How the candidate broke its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultView>,
    /// Fuel that the candidate used.
    pub fuel: u64,
    /// What the candidate wrote to standard output and error.
    pub log: String,
}

impl From<&ShadowDifference> for DifferenceView {
    fn from(difference: &ShadowDifference) -> Self {
        let Evaluation { output, fuel, log } = &difference.candidate;
        let mut view = Self {
            decision: difference.decision.0,
            proposal: None,
            refusal: None,
            fault: None,
            fuel: *fuel,
            log: log.clone(),
        };
        match output {
            Output::Proposal(proposal) => view.proposal = Some(proposal.into()),
            Output::Refusal(refusal) => view.refusal = Some(refusal.into()),
            Output::Fault(fault) => view.fault = Some(fault.into()),
        }
        view
    }
}

/// A migration of all states of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MigrationView {
    /// The campaign.
    pub campaign: String,
    /// The digest of the version that migrates.
    pub policy: String,
    /// When it was asked for.
    pub started: String,
    /// How many states there were to be migrated.
    pub states: u64,
    /// How many are.
    pub migrated: u64,
    /// How many could not be; they are listed.
    pub failed: u64,
    /// When it came to its end: all were looked at, or another version was activated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

impl From<&Migration> for MigrationView {
    fn from(migration: &Migration) -> Self {
        Self {
            campaign: migration.campaign.to_string(),
            policy: migration.policy.to_string(),
            started: instant_text(migration.started),
            states: migration.states,
            migrated: migration.migrated,
            failed: migration.failed,
            ended: migration.ended.map(instant_text),
        }
    }
}
