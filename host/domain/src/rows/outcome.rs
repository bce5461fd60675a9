//! What became of a decision and of each of its effects.

use std::sync::Arc;

use crate::rows::decision::{Evaluation, FaultKind, Input};
use crate::rows::effect::EffectKind;
use crate::rows::event::EventKey;
use crate::words::dimension::Dimension;
use crate::words::hold::HoldAction;
use crate::words::id::{
    CampaignId, ClaimScope, CustomerId, DecisionId, Digest, EventKind, EventSeq, MeasureName, MessageKey, PoolId,
    ProgrammeId, RefusalCode, SubscriptionName, Tag, TierName, TimerName,
};
use crate::words::key::{GrantSlot, ReservationSlot};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// Why something was not done, or not wholly. In the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The identity, device, card or address that a claim is about is not known.
    ClaimUnknown,
    /// Another customer holds the claim.
    ClaimTaken,
    /// The key was granted before.
    AlreadyGranted,
    /// Something was reserved under the key before.
    AlreadyReserved,
    /// Everything about the thing was revoked before.
    CancelledBefore,
    /// The event is from after the campaign's end.
    CampaignEnded,
    /// The event is from outside the campaign's windows.
    OutsideWindow,
    /// A pocket that the campaign uses is not open at the event's time.
    PocketClosed,
    /// The time until which to hold or reserve is over.
    TimedOut,
    /// The campaign has narrowed the class of unit out.
    ClassNotAllowed,
    /// The customer's credit limit is not known.
    CreditUnknown,
    /// The customer's credit limit, with the raises under way, is at its ceiling.
    CreditCeiling,
    /// A limit counts by device, card, address or identity, and the customer's is not known.
    IdentifierUnknown,
    /// No limit of the campaign counts the unit.
    NoLimit,
    /// No budget of the campaign counts the unit.
    NoBudget,
    /// A limit leaves no room.
    LimitReached,
    /// A budget leaves no room.
    BudgetExhausted,
    /// There are not as many pieces on hand.
    StockExhausted,
    /// Less is asked for than is redeemed of the unit at once.
    BelowMinimum,
    /// The customer cannot use as much.
    InsufficientBalance,
    /// There is nothing left to take back.
    NothingToRevoke,
    /// There is no such grant or reservation, or it was settled before.
    NothingToSettle,
    /// The message was sent before.
    AlreadySent,
    /// The customer has as many tags as there may be.
    TooManyTags,
    /// The owner has as many timers as there may be.
    TooManyTimers,
    /// No such timer is set.
    NoSuchTimer,
    /// There is no such programme.
    NoSuchProgramme,
    /// The programme has no such tier.
    NoSuchTier,
    /// The programme does not let that tier follow on the one in which the customer stands.
    MoveNotAllowed,
    /// The customer stands in as many programmes as there may be.
    TooManyProgrammes,
    /// The customer stands there already, or is in no tier to be taken out of.
    AlreadyPlaced,
    /// The campaign has no such pool.
    NoSuchPool,
    /// The pool is settled, or is being.
    PoolSettled,
    /// There is no such campaign, or its life is over.
    NoSuchCampaign,
    /// The campaign counts as much as it may, or the count leaves its range.
    TooManyCounts,
    /// The customer has not agreed to be sent marketing messages, or not by these channels.
    NoConsent,
    /// The customer is sent as many marketing messages as there may be for now.
    TooManyMessages,
    /// Another campaign of its stacking group gives for the event.
    Excluded,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 38] = [
        Self::ClaimUnknown,
        Self::ClaimTaken,
        Self::AlreadyGranted,
        Self::AlreadyReserved,
        Self::CancelledBefore,
        Self::CampaignEnded,
        Self::OutsideWindow,
        Self::PocketClosed,
        Self::TimedOut,
        Self::ClassNotAllowed,
        Self::CreditUnknown,
        Self::CreditCeiling,
        Self::IdentifierUnknown,
        Self::NoLimit,
        Self::NoBudget,
        Self::LimitReached,
        Self::BudgetExhausted,
        Self::StockExhausted,
        Self::BelowMinimum,
        Self::InsufficientBalance,
        Self::NothingToRevoke,
        Self::NothingToSettle,
        Self::AlreadySent,
        Self::TooManyTags,
        Self::TooManyTimers,
        Self::NoSuchTimer,
        Self::NoSuchProgramme,
        Self::NoSuchTier,
        Self::MoveNotAllowed,
        Self::TooManyProgrammes,
        Self::AlreadyPlaced,
        Self::NoSuchPool,
        Self::PoolSettled,
        Self::NoSuchCampaign,
        Self::TooManyCounts,
        Self::NoConsent,
        Self::TooManyMessages,
        Self::Excluded,
    ];

    /// Returns the code in answers and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaimUnknown => "claim-unknown",
            Self::ClaimTaken => "claim-taken",
            Self::AlreadyGranted => "already-granted",
            Self::AlreadyReserved => "already-reserved",
            Self::CancelledBefore => "cancelled-before",
            Self::CampaignEnded => "campaign-ended",
            Self::OutsideWindow => "outside-window",
            Self::PocketClosed => "pocket-closed",
            Self::TimedOut => "timed-out",
            Self::ClassNotAllowed => "class-not-allowed",
            Self::CreditUnknown => "credit-unknown",
            Self::CreditCeiling => "credit-ceiling",
            Self::IdentifierUnknown => "identifier-unknown",
            Self::NoLimit => "no-limit",
            Self::LimitReached => "limit-reached",
            Self::NoBudget => "no-budget",
            Self::BudgetExhausted => "budget-exhausted",
            Self::StockExhausted => "stock-exhausted",
            Self::BelowMinimum => "below-minimum",
            Self::InsufficientBalance => "insufficient-balance",
            Self::NothingToRevoke => "nothing-to-revoke",
            Self::NothingToSettle => "nothing-to-settle",
            Self::AlreadySent => "already-sent",
            Self::TooManyTags => "too-many-tags",
            Self::TooManyTimers => "too-many-timers",
            Self::NoSuchTimer => "no-such-timer",
            Self::NoSuchProgramme => "no-such-programme",
            Self::NoSuchTier => "no-such-tier",
            Self::MoveNotAllowed => "move-not-allowed",
            Self::TooManyProgrammes => "too-many-programmes",
            Self::AlreadyPlaced => "already-placed",
            Self::NoSuchPool => "no-such-pool",
            Self::PoolSettled => "pool-settled",
            Self::NoSuchCampaign => "no-such-campaign",
            Self::TooManyCounts => "too-many-counts",
            Self::NoConsent => "no-consent",
            Self::TooManyMessages => "too-many-messages",
            Self::Excluded => "excluded",
        }
    }
}

/// Part of a grant that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Which grant.
    pub grant: GrantSlot,
    /// Of what.
    pub unit: Unit,
    /// How much.
    pub quantity: Quantity,
}

/// Where something stands that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldSlot {
    /// A grant.
    Grant(GrantSlot),
    /// What a policy reserved out of a wallet.
    Reservation(ReservationSlot),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A benefit was given.
    Granted {
        /// Where it stands.
        grant: GrantSlot,
        /// Of what.
        unit: Unit,
        /// How much.
        quantity: Quantity,
        /// Which of the choices, from 0.
        choice: usize,
    },
    /// Grants were taken back, or, when there were none, later ones about the thing are cancelled.
    Revoked(Vec<Reversal>),
    /// A message goes out.
    Messaged {
        /// To whom.
        to: CustomerId,
        /// Which.
        key: MessageKey,
        /// When its quiet hours are over.
        not_before: Option<Instant>,
        /// The channels named for it that the customer has refused: it does not go by them.
        without: Vec<String>,
    },
    /// A tag was set or taken.
    Tagged {
        /// Whose.
        to: CustomerId,
        /// Which.
        tag: Tag,
        /// Set or taken.
        present: bool,
    },
    /// A timer was set for the owner of the decision.
    Scheduled {
        /// Which.
        name: TimerName,
        /// When it goes off.
        due: Instant,
    },
    /// A timer of the owner was dropped.
    TimerCancelled {
        /// Which.
        name: TimerName,
    },
    /// Something was reserved out of a wallet.
    Reserved {
        /// Where it stands.
        reservation: ReservationSlot,
        /// Of what.
        unit: Unit,
        /// How much.
        quantity: Quantity,
        /// Until when; then it goes back.
        until: Instant,
    },
    /// Something that was held was committed or released.
    Settled {
        /// Where it stands.
        of: HeldSlot,
        /// What became of it.
        how: HoldAction,
        /// Of what.
        unit: Unit,
        /// How much.
        quantity: Quantity,
    },
    /// A party moved within a programme, or stays there until another time.
    Placed {
        /// Who.
        to: CustomerId,
        /// In which programme.
        programme: ProgrammeId,
        /// Out of which tier.
        from: Option<TierName>,
        /// Into which tier; none when out of the programme.
        tier: Option<TierName>,
        /// Until when.
        until: Option<Instant>,
    },
    /// A party weighs so much in a pool.
    Shared {
        /// Who.
        to: CustomerId,
        /// Which pool.
        pool: PoolId,
        /// How much.
        weight: u64,
    },
    /// A party is handed on.
    Enrolled {
        /// Who.
        party: CustomerId,
        /// To which campaign.
        campaign: CampaignId,
    },
    /// Something was counted.
    Measured {
        /// Which measure.
        name: MeasureName,
        /// What of it.
        label: String,
        /// How much was added.
        by: Quantity,
    },
}

/// What became of one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done as asked.
    Applied(Done),
    /// Done in part, for that reason.
    Reduced(Done, Reason),
    /// Left out; the decision stands.
    Skipped(EffectKind, Reason),
}

/// What made the host deny a whole decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// A claim.
    Claim {
        /// What is given once.
        scope: ClaimScope,
        /// By what it is counted.
        by: Dimension,
    },
    /// An effect that had to be given whole, counted from 0.
    Effect(usize),
    /// Stacking: this campaign of its group gives for the event.
    Stacking(CampaignId),
}

/// How a decision ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The proposal stands; one outcome for each effect.
    Accepted(Vec<Outcome>),
    /// The host's no: nothing of the proposal was done, and the state is as it was.
    Denied(Denied, Reason),
    /// The policy's no.
    Refused,
    /// The policy broke its contract.
    Faulted,
}

impl Verdict {
    /// Returns the word in answers, records and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Denied(..) => "denied",
            Self::Refused => "refused",
            Self::Faulted => "faulted",
        }
    }
}

/// One evaluation of one campaign for one event and owner: its full input, its output, what the host made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its place in the order of decisions.
    pub id: DecisionId,
    /// The event's place in the order of admission.
    pub event: EventSeq,
    /// The campaign.
    pub campaign: CampaignId,
    /// The policy that decided.
    pub policy: Digest,
    /// How WASI behaved; part of what a replay depends on.
    pub wasi_profile: u32,
    /// Everything that it knew.
    pub input: Arc<Input>,
    /// The version of the state it read.
    pub state_read_as: Option<u32>,
    /// What came of it.
    pub evaluation: Evaluation,
    /// What the host made of it.
    pub verdict: Verdict,
    /// The host's clock when it was made; later than `input.now` after a deferral.
    pub made_at: Instant,
}

/// What remains of a decision whose record was removed: enough to answer its event again, and to take back what it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    /// Its place in the order of decisions.
    pub id: DecisionId,
    /// The event's place in the order of admission.
    pub event: EventSeq,
    /// What identifies the event.
    pub key: EventKey,
    /// What the event told.
    pub kind: EventKind,
    /// The customer who acted.
    pub actor: CustomerId,
    /// When it happened.
    pub occurred: Instant,
    /// The campaign.
    pub campaign: CampaignId,
    /// The policy that decided.
    pub policy: Digest,
    /// The policy's subscription that matched.
    pub subscription: SubscriptionName,
    /// What the host made of it.
    pub verdict: Verdict,
    /// The code of the policy's refusal.
    pub refusal: Option<RefusalCode>,
    /// The kind of the policy's fault.
    pub fault: Option<FaultKind>,
    /// The host's clock when it was made.
    pub made_at: Instant,
    /// The host's clock when its record was removed.
    pub removed_at: Instant,
}
