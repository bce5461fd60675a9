//! Days of customers.

use largesse_sdk::{Decision, EventData, Grant, Input, Party, Refusal, Share, Shortfall, events};

use crate::CUSTOMER;
use crate::params::{Params, Trigger};
use crate::state::State;

/// Refuses an event that counts no day.
pub(crate) fn counts(input: &Input<Params, State>, trigger: Trigger) -> Result<(), Refusal> {
    if !input.params.on.contains(&trigger) {
        return Err(Refusal::new("not-counted", "these events count no day"));
    }
    let currency = &input.campaign.currency;
    let paid = match trigger {
        Trigger::PaymentOfflineSucceeded => {
            input.event.data::<events::PaymentOfflineSucceeded>()?.amount_in(currency).map(Some)?
        }
        Trigger::OrderPaid => input.event.data::<events::OrderPaid>()?.amount_in(currency).map(Some)?,
        Trigger::CheckedIn => None,
    };
    if paid.is_some_and(|paid| paid < input.params.least_amount) {
        return Err(Refusal::new("amount-too-small", "the payment is too small to count the day"));
    }
    Ok(())
}

/// Counts the day for the customer who acts.
pub(crate) fn count(input: &Input<Params, State>, trigger: Trigger) -> Result<Decision<State>, Refusal> {
    counts(input, trigger)?;
    let customer = input.require(CUSTOMER)?;
    let mut state = input.state.clone().unwrap_or_default();
    let today = input.event.occurred.local.date();
    if !state.insert(today) {
        return Err(Refusal::new("already-counted", "the day is counted already, or too long ago"));
    }
    let mut decision = Decision::new();
    if let Some(team) = &input.params.team {
        let day = Grant::units(format!("day/{}", today.0), &customer.customer, &team.day_unit, 1);
        decision.grant(day.on_shortfall(Shortfall::Refuse).reason("a day"));
    }
    weigh(input, customer, &mut state, &mut decision);
    decision.put(state);
    Ok(decision)
}

/// Gives whoever counts alone a share as soon as there are enough days.
fn weigh(input: &Input<Params, State>, customer: &Party, state: &mut State, decision: &mut Decision<State>) {
    if state.count() >= input.params.needs_days && !state.weighs && !is_member(&input.params, customer) {
        decision.share(Share::new(&input.params.pool, &customer.customer, 1));
        state.weighs = true;
    }
}

/// Two customers turn out to be one: together they may have enough days.
pub(crate) fn unite(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let mut state = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    weigh(input, input.require(CUSTOMER)?, &mut state, &mut decision);
    if !decision.is_empty() {
        decision.put(state);
    }
    Ok(decision)
}

/// A customer who left a team counts alone again.
pub(crate) fn alone(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let customer = input.require(CUSTOMER)?;
    if !is_member(&input.params, customer) {
        return Err(Refusal::new("not-a-member", "nobody leaves a team that they are not in"));
    }
    let mut state = input.state.clone().unwrap_or_default();
    state.weighs = state.count() >= input.params.needs_days;
    let mut decision = Decision::new();
    decision.share(Share::new(&input.params.pool, &customer.customer, u64::from(state.weighs)));
    decision.put(state);
    Ok(decision)
}

/// Whether a customer is a member of a team.
pub(crate) fn is_member(params: &Params, customer: &Party) -> bool {
    params.team.as_ref().is_some_and(|team| customer.has_tag(&team.tag))
}
