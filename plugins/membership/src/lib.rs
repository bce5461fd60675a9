//! Paid membership, and the rights of members.
//!
//! Whoever buys a membership stands in a tier of a programme until its last day; what is bought ahead begins when that is over.
//! Rights are claimed: by members, by others, or by both; on a day of the month, in a city, so many times in a period. A claim
//! gives benefits, or a trial of the membership. What is used is taken out of the wallet, and counted with its cost. What a
//! membership gave and nobody used goes back when it is refunded.

mod params;
mod record;
mod rights;

use largesse_sdk::{
    Date, Decision, EffectKind, Enquiry, EventData, Input, Manifest, Money, Party, Placement, Policy, Problem,
    Question, Refusal, Revocation, Role, UnitClass, Value, When, events, export_policy, grants, json, key_part,
    manifest,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub use params::{AtMost, Membership, Offer, Params, Per, Plan, Queues, Right, Trial, Voucher, Whose};
pub use record::{Claimed, Record, Term};

/// The only role: the customer.
const CUSTOMER: &str = "customer";
/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// The policy.
pub struct PaidMembership;

impl Policy for PaidMembership {
    type Params = Params;
    type State = Record;

    fn manifest() -> Manifest {
        manifest!("Sells a membership, and gives its members and others their rights")
            .role(Role::actor(CUSTOMER).attributes(["region"]).standings())
            .subscribe(events::MembershipPurchased::KIND.of(CUSTOMER))
            .subscribe(events::MembershipRenewed::KIND.of(CUSTOMER))
            .subscribe(events::MembershipRefunded::KIND.of(CUSTOMER))
            .subscribe(events::PopupShown::KIND.of(CUSTOMER))
            .subscribe(events::RightClaimed::KIND.of(CUSTOMER))
            .subscribe(events::RightUsed::KIND.of(CUSTOMER))
            .effects([
                EffectKind::Grant,
                EffectKind::Revoke,
                EffectKind::Reserve,
                EffectKind::Settle,
                EffectKind::Place,
                EffectKind::Measure,
            ])
            .unit_classes(UnitClass::ALL)
            .question(Question::new::<OfPlan>("fee"))
            .question(Question::new::<Nothing>("membership"))
            .question(Question::new::<Nothing>("rights"))
            .question(Question::new::<OfRight>("overlap"))
            .question(Question::new::<OfPrice>("pay"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Record>) -> Result<Decision<Record>, Refusal> {
        match input.subscription.as_str() {
            "membership-purchased" | "membership-renewed" => buy(input),
            "membership-refunded" => refund(input),
            "popup-shown" => show(input),
            "right-claimed" => rights::claim(input),
            _ => rights::use_one(input),
        }
    }

    fn quote(enquiry: &Enquiry<Params, Record>) -> Result<Value, Refusal> {
        let (params, party) = (&enquiry.params, enquiry.asker()?);
        match enquiry.question.as_str() {
            "fee" => {
                let wanted: OfPlan = enquiry.data()?;
                let (membership, plan) = plan(params, &wanted.plan)?;
                let record = enquiry.state.clone().unwrap_or_default();
                Ok(json!({"fee": fee(membership, plan, &record, enquiry.now.at, enquiry.now.local.date())?}))
            }
            "membership" => Ok(standing(enquiry, party)),
            "rights" => Ok(json!({"rights": rights::of(params, party)})),
            "overlap" => {
                let wanted: OfRight = enquiry.data()?;
                let right = rights::find(params, &wanted.right)?;
                let overlap = params
                    .overlap(right)
                    .ok_or_else(|| Refusal::new("not-known", "no users or no cities are named"))?;
                Ok(json!({"overlap": overlap, "approved": overlap >= u64::from(params.overlap_min)}))
            }
            _ => rights::pay(params, &enquiry.data()?),
        }
    }

    fn merge(kept: Record, joined: Record) -> Result<Record, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(PaidMembership);

/// By how much clocks change.
const CLOCK_CHANGE_MS: i64 = 3_600_000;

/// What a purchase or a renewal says.
struct Bought {
    membership: String,
    plan: Option<String>,
    fee: Option<Money>,
    renewal: bool,
}

impl Bought {
    fn by(input: &Input<Params, Record>) -> Result<Self, Refusal> {
        if input.subscription == "membership-renewed" {
            let events::MembershipRenewed { membership, plan, fee, .. } = input.event.data()?;
            return Ok(Self { membership, plan, fee, renewal: true });
        }
        let events::MembershipPurchased { membership, plan, fee, .. } = input.event.data()?;
        Ok(Self { membership, plan: Some(plan), fee: Some(fee), renewal: false })
    }
}

/// Which plan.
#[derive(Deserialize, JsonSchema)]
struct OfPlan {
    /// The plan.
    plan: String,
}

/// Which right.
#[derive(Deserialize, JsonSchema)]
struct OfRight {
    /// The right.
    right: String,
}

/// What a right would be used on.
#[derive(Deserialize, JsonSchema)]
struct OfPrice {
    /// The right.
    right: String,
    /// The price, in minor units.
    amount: u64,
}

/// Nothing more needs to be known.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn plan<'a>(params: &'a Params, name: &str) -> Result<(&'a Membership, &'a Plan), Refusal> {
    let unknown = || Refusal::new("unknown-plan", format!("no membership is sold as {name}"));
    let membership = params.membership.as_ref().ok_or_else(unknown)?;
    let plan = membership.plans.iter().find(|plan| plan.plan == name);
    plan.map(|plan| (membership, plan)).ok_or_else(unknown)
}

/// What a plan costs: less while an offer to who is not a member yet is open.
fn fee(membership: &Membership, plan: &Plan, record: &Record, at: i64, today: Date) -> Result<u64, Refusal> {
    let open = |offer: &&Offer| {
        let until = record.offered.map(|from| (from, from.saturating_add(i64::from(offer.within_hours) * HOUR_MS)));
        until.is_some_and(|(from, until)| (from..until).contains(&at)) && record.ends().is_none_or(|end| end <= today)
    };
    match membership.offer.as_ref().filter(open) {
        Some(offer) => Ok(offer.rounding.rate(plan.fee, offer.basis_points)?),
        None => Ok(plan.fee),
    }
}

fn show(input: &Input<Params, Record>) -> Result<Decision<Record>, Refusal> {
    let shown: events::PopupShown = input.event.data()?;
    let offer = input.params.membership.as_ref().and_then(|membership| membership.offer.as_ref());
    let mut record = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    // Late or not, the earliest showing is the one that counts.
    if offer.is_some_and(|offer| offer.popup == shown.popup) {
        let at = input.event.occurred.at;
        record.offered = Some(record.offered.map_or(at, |first| first.min(at)));
        decision.put(record);
    }
    Ok(decision)
}

fn buy(input: &Input<Params, Record>) -> Result<Decision<Record>, Refusal> {
    let bought = Bought::by(input)?;
    let name = bought.plan.ok_or_else(|| Refusal::new("unknown-plan", "the event names no plan"))?;
    let (membership, plan) = plan(&input.params, &name)?;
    let (today, at) = (input.event.occurred.local.date(), input.event.occurred.at);
    let mut record = input.state.clone().unwrap_or_default();
    if let Some(paid) = bought.fee {
        let due = fee(membership, plan, &record, at, today)?;
        if paid.in_currency(&input.campaign.currency)? < due {
            return Err(Refusal::new("fee-too-low", format!("{} costs {due}", plan.plan)));
        }
    }
    let term = Term { membership: bought.membership.clone(), bought: today, months: plan.months, follows: None };
    record.buy(term, bought.renewal, today)?;
    let mut decision = Decision::new();
    let customer = &input.require(CUSTOMER)?.customer;
    place(&input.params, membership, &record, today, customer, &mut decision);
    let key = format!("membership/{}/{today}", key_part(&bought.membership));
    grants(&plan.gifts, &key, customer, "membership").for_each(|grant| _ = decision.grant(grant));
    decision.put(record);
    Ok(decision)
}

fn refund(input: &Input<Params, Record>) -> Result<Decision<Record>, Refusal> {
    let refunded: events::MembershipRefunded = input.event.data()?;
    let mut record = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    if let (true, Some(membership)) = (record.refund(&refunded.membership), &input.params.membership) {
        let customer = &input.require(CUSTOMER)?.customer;
        place(&input.params, membership, &record, input.event.occurred.local.date(), customer, &mut decision);
    }
    decision.revoke(Revocation::about().reason("the membership was refunded"));
    decision.put(record);
    Ok(decision)
}

/// Places the customer until the last term ends, or out of the programme.
fn place(
    params: &Params,
    membership: &Membership,
    record: &Record,
    today: Date,
    customer: &str,
    decision: &mut Decision<Record>,
) {
    let programme = params.programme.as_str();
    decision.place(match record.ends().filter(|end| *end > today) {
        Some(end) => Placement::into(customer, programme, membership.tier.as_str()).until(When::AtLocal(end, 0)),
        None => Placement::out(customer, programme),
    });
}

/// Where the customer stands, until which day, and in which queue.
fn standing(enquiry: &Enquiry<Params, Record>, party: &Party) -> Value {
    let standing = party.standing(&enquiry.params.programme);
    // By the offset of now: what ends at midnight by another clock may seem to end an hour after.
    let last_day = |until: i64| enquiry.now.date_of(until.saturating_sub(1 + CLOCK_CHANGE_MS)).to_string();
    let queues = enquiry.params.membership.as_ref().and_then(|membership| membership.queues.as_ref());
    let queue = queues.map(|queues| if standing.is_some() { &queues.member } else { &queues.other });
    json!({
        "member": standing.is_some(),
        "tier": standing.map(|standing| &standing.tier),
        "to": standing.and_then(|standing| standing.until).map(last_day),
        "queue": queue,
    })
}
