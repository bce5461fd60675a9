//! A grant: one benefit given to one party under a grant key.

use std::cmp::Ordering;

use crate::words::dimension::Dimension;
use crate::words::hold::AfterHold;
use crate::words::id::{AboutId, DecisionId, Identifier};
use crate::words::key::GrantSlot;
use crate::words::time::{Instant, LocalTime};
use crate::words::unit::{Quantity, SpendOrder, Unit};

/// How long a grant is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Until then; not yet at that instant.
    pub until: Instant,
    /// What happens then.
    pub then: AfterHold,
}

/// A benefit that was given: a lot in the recipient's wallet, with its own expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where it stands.
    pub slot: GrantSlot,
    /// 1, or more when the key was freed by a revocation and granted again.
    pub issue: u32,
    /// The decision that gave it; none when it was reserved through the API.
    pub decision: Option<DecisionId>,
    /// What it is about: a loan, an order.
    pub about: Option<AboutId>,
    /// What was given.
    pub unit: Unit,
    /// How much.
    pub quantity: Quantity,
    /// How much of it was taken back.
    pub reversed: Quantity,
    /// How much of what was taken back had been used, and became the customer's debt.
    pub owed: Quantity,
    /// How much of it was used.
    pub redeemed: Quantity,
    /// How much of it was kept for a debt of the customer.
    pub paid: Quantity,
    /// How much of it is reserved for redemptions under way.
    pub reserved: Quantity,
    /// How much of it expired unused.
    pub expired: Quantity,
    /// Whether the key may be granted again.
    pub key_freed: bool,
    /// Whether it came out of the unit's stock, and returns there.
    pub from_stock: bool,
    /// The host's clock when it was given.
    pub granted_at: Instant,
    /// The event's local time: the day, week and month that limits and budgets counted it in.
    pub counted_on: LocalTime,
    /// Besides the customer, the identifiers whose limits counted it.
    pub counted_for: Vec<(Dimension, Identifier)>,
    /// Pending for so long; `None` once it was given.
    pub hold: Option<Hold>,
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
    /// Given; some of it can be used.
    Posted,
    /// Used up or kept for a debt, as far as it was not taken back or expired.
    Redeemed,
    /// Past its time.
    Expired,
    /// Wholly taken back.
    Reversed,
}

impl GrantState {
    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::Redeemed => "redeemed",
            Self::Expired => "expired",
            Self::Reversed => "reversed",
        }
    }
}

impl Grant {
    /// Returns which of two was given first.
    pub(crate) fn given_before(&self, other: &Self) -> Ordering {
        (self.granted_at, self.decision, &self.slot).cmp(&(other.granted_at, other.decision, &other.slot))
    }

    /// Returns which of two is used first.
    pub(crate) fn used_before(&self, other: &Self, order: SpendOrder) -> Ordering {
        let end = |grant: &Self| grant.expires.unwrap_or(Instant::MAX);
        let by_end = match order {
            SpendOrder::ExpiresFirst => end(self).cmp(&end(other)),
            SpendOrder::GivenFirst => Ordering::Equal,
        };
        by_end.then_with(|| self.given_before(other))
    }

    /// Returns what of it was not taken back.
    #[must_use]
    pub fn net(&self) -> Quantity {
        self.quantity.room_after(self.reversed)
    }

    /// Returns what is in the wallet, or promised to it.
    ///
    /// # Panics
    /// When more left the grant than there was: every change is checked against this.
    #[must_use]
    pub fn left(&self) -> Quantity {
        let gone =
            [self.reversed, self.redeemed, self.paid, self.reserved, self.expired].map(|part| u128::from(part.get()));
        let left = u128::from(self.quantity.get()) + u128::from(self.owed.get());
        let left = left.checked_sub(gone.iter().sum()).and_then(|left| u64::try_from(left).ok());
        left.and_then(|left| Quantity::new(left).ok()).expect("no more leaves a grant than there is")
    }

    /// Returns what can be used at a time: nothing while it is pending, nothing past its time.
    #[must_use]
    pub fn available_at(&self, at: Instant) -> Quantity {
        if self.hold.is_some() || self.is_past(at) { Quantity::ZERO } else { self.left() }
    }

    /// Reports whether its time is over.
    #[must_use]
    pub fn is_past(&self, at: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= at)
    }

    /// Returns its state at a time. Taken back before held before used up before expired.
    #[must_use]
    pub fn state_at(&self, at: Instant) -> GrantState {
        let past = self.is_past(at);
        let empty = self.left().is_zero() && self.reserved.is_zero();
        if self.net().is_zero() {
            GrantState::Reversed
        } else if self.hold.is_some() && !past {
            GrantState::Pending
        } else if empty && !(self.redeemed.is_zero() && self.paid.is_zero()) {
            GrantState::Redeemed
        } else if empty || past && self.reserved.is_zero() {
            GrantState::Expired
        } else {
            GrantState::Posted
        }
    }
}
