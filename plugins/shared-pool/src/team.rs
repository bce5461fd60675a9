//! Teams: who is in them, and what their members weigh.

use largesse_sdk::{Decision, Input, Party, Refusal, Share, TagChange, events, ladder};

use crate::params::{Params, Team, Trigger};
use crate::state::State;
use crate::{CUSTOMER, MEMBERS, days};

/// Somebody joins.
pub(crate) fn join(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let team = team(input)?;
    let customer = input.require(CUSTOMER)?;
    let mut state = input.state.clone().unwrap_or_default();
    if customer.has_tag(&team.tag) {
        return Err(Refusal::new("in-a-team", "whoever is in a team leaves it first"));
    }
    if state.members.len() as u64 >= u64::from(team.size) {
        return Err(Refusal::new("team-full", format!("a team has at most {} members", team.size)));
    }
    state.members.push(customer.customer.clone());
    let mut decision = Decision::new();
    decision.tag(TagChange::set(&customer.customer, &team.tag));
    weigh(input, team, &state.members, &mut decision);
    decision.put(state);
    Ok(decision)
}

/// Somebody leaves; what they weigh alone their own decision says.
pub(crate) fn leave(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let team = team(input)?;
    let customer = &input.require(CUSTOMER)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    if !state.members.contains(customer) {
        return Err(Refusal::new("not-a-member", "nobody leaves a team that they are not in"));
    }
    state.members.retain(|member| member != customer);
    let mut decision = Decision::new();
    decision.tag(TagChange::take(customer, &team.tag));
    weigh(input, team, &state.members, &mut decision);
    decision.put(state);
    Ok(decision)
}

/// A member has another id from now on, and the days of both.
pub(crate) fn unite(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let team = team(input)?;
    let others = input.event.data::<events::IdentityMerged>()?.customers;
    let stays = &input.require(CUSTOMER)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    if !state.members.iter().any(|member| member == stays || others.contains(member)) {
        return Ok(decision);
    }
    state.members.retain(|member| member != stays && !others.contains(member));
    state.members.push(stays.clone());
    weigh(input, team, &state.members, &mut decision);
    decision.put(state);
    Ok(decision)
}

/// A member has another day.
pub(crate) fn count(input: &Input<Params, State>, trigger: Trigger) -> Result<Decision<State>, Refusal> {
    let team = team(input)?;
    days::counts(input, trigger)?;
    let customer = &input.require(CUSTOMER)?.customer;
    let members = input.state.as_ref().map(|state| state.members.as_slice()).unwrap_or_default();
    if !members.contains(customer) {
        return Err(Refusal::new("not-a-member", "only days of members count for a team"));
    }
    let mut decision = Decision::new();
    weigh(input, team, members, &mut decision);
    Ok(decision)
}

fn team(input: &Input<Params, State>) -> Result<&Team, Refusal> {
    input.params.team.as_ref().ok_or_else(|| Refusal::new("no-teams", "customers count alone"))
}

/// Sets what each member weighs.
fn weigh(input: &Input<Params, State>, team: &Team, members: &[String], decision: &mut Decision<State>) {
    let mine = |party: &&Party| members.contains(&party.customer);
    let of = |party: &Party| party.balance(&team.day_unit).max(0).unsigned_abs();
    let members = || input.parties_in(MEMBERS).filter(mine);
    let together = members().map(of).fold(0, u64::saturating_add);
    let times = ladder::highest(&team.multiples, |one| one.days, together).map_or(1, |one| one.times);
    for member in members() {
        let weight = if of(member) >= u64::from(input.params.needs_days) { times } else { 0 };
        decision.share(Share::new(&input.params.pool, &member.customer, weight));
    }
}
