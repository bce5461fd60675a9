//! What goes in and out over HTTP and is not a document of its own elsewhere.

use std::collections::BTreeMap;

use largesse_documents::catalogue::UnitView;
use largesse_documents::customer::TouchView;
use largesse_documents::job::JobView;
use largesse_documents::outcome::OutcomeView;
use largesse_documents::{
    CampaignView, CustomerView, DecisionSummary, DecisionView, DeliveryView, DestinationView, GrantView,
    ProblemDocument, RedemptionView, TransferView,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

mod calendar;
mod draws;
mod pockets;
mod policies;
mod programmes;
mod runs;
mod segments;
mod versions;

pub use calendar::{CalendarItem, CalendarList, OccurrenceItem};
pub use draws::DrawsView;
pub use pockets::{AllocationItem, PocketList, PocketView};
pub use policies::{PolicyItem, PolicyList};
pub use programmes::{ProgrammeList, QuoteDocument, QuoteView};
pub use runs::{NumbersView, RunPage, RunView};
pub use segments::{SegmentList, SegmentView};
pub use versions::{
    AcceptDocument, ActivationList, DifferenceList, RolloutStatus, StopDocument, StopView, StuckStateList,
};

/// Jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobList {
    /// The latest first, without their reports.
    pub items: Vec<JobView>,
}

/// An event as it is sent: CloudEvents 1.0 in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventDocument {
    /// `1.0`.
    pub specversion: String,
    /// Identifies the event within its source.
    pub id: String,
    /// The system that it comes from.
    pub source: String,
    /// The event's kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The customer who acted.
    pub subject: String,
    /// When it happened, in RFC 3339 with an offset.
    pub time: String,
    /// What the schema of its kind says.
    #[serde(default)]
    pub data: Value,
}

/// What became of an event that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Taken {
    /// It was taken now.
    Admitted,
    /// It was taken before; this is what was decided then, or since.
    Duplicate,
}

/// The answer to what was sent: one event, or a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum EventsAnswer {
    /// To a batch.
    Batch(BatchAnswer),
    /// To one event.
    One(EventAnswer),
}

/// The answer to an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventAnswer {
    /// Its place in the order of admission.
    pub seq: u64,
    /// What became of it.
    pub status: Taken,
    /// The decisions on it, in order. Absent when the answer was asked to come without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Vec<DecisionSummary>>,
    /// The decisions that are still to come. Absent when the answer was asked to come without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Vec<DeferredView>>,
}

/// A decision that is put off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeferredView {
    /// By which campaign.
    pub campaign: String,
    /// By which subscription of its policy.
    pub subscription: String,
    /// `paused` when the campaign is paused or makes up for a pause, `held` when a policy of it cannot be run, `fault` when the policy
    /// faulted, `queued` when more decisions are asked for than are made at once, or earlier ones of the same customer are queued.
    pub why: String,
}

/// The answer to a batch: one item for each event, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchAnswer {
    /// The items.
    pub items: Vec<BatchItem>,
}

/// What became of one event of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ItemStatus {
    /// It was taken now.
    Admitted,
    /// It was taken before; this is what was decided then, or since.
    Duplicate,
    /// It was taken before with another body, which stands.
    Conflict,
    /// It cannot be taken; `problem` says why. It must be corrected.
    Rejected,
    /// It was not taken this time; `problem` says why. It can be sent again as it is.
    Unavailable,
}

/// The answer to one event of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchItem {
    /// The event's place in the batch, from 0.
    pub index: usize,
    /// What became of it.
    pub status: ItemStatus,
    /// Of an event that was taken: its place in the order of admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Of an event that was taken: the decisions on it, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Vec<DecisionSummary>>,
    /// Of an event that was taken: the decisions that are still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Vec<DeferredView>>,
    /// Of an event that was not taken: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDocument>,
}

/// What would be decided on an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRunAnswer {
    /// Always `true`.
    pub dry_run: bool,
    /// The decisions, complete. Their ids are 0, and chance fell otherwise than it will.
    pub decisions: Vec<DecisionView>,
    /// The decisions that would be put off.
    pub deferred: Vec<DeferredView>,
}

/// All campaigns, by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CampaignList {
    /// The campaigns.
    pub items: Vec<CampaignView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a campaign has spent and decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpendView {
    /// The campaign.
    pub campaign: String,
    /// Where it is in its life.
    pub lifecycle: String,
    /// Its budgets, as the campaign lists them.
    pub budgets: Vec<BudgetSpend>,
    /// Where the campaign's accounts are: what is promised, in wallets, used, expired, owed.
    pub accounts: String,
    /// How many decisions ended in each verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// How many decisions are put off.
    pub deferred: u64,
}

/// What was spent of a budget: granted less taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetSpend {
    /// What it counts: a unit or a class of units.
    pub unit: String,
    /// The most that may be spent.
    pub total: u64,
    /// What was spent.
    pub used: u64,
    /// What is left.
    pub left: u64,
    /// In how many grants that are not wholly taken back.
    pub grants: u64,
    /// The most that may be spent on a local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
    /// What was spent on each local day, when there is a bound on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<DaySpend>,
}

/// What was spent of a budget on a local day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DaySpend {
    /// The day of the events in the campaign's time zone, as `2026-03-01`.
    pub day: String,
    /// What was spent.
    pub used: u64,
    /// In how many grants that are not wholly taken back.
    pub grants: u64,
}

/// All units with terms, by unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitList {
    /// The units.
    pub items: Vec<UnitView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A customer's redemptions, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedemptionList {
    /// The redemptions.
    pub items: Vec<RedemptionView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of the journal, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferPage {
    /// The transfers.
    pub items: Vec<TransferView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A page of decisions, in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionPage {
    /// The decisions.
    pub items: Vec<DecisionItem>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A decision with its event, in brief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionItem {
    /// Its place in the order of decisions.
    pub id: u64,
    /// The event.
    pub event: EventItem,
    /// The campaign.
    pub campaign: String,
    /// The digest of the version that decided.
    pub policy: String,
    /// The policy's subscription that matched.
    pub subscription: String,
    /// `accepted`, `denied`, `refused` or `faulted`.
    pub verdict: String,
    /// The reason code of a denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The code of the policy's refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The kind of the policy's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// One for each effect of an accepted decision.
    pub outcomes: Vec<OutcomeView>,
    /// When it was made, by the host's clock.
    pub made_at: String,
    /// When its record was removed, by the host's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<String>,
}

/// An event in brief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventItem {
    /// Its place in the order of admission.
    pub seq: u64,
    /// The system that it comes from.
    pub source: String,
    /// Its identifier there.
    pub id: String,
    /// What it tells.
    pub kind: String,
    /// The customer who acted.
    pub actor: String,
    /// When it happened.
    pub occurred: String,
}

/// What the host knows of a customer, with the inviters that campaigns have bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAnswer {
    /// What events and operators have established.
    #[serde(flatten)]
    pub customer: CustomerView,
    /// By campaign: who counts as their inviter, for ever.
    pub inviters: BTreeMap<String, String>,
}

/// All grants to a customer, in order of decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantList {
    /// The grants, with their states as of now.
    pub items: Vec<GrantView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What was granted to a customer, by unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalanceList {
    /// One for each unit that was ever granted, by unit.
    pub items: Vec<BalanceItem>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What became of all that was granted of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalanceItem {
    /// Of what.
    pub unit: String,
    /// Can be used now.
    pub available: u64,
    /// Promised, still held.
    pub pending: u64,
    /// Reserved for redemptions under way.
    pub reserved: u64,
    /// Used.
    pub redeemed: u64,
    /// Kept for debts: of what was used and then taken back.
    pub paid: u64,
    /// Past its time, unused.
    pub expired: u64,
    /// Taken back.
    pub reversed: u64,
    /// Owed: was used and then taken back, and is not paid yet.
    pub owed: u64,
}

/// Who invited a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReferralsView {
    /// Invitations, the earliest first.
    pub touches: Vec<TouchView>,
    /// By campaign: who counts as their inviter, for ever.
    pub inviters: BTreeMap<String, String>,
}

/// All event kinds, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KindList {
    /// The kinds.
    pub items: Vec<KindView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An event kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KindView {
    /// Its name, the `type` of its events.
    pub kind: String,
    /// JSON Schema (2020-12) of the data, with the host's annotations (`x-largesse-...`).
    pub schema: Value,
}

/// That the host is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// `ok`.
    pub status: String,
}

/// The destinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestinationList {
    /// By id.
    pub items: Vec<DestinationView>,
}

/// A destination that was registered or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestinationAnswer {
    /// As it is now.
    #[serde(flatten)]
    pub destination: DestinationView,
    /// The secret that it was given, when it is new and none was sent. It is never shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Deliveries in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryPage {
    /// The deliveries.
    pub items: Vec<DeliveryView>,
    /// Ask for what comes after this; absent when there is nothing more yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Whose dead deliveries are sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayDeadDocument {
    /// To which destination.
    pub destination: String,
}

/// What is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayAnswer {
    /// So many deliveries.
    pub replayed: usize,
}

/// Why a grant could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureDocument {
    /// The reason, for the auditor: 1 to 256 bytes.
    pub reason: String,
}
