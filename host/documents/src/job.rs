//! Work that takes long and is done beside the host's: replays, backtests and simulations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::campaign::CampaignDocument;
use crate::report::ReportView;

/// What shall be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum JobDocument {
    /// Run decisions again from their records, and compare.
    Replay(ReplayDocument),
    /// See what another version, or other parameters or settings, would have changed.
    Backtest(BacktestDocument),
    /// See what campaigns would grant on given events.
    Simulate(SimulateDocument),
}

/// Which decisions are run again; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ReplayDocument {
    /// By this campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// On events of this customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// After this one.
    pub after: u64,
    /// Up to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// What is tried on the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BacktestDocument {
    /// The campaign that is changed.
    pub campaign: String,
    /// Another version, which is published: `name@version`, `name`, or a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Other parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub params: Option<Map<String, Value>>,
    /// Whether all recorded events are run again from the start, with states, limits and budgets as they become.
    #[serde(default)]
    pub stateful: bool,
    /// Another campaign document: its settings and parameters, not its policy. Only when stateful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<CampaignDocument>>,
    /// The attribute that customers are told apart by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

/// Campaigns and events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SimulateDocument {
    /// The campaigns that run, by id; of policies that are published.
    pub campaigns: BTreeMap<String, CampaignDocument>,
    /// Campaigns to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<BTreeMap<String, CampaignDocument>>,
    /// CloudEvents; not kept with the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub events: Vec<Value>,
    /// Until when time goes on after the last event, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The attribute that customers are told apart by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// It waits for those before it.
    Waiting,
    /// It is under way.
    Running,
    /// It has come to its end.
    Done,
    /// It could not be done; `error` says why.
    Failed,
}

/// A job as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobView {
    /// Its number.
    pub id: u64,
    /// Where it is.
    pub status: JobStatus,
    /// What was asked for.
    pub request: JobDocument,
    /// When it was asked for, in RFC 3339.
    pub asked: String,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// How many decisions or events it has been through.
    pub progress: u64,
    /// How many there are, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What a backtest or a simulation found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<ReportView>>,
    /// What a replay found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<ReplayedView>,
    /// Why it could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayedView {
    /// Decisions that gave the same bytes for the same fuel.
    pub identical: u64,
    /// Decisions that did not.
    pub divergent: u64,
    /// The first that did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_divergent: Option<u64>,
    /// Decisions whose records were removed.
    pub removed: u64,
    /// Decisions that could not be run, by why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_run: BTreeMap<String, u64>,
}
