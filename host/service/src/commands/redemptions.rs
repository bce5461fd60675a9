//! Customers use what they were granted, or reserve it; what is reserved is settled.

use largesse_domain::id::CustomerId;
use largesse_domain::redeem::RedemptionAction;
use largesse_domain::redemption::{Redemption, RedemptionId, RedemptionRequest};

use super::Command;
use crate::pipeline::{CommandError, Decider};

/// Something is used, or reserved, out of a wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Redeem(pub RedemptionRequest);

impl Command for Redeem {
    /// The redemption as it is now; `false` when it was made before.
    type Answer = (Redemption, bool);

    /// Refused for a [`largesse_domain::redeem::RedeemError`].
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(decider.redeem(&self.0)??)
    }
}

/// A redemption is committed, released or reversed.
#[derive(Clone, Debug, PartialEq)]
pub struct SettleRedemption {
    /// Which.
    pub id: RedemptionId,
    /// Only if it is this customer's.
    pub customer: Option<CustomerId>,
    /// How.
    pub how: RedemptionAction,
}

impl Command for SettleRedemption {
    /// The redemption as it is now; `false` when it was settled so before.
    type Answer = (Redemption, bool);

    /// Refused for a [`largesse_domain::redeem::RedeemError`].
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(decider.settle_redemption(&self.id, self.customer.as_ref(), self.how)??)
    }
}
