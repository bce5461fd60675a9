//! A grant: one benefit given to one party under a grant key.

use crate::id::{AboutId, CampaignId, CustomerId, DecisionId, GrantKey};
use crate::time::{Instant, LocalTime};
use crate::unit::{Quantity, Unit};

/// Where a grant stands: at most one living grant per campaign, party and key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantSlot {
    /// The campaign that granted.
    pub campaign: CampaignId,
    /// Who got it.
    pub to: CustomerId,
    /// The policy's name for the reward.
    pub key: GrantKey,
}

/// A benefit that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where it stands.
    pub slot: GrantSlot,
    /// 1, or more when the key was freed by a revocation and granted again.
    pub issue: u32,
    /// The decision that gave it.
    pub decision: DecisionId,
    /// What it is about: a loan, an order.
    pub about: Option<AboutId>,
    /// What was given.
    pub unit: Unit,
    /// How much.
    pub quantity: Quantity,
    /// How much of it was taken back.
    pub reversed: Quantity,
    /// Whether the key may be granted again.
    pub key_freed: bool,
    /// The host's clock when it was given.
    pub granted_at: Instant,
    /// The event's local time: the day, week and month that limits and budgets counted it in.
    pub counted_on: LocalTime,
    /// Pending until then.
    pub hold_until: Option<Instant>,
    /// Worth nothing from then on. Of a credit-limit raise or a rate boost: when it ends.
    pub expires: Option<Instant>,
    /// Of a rate boost: on at most so much principal, in minor units.
    pub principal_cap: Option<Quantity>,
    /// Why.
    pub reason: String,
}

/// What a grant is at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// Promised, still held.
    Pending,
    /// Given.
    Posted,
    /// Past its time.
    Expired,
    /// Wholly taken back.
    Reversed,
}

impl GrantState {
    /// The word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::Expired => "expired",
            Self::Reversed => "reversed",
        }
    }
}

impl Grant {
    /// What of it was not taken back.
    #[must_use]
    pub fn net(&self) -> Quantity {
        self.quantity.room_after(self.reversed)
    }

    /// Its state at a time. Taken back before expired before held.
    #[must_use]
    pub fn state_at(&self, at: Instant) -> GrantState {
        if self.net().is_zero() {
            GrantState::Reversed
        } else if self.expires.is_some_and(|expires| expires <= at) {
            GrantState::Expired
        } else if self.hold_until.is_some_and(|until| at < until) {
            GrantState::Pending
        } else {
            GrantState::Posted
        }
    }
}
