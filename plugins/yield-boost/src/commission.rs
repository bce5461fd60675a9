//! A commission on what friends invest.

use largesse_sdk::{Decision, Grant, Input, Money, Refusal, Revocation, key_part, money};
use serde::Deserialize;

use crate::params::{Commission, Params};
use crate::state::State;
use crate::{CUSTOMER, INVITERS};

/// A purchase, or what is redeemed.
#[derive(Deserialize)]
struct Data {
    holding: String,
    amount: Option<Money>,
    #[serde(default)]
    early: bool,
}

impl Data {
    /// What the commission on its amount comes to; nothing when it has none.
    fn commission(&self, commission: &Commission, currency: &str) -> Result<Option<u64>, Refusal> {
        let Some(amount) = &self.amount else { return Ok(None) };
        Ok(Some(money::rate(amount.in_currency(currency)?, commission.basis_points)?))
    }
}

/// Gives it to who invited the friend.
pub(crate) fn earn(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let commission = rule(input)?;
    let inviter = &input.require(INVITERS[0])?.customer;
    if *inviter == input.require(CUSTOMER)?.customer {
        return Err(Refusal::new("in-a-circle", "nobody invites themselves, by whatever way"));
    }
    let data: Data = input.event.data()?;
    let quantity = data.commission(commission, &input.campaign.currency)?.unwrap_or(0);
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
    let data: Data = input.event.data()?;
    if !data.early {
        return Err(nothing_due());
    }
    let undone = Revocation::about().reason("the friend's purchase was undone");
    let mut decision = Decision::new();
    decision.revoke(match data.commission(commission, &input.campaign.currency)? {
        Some(0) => return Err(nothing_due()),
        Some(part) => undone.at_most(part),
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
