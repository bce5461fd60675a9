//! A better rate on what is held, earned by friends who register or given with a purchase, and a commission on what friends
//! invest.
//!
//! Friends come in chains: whom the holder invites heads one, and those who are invited further down the line belong to it. Each
//! chain adds so much at most, all together up to a ceiling, and a cap says how much principal the better rate is on. What was earned
//! keeps the cap under which it was earned: changed parameters go for friends who register from then on.

mod params;
mod state;
mod friends;
mod holding;
mod commission;
mod income;

use largesse_sdk::{
    Decision, EffectKind, Enquiry, EventData, Input, Manifest, Policy, Problem, Question, Refusal, Role, Subscription,
    UnitClass, Value, events, export_policy, manifest,
};

pub use income::Income;
pub use params::{BelongsTo, Commission, Friends, Params, Term, WithPurchase};
pub use state::{Boost, Holding, State};

/// The customer who acts.
pub(crate) const CUSTOMER: &str = "customer";
/// The inviters of the customer who acts, the nearest first.
pub(crate) const INVITERS: [&str; 3] = ["inviter-1", "inviter-2", "inviter-3"];

/// The policy.
pub struct YieldBoost;

impl Policy for YieldBoost {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let [near, far, furthest] = INVITERS;
        manifest!("A better rate on what is held for friends who register, and a commission on what they invest")
            .role(Role::actor(CUSTOMER).attributes(["registered_at"]))
            .role(Role::inviter(near, 1))
            .role(Role::inviter(far, 2))
            .role(Role::inviter(furthest, 3))
            .subscribe(events::UserRegistered::KIND.of(CUSTOMER))
            .subscribe(events::UserRegistered::KIND.of_other("friend", near))
            .subscribe(events::UserRegistered::KIND.of_other("friend-2", far))
            .subscribe(events::UserRegistered::KIND.of_other("friend-3", furthest))
            // What is taken back about a holding is the commission alone.
            .subscribe(Subscription { about: None, ..events::InvestPurchased::KIND.of(CUSTOMER) })
            .subscribe(Subscription { about: None, ..events::InvestRedeemed::KIND.of(CUSTOMER) })
            .subscribe(events::InvestPurchased::KIND.of_other("friend", near))
            .subscribe(events::InvestRedeemed::KIND.of_other("friend", near))
            .effects([EffectKind::Grant, EffectKind::Revoke])
            .unit_classes([UnitClass::RateBoost, UnitClass::Cash, UnitClass::Points, UnitClass::Growth])
            .question(Question::new::<Income>("income"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "user-registered" => friends::registered(input),
            "friend-user-registered" => friends::add(input, 1),
            "friend-2-user-registered" => friends::add(input, 2),
            "friend-3-user-registered" => friends::add(input, 3),
            "invest-purchased" => holding::buy(input),
            "invest-redeemed" => holding::redeem(input),
            "friend-invest-purchased" => commission::earn(input),
            "friend-invest-redeemed" => commission::give_back(input),
            other => Err(Refusal::new("unknown-subscription", other)),
        }
    }

    fn quote(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
        income::answer(enquiry)
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(YieldBoost);
