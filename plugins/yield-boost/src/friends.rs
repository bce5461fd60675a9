//! Friends who register.

use largesse_sdk::{Benefit, Claim, Decision, Grant, Input, Party, Refusal, When, key_part};

use crate::params::{BelongsTo, Friends, Params};
use crate::state::{Boost, State};
use crate::{CUSTOMER, INVITERS};

/// The scope of claims: one person, one customer.
pub(crate) const PERSON: &str = "person";

/// Remembers that somebody invited the customer, who then is at the root of no line.
pub(crate) fn registered(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let customer = input.require(CUSTOMER)?;
    is_new(input, customer)?;
    let mut decision = Decision::new();
    if input.party(INVITERS[0]).is_some() {
        let state = input.state.clone().unwrap_or_default();
        decision.put(State { invited: true, ..state });
    }
    Ok(decision)
}

/// A friend, so many steps down the line, adds to the rate.
pub(crate) fn add(input: &Input<Params, State>, distance: usize) -> Result<Decision<State>, Refusal> {
    let Some(friends) = &input.params.friends else {
        return Err(Refusal::new("nothing-due", "friends who register add nothing"));
    };
    let friend = input.require(CUSTOMER)?;
    let holder = &input.owner.id;
    is_new(input, friend)?;
    if in_a_circle(input, friend) {
        return Err(Refusal::new("in-a-circle", "nobody invites themselves, by whatever way"));
    }
    let mut state = input.state.clone().unwrap_or_default();
    if friends.belongs_to == BelongsTo::Root && state.invited {
        return Err(Refusal::new("not-the-root", "what friends add belongs to the root of the line"));
    }
    if distance > 1 {
        let head = &input.require(INVITERS[distance - 2])?.customer;
        if state.in_chain(head) >= friends.chain || !state.lengthen(head) {
            return Err(Refusal::new("chain-full", "the chain adds no more"));
        }
    }
    let mut decision = Decision::new();
    decision.grant(boost(input, friends, &mut state)?.reason("a friend registered"));
    for by in &input.params.once_per {
        decision.claim(Claim::new(PERSON, *by, &friend.customer));
        decision.claim(Claim::new(PERSON, *by, holder));
    }
    decision.put(state);
    Ok(decision)
}

/// Adds to the rate of what is held, up to the ceiling.
fn boost(input: &Input<Params, State>, friends: &Friends, state: &mut State) -> Result<Grant, Refusal> {
    let holding = state.held_at(input.event.occurred.at);
    let holding = holding.ok_or_else(|| Refusal::new("nothing-held", "there is no rate to add to"))?;
    let rate = holding.basis_points.saturating_add(holding.boosted());
    let basis_points = friends.ceiling_basis_points.saturating_sub(rate).min(friends.basis_points);
    let principal_cap = friends.principal_cap;
    if basis_points == 0 || !holding.boost(Boost { basis_points, principal_cap, days: None }) {
        return Err(Refusal::new("ceiling-reached", "the rate rises no more"));
    }
    let (holding, until) = (holding.id.clone(), Some(When::At(holding.ends())));
    let key = format!("boost/{}", key_part(&input.require(CUSTOMER)?.customer));
    Ok(Grant::new(key, &input.owner.id, Benefit::RateBoost { holding, basis_points, principal_cap, until }))
}

/// Refuses a registration that is not the customer's first.
fn is_new(input: &Input<Params, State>, customer: &Party) -> Result<(), Refusal> {
    match customer.integer("registered_at") {
        Some(first) if first < input.event.occurred.at => {
            Err(Refusal::new("registered-before", "the customer has registered before"))
        }
        _ => Ok(()),
    }
}

/// Whether the line comes back to the friend, or to anybody in it.
fn in_a_circle(input: &Input<Params, State>, friend: &Party) -> bool {
    let mut line = vec![friend.customer.as_str()];
    for inviter in INVITERS.iter().filter_map(|role| input.party(role)) {
        if line.contains(&inviter.customer.as_str()) {
            return true;
        }
        line.push(&inviter.customer);
    }
    false
}
