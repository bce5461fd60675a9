//! Amounts: the chances that they earn, and the luck.

use largesse_sdk::{
    AllPaid, Back, Decision, EventData, Grant, Input, Refusal, Revocation, Shortfall, events, key_part, ladder,
};

use crate::PLAYER;
use crate::params::{Lucky, Params, Purchase};
use crate::state::State;

/// The lucky value of a customer.
pub(crate) fn lucky_value(params: &Params, state: &State) -> u64 {
    let value = |lucky: &Lucky| state.lucky.left().checked_div(lucky.minor_per_point).unwrap_or(0).min(lucky.at_most);
    params.lucky.as_ref().map_or(0, value)
}

/// Where what was bought is remembered; nothing when it earns nothing.
fn memory<'a>(params: &Params, of: Purchase, state: &'a mut State) -> Option<&'a mut AllPaid> {
    if params.lucky.as_ref().is_some_and(|lucky| lucky.on.contains(&of)) {
        return Some(&mut state.lucky);
    }
    params.earn.iter().any(|earn| earn.on == of).then_some(&mut state.bought)
}

/// How many chances an amount earns.
fn chances(params: &Params, of: Purchase, amount: u64) -> u64 {
    let rule = params.earn.iter().find(|earn| earn.on == of);
    rule.and_then(|earn| ladder::highest(&earn.steps, |rung| rung.from, amount)).map_or(0, |rung| rung.chances)
}

fn name_of(of: Purchase, thing: &str) -> String {
    format!("{}/{thing}", of.as_str())
}

/// What follows on something bought.
pub(crate) fn after(input: &Input<Params, State>, purchase: Purchase) -> Result<Decision<State>, Refusal> {
    let (thing, amount) = match purchase {
        Purchase::LoanDrawn => bought::<events::LoanDrawn>(input)?,
        Purchase::OrderPaid => bought::<events::OrderPaid>(input)?,
        Purchase::InvestPurchased => bought::<events::InvestPurchased>(input)?,
    };
    let nothing = || Refusal::new("nothing-due", "the amount earns nothing");
    let mut state = input.state.clone().unwrap_or_default();
    let paid = memory(&input.params, purchase, &mut state).ok_or_else(nothing)?.of(&name_of(purchase, &thing));
    if !paid.pay(amount) {
        return Err(Refusal::new("purchase-known", format!("{thing} is known")));
    }
    let chances = chances(&input.params, purchase, paid.left());
    let mut decision = Decision::new();
    if let (1.., Some(unit)) = (chances, &input.params.chances) {
        let customer = &input.require(PLAYER)?.customer;
        let key = format!("earned/{}", key_part(&thing));
        let grant = Grant::units(key, customer, unit, chances).reason("earned by an amount");
        decision.grant(grant.on_shortfall(Shortfall::Reduce));
    }
    let is_lucky = input.params.lucky.as_ref().is_some_and(|lucky| lucky.on.contains(&purchase));
    if decision.is_empty() && !is_lucky {
        return Err(nothing());
    }
    decision.put(state);
    Ok(decision)
}

/// What was bought, and for how much.
fn bought<E: EventData>(input: &Input<Params, State>) -> Result<(String, u64), Refusal> {
    let data: E = input.event.data()?;
    Ok((data.about().unwrap_or_default().to_owned(), data.amount_in(&input.campaign.currency)?))
}

/// A loan goes back.
pub(crate) fn cancelled(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let data: events::LoanCancelled = input.event.data()?;
    undo(input, Purchase::LoanDrawn, &data.loan, Back::whole(&input.event))
}

/// An order goes back, or a part of it.
pub(crate) fn refunded(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let data: events::OrderRefunded = input.event.data()?;
    undo(input, Purchase::OrderPaid, &data.order, Back::of(&data, &input.event, &input.campaign.currency)?)
}

/// An investment goes back, or is over.
pub(crate) fn redeemed(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let data: events::InvestRedeemed = input.event.data()?;
    if data.early != Some(true) {
        return Err(Refusal::new("nothing-due", "what is redeemed in time keeps what it earned"));
    }
    let back = Back::redeemed(&data, &input.event, &input.campaign.currency)?;
    undo(input, Purchase::InvestPurchased, &data.holding, back)
}

/// What follows when something bought goes back, the whole of it or so much: what it earned less is taken back. Told of before the
/// purchase, it waits for it.
fn undo(input: &Input<Params, State>, of: Purchase, thing: &str, back: Back) -> Result<Decision<State>, Refusal> {
    let mut state = input.state.clone().unwrap_or_default();
    let nothing = || Refusal::new("nothing-due", "there is nothing to take back");
    let paid = memory(&input.params, of, &mut state).ok_or_else(nothing)?.of(&name_of(of, thing));
    let (is_known, before, said) = (paid.is_known(), paid.left(), back.left());
    if !paid.refund(back)? {
        return Err(Refusal::new("refund-known", format!("it is known that {thing} went back")));
    }
    // What is not known here may have been bought under another id of the customer: the event says itself what is left.
    let (before, left) = if is_known { (before, paid.left()) } else { said.unwrap_or_default() };
    let less = chances(&input.params, of, before).saturating_sub(chances(&input.params, of, left));
    let mut decision = Decision::new();
    if less > 0 {
        decision.revoke(Revocation::about().at_most(less).reason("it went back"));
    }
    decision.put(state);
    Ok(decision)
}
