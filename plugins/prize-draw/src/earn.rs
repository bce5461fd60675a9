//! Amounts: the chances that they earn, and the luck.

use largesse_sdk::{Decision, EventData, Grant, Input, Refusal, Revocation, Shortfall, events, key_part, ladder};

use crate::PLAYER;
use crate::params::{Lucky, Params, Purchase};
use crate::state::State;

/// The lucky value of a customer.
pub(crate) fn lucky_value(params: &Params, state: &State) -> u64 {
    let value = |lucky: &Lucky| state.lucky_amount.checked_div(lucky.minor_per_point).unwrap_or(0).min(lucky.at_most);
    params.lucky.as_ref().map_or(0, value)
}

/// What follows on something bought.
pub(crate) fn after(input: &Input<Params, State>, purchase: Purchase) -> Result<Decision<State>, Refusal> {
    let (thing, amount) = match purchase {
        Purchase::LoanDrawn => bought::<events::LoanDrawn>(input)?,
        Purchase::OrderPaid => bought::<events::OrderPaid>(input)?,
        Purchase::InvestPurchased => bought::<events::InvestPurchased>(input)?,
    };
    let mut decision = Decision::new();
    let rule = input.params.earn.iter().find(|earn| earn.on == purchase);
    let rung = rule.and_then(|earn| ladder::highest(&earn.steps, |rung| rung.from, amount));
    if let (Some(rung), Some(unit)) = (rung, &input.params.chances) {
        let customer = &input.require(PLAYER)?.customer;
        let key = format!("earned/{}", key_part(&thing));
        let grant = Grant::units(key, customer, unit, rung.chances).reason("earned by an amount");
        decision.grant(grant.on_shortfall(Shortfall::Reduce));
    }
    if input.params.lucky.as_ref().is_some_and(|lucky| lucky.on.contains(&purchase)) {
        let mut state = input.state.clone().unwrap_or_default();
        state.lucky_amount = state.lucky_amount.saturating_add(amount);
        decision.put(state);
    }
    if decision.is_empty() { Err(Refusal::new("nothing-due", "the amount earns nothing")) } else { Ok(decision) }
}

/// What was bought, and for how much.
fn bought<E: EventData>(input: &Input<Params, State>) -> Result<(String, u64), Refusal> {
    let data: E = input.event.data()?;
    Ok((data.about().unwrap_or_default().to_owned(), data.amount_in(&input.campaign.currency)?))
}

/// A loan goes back, of an amount that is not said.
pub(crate) fn cancelled(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    undo(input, Purchase::LoanDrawn, true, 0)
}

/// An order goes back, or a part of it.
pub(crate) fn refunded(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let data: events::OrderRefunded = input.event.data()?;
    let whole = data.remaining.as_ref().is_none_or(|remaining| remaining.minor <= 0);
    undo(input, Purchase::OrderPaid, whole, data.amount_in(&input.campaign.currency)?)
}

/// An investment goes back, or is over.
pub(crate) fn redeemed(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let data: events::InvestRedeemed = input.event.data()?;
    if data.early != Some(true) {
        return Err(Refusal::new("nothing-due", "what is redeemed in time keeps what it earned"));
    }
    undo(input, Purchase::InvestPurchased, true, data.amount_in(&input.campaign.currency)?)
}

/// What follows when something bought goes back, the whole of it or so much.
fn undo(input: &Input<Params, State>, of: Purchase, whole: bool, amount: u64) -> Result<Decision<State>, Refusal> {
    let mut decision = Decision::new();
    if whole && input.params.earn.iter().any(|earn| earn.on == of) {
        decision.revoke(Revocation::about().reason("it went back"));
    }
    if input.params.lucky.as_ref().is_some_and(|lucky| lucky.on.contains(&of)) {
        let mut state = input.state.clone().unwrap_or_default();
        state.lucky_amount = state.lucky_amount.saturating_sub(amount);
        decision.put(state);
    }
    if decision.is_empty() { Err(Refusal::new("nothing-due", "there is nothing to take back")) } else { Ok(decision) }
}
