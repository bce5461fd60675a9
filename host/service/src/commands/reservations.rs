//! Budget is reserved for a customer; a grant that is pending is settled.

use largesse_domain::grant::Grant;
use largesse_domain::hold::HoldAction;
use largesse_domain::id::RequestId;
use largesse_domain::key::GrantSlot;
use largesse_domain::reservation::ReservationRequest;

use super::Command;
use crate::pipeline::{CommandError, Decider};

/// Something is reserved out of a campaign's budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Reserve(pub ReservationRequest);

impl Command for Reserve {
    /// The grant, which is pending; `false` when it was reserved before.
    type Answer = (Grant, bool);

    /// Refused when there is no such campaign, or for a [`largesse_domain::reservation::ReserveError`].
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(decider.reserve(&self.0)??)
    }
}

/// A grant that is pending is committed or released.
#[derive(Clone, Debug, PartialEq)]
pub struct SettleGrant {
    /// Which, under any id of its customer.
    pub slot: GrantSlot,
    /// How.
    pub how: HoldAction,
    /// The request that the transfers name as their cause.
    pub id: RequestId,
}

impl Command for SettleGrant {
    /// The grant as it is now; `false` when it was settled so before.
    type Answer = (Grant, bool);

    /// Refused for a [`largesse_domain::lot::SettleError`].
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(decider.settle_pending(&self.slot, self.how, self.id)??)
    }
}
