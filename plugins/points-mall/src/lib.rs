//! Points for spending, and what they buy: items for points and money, at prices that go by the tier of a programme; discounts
//! on orders and free withdrawals by tier.
//!
//! A redemption takes the points and gives the item, or does neither. Money is charged by whoever asks: the question `price` says
//! how much, and a request that names another amount is refused. Prices are those at the time of the request.

mod params;
mod memory;

use largesse_sdk::{
    Back, Benefit, BenefitParam, Date, Decision, EffectKind, Enquiry, EventData, Grant, Held, Input, Manifest,
    Measurement, Party, Policy, Problem, Question, Refusal, Reservation, Revocation, Role, Rounding, Settlement,
    UnitClass, Value, When, events, export_policy, json, key_part, manifest, money,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub use memory::Memory;
pub use params::{Earn, Item, Params, Price, Withdrawals};

/// The only role: the customer.
const CUSTOMER: &str = "customer";
/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;
/// What items are paid with.
const POINTS: &str = "points";

/// The policy.
pub struct PointsMall;

impl Policy for PointsMall {
    type Params = Params;
    type State = Memory;

    fn manifest() -> Manifest {
        manifest!("Gives points for spending, and goods, discounts and free services for points and by tier")
            .role(Role::actor(CUSTOMER).standings())
            .subscribe(events::OrderPaid::KIND.of_thing())
            .subscribe(events::OrderRefunded::KIND.of_thing())
            .subscribe(events::RedemptionRequested::KIND.of(CUSTOMER))
            .subscribe(events::WithdrawalMade::KIND.of(CUSTOMER))
            .effects([
                EffectKind::Grant,
                EffectKind::Revoke,
                EffectKind::Reserve,
                EffectKind::Settle,
                EffectKind::Measure,
            ])
            .unit_classes(UnitClass::ALL)
            .question(Question::new::<Wanted>("price"))
            .question(Question::new::<Basket>("pay"))
            .question(Question::new::<Nothing>("fee"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
        match input.subscription.as_str() {
            "order-paid" => earn(input),
            "order-refunded" => take_back(input),
            "redemption-requested" => redeem(input),
            _ => withdraw(input),
        }
    }

    fn quote(enquiry: &Enquiry<Params, Memory>) -> Result<Value, Refusal> {
        let (params, party) = (&enquiry.params, enquiry.asker()?);
        match enquiry.question.as_str() {
            "price" => {
                let wanted: Wanted = enquiry.data()?;
                let (_, price) = wanted.price(params, party, enquiry.now.local.date())?;
                Ok(json!({"points": price.points, "cash": price.cash}))
            }
            "pay" => {
                let basket: Basket = enquiry.data()?;
                let part = tier(params, party).and_then(|tier| params.discounts.get(tier)).copied();
                let rounding = params.discount_rounding.unwrap_or(Rounding::HalfUp);
                let pay = rounding.rate(basket.amount, part.unwrap_or(money::WHOLE_BASIS_POINTS))?;
                Ok(json!({"pay": pay, "off": basket.amount.saturating_sub(pay)}))
            }
            _ => {
                let memory = enquiry.state.clone().unwrap_or_default();
                let (fee, free_left) = fee(params, party, &memory, enquiry.now.local.date());
                Ok(json!({"fee": fee, "free_left": free_left}))
            }
        }
    }

    fn merge(kept: Memory, joined: Memory) -> Result<Memory, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(PointsMall);

/// Which item, and how many.
#[derive(Deserialize, JsonSchema)]
struct Wanted {
    /// The item.
    item: String,
    /// How many, 1 when absent.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    quantity: Option<u32>,
}

/// An order that is not paid yet.
#[derive(Deserialize, JsonSchema)]
struct Basket {
    /// Its amount, in minor units.
    amount: u64,
}

/// Nothing more needs to be known.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

impl Wanted {
    fn quantity(&self) -> u64 {
        u64::from(self.quantity.unwrap_or(1))
    }

    /// The item, and what all of it costs the customer on a day.
    fn price<'a>(&self, params: &'a Params, party: &Party, day: Date) -> Result<(&'a Item, Price), Refusal> {
        let item = params.items.iter().find(|item| item.item == self.item);
        let item = item.ok_or_else(|| Refusal::new("unknown-item", format!("there is no {}", self.item)))?;
        if !item.on_sale(day) {
            return Err(Refusal::new("not-on-sale", format!("{} is not to be had on {day}", self.item)));
        }
        let price = item.price(tier(params, party));
        let price = price.ok_or_else(|| Refusal::new("not-for-tier", format!("{} is for other tiers", self.item)))?;
        Ok((item, price.times(self.quantity())?))
    }
}

fn tier<'a>(params: &Params, party: &'a Party) -> Option<&'a str> {
    params.programme.as_deref().and_then(|programme| party.tier(programme))
}

fn order_key(order: &str) -> String {
    format!("order/{}", key_part(order))
}

fn earn(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let Some(rule) = &input.params.earn else { return Ok(Decision::new()) };
    let paid: events::OrderPaid = input.event.data()?;
    let mut memory = input.state.clone().unwrap_or_default();
    if !memory.order.pay(paid.amount.in_currency(&input.campaign.currency)?) {
        return Err(Refusal::new("order-known", format!("order {} has earned", paid.order)));
    }
    let quantity = rule.of(memory.order.left())?;
    let mut decision = Decision::new();
    if quantity > 0 {
        let customer = &input.require(CUSTOMER)?.customer;
        decision.grant(Grant::units(order_key(&paid.order), customer, rule.unit.as_str(), quantity).reason("spending"));
    }
    decision.put(memory);
    Ok(decision)
}

fn take_back(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let Some(rule) = &input.params.earn else { return Ok(Decision::new()) };
    let refunded: events::OrderRefunded = input.event.data()?;
    let mut memory = input.state.clone().unwrap_or_default();
    let before = rule.of(memory.order.left())?;
    if !memory.order.refund(Back::of(&refunded, &input.event, &input.campaign.currency)?)? {
        return Err(Refusal::new("refund-known", format!("this refund of {} is known", refunded.order)));
    }
    let less = before.saturating_sub(rule.of(memory.order.left())?);
    let mut decision = Decision::new();
    if less > 0 {
        decision.revoke(Revocation::about().at_most(less).reason("refund"));
    }
    decision.put(memory);
    Ok(decision)
}

fn redeem(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    let requested: events::RedemptionRequested = input.event.data()?;
    let party = input.require(CUSTOMER)?;
    let wanted = Wanted { item: requested.item, quantity: requested.quantity };
    let (item, price) = wanted.price(&input.params, party, input.event.occurred.local.date())?;
    if requested.price.is_some_and(|points| points != price.points) {
        return Err(Refusal::new("wrong-price", format!("it costs {} points", price.points)));
    }
    let cash = requested.cash.map_or(Ok(0), |cash| cash.in_currency(&input.campaign.currency))?;
    if cash != price.cash {
        return Err(Refusal::new("wrong-price", format!("it costs {} in money", price.cash)));
    }
    let id = requested.redemption.unwrap_or_else(|| format!("{}:{}", input.event.source, input.event.id));
    let key = format!("redeem/{}", key_part(&id));
    let mut decision = Decision::new();
    if price.points > 0 {
        // However late one hears of it, the points are reserved and used at once; where they are not, nothing is given.
        let until = When::At(input.now.at.max(input.event.occurred.at).saturating_add(HOUR_MS));
        let reservation = Reservation::new(key.as_str(), &party.customer, (price.points, POINTS), until);
        let paid = Settlement::commit(Held::reservation(&party.customer, key.as_str())).required();
        decision.reserve(reservation.reason(wanted.item.as_str())).settle(paid);
    }
    for (index, benefit) in item.gives.iter().enumerate() {
        let benefit_key = if index == 0 { key.clone() } else { format!("{key}/{}", index + 1) };
        let all = times(benefit, wanted.quantity())?;
        decision.grant(benefit.grant_of(benefit_key, &party.customer, all).reason("redemption"));
    }
    Ok(decision)
}

/// What so many of an item give.
fn times(benefit: &BenefitParam, quantity: u64) -> Result<Benefit, Refusal> {
    let fits = match benefit.quantity {
        Some(one) => one.checked_mul(quantity).is_some_and(|all| all <= money::AMOUNT_MAX),
        None => quantity == 1,
    };
    let too_many = || Refusal::new("too-many", format!("{quantity} at once is too many"));
    fits.then(|| benefit.multiplied_by(quantity)).ok_or_else(too_many)
}

/// What the next withdrawal costs, and how many more are free.
fn fee(params: &Params, party: &Party, memory: &Memory, day: Date) -> (u64, u32) {
    let Some(withdrawals) = &params.withdrawals else { return (0, 0) };
    let free = tier(params, party).and_then(|tier| withdrawals.free_a_month.get(tier)).copied().unwrap_or(0);
    let left = free.saturating_sub(memory.withdrawals_in(&day.month_key()));
    (if left > 0 { 0 } else { withdrawals.fee }, left)
}

fn withdraw(input: &Input<Params, Memory>) -> Result<Decision<Memory>, Refusal> {
    if input.params.withdrawals.is_none() {
        return Ok(Decision::new());
    }
    let day = input.event.occurred.local.date();
    let mut memory = input.state.clone().unwrap_or_default();
    let (fee, _) = fee(&input.params, input.require(CUSTOMER)?, &memory, day);
    memory.withdraw(day.month_key());
    let mut decision = Decision::new();
    if fee > 0 {
        decision.measure(Measurement::one("withdrawal-fees").by(fee));
    }
    decision.put(memory);
    Ok(decision)
}
