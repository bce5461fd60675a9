//! Cash, or anything else, given back on what a customer does: a fixed amount for registering or for being approved; a ladder
//! or a share of the amount of a loan, an order or an investment, more for a longer term.
//!
//! Once for each customer, or for every loan, order and investment. What was given goes back when the loan is cancelled or
//! repaid too early, the order refunded (in part: in part), the investment redeemed early.

mod params;
mod trigger;
mod rebate;
mod memory;

use largesse_sdk::{
    Back, Benefit, Decision, EffectKind, EventData, Grant, Input, Manifest, Policy, Problem, Refusal, Revocation, Role,
    events, export_policy, key_part, manifest,
};

pub use memory::Memory;
pub use params::{Params, Rate, Rebate, Step, TakeBack, Term};
pub use trigger::Trigger;

/// The only role: the customer who acts.
const CUSTOMER: &str = "customer";

/// The policy.
pub struct SignUpRebate;

impl Policy for SignUpRebate {
    type Params = Params;
    type State = Memory;

    fn manifest() -> Manifest {
        manifest!("Gives cash back on sign-up steps, loans, orders and investments")
            .role(Role::actor(CUSTOMER).attributes(["registered_at", "overdue"]))
            .subscribe(events::LoanCancelled::KIND.of_thing())
            .subscribe(events::LoanRepaid::KIND.of_thing())
            .subscribe(events::OrderRefunded::KIND.of_thing())
            .subscribe(events::InvestRedeemed::KIND.of_thing())
            .subscribe_all(Trigger::ALL.iter().map(|trigger| trigger.heard()))
            .effects([EffectKind::Grant, EffectKind::Revoke])
            .unit_classes(params::CLASSES)
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
        match input.subscription.as_str() {
            "loan-cancelled" => Ok(take_back("the loan was cancelled")),
            "loan-repaid" => repaid(input),
            "order-refunded" => refunded(input),
            "invest-redeemed" => redeemed(input),
            _ => pay(input),
        }
    }
}

export_policy!(SignUpRebate);

fn pay(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let unknown = || Refusal::new("unknown-subscription", format!("no rebate is given on {}", input.subscription));
    let trigger = Trigger::of(&input.subscription).ok_or_else(unknown)?;
    let customer = input.require(CUSTOMER)?;
    if input.params.no_overdue && customer.flag("overdue") == Some(true) {
        return Err(Refusal::new("overdue", "the customer has an instalment overdue"));
    }
    input.params.registered_in_time(input.event.occurred.at, customer.integer("registered_at"))?;
    let mut fact = trigger.fact(&input.event, &input.campaign.currency)?;
    let mut memory = input.state.clone().unwrap_or_default();
    if trigger == Trigger::OrderPaid {
        if !memory.order.pay(fact.amount) {
            return Err(Refusal::new("order-known", "what the order gives is given"));
        }
        fact.amount = memory.order.left();
    }
    memory.drawn = (trigger == Trigger::LoanDrawn).then_some(input.event.occurred.at);
    if memory.repaid_within(input.params.take_back.loan_repaid_within_days) {
        return Err(Refusal::new("repaid-early", "the loan was repaid too early"));
    }

    let mut decision = Decision::new();
    for rebate in input.params.rebates.iter().filter(|rebate| rebate.on == trigger) {
        let quantity = rebate.due(fact.amount, fact.term)?;
        if quantity > 0 {
            let key = match &fact.about {
                Some(about) if rebate.every => format!("{}/{}", rebate.id, key_part(about)),
                _ => rebate.id.to_string(),
            };
            let benefit = Benefit::units(rebate.unit.as_str(), quantity);
            decision.grant(Grant::new(key, &customer.customer, benefit).reason(trigger.as_str()));
        }
    }
    if decision.effects.is_empty() {
        return Err(Refusal::new("nothing-due", "no rebate is due on this"));
    }
    let remembers_loans = input.params.take_back.loan_repaid_within_days.is_some() && memory.drawn.is_some();
    if memory.order.is_known() || remembers_loans {
        decision.put(memory);
    }
    Ok(decision)
}

fn take_back(reason: &str) -> Decision<Memory> {
    let mut decision = Decision::new();
    decision.revoke(Revocation::about().reason(reason));
    decision
}

fn repaid(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let data: events::LoanRepaid = input.event.data()?;
    let within = input.params.take_back.loan_repaid_within_days;
    let mut decision = Decision::new();
    if data.r#final != Some(true) || within.is_none() {
        return Ok(decision);
    }
    let mut memory = input.state.clone().unwrap_or_default();
    memory.repaid = Some(memory.repaid.map_or(input.event.occurred.at, |known| known.min(input.event.occurred.at)));
    if memory.repaid_within(within) {
        decision = take_back("the loan was repaid too early");
    }
    decision.put(memory);
    Ok(decision)
}

fn redeemed(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let early = input.event.data::<events::InvestRedeemed>()?.early == Some(true);
    Ok(if early { take_back("the holding was redeemed early") } else { Decision::new() })
}

/// A refund in part takes back the difference between what is due on what was left of the order before and after it.
fn refunded(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let data: events::OrderRefunded = input.event.data()?;
    let mut memory = input.state.clone().unwrap_or_default();
    let before = memory.order.left();
    if !memory.order.refund(Back::of(&data, &input.event, &input.campaign.currency)?)? {
        return Err(Refusal::new("refund-known", "this refund of the order is known"));
    }
    let left = memory.order.left();
    let mut decision = Decision::new();
    if let Some(rebate) = input.params.rebates.iter().find(|rebate| rebate.on == Trigger::OrderPaid) {
        let (before, after) = (rebate.due(before, None)?, rebate.due(left, None)?);
        match before.saturating_sub(after) {
            0 => {}
            _ if after == 0 => decision = take_back("too little of the order is left"),
            less => _ = decision.revoke(Revocation::about().at_most(less).reason("a part of the order was refunded")),
        }
    }
    decision.put(memory);
    Ok(decision)
}
