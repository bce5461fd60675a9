//! What a run over recorded or given events comes to, beside another run or alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The two runs that a report holds to each other: what is so now, and what is tried. A report on one run alone has no `then`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sides<T> {
    /// What it is compared with: the record, or a run of what is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<T>,
    /// The run in question.
    pub now: T,
}

/// What was run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A candidate on the input of each recorded decision, each with the state that it had.
    #[default]
    Pointwise,
    /// The recorded events from the start, with states, limits and budgets as they become.
    Stateful,
    /// Given events from the start.
    Simulated,
}

/// A report. Quantities are in the smallest parts of their units; what was taken back is subtracted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportView {
    /// What was run.
    pub mode: Mode,
    /// Events that were run; absent when decisions were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Decisions made.
    pub decisions: Sides<u64>,
    /// Decisions by how they ended.
    pub verdicts: BTreeMap<String, Sides<u64>>,
    /// Decisions that came to something else, or were made in one run only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// Fuel used by one decision on average.
    pub mean_fuel: Sides<u64>,
    /// Customers who get more of something and less of nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better_off: Option<u64>,
    /// Customers who get less of something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worse_off: Option<u64>,
    /// What is asked for (pointwise) or granted, by campaign and unit.
    pub units: Vec<UnitRow>,
    /// The same by local day of the campaign.
    pub days: Vec<DayRow>,
    /// The same by the value of an attribute, when one was named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentRow>,
    /// Effects that the host did not carry out, or not wholly, by why.
    pub kept_back: Vec<KeptBackRow>,
    /// The customers for whom most differs; of one run alone, those who get most.
    pub customers: Vec<CustomerRow>,
    /// Decisions and events that could not be run, by why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_run: BTreeMap<String, u64>,
    /// Decisions and events that the clock or the host stopped, by kind (`time`, `host`, `unavailable`): nobody's fault, and in no other number
    /// of this report.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stopped: BTreeMap<String, u64>,
    /// How true the run of what is active is to the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<RecordedView>,
}

/// What was given of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitRow {
    /// By this campaign.
    pub campaign: String,
    /// The unit.
    pub unit: String,
    /// How much.
    pub quantity: Sides<i128>,
    /// What it costs, when the unit has a cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
    /// The first event for which the budget did not have enough, in RFC 3339.
    pub exhausted: Sides<Option<String>>,
}

/// What something costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostView {
    /// In minor units.
    pub amount: Sides<i128>,
    /// ISO 4217 code.
    pub currency: String,
}

/// What was given of a unit on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayRow {
    /// By this campaign.
    pub campaign: String,
    /// The unit.
    pub unit: String,
    /// The local date.
    pub day: String,
    /// How much.
    pub quantity: Sides<i128>,
}

/// What was given of a unit to the customers of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SegmentRow {
    /// The attribute's value; empty for customers of whom it is not known.
    pub segment: String,
    /// The unit.
    pub unit: String,
    /// Customers who get something of it.
    pub customers: Sides<u64>,
    /// How much.
    pub quantity: Sides<i128>,
}

/// How often an effect was not carried out, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeptBackRow {
    /// By this campaign.
    pub campaign: String,
    /// The unit of a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Why.
    pub reason: String,
    /// How often.
    pub count: Sides<u64>,
}

/// A customer for whom much differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerRow {
    /// Who.
    pub customer: String,
    /// What they get.
    pub units: BTreeMap<String, Sides<i128>>,
    /// The first of their decisions that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<ChangedDecision>,
}

/// A decision that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedDecision {
    /// By this campaign.
    pub campaign: String,
    /// The kind of event.
    pub kind: String,
    /// When it happened, in RFC 3339.
    pub occurred: String,
    /// What came of it then; absent when no decision was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// What comes of it now; absent when no decision is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// How a run of what is active compares with what the record says happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordedView {
    /// Recorded decisions that ended the same in the run.
    pub same: u64,
    /// Recorded decisions that ended otherwise, or were not made in the run, and decisions of the run that are not recorded.
    pub otherwise: u64,
}
