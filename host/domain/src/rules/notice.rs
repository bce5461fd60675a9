//! What destinations are told of decisions and of what the host does.

use crate::rows::budget::Crossing;
use crate::rows::effect::{Effect, Message, TagChange};
use crate::rows::facts::Facts;
use crate::rows::grant::Grant;
use crate::rows::outcome::{Done, HeldSlot, Outcome, Reversal};
use crate::rows::protection::Withdrawal;
use crate::rows::redemption::{Redemption, RedemptionId};
use crate::words::hold::HoldAction;
use crate::words::id::CustomerId;
use crate::words::key::GrantSlot;
use crate::words::time::Instant;
use crate::words::topic::Topic;
use crate::words::unit::{Quantity, Unit};

/// Something that came about and that destinations are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The grant in this slot was given.
    Granted(&'a GrantSlot),
    /// So much of a grant was taken back.
    Revoked {
        /// Of which.
        grant: &'a GrantSlot,
        /// Of what.
        unit: &'a Unit,
        /// How much.
        quantity: Quantity,
        /// Why.
        reason: &'a str,
    },
    /// This grant was pending and is given now.
    Posted(&'a Grant),
    /// So much of this grant expired.
    Expired(&'a Grant, Quantity),
    /// This redemption was made, or changed its state.
    Redemption(&'a Redemption),
    /// The use of this budget rose to a share.
    BudgetReached(&'a Crossing),
    /// This version was taken out of a campaign.
    Withdrawn(&'a Withdrawal),
    /// This message is to be sent.
    Message {
        /// Which.
        message: &'a Message,
        /// But not by these of its channels.
        without: &'a [String],
        /// And not before.
        not_before: Option<Instant>,
    },
    /// This tag was set or taken.
    Tag(&'a TagChange),
}

impl<'a> Notice<'a> {
    /// Returns what tells of a reversal.
    #[must_use]
    pub fn revoked(reversal: &'a Reversal, reason: &'a str) -> Self {
        Self::Revoked { grant: &reversal.grant, unit: &reversal.unit, quantity: reversal.quantity, reason }
    }

    /// Returns under which topic it goes.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::Granted(_) => Topic::GrantGranted,
            Self::Revoked { .. } => Topic::GrantRevoked,
            Self::Posted(_) => Topic::GrantPosted,
            Self::Expired(..) => Topic::GrantExpired,
            Self::Redemption(_) => Topic::RedemptionChanged,
            Self::BudgetReached(_) => Topic::BudgetReached,
            Self::Withdrawn(_) => Topic::VersionWithdrawn,
            Self::Message { .. } => Topic::Message,
            Self::Tag(_) => Topic::TagChanged,
        }
    }

    /// Returns whom it is about. Budgets and versions are about nobody.
    #[must_use]
    pub fn customer(&self) -> Option<&'a CustomerId> {
        match self {
            Self::Granted(slot) | Self::Revoked { grant: slot, .. } => Some(&slot.to),
            Self::Posted(grant) | Self::Expired(grant, _) => Some(&grant.slot.to),
            Self::Redemption(redemption) => Some(&redemption.request.customer),
            Self::BudgetReached(_) | Self::Withdrawn(_) => None,
            Self::Message { message, .. } => Some(&message.to),
            Self::Tag(tag) => Some(&tag.to),
        }
    }
}

/// Returns what is told of a decision: of each effect that was done, wholly or in part, in the order of the effects; of a redemption
/// once, as the facts show that the decision left it.
#[must_use]
pub fn notices<'a>(effects: &'a [Effect], outcomes: &'a [Outcome], facts: &'a Facts) -> Vec<Notice<'a>> {
    let mut notices = Vec::new();
    for (effect, outcome) in effects.iter().zip(outcomes) {
        let (Outcome::Applied(done) | Outcome::Reduced(done, _)) = outcome else { continue };
        match (effect, done) {
            (_, Done::Granted { grant, .. }) => notices.push(Notice::Granted(grant)),
            (Effect::Revoke(revocation), Done::Revoked(reversals)) => {
                notices.extend(reversals.iter().map(|reversal| Notice::revoked(reversal, &revocation.reason)));
            }
            (Effect::Message(message), Done::Messaged { not_before, without, .. }) => {
                notices.push(Notice::Message { message, without, not_before: *not_before });
            }
            (Effect::Tag(tag), Done::Tagged { .. }) => notices.push(Notice::Tag(tag)),
            (_, Done::Reserved { reservation: slot, .. })
            | (_, Done::Settled { of: HeldSlot::Reservation(slot), .. }) => {
                let found = facts.redemptions.get(&RedemptionId::Policy(slot.clone())).as_ref();
                let notice = found.map(Notice::Redemption);
                notices.retain(|before| Some(*before) != notice);
                notices.extend(notice);
            }
            (Effect::Settle(settle), Done::Settled { of: HeldSlot::Grant(grant), how, unit, quantity }) => match how {
                HoldAction::Commit => notices.extend(facts.grants.get(grant).as_deref().map(Notice::Posted)),
                HoldAction::Release => {
                    let (quantity, reason) = (*quantity, settle.reason.as_str());
                    notices.push(Notice::Revoked { grant, unit, quantity, reason });
                }
            },
            _ => {}
        }
    }
    notices
}
