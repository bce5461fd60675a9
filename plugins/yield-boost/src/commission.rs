//! A commission on what friends invest.

use largesse_sdk::{Decision, EventData, Grant, Input, Refusal, Revocation, events, key_part};

use crate::params::{Commission, Params};
use crate::state::State;
use crate::{CUSTOMER, INVITERS};

/// Gives it to who invited the friend.
pub(crate) fn earn(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let commission = rule(input)?;
    let inviter = &input.require(INVITERS[0])?.customer;
    if *inviter == input.require(CUSTOMER)?.customer {
        return Err(Refusal::new("in-a-circle", "nobody invites themselves, by whatever way"));
    }
    let data: events::InvestPurchased = input.event.data()?;
    let quantity = commission.rounding.rate(data.amount_in(&input.campaign.currency)?, commission.basis_points)?;
    if quantity == 0 {
        return Err(nothing_due());
    }
    let key = format!("commission/{}", key_part(&data.holding));
    let mut decision = Decision::new();
    decision.grant(Grant::units(key, inviter, &commission.unit, quantity).reason("a friend invested"));
    Ok(decision)
}

/// Takes it back when the purchase is undone, or the part of it that is.
pub(crate) fn give_back(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let commission = rule(input)?;
    let data: events::InvestRedeemed = input.event.data()?;
    if data.early != Some(true) {
        return Err(nothing_due());
    }
    let undone = Revocation::about().reason("the friend's purchase was undone");
    let mut decision = Decision::new();
    decision.revoke(match data.amount {
        Some(amount) => {
            let part =
                commission.rounding.rate(amount.in_currency(&input.campaign.currency)?, commission.basis_points)?;
            if part == 0 {
                return Err(nothing_due());
            }
            undone.at_most(part)
        }
        None => undone,
    });
    Ok(decision)
}

fn rule(input: &Input<Params, State>) -> Result<&Commission, Refusal> {
    input.params.commission.as_ref().ok_or_else(nothing_due)
}

fn nothing_due() -> Refusal {
    Refusal::new("nothing-due", "there is no commission on this")
}
