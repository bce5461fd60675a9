//! Rewards for milestones: a benefit when a customer's paid orders reach a number.
//!
//! A policy is a pure function. The host shows it an event, the parameters of the campaign and what it remembers of the
//! customer; it answers with what it would like to happen. The host checks that against budgets and limits and does it.
//! There is no clock, no network and no file here: whatever a decision depends on is in its input.

use std::collections::BTreeSet;

use largesse_sdk::{
    BenefitParam, Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Problems, Refusal, Revocation,
    Role, UnitClass, events, export_policy, manifest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// At most so many orders are remembered of a customer, so that the state stays within its 16 KiB.
const ORDERS_MAX: u32 = 50;

/// What an operator sets, in the `params` of a campaign document.
///
/// The host makes a JSON Schema of this and refuses what does not fit. The comments become the descriptions there, and
/// `deny_unknown_fields` makes a misspelt name an error; bounds of numbers and lists stand at their fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The milestones, in any order.
    #[schemars(length(min = 1))]
    pub milestones: Vec<Milestone>,
}

/// One milestone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Reached with this number of paid orders.
    #[schemars(range(min = 1, max = ORDERS_MAX))]
    pub orders: u32,
    /// What is given then.
    pub reward: BenefitParam,
}

/// What is remembered of each customer: the orders that count.
///
/// A set of orders is kept rather than a number. What it says does not depend on how often or in which order events come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    orders: BTreeSet<String>,
}

/// The policy.
pub struct Milestones;

impl Policy for Milestones {
    type Params = Params;
    type State = State;

    /// What the policy is and needs. The host shows it what is declared here and nothing else, and takes an effect that is
    /// not declared as a fault.
    fn manifest() -> Manifest {
        manifest!("A reward for reaching a number of paid orders")
            // The customer who acted, under a name of ours.
            .role(Role::actor("buyer"))
            // What happens, from the schemas of event kinds, and the role whose state is read and written. The name of the
            // subscription is the word of the kind: `order.paid` is `order-paid`.
            .subscribe(events::OrderPaid::KIND.of("buyer"))
            .subscribe(events::OrderRefunded::KIND.of("buyer"))
            .effects([EffectKind::Grant, EffectKind::Revoke])
            .unit_classes([UnitClass::Points, UnitClass::Coupon, UnitClass::Cash])
    }

    /// Parameters that fit the schema may still make no sense. Everything that is wrong is told, each with its place.
    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        problems.unique("/milestones", "orders", params.milestones.iter().map(|milestone| milestone.orders));
        for (index, milestone) in params.milestones.iter().enumerate() {
            problems.extend(milestone.reward.problems(&format!("/milestones/{index}/reward")));
        }
        problems.done()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "order-paid" => paid(input),
            "order-refunded" => refunded(input),
            // A refusal is the policy's own no: data for whoever sent the event. State stays as it was.
            other => Err(Refusal::new("unknown-subscription", other)),
        }
    }
}

/// An order more.
fn paid(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let buyer = input.require("buyer")?;
    // The event's data as its schema says: `largesse/wit/schemas/order.paid.json`.
    let events::OrderPaid { order, .. } = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    if state.orders.len() >= ORDERS_MAX as usize || !state.orders.insert(order) {
        // Nothing is asked for, and nothing changes.
        return Ok(Decision::new());
    }
    let mut decision = Decision::new();
    if let Some(milestone) = milestone_at(input, state.orders.len()) {
        // A customer gets a key once in a campaign, whatever happens: the host sees to it. So a key says what the grant
        // is for.
        decision.grant(milestone.reward.grant(milestone.key(), &buyer.customer).reason("milestone reached"));
    }
    decision.put(state);
    Ok(decision)
}

/// An order less, when nothing of it is paid any more: a milestone that is not reached without it is taken back.
fn refunded(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let buyer = input.require("buyer")?;
    let events::OrderRefunded { order, remaining, .. } = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    if remaining.is_some_and(|money| money.minor > 0) {
        return Ok(Decision::new());
    }
    let before = state.orders.len();
    if !state.orders.remove(&order) {
        return Err(Refusal::new("unknown-order", "the order does not count"));
    }
    let mut decision = Decision::new();
    if let Some(milestone) = milestone_at(input, before) {
        // `free_key`: it can be reached again, and is rewarded again then.
        let revocation = Revocation::key(&buyer.customer, milestone.key()).free_key();
        decision.revoke(revocation.reason("order refunded"));
    }
    decision.put(state);
    Ok(decision)
}

fn milestone_at(input: &Input<Params, State>, orders: usize) -> Option<&Milestone> {
    input.params.milestones.iter().find(|milestone| milestone.orders as usize == orders)
}

impl Milestone {
    /// The key of its grant.
    fn key(&self) -> String {
        format!("orders/{}", self.orders)
    }
}

export_policy!(Milestones);
