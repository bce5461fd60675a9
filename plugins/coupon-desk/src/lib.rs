//! Says what a coupon takes off, or brings, and spends it where it is used.
//!
//! Parameters say what each coupon is worth: interest-free days or periods, the interest of a first instalment, so much or so
//! many per cent off, a lower rate, income, compensation. Applications ask before a customer decides (`benefit`, `choices`); the
//! event that uses a coupon is judged by the same rules, spends one out of the wallet, and refuses a second on one order.

mod params;
mod purchase;
mod worth;
mod used;
mod counter;

use largesse_sdk::{
    Decision, EffectKind, Enquiry, EventData, Input, Manifest, Policy, Problem, Question, Refusal, Role, UnitClass,
    Value, events, export_policy, manifest,
};

pub use params::{CapKind, Coupon, Kind, Of, On, Params, Quiz, Rate, Tier};
pub use purchase::{Asked, Line, Purchase, Shown};
pub use used::Used;
pub use worth::Worth;

/// The only role: the customer who holds coupons and uses them.
const HOLDER: &str = "holder";

/// The policy.
pub struct CouponDesk;

impl Policy for CouponDesk {
    type Params = Params;
    type State = Used;

    fn manifest() -> Manifest {
        let holder = Role::actor(HOLDER).attributes(["member"]).balances(["coupon", "entitlement"]).tags().standings();
        manifest!("Says what coupons are worth, and spends them where they are used")
            .role(holder)
            .subscribe(events::BenefitUsed::KIND.of(HOLDER))
            .subscribe(events::LoanDrawn::KIND.of(HOLDER))
            .subscribe(events::InvestPurchased::KIND.of(HOLDER))
            .subscribe(events::QuizAnswered::KIND.of(HOLDER))
            .effects([EffectKind::Grant, EffectKind::Reserve, EffectKind::Settle, EffectKind::Measure])
            .unit_classes([UnitClass::Coupon, UnitClass::Entitlement, UnitClass::Cash, UnitClass::Points])
            .question(Question::new::<Asked>("benefit"))
            .question(Question::new::<Shown>("choices"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Used>) -> Result<Decision<Used>, Refusal> {
        match input.subscription.as_str() {
            "quiz-answered" => counter::quiz(input),
            _ => counter::redeem(input),
        }
    }

    fn quote(enquiry: &Enquiry<Params, Used>) -> Result<Value, Refusal> {
        match enquiry.question.as_str() {
            "benefit" => counter::benefit(enquiry),
            "choices" => counter::choices(enquiry),
            other => Err(Refusal::new("no-such-question", other)),
        }
    }

    fn merge(kept: Used, joined: Used) -> Result<Used, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(CouponDesk);
