//! What a policy asks for. Nothing here has happened yet; `adjudicate` decides what does.

use crate::words::dimension::Dimension;
use crate::words::hold::{AfterHold, HoldAction};
use crate::words::id::{
    CampaignId, ClaimScope, CustomerId, GrantKey, MeasureName, MessageKey, PoolId, ProgrammeId, ReservationKey, Tag,
    TemplateName, TierName, TimerName,
};
use crate::words::json::Json;
use crate::words::time::When;
use crate::words::unit::{Quantity, Unit};

/// A kind of effect, as a manifest declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// Give a benefit.
    Grant,
    /// Take grants back.
    Revoke,
    /// Send a message.
    Message,
    /// Set or take a tag.
    Tag,
    /// Set or cancel a timer.
    Schedule,
    /// Reserve out of a wallet.
    Reserve,
    /// Commit or release what is held.
    Settle,
    /// Move within a programme.
    Place,
    /// Set a weight in a pool.
    Share,
    /// Hand on to another campaign.
    Enrol,
    /// Count.
    Measure,
}

impl EffectKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Grant,
        Self::Revoke,
        Self::Message,
        Self::Tag,
        Self::Schedule,
        Self::Reserve,
        Self::Settle,
        Self::Place,
        Self::Share,
        Self::Enrol,
        Self::Measure,
    ];

    /// Returns the word in the contract and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Message => "message",
            Self::Tag => "tag",
            Self::Schedule => "schedule",
            Self::Reserve => "reserve",
            Self::Settle => "settle",
            Self::Place => "place",
            Self::Share => "share",
            Self::Enrol => "enrol",
            Self::Measure => "measure",
        }
    }
}

/// What a grant gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Benefit {
    /// So much of a unit.
    Units {
        /// The unit.
        unit: Unit,
        /// How much; more than nothing.
        quantity: Quantity,
    },
    /// A higher credit limit.
    CreditLimit {
        /// At most so much more, in minor units.
        by: Quantity,
        /// Never above this, in minor units.
        up_to: Quantity,
        /// For how long.
        until: Option<When>,
    },
    /// A better rate.
    RateBoost {
        /// The unit `rate-boost:<holding>`.
        unit: Unit,
        /// Hundredths of a per cent; more than nothing.
        basis_points: Quantity,
        /// On at most so much principal, in minor units.
        principal_cap: Option<Quantity>,
        /// For how long.
        until: Option<When>,
    },
}

impl Benefit {
    /// Returns when the benefit ends, if it says so itself.
    pub(crate) fn until(&self) -> Option<When> {
        match self {
            Self::Units { .. } => None,
            Self::CreditLimit { until, .. } | Self::RateBoost { until, .. } => *until,
        }
    }
}

/// What to do when budget or a limit does not allow all of a grant, or a wallet does not hold all of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Deny the whole decision.
    Refuse,
    /// Give or reserve what is left, if that is more than nothing.
    Reduce,
    /// Leave this effect out.
    Skip,
}

/// How long a grant shall be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldProposal {
    /// Pending until then.
    pub until: When,
    /// What becomes of it then.
    pub then: AfterHold,
}

/// A benefit proposed for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantProposal {
    /// The policy's name for the reward.
    pub key: GrantKey,
    /// Who gets it.
    pub to: CustomerId,
    /// The first that fits is given; at least one.
    pub choices: Vec<Benefit>,
    /// When none fits whole.
    pub on_shortfall: Shortfall,
    /// Pending for so long.
    pub hold: Option<HoldProposal>,
    /// Worth nothing from then on.
    pub expires: Option<When>,
    /// Why, for the statement and the auditor.
    pub reason: String,
}

/// What to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationTarget {
    /// One grant.
    Key {
        /// Who got it.
        to: CustomerId,
        /// Its key.
        key: GrantKey,
    },
    /// All that the campaign granted about the thing that the subscription names.
    About,
}

/// A proposal to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What.
    pub of: RevocationTarget,
    /// At most so much of each grant; all that is left when `None`.
    pub quantity: Option<Quantity>,
    /// Whether the key may be granted again.
    pub free_key: bool,
    /// Why.
    pub reason: String,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageClass {
    /// About something the customer did or has.
    Service,
    /// Advertising.
    Marketing,
}

/// A message proposed for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The policy's name for the message.
    pub key: MessageKey,
    /// Who gets it.
    pub to: CustomerId,
    /// Which template.
    pub template: TemplateName,
    /// What fills it; an object.
    pub vars: Json,
    /// What it is for.
    pub class: MessageClass,
    /// Channels in order of preference.
    pub channels: Vec<String>,
}

/// A tag set on, or taken from, a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChange {
    /// Whose.
    pub to: CustomerId,
    /// Which.
    pub tag: Tag,
    /// Set or taken.
    pub present: bool,
    /// Until when it is set.
    pub until: Option<When>,
}

/// A timer to be set for the owner of the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The policy's name for it; one that is set already is replaced.
    pub name: TimerName,
    /// When it goes off.
    pub due: When,
    /// What the policy is told then; an object.
    pub data: Json,
}

/// Units to be taken out of a party's wallet and kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReserveProposal {
    /// The policy's name for it.
    pub key: ReservationKey,
    /// Whose wallet.
    pub party: CustomerId,
    /// Of what.
    pub unit: Unit,
    /// How much; more than nothing.
    pub quantity: Quantity,
    /// Until when; then it goes back.
    pub until: When,
    /// When the wallet does not hold all of it.
    pub on_shortfall: Shortfall,
    /// Why, for the statement and the auditor.
    pub reason: String,
}

/// What the campaign holds for, or of, a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// A grant that is pending.
    Grant {
        /// For whom.
        to: CustomerId,
        /// Its key.
        key: GrantKey,
    },
    /// Something that a policy of the campaign reserved out of a wallet.
    Reservation {
        /// Whose wallet.
        party: CustomerId,
        /// Its key.
        key: ReservationKey,
    },
}

/// A proposal to commit or release what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettleProposal {
    /// What.
    pub of: Held,
    /// What shall become of it.
    pub how: HoldAction,
    /// Whether the whole decision is denied when there is nothing to settle.
    pub required: bool,
    /// Why.
    pub reason: String,
}

/// A party's place in a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Whose.
    pub to: CustomerId,
    /// In which programme.
    pub programme: ProgrammeId,
    /// In which tier; out of the programme when `None`.
    pub tier: Option<TierName>,
    /// Until when.
    pub until: Option<When>,
    /// Why, for the statement and the auditor.
    pub reason: String,
}

/// A party's weight in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareProposal {
    /// Which pool of the campaign.
    pub pool: PoolId,
    /// Whose.
    pub to: CustomerId,
    /// In place of the one before; nothing takes the party out.
    pub weight: u64,
}

/// A party handed on to another campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// To which.
    pub campaign: CampaignId,
    /// Whom.
    pub party: CustomerId,
    /// What its policy is told; an object.
    pub data: Json,
}

/// An addition to a count of the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Which measure.
    pub name: MeasureName,
    /// What the count is of within it; may be empty.
    pub label: String,
    /// How much is added; more than nothing.
    pub by: Quantity,
}

/// What a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Give a benefit.
    Grant(GrantProposal),
    /// Take grants back.
    Revoke(Revocation),
    /// Send a message.
    Message(Message),
    /// Set or take a tag.
    Tag(TagChange),
    /// Set a timer.
    Schedule(Schedule),
    /// Drop a timer.
    CancelTimer(TimerName),
    /// Reserve out of a wallet.
    Reserve(ReserveProposal),
    /// Commit or release what is held.
    Settle(SettleProposal),
    /// Move within a programme.
    Place(Placement),
    /// Set a weight in a pool.
    Share(ShareProposal),
    /// Hand on to another campaign.
    Enrol(Enrolment),
    /// Count.
    Measure(Measurement),
}

impl Effect {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> EffectKind {
        match self {
            Self::Grant(_) => EffectKind::Grant,
            Self::Revoke(_) => EffectKind::Revoke,
            Self::Message(_) => EffectKind::Message,
            Self::Tag(_) => EffectKind::Tag,
            Self::Schedule(_) | Self::CancelTimer(_) => EffectKind::Schedule,
            Self::Reserve(_) => EffectKind::Reserve,
            Self::Settle(_) => EffectKind::Settle,
            Self::Place(_) => EffectKind::Place,
            Self::Share(_) => EffectKind::Share,
            Self::Enrol(_) => EffectKind::Enrol,
            Self::Measure(_) => EffectKind::Measure,
        }
    }
}

/// Something that may be used once only in a scope of the campaign, across customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The policy's name for the thing that is given once.
    pub scope: ClaimScope,
    /// By what it is counted.
    pub by: Dimension,
    /// Whose identity, device or card.
    pub party: CustomerId,
}

/// What becomes of the owner's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateChange {
    /// As it was.
    Keep,
    /// Replaced.
    Put(Json),
    /// Forgotten.
    Clear,
}

/// Everything that a decision wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What must not have been used by another customer.
    pub claims: Vec<Claim>,
    /// Adjudicated in this order.
    pub effects: Vec<Effect>,
    /// What becomes of the owner's state.
    pub state: StateChange,
    /// For the author and the operator.
    pub note: String,
}
