//! Rewards in proportion to money spent, and what of them goes back with a refund.

use largesse_sdk::{Back, Decision, EventData, Grant, Input, Refusal, Revocation, events, key_part, ladder, money};

use crate::params::{Params, Spend};
use crate::state::State;
use crate::trigger::{MEMBER, Trigger};
use crate::turn::Turn;

/// Rewards a payment at the rate of the customer's so many-th purchase.
pub(crate) fn reward(turn: &mut Turn) -> Result<(), Refusal> {
    let Some(spend) = &turn.params().spend else { return Ok(()) };
    if !spend.on.contains(&turn.trigger) {
        return Ok(());
    }
    let amount = turn.amount()?;
    let purchase = turn.state.purchases.saturating_add(1);
    turn.change().purchases = purchase;
    let boost = ladder::highest(&spend.boosts, |boost| boost.from_purchase, purchase);
    let quantity = due(spend, amount, boost.map_or(money::WHOLE_BASIS_POINTS, |boost| boost.basis_points))?;
    if quantity > 0 {
        let key = match &turn.said.paid {
            Some((Some(name), _)) => format!("spend/{name}"),
            _ => format!("spend/nth/{purchase}"),
        };
        turn.grant(Grant::units(key, &turn.me.customer, &spend.unit, quantity).reason("for a purchase"));
    }
    Ok(())
}

fn due(spend: &Spend, amount: u64, basis_points: u32) -> Result<u64, Refusal> {
    if spend.pro_rata {
        let whole = spend.minor_per_unit.saturating_mul(u64::from(money::WHOLE_BASIS_POINTS));
        return Ok(spend.rounding.ratio(amount, u64::from(basis_points), whole)?);
    }
    Ok(spend.rounding.rate(amount.checked_div(spend.minor_per_unit).unwrap_or(0), basis_points)?)
}

fn of_orders(params: &Params) -> Option<&Spend> {
    params.spend.as_ref().filter(|spend| spend.on.contains(&Trigger::OrderPaid))
}

/// Remembers what was paid of an order. Refunds that were told before it take back from what the payment has just given.
pub(crate) fn note(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let (mut decision, Some(spend)) = (Decision::new(), of_orders(&input.params)) else { return Ok(Decision::new()) };
    let data: events::OrderPaid = input.event.data()?;
    let paid = data.amount_in(&input.campaign.currency)?;
    let mut state = input.state.clone().unwrap_or_default();
    if state.order.pay(paid) {
        take_back(input, (spend, &data.order), (paid, state.order.left()), &mut decision)?;
        decision.put(state);
    }
    Ok(decision)
}

/// Takes back what is no longer due on what is left of an order.
pub(crate) fn refund(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let (mut decision, Some(spend)) = (Decision::new(), of_orders(&input.params)) else { return Ok(Decision::new()) };
    let data: events::OrderRefunded = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    let back = Back::of(&data, &input.event, &input.campaign.currency)?;
    let left = back.left();
    let (is_known, before) = (state.order.is_known(), state.order.left());
    if !state.order.refund(back)? {
        return Err(Refusal::new("refund-known", "this refund of the order is known"));
    }
    // Where the campaign does not hear what was paid, the event says it itself; of an order that is yet to come there is nothing.
    let change = if is_known { Some((before, state.order.left())) } else { left };
    if let Some(change) = change {
        take_back(input, (spend, &data.order), change, &mut decision)?;
    }
    decision.put(state);
    Ok(decision)
}

/// Of an order of which something is left the difference goes back, at the rate without boosts; of one that is refunded whole all.
fn take_back(
    input: &Input<Params, State>,
    (spend, order): (&Spend, &str),
    (before, left): (u64, u64),
    decision: &mut Decision<State>,
) -> Result<(), Refusal> {
    // Where nothing else is about orders, it goes back from whichever id of the customer has it.
    let params = &input.params;
    let days = params.daily.as_ref().is_some_and(|daily| daily.on.contains(&Trigger::OrderPaid));
    let revocation = if days || params.tasks.iter().any(|task| task.on == Trigger::OrderPaid) {
        let key = format!("spend/order/{}", key_part(order));
        Revocation::key(&input.require(MEMBER)?.customer, key)
    } else {
        Revocation::about()
    };
    let revocation = revocation.reason("the order was refunded");
    if before > 0 && left == 0 {
        decision.revoke(revocation);
        return Ok(());
    }
    let of = |amount| due(spend, amount, money::WHOLE_BASIS_POINTS);
    let less = of(before)?.saturating_sub(of(left)?);
    if less > 0 {
        decision.revoke(revocation.at_most(less));
    }
    Ok(())
}
