//! What rows are known by. A *slot* is a place that something is put in once for each key.

use std::fmt;

use crate::words::dimension::Dimension;
use crate::words::id::{
    AboutId, CampaignId, ClaimScope, CustomerId, GrantKey, Identifier, MessageKey, PocketId, PoolId, ReservationKey,
};
use crate::words::owner::Owner;
use crate::words::time::WindowIndex;
use crate::words::unit::{Unit, UnitPattern};

/// Whose state in which campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// Whose.
    pub owner: Owner,
}

/// What may be used once in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// What is given once.
    pub scope: ClaimScope,
    /// By what it is counted.
    pub by: Dimension,
    /// Which customer, identity, device, card or address.
    pub value: String,
}

/// A thing that grants are about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AboutKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// The loan, the order.
    pub about: AboutId,
}

/// An invitee in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// Who was invited.
    pub invitee: CustomerId,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageSlot {
    /// The campaign.
    pub campaign: CampaignId,
    /// To whom.
    pub to: CustomerId,
    /// The policy's name for it.
    pub key: MessageKey,
}

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

/// Where something stands that a policy reserved out of a wallet: at most one per campaign, customer and key, ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationSlot {
    /// The campaign whose policy reserved.
    pub campaign: CampaignId,
    /// Whose wallet.
    pub party: CustomerId,
    /// The policy's name for it.
    pub key: ReservationKey,
}

/// `campaign@key@customer`: neither of the first two holds an `@`.
impl fmt::Display for ReservationSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}@{}", self.campaign, self.key, self.party)
    }
}

/// Whose use is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsedBy {
    /// A campaign's: a budget.
    Campaign(CampaignId),
    /// Several campaigns' together: the budget of a pocket.
    Pocket(PocketId),
    /// A customer's in a campaign: a limit.
    Customer(CampaignId, CustomerId),
    /// A device's, card's, address's or identity's in a campaign: a limit.
    Identifier(CampaignId, Dimension, Identifier),
}

impl UsedBy {
    /// Returns the campaign, unless it is a pocket's.
    #[must_use]
    pub fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::Campaign(campaign) | Self::Customer(campaign, _) | Self::Identifier(campaign, _, _) => Some(campaign),
            Self::Pocket(_) => None,
        }
    }
}

/// What a count of use is kept under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
    /// Whose.
    pub by: UsedBy,
    /// Of what.
    pub of: UnitPattern,
    /// In which window.
    pub window: WindowIndex,
}

/// Whose weight in which pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareKey {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Which pool.
    pub pool: PoolId,
    /// Whose.
    pub customer: CustomerId,
}

/// Which accounts stand together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// The unit.
    pub unit: Unit,
}
