//! A ladder: the more a customer spends on orders, the higher the rung, and each rung has its reward.
//!
//! A policy is a pure function. The host shows it an event, the parameters of the campaign and what it remembers of the
//! customer; it answers with what it would like to happen. The host checks that against budgets and limits and does it.
//! There is no clock, no network and no file here: whatever a decision depends on is in its input.

use std::collections::BTreeMap;

use largesse_sdk::{
    BenefitParam, Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Problems, Refusal, Revocation,
    Role, UnitClass, events, export_policy, ladder, manifest, money,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// At most so many orders are remembered of a customer, so that the state stays within its 16 KiB.
const ORDERS_MAX: usize = 50;
/// At most so many rungs: one order may reach all of them, and a decision has at most 64 effects.
const RUNGS_MAX: usize = 20;

/// What an operator sets, in the `params` of a campaign document.
///
/// The host makes a JSON Schema of this and refuses what does not fit. The comments become the descriptions there, and
/// `deny_unknown_fields` makes a misspelt name an error; bounds of numbers and lists stand at their fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The rungs from the lowest to the highest.
    #[schemars(length(min = 1, max = RUNGS_MAX))]
    pub rungs: Vec<Rung>,
}

/// One rung.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Reached when so much is spent, in minor units of the campaign's currency.
    pub at: u64,
    /// What is given then.
    pub reward: BenefitParam,
}

impl Rung {
    /// A customer gets a key once in a campaign, whatever happens: the host sees to it. So a key says what the grant is for.
    fn key(&self) -> String {
        format!("spent/{}", self.at)
    }
}

/// What is remembered of each customer: what is paid of each order, in minor units.
///
/// The orders are kept rather than their sum. What they come to does not depend on how often or in which order events come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    paid: BTreeMap<String, u64>,
}

impl State {
    /// What is spent in all.
    fn spent(&self) -> Result<u64, Refusal> {
        // Money is added with a check: a sum that does not fit is a refusal, and never a small number.
        Ok(money::sum(self.paid.values().copied())?)
    }
}

/// The policy.
pub struct Ladder;

impl Policy for Ladder {
    type Params = Params;
    type State = State;

    /// What the policy is and needs. The host shows it what is declared here and nothing else, and takes an effect that is
    /// not declared as a fault.
    fn manifest() -> Manifest {
        manifest!("A reward for each rung that the sum of paid orders reaches")
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
        problems.extend(ladder::problems(&params.rungs, |rung| rung.at, "/rungs", "at"));
        for (index, rung) in params.rungs.iter().enumerate() {
            problems.extend(rung.reward.problems(&format!("/rungs/{index}/reward")));
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

/// An order more: every rung between the sum before and the sum after is reached, and none of them twice.
fn paid(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let buyer = input.require("buyer")?;
    // The event's data as its schema says: `largesse/wit/schemas/order.paid.json`.
    let events::OrderPaid { order, amount, .. } = input.event.data()?;
    // Refuses what is in another currency.
    let amount = amount.in_currency(&input.campaign.currency)?;
    let mut state = input.state.clone().unwrap_or_default();
    let before = state.spent()?;
    if state.paid.contains_key(&order) {
        // Nothing is asked for, and nothing changes.
        return Ok(Decision::new());
    }
    if state.paid.len() >= ORDERS_MAX {
        return Err(Refusal::new("too-many-orders", format!("{ORDERS_MAX} count")));
    }
    state.paid.insert(order, amount);
    let after = state.spent()?;
    let mut decision = Decision::new();
    for rung in ladder::reached(&input.params.rungs, |rung| rung.at, before, after) {
        decision.grant(rung.reward.grant(rung.key(), &buyer.customer).reason("rung reached"));
    }
    decision.put(state);
    Ok(decision)
}

/// An order less, or less of it: the rungs that are not reached without it are taken back.
fn refunded(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let buyer = input.require("buyer")?;
    let events::OrderRefunded { order, remaining, .. } = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    let before = state.spent()?;
    let Some(paid) = state.paid.get_mut(&order) else {
        return Err(Refusal::new("unknown-order", "the order does not count"));
    };
    let remaining = remaining.map_or(Ok(0), |money| money.in_currency(&input.campaign.currency))?;
    // A refund makes nothing more: of two that come in the wrong order, the one that leaves less counts.
    *paid = remaining.min(*paid);
    let after = state.spent()?;
    let mut decision = Decision::new();
    for rung in ladder::reached(&input.params.rungs, |rung| rung.at, after, before) {
        // `free_key`: it can be reached again, and is rewarded again then.
        let revocation = Revocation::key(&buyer.customer, rung.key()).free_key();
        decision.revoke(revocation.reason("order refunded"));
    }
    decision.put(state);
    Ok(decision)
}

export_policy!(Ladder);
