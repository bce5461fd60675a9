//! What customers hold.

use largesse_sdk::{Benefit, Claim, Decision, EventData, Grant, Input, Refusal, UnitClass, When, events};

use crate::CUSTOMER;
use crate::friends::PERSON;
use crate::params::Params;
use crate::state::{Boost, Holding, State};

/// Remembers a purchase, with what it has added.
pub(crate) fn buy(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let customer = &input.require(CUSTOMER)?.customer;
    let mut holding = bought(input)?;
    let mut state = input.state.clone().unwrap_or_default();
    if state.holdings.iter().any(|one| one.id == holding.id) {
        return Err(Refusal::new("already-held", "the holding was bought before"));
    }
    let mut decision = Decision::new();
    if let Some(added) = input.params.with_purchase.as_ref().filter(|_| !state.with_purchase) {
        state.with_purchase = true;
        let (basis_points, principal_cap) = (added.basis_points, added.principal_cap);
        holding.boost(Boost { basis_points, principal_cap, days: Some(added.days) });
        let until = Some(When::after_days(added.days));
        let boost = Benefit::RateBoost { holding: holding.id.clone(), basis_points, principal_cap, until };
        decision.grant(Grant::new("with-purchase", customer, boost).reason("with the purchase"));
    }
    for by in input.params.once_per.iter().filter(|_| input.params.friends.is_some()) {
        decision.claim(Claim::new(PERSON, *by, customer));
    }
    state.hold(holding);
    decision.put(state);
    Ok(decision)
}

/// Forgets what is redeemed whole; a part of it leaves less principal.
pub(crate) fn redeem(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let data: events::InvestRedeemed = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    let Some(index) = state.holdings.iter().position(|one| one.id == data.holding) else {
        return Err(Refusal::new("nothing-held", "the holding is not known"));
    };
    let principal = state.holdings[index].principal;
    let left = match &data.amount {
        Some(amount) => principal.saturating_sub(amount.in_currency(&input.campaign.currency)?),
        None => 0,
    };
    if left == 0 {
        state.holdings.remove(index);
    } else {
        state.holdings[index].principal = left;
    }
    let mut decision = Decision::new();
    decision.put(state);
    Ok(decision)
}

fn bought(input: &Input<Params, State>) -> Result<Holding, Refusal> {
    let data: events::InvestPurchased = input.event.data()?;
    let principal = data.amount_in(&input.campaign.currency)?;
    let terms = &input.params.terms;
    let term = terms.iter().find(|term| Some(term.days) == data.term_days);
    let (days, basis_points) = match (term, data.term_days, data.base_rate_basis_points) {
        (Some(term), _, _) => (term.days, term.basis_points),
        (None, Some(days), Some(rate)) if terms.is_empty() => (days, rate),
        _ => return Err(Refusal::new("not-this-product", "the purchase has no term and rate that count")),
    };
    if UnitClass::of(&format!("rate-boost:{}", data.holding)).is_none() {
        return Err(Refusal::new("bad-holding", "the holding's id cannot be part of a unit"));
    }
    Ok(Holding { id: data.holding, principal, days, basis_points, bought: input.event.occurred.at, boosts: Vec::new() })
}
