//! A decision as it goes out: in full, and in brief.

use std::collections::BTreeMap;

use largesse_domain::decision::{Fault, LiveGrant, Output, Party, Refusal};
use largesse_domain::event::{Admission, Event};
use largesse_domain::outcome::{Decision, Remains};
use largesse_domain::owner::Owner;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::customer::StandingView;
use crate::effect::ProposalView;
use crate::outcome::{DeniedView, OutcomeView, denied, outcomes};
use crate::problem::json_value;
use crate::time::instant_text;

/// One evaluation of one campaign for one event and owner: what it knew, what it wanted, what the host made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionView {
    /// Its place in the order of decisions.
    pub id: u64,
    /// The event.
    pub event: EventView,
    /// The campaign.
    pub campaign: String,
    /// The revision of the campaign's parameters.
    pub revision: u32,
    /// `open` or `closing`.
    pub phase: String,
    /// The policy's subscription that matched.
    pub subscription: String,
    /// Whose state it read.
    pub owner: OwnerView,
    /// The digest of the policy that decided.
    pub policy: String,
    /// How WASI behaved; part of what a replay depends on.
    pub wasi_profile: u32,
    /// The time of admission.
    pub now: String,
    /// The source of chance: an unsigned 64-bit number in decimal.
    pub seed: String,
    /// The customers shown.
    pub parties: Vec<PartyView>,
    /// The owner's state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_before: Option<Value>,
    /// The version of the state that it read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_read_as: Option<u32>,
    /// `accepted`, `denied`, `refused` or `faulted`.
    pub verdict: String,
    /// The host's no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<DeniedView>,
    /// The policy's no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
    /// How the policy broke its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultView>,
    /// One for each effect of an accepted decision.
    pub outcomes: Vec<OutcomeView>,
    /// What the policy asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalView>,
    /// Fuel used. Comparable only within one policy digest.
    pub fuel: u64,
    /// What the policy wrote to standard output and error.
    pub log: String,
    /// When it was made; later than `now` after a deferral.
    pub made_at: String,
}

/// A decision in brief, for the answer to an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionSummary {
    /// The decision's id; absent from a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
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
}

/// An event as it was admitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventView {
    /// Its place in the order of admission; absent from a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
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
    /// When the host took it; absent from a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted: Option<String>,
    /// Its data.
    pub data: Value,
}

/// Whose state a decision reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnerView {
    /// `party` or `entity`.
    pub kind: String,
    /// The customer or entity.
    pub id: String,
}

/// A customer shown to a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartyView {
    /// In which role.
    pub role: String,
    /// Who.
    pub customer: String,
    /// The attributes shown.
    pub attributes: Value,
    /// The tags shown.
    pub tags: Vec<String>,
    /// The balances shown.
    pub balances: Vec<BalanceView>,
    /// Where the customer stands in programmes, when shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub standings: BTreeMap<String, StandingView>,
    /// The campaign's live grants, when shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<LiveGrantView>,
}

/// A grant that is neither used up, nor taken back, nor over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveGrantView {
    /// The policy's name for it.
    pub key: String,
    /// Of what.
    pub unit: String,
    /// What can still be used.
    pub available: u64,
    /// When it was given.
    pub granted_at: String,
    /// Worth nothing from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What a customer holds of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BalanceView {
    /// Of what.
    pub unit: String,
    /// How much.
    pub amount: i64,
}

/// The policy's own no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusalView {
    /// A stable code.
    pub code: String,
    /// For people.
    pub message: String,
}

/// How a policy broke its contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FaultView {
    /// `trap`, `fuel`, `memory`, `stack`, `output`, `time`, `host`, `invalid-output`, `undeclared` or `stranger`.
    pub kind: String,
    /// What is known of it, for the author.
    pub detail: String,
}

/// Where the chain of decisions ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeadView {
    /// The last decision; 0 when none was made.
    pub decision: u64,
    /// Its link, 64 hexadecimal digits; all zeros when none was made.
    pub link: String,
}

impl EventView {
    /// The event as it goes out; without an admission it was not committed.
    #[must_use]
    pub fn of(event: &Event, admission: Option<&Admission>) -> Self {
        Self {
            seq: admission.map(|admission| admission.seq.0),
            source: event.key.source.to_string(),
            id: event.key.id.to_string(),
            kind: event.kind.to_string(),
            actor: event.actor.to_string(),
            occurred: instant_text(event.occurred),
            admitted: admission.map(|admission| instant_text(admission.at)),
            data: json_value(&event.data),
        }
    }
}

impl From<&Owner> for OwnerView {
    fn from(owner: &Owner) -> Self {
        Self { kind: owner.kind().as_str().to_owned(), id: owner.id().to_owned() }
    }
}

impl From<&Party> for PartyView {
    fn from(party: &Party) -> Self {
        let balances = party.balances.iter();
        Self {
            role: party.role.to_string(),
            customer: party.customer.to_string(),
            attributes: json_value(&party.attributes),
            tags: party.tags.iter().map(ToString::to_string).collect(),
            balances: balances.map(|(unit, amount)| BalanceView { unit: unit.to_string(), amount: *amount }).collect(),
            standings: party.standings.iter().map(|(id, standing)| (id.to_string(), standing.into())).collect(),
            grants: party.grants.iter().map(Into::into).collect(),
        }
    }
}

impl From<&LiveGrant> for LiveGrantView {
    fn from(grant: &LiveGrant) -> Self {
        Self {
            key: grant.key.to_string(),
            unit: grant.unit.to_string(),
            available: grant.available.get(),
            granted_at: instant_text(grant.granted_at),
            expires: grant.expires.map(instant_text),
        }
    }
}

impl From<&Refusal> for RefusalView {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code.to_string(), message: refusal.message.clone() }
    }
}

impl From<&Fault> for FaultView {
    fn from(fault: &Fault) -> Self {
        Self { kind: fault.kind.as_str().to_owned(), detail: fault.detail.clone() }
    }
}

impl DecisionView {
    /// The decision as it goes out, complete but for the parameters, which stand in the campaign's revision.
    #[must_use]
    pub fn of(decision: &Decision, admission: &Admission) -> Self {
        let input = &decision.input;
        let (proposal, refusal, fault) = match &decision.evaluation.output {
            Output::Proposal(proposal) => (Some(proposal.into()), None, None),
            Output::Refusal(refusal) => (None, Some(refusal.into()), None),
            Output::Fault(fault) => (None, None, Some(fault.into())),
        };
        Self {
            id: decision.id.0,
            event: EventView::of(&input.event, Some(admission)),
            campaign: decision.campaign.to_string(),
            revision: input.campaign.revision,
            phase: input.campaign.phase.as_str().to_owned(),
            subscription: input.subscription.to_string(),
            owner: (&input.owner).into(),
            policy: decision.policy.to_string(),
            wasi_profile: decision.wasi_profile,
            now: instant_text(input.now.at),
            seed: input.seed.to_string(),
            parties: input.parties.iter().map(Into::into).collect(),
            state_before: input.state.as_ref().map(json_value),
            state_read_as: decision.state_read_as,
            verdict: decision.verdict.as_str().to_owned(),
            denied: denied(&decision.verdict),
            refusal,
            fault,
            outcomes: outcomes(&decision.verdict),
            proposal,
            fuel: decision.evaluation.fuel,
            log: decision.evaluation.log.clone(),
            made_at: instant_text(decision.made_at),
        }
    }
}

impl DecisionSummary {
    /// The decision in brief.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        let (refusal, fault) = match &decision.evaluation.output {
            Output::Proposal(_) => (None, None),
            Output::Refusal(refusal) => (Some(refusal.code.to_string()), None),
            Output::Fault(fault) => (None, Some(fault.kind.as_str().to_owned())),
        };
        Self {
            id: Some(decision.id.0),
            campaign: decision.campaign.to_string(),
            policy: decision.policy.to_string(),
            subscription: decision.input.subscription.to_string(),
            verdict: decision.verdict.as_str().to_owned(),
            reason: denied(&decision.verdict).map(|denied| denied.reason),
            refusal,
            fault,
            outcomes: outcomes(&decision.verdict),
        }
    }

    /// The same of a decision whose record was removed.
    #[must_use]
    pub fn of_remains(remains: &Remains) -> Self {
        Self {
            id: Some(remains.id.0),
            campaign: remains.campaign.to_string(),
            policy: remains.policy.to_string(),
            subscription: remains.subscription.to_string(),
            verdict: remains.verdict.as_str().to_owned(),
            reason: denied(&remains.verdict).map(|denied| denied.reason),
            refusal: remains.refusal.as_ref().map(ToString::to_string),
            fault: remains.fault.map(|kind| kind.as_str().to_owned()),
            outcomes: outcomes(&remains.verdict),
        }
    }
}
