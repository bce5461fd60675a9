//! Redemptions: what was used of grants, or is reserved to be used.

use std::fmt;
use std::str::FromStr;

use crate::rows::ledger::Cause;
use crate::words::id::{CampaignId, CustomerId, GrantKey, InvalidId, RequestId};
use crate::words::key::{GrantSlot, ReservationSlot};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// What a redemption is known by. No text is that of two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RedemptionId {
    /// One that was asked for through the API: the asker's own identifier, which holds no `@`.
    Request(RequestId),
    /// One that a policy reserved: where it stands.
    Policy(ReservationSlot),
}

impl RedemptionId {
    /// Returns the campaign whose policy reserved; `None` of what was asked for through the API.
    #[must_use]
    pub fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::Request(_) => None,
            Self::Policy(slot) => Some(&slot.campaign),
        }
    }

    /// Returns the cause of what is done to the redemption by request.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Request(id) => Cause::Request(id.clone()),
            Self::Policy(slot) => Cause::Settle(slot.clone()),
        }
    }
}

impl From<RequestId> for RedemptionId {
    fn from(id: RequestId) -> Self {
        Self::Request(id)
    }
}

impl fmt::Display for RedemptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(id) => id.fmt(f),
            Self::Policy(slot) => slot.fmt(f),
        }
    }
}

impl FromStr for RedemptionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.splitn(3, '@');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(campaign), Some(key), Some(party)) => Ok(Self::Policy(ReservationSlot {
                campaign: campaign.parse()?,
                party: party.parse()?,
                key: key.parse()?,
            })),
            _ => Ok(Self::Request(text.parse()?)),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionRequest {
    /// What it is known by: the same request again gets the same answer.
    pub id: RedemptionId,
    /// Whose wallet.
    pub customer: CustomerId,
    /// Of what.
    pub unit: Unit,
    /// How much.
    pub quantity: Quantity,
    /// Only from this grant; in the order of the unit, when `None`.
    pub grant: Option<(CampaignId, GrantKey)>,
    /// Kept apart until then, to be committed or released; used at once when `None`.
    pub reserve_until: Option<Instant>,
    /// For the statement and the auditor: an order, a transfer, at most 256 bytes.
    pub reference: String,
}

/// Where a redemption is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedemptionState {
    /// Kept apart.
    Reserved,
    /// Used; some of it may have come back.
    Redeemed,
    /// Given back by request.
    Released,
    /// Given back because nobody settled it in time.
    TimedOut,
    /// Used, and then all of it came back.
    Reversed,
}

impl RedemptionState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Reserved, Self::Redeemed, Self::Released, Self::TimedOut, Self::Reversed];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Redeemed => "redeemed",
            Self::Released => "released",
            Self::TimedOut => "timed-out",
            Self::Reversed => "reversed",
        }
    }
}

/// How much of which grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where the grant stands.
    pub slot: GrantSlot,
    /// Which issue of its key.
    pub issue: u32,
    /// How much of it.
    pub quantity: Quantity,
    /// How much of that came back.
    pub returned: Quantity,
}

impl Part {
    /// Returns what has not come back.
    #[must_use]
    pub fn left(&self) -> Quantity {
        self.quantity.room_after(self.returned)
    }
}

/// What is asked to come back of what was used: an order is returned, or some of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnRequest {
    /// What the return is known by: the same again gets the same answer. Without it, it is the one return of the redemption that has none.
    pub id: Option<RequestId>,
    /// How much; whatever has not come back yet, when `None`.
    pub quantity: Option<Quantity>,
}

impl ReturnRequest {
    /// Reports whether it is of all that is left, under no name: it can be asked for at any time.
    pub(crate) fn is_of_the_rest(&self) -> bool {
        *self == Self::default()
    }
}

/// Something that came back of what was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// What was asked for.
    pub request: ReturnRequest,
    /// How much came back.
    pub quantity: Quantity,
    /// The host's clock when it did.
    pub at: Instant,
}

/// A redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// What was asked for.
    pub request: RedemptionRequest,
    /// Where it is in its life.
    pub state: RedemptionState,
    /// What it is made of; adds up to the quantity.
    pub parts: Vec<Part>,
    /// What came back after it was used, in order.
    pub returns: Vec<Return>,
    /// The host's clock when it was made.
    pub made_at: Instant,
    /// The host's clock when its state last changed, or some of it came back.
    pub changed_at: Instant,
}

impl Redemption {
    /// Returns how much came back after it was used.
    ///
    /// # Panics
    /// When more came back than there was.
    #[must_use]
    pub fn returned(&self) -> Quantity {
        let more = |sum: Quantity, one: &Return| sum.plus(one.quantity).expect("no more comes back than was used");
        self.returns.iter().fold(Quantity::ZERO, more)
    }

    /// Reports whether what is reserved is no longer to be settled.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.request.reserve_until.is_some_and(|until| until <= now)
    }
}
