//! The code of `docs/authors/recipes.md`, each piece as it stands there.

use std::collections::{BTreeMap, BTreeSet};

use largesse_sdk::events::{OrderPaid, OrderRefunded};
use largesse_sdk::{
    Back, BenefitParam, Claim, Date, DaySet, Decision, Dimension, Grant, Held, Input, Message, Paid, Refusal,
    Reservation, Revocation, Schedule, Settlement, When, json, key_part, ladder, money,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// What is given.
    reward: BenefitParam,
    /// Reached with this count; also the most on one day.
    at: u64,
    /// By amounts, from the lowest to the highest.
    rungs: Vec<Rung>,
    /// What can be drawn.
    prizes: Vec<Prize>,
    /// How long to wait, in days.
    days: u32,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Rung {
    at: u64,
    reward: BenefitParam,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Prize {
    weight: u64,
    reward: Option<BenefitParam>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    orders: BTreeMap<String, u64>,
    days: DaySet,
    by_day: BTreeMap<Date, u64>,
    invitees: BTreeSet<String>,
    paid: Paid,
}

type Asked = Input<Params, State>;
type Answer = Result<Decision<State>, Refusal>;

/// Decides by the recipe that the subscription is named after.
pub(crate) fn decide(input: &Asked) -> Answer {
    match input.subscription.as_str() {
        "milestone" => milestone(input),
        "rungs" => rungs(input),
        "streak" => streak(input),
        "draw" => draw(input),
        "referral" => referral(input),
        "cap-per-day" => cap_per_day(input),
        "once-per-person" => once_per_person(input),
        "earned" => earned(input),
        "refunded" => refunded(input),
        "paid" => paid(input),
        "gone" => gone(input),
        "later" => later(input),
        "left" => left(input),
        "bought" => bought(input),
        "fired" => fired(input),
        "ordered" => ordered(input),
        "settled" => settled(input),
        other => Err(Refusal::new("unknown-subscription", other)),
    }
}

fn milestone(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, amount, .. } = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    let is_new = state.orders.insert(order, amount.in_currency(&input.campaign.currency)?).is_none();
    if is_new && state.orders.len() as u64 == input.params.at {
        decision.grant(input.params.reward.grant("milestone", &buyer.customer));
    }
    decision.put(state);
    Ok(decision)
}

fn rungs(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, amount, .. } = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    let before = money::sum(state.orders.values().copied())?;
    state.orders.insert(order, amount.in_currency(&input.campaign.currency)?);
    let after = money::sum(state.orders.values().copied())?;
    let mut decision = Decision::new();
    for rung in ladder::reached(&input.params.rungs, |rung| rung.at, before, after) {
        decision.grant(rung.reward.grant(format!("rung/{}", rung.at), &buyer.customer));
    }
    decision.put(state);
    Ok(decision)
}

fn streak(input: &Asked) -> Answer {
    let member = input.require("customer")?;
    let today = input.event.occurred.local.date();
    let mut state = input.state.clone().unwrap_or_default();
    if !state.days.insert(today) {
        return Err(Refusal::new("counted-already", format!("{today} counts already")));
    }
    let mut decision = Decision::new();
    if u64::from(state.days.streak_ending(today)) == input.params.at {
        decision.grant(input.params.reward.grant(format!("streak/{today}"), &member.customer));
    }
    state.days.prune_before(Date(today.0 - 100));
    decision.put(state);
    Ok(decision)
}

fn draw(input: &Asked) -> Answer {
    let player = input.require("customer")?;
    let weights = input.params.prizes.iter().map(|prize| prize.weight);
    let prize = input.chance().weighted(weights).and_then(|index| input.params.prizes.get(index));
    let mut decision = Decision::new();
    if let Some(reward) = prize.and_then(|prize| prize.reward.as_ref()) {
        let key = format!("draw/{}", key_part(&input.event.id));
        decision.grant(reward.grant(key, &player.customer));
    }
    Ok(decision)
}

fn referral(input: &Asked) -> Answer {
    let (inviter, invitee) = (input.require("inviter")?, input.require("customer")?);
    let mut state = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    if (state.invitees.len() as u64) < input.params.at && state.invitees.insert(invitee.customer.clone()) {
        let key = format!("invitee/{}", key_part(&invitee.customer));
        decision.grant(input.params.reward.grant(key, &inviter.customer));
        decision.grant(input.params.reward.grant("invited", &invitee.customer));
        decision.put(state);
    }
    Ok(decision)
}

fn cap_per_day(input: &Asked) -> Answer {
    let member = input.require("customer")?;
    let today = input.event.occurred.local.date();
    let mut state = input.state.clone().unwrap_or_default();
    let done = state.by_day.entry(today).or_default();
    if *done >= input.params.at {
        return Err(Refusal::new("enough-today", format!("{} a day are rewarded", input.params.at)));
    }
    *done += 1;
    let key = format!("task/{today}/{done}");
    state.by_day.retain(|day, _| day.0 > today.0 - 7);
    let mut decision = Decision::new();
    decision.grant(input.params.reward.grant(key, &member.customer)).put(state);
    Ok(decision)
}

fn once_per_person(input: &Asked) -> Answer {
    let newcomer = input.require("customer")?;
    let mut decision = Decision::new();
    decision.claim(Claim::new("welcome", Dimension::Identity, &newcomer.customer));
    decision.claim(Claim::new("welcome", Dimension::Device, &newcomer.customer));
    decision.grant(input.params.reward.grant("welcome", &newcomer.customer));
    Ok(decision)
}

fn earned(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, .. } = input.event.data()?;
    let mut decision = Decision::new();
    decision.grant(input.params.reward.grant(format!("order/{}", key_part(&order)), &buyer.customer));
    Ok(decision)
}

fn refunded(_: &Asked) -> Answer {
    let mut decision = Decision::new();
    decision.revoke(Revocation::about().reason("order refunded"));
    Ok(decision)
}

fn paid(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, amount, .. } = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    if !state.paid.pay(amount.in_currency(&input.campaign.currency)?) {
        return Err(Refusal::new("order-known", format!("{order} was told of before")));
    }
    let mut decision = Decision::new();
    let earned = money::rate(state.paid.left(), 100)?;
    if earned > 0 {
        decision.grant(Grant::units(format!("paid/{}", key_part(&order)), &buyer.customer, "points", earned));
    }
    decision.put(state);
    Ok(decision)
}

fn gone(input: &Asked) -> Answer {
    let data: OrderRefunded = input.event.data()?;
    let mut state = input.state.clone().unwrap_or_default();
    let before = money::rate(state.paid.left(), 100)?;
    if !state.paid.refund(Back::of(&data, &input.event, &input.campaign.currency)?)? {
        return Err(Refusal::new("refund-known", "this refund was told of before"));
    }
    let less = before.saturating_sub(money::rate(state.paid.left(), 100)?);
    let mut decision = Decision::new();
    if less > 0 {
        decision.revoke(Revocation::about().at_most(less).reason("order refunded"));
    }
    decision.put(state);
    Ok(decision)
}

fn later(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, .. } = input.event.data()?;
    let grant = input.params.reward.grant(format!("kept/{}", key_part(&order)), &buyer.customer);
    let mut decision = Decision::new();
    decision.grant(grant.hold_until(When::after_days(input.params.days)));
    Ok(decision)
}

fn left(input: &Asked) -> Answer {
    let mut decision = Decision::new();
    decision.schedule(Schedule::new("remind", When::after_days(input.params.days)));
    Ok(decision)
}

fn bought(_: &Asked) -> Answer {
    let mut decision = Decision::new();
    decision.cancel_timer("remind");
    Ok(decision)
}

fn fired(input: &Asked) -> Answer {
    let customer = input.require("customer")?;
    let message = Message::new(format!("cart/{}", input.event.occurred.local.date()), &customer.customer, "cart-waits");
    let mut decision = Decision::new();
    decision.message(message.vars(&json!({"days": input.params.days})).marketing().channels(["push"]));
    Ok(decision)
}

fn ordered(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, .. } = input.event.data()?;
    let until = When::AfterSeconds(30 * 60);
    let key = format!("order/{}", key_part(&order));
    let mut decision = Decision::new();
    decision.reserve(Reservation::new(key, &buyer.customer, (100, "points"), until));
    Ok(decision)
}

fn settled(input: &Asked) -> Answer {
    let buyer = input.require("customer")?;
    let OrderPaid { order, .. } = input.event.data()?;
    let key = format!("order/{}", key_part(&order));
    let mut decision = Decision::new();
    decision.settle(Settlement::commit(Held::reservation(&buyer.customer, &key)).required());
    decision.grant(Grant::units(key, &buyer.customer, "coupon:gift-wrap", 1));
    Ok(decision)
}
