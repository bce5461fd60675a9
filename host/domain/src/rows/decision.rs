//! A decision's input, and what the engine can say of having run a policy on it.

use std::fmt;
use std::sync::Arc;

use crate::rows::customer::Standing;
use crate::rows::effect::Proposal;
use crate::rows::event::Event;
use crate::words::id::{
    CampaignId, CustomerId, GrantKey, ProgrammeId, QuestionName, RefusalCode, RoleName, SubscriptionName, Tag,
};
use crate::words::json::Json;
use crate::words::lifecycle::Phase;
use crate::words::owner::Owner;
use crate::words::time::{Instant, Moment};
use crate::words::unit::{Currency, Quantity, Unit};

/// A customer shown to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// In which role.
    pub role: RoleName,
    /// Who.
    pub customer: CustomerId,
    /// The declared attributes that are known; a JSON object.
    pub attributes: Json,
    /// The customer's tags, when declared; sorted.
    pub tags: Vec<Tag>,
    /// The declared balances.
    pub balances: Vec<(Unit, i64)>,
    /// Where the customer stands, when declared; by programme.
    pub standings: Vec<(ProgrammeId, Standing)>,
    /// The campaign's live grants, when declared; the first given first.
    pub grants: Vec<LiveGrant>,
}

/// A grant of the campaign that is neither used up, nor taken back, nor over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveGrant {
    /// The policy's name for it.
    pub key: GrantKey,
    /// Of what.
    pub unit: Unit,
    /// What can still be used.
    pub available: Quantity,
    /// When it was given.
    pub granted_at: Instant,
    /// Worth nothing from then on.
    pub expires: Option<Instant>,
}

/// A question that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enquiry {
    /// Which of the manifest's questions.
    pub question: QuestionName,
    /// An object.
    pub data: Json,
    /// The customer who asks, in every role that is the actor's.
    pub parties: Vec<Party>,
    /// The campaign.
    pub campaign: CampaignView,
    /// Now, in the campaign's zone.
    pub now: Moment,
    /// What is kept of the customer.
    pub state: Option<Json>,
}

/// The campaign as a decision sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignView {
    /// Its id.
    pub id: CampaignId,
    /// The revision in force at the event's time, from 1.
    pub revision: u32,
    /// Its money.
    pub currency: Currency,
    /// Inclusive.
    pub opens: Instant,
    /// Exclusive.
    pub closes: Option<Instant>,
    /// Where in its life it is.
    pub phase: Phase,
    /// The parameters.
    pub params: Json,
}

/// Everything that a decision may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Which subscription matched.
    pub subscription: SubscriptionName,
    /// The event.
    pub event: Arc<Event>,
    /// The event's time in the campaign's zone.
    pub occurred: Moment,
    /// Whose state.
    pub owner: Owner,
    /// The customers shown.
    pub parties: Vec<Party>,
    /// The campaign.
    pub campaign: CampaignView,
    /// The time of admission.
    pub now: Moment,
    /// The only source of chance.
    pub seed: u64,
    /// The owner's state.
    pub state: Option<Json>,
}

impl Input {
    /// Returns the bytes of what grows with use: parameters, event data, attributes and state. Fuel grows with them.
    #[must_use]
    pub fn measured_bytes(&self) -> usize {
        measured(&self.campaign.params, &self.event.data, &self.parties, self.state.as_ref())
    }
}

impl Enquiry {
    /// Returns the bytes of what grows with use, as of an [`Input`].
    #[must_use]
    pub fn measured_bytes(&self) -> usize {
        measured(&self.campaign.params, &self.data, &self.parties, self.state.as_ref())
    }
}

fn measured(params: &Json, data: &Json, parties: &[Party], state: Option<&Json>) -> usize {
    let of = |party: &Party| party.attributes.len() + party.grants.len() * LIVE_GRANT_BYTES;
    params.len() + data.len() + parties.iter().map(of).sum::<usize>() + state.map_or(0, Json::len)
}

/// What a live grant counts for among the bytes of an input.
const LIVE_GRANT_BYTES: usize = 64;

/// The policy's own no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub code: RefusalCode,
    /// For people.
    pub message: String,
}

/// How a policy broke its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The guest trapped: a panic, a division by zero, an access out of bounds, an import that traps.
    Trap,
    /// It used up its fuel.
    Fuel,
    /// It wanted more memory than its limit.
    Memory,
    /// It recursed deeper than its stack.
    Stack,
    /// It returned more than the host lifts.
    Output,
    /// It took longer than its wall time. Not deterministic: never committed.
    Time,
    /// The host could not give it a sandbox. Not deterministic: never committed.
    Host,
    /// It returned something that the contract does not allow: a bad key, a quantity of nothing, too many effects.
    InvalidOutput,
    /// It asked for an effect, or a class of unit, that its manifest does not declare.
    Undeclared,
    /// It named a customer that it was not shown.
    Stranger,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Trap,
        Self::Fuel,
        Self::Memory,
        Self::Stack,
        Self::Output,
        Self::Time,
        Self::Host,
        Self::InvalidOutput,
        Self::Undeclared,
        Self::Stranger,
    ];

    /// Returns the word in answers, records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Output => "output",
            Self::Time => "time",
            Self::Host => "host",
            Self::InvalidOutput => "invalid-output",
            Self::Undeclared => "undeclared",
            Self::Stranger => "stranger",
        }
    }

    /// Reports whether the same input would fault again in the same way, so that the fault may be committed.
    #[must_use]
    pub fn is_deterministic(self) -> bool {
        !matches!(self, Self::Time | Self::Host)
    }
}

/// A policy broke its contract. The decision changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How.
    pub kind: FaultKind,
    /// What is known of it, for the author: which limit, which field, what the guest last said.
    pub detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.detail)
    }
}

/// What came of running `decide`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// It proposes.
    Proposal(Proposal),
    /// It says no.
    Refusal(Refusal),
    /// It broke its contract.
    Fault(Fault),
}

/// One run of `decide`, with what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// What came of it.
    pub output: Output,
    /// Fuel used. Comparable only within one digest.
    pub fuel: u64,
    /// Standard output and error, cut at the limit, control characters escaped.
    pub log: String,
}
