//! Where coupons are asked about, given for quizzes, and used.

use std::cmp::Reverse;

use largesse_sdk::{
    Decision, Enquiry, Grant, Input, Measurement, Party, Refusal, Reservation, Value, When, events, json, key_part,
};

use crate::HOLDER;
use crate::params::{Coupon, Kind, Params};
use crate::purchase::{Asked, Purchase, Shown, Use, one_per_order};
use crate::used::Used;
use crate::worth::Worth;

/// What one coupon would be worth.
pub(crate) fn benefit(enquiry: &Enquiry<Params, Used>) -> Result<Value, Refusal> {
    let Asked { coupon, purchase } = enquiry.data()?;
    let coupon = known(&enquiry.params, &coupon)?;
    let (party, used) = (enquiry.asker()?, enquiry.state.clone().unwrap_or_default());
    unused(&used, &purchase)?;
    holds(party, coupon)?;
    Ok(coupon.worth(&purchase, party)?.answer(&coupon.unit))
}

/// What each coupon that the customer holds would be worth, where it fits; the most first.
pub(crate) fn choices(enquiry: &Enquiry<Params, Used>) -> Result<Value, Refusal> {
    let Shown { purchase } = enquiry.data()?;
    let (party, used) = (enquiry.asker()?, enquiry.state.clone().unwrap_or_default());
    unused(&used, &purchase)?;
    let held = enquiry.params.coupons.iter().filter(|coupon| holds(party, coupon).is_ok());
    let mut fitting: Vec<(&Coupon, Worth)> =
        held.filter_map(|coupon| Some((coupon, coupon.worth(&purchase, party).ok()?))).collect();
    fitting.sort_by_key(|(_, worth)| Reverse(worth.amount()));
    let answers: Vec<Value> =
        fitting.into_iter().map(|(coupon, worth)| worth.in_short().answer(&coupon.unit)).collect();
    Ok(json!({"choices": answers}))
}

/// A coupon is used: judged as if it were asked about, then spent.
pub(crate) fn redeem(input: &Input<Params, Used>) -> Result<Decision<Used>, Refusal> {
    let party = input.require(HOLDER)?;
    let Use { unit, purchase, order } = Use::of(&input.event, &input.params, &input.campaign.currency)?;
    let coupon = known(&input.params, &unit)?;
    let (part, mut used) = (key_part(&order).into_owned(), input.state.clone().unwrap_or_default());
    if used.on(&part) {
        return Err(one_per_order("a coupon was used on it before"));
    }
    holds(party, coupon)?;
    let worth = coupon.worth(&purchase, party)?;

    let mut decision = Decision::new();
    let key = format!("order/{part}");
    if !coupon.open_to_all {
        let one = Reservation::new(key.as_str(), &party.customer, (1, unit.as_str()), When::after_days(1));
        decision.spend(one.reason("coupon used"));
    }
    if let (Worth::Brings { brings: brings @ 1.., after_days }, Some(unit)) = (&worth, coupon.paid_in()) {
        let grant = Grant::units(key, &party.customer, unit, *brings).reason("coupon used");
        decision.grant(if *after_days > 0 { grant.hold_until(When::after_days(*after_days)) } else { grant });
    }
    decision.measure(Measurement::one("used").of(&unit));
    if worth.amount() > 0 {
        decision.measure(Measurement::one("worth").of(&unit).by(worth.amount()));
    }
    used.add(part);
    decision.put(used);
    Ok(decision)
}

/// A quiz gives its coupon once the score passes.
pub(crate) fn quiz(input: &Input<Params, Used>) -> Result<Decision<Used>, Refusal> {
    let events::QuizAnswered { quiz, score, .. } = input.event.data()?;
    let score = u64::from(score.unwrap_or(0));
    let known = input.params.quizzes.iter().find(|one| one.quiz == quiz);
    let known = known.ok_or_else(|| Refusal::new("unknown-quiz", "the quiz gives nothing"))?;
    if score < known.pass_mark {
        return Err(Refusal::new("not-passed", format!("{score} of the {} that pass", known.pass_mark)));
    }
    let party = input.require(HOLDER)?;
    let mut decision = Decision::new();
    decision.grant(known.gives.grant(format!("quiz/{}", key_part(&quiz)), &party.customer).reason("quiz passed"));
    Ok(decision)
}

fn known<'a>(params: &'a Params, unit: &str) -> Result<&'a Coupon, Refusal> {
    params.coupon(unit).ok_or_else(|| Refusal::new("unknown-coupon", "none of these coupons"))
}

fn holds(party: &Party, coupon: &Coupon) -> Result<(), Refusal> {
    if coupon.open_to_all || party.balance(&coupon.unit) > 0 {
        return Ok(());
    }
    Err(Refusal::new("not-held", "the customer holds none"))
}

fn unused(used: &Used, purchase: &Purchase) -> Result<(), Refusal> {
    match &purchase.order {
        Some(order) if used.on(&key_part(order)) => Err(one_per_order("a coupon was used on it before")),
        _ => Ok(()),
    }
}

impl Coupon {
    fn paid_in(&self) -> Option<&str> {
        match &self.benefit {
            Kind::Income { paid_in, .. } => paid_in.as_deref(),
            Kind::Compensation { paid_in, .. } => Some(paid_in),
            _ => None,
        }
    }
}

impl Worth {
    /// Without its periods.
    fn in_short(self) -> Self {
        match self {
            Self::Off { takes_off, pays, .. } => Self::Off { takes_off, pays, by_period: Vec::new() },
            other => other,
        }
    }
}
