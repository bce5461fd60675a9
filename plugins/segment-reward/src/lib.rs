//! Rewards on occasions: a customer enters a segment or a stage of life, it is a birthday or a day of the calendar, a survey is answered.
//!
//! Parameters say when an occasion is, for whom, what is given and sent, and what follows when the customer does nothing. A day has a timer
//! of the customer's own, which is set when the customer is first heard of. The measures `occasions`, `woken`, `followed-up` and
//! `reasons` count what came of it.

mod params;
mod check;
mod dates;
mod state;
mod turn;

use largesse_sdk::{
    Decision, EffectKind, EventData, EventKind, Input, Manifest, Policy, Problem, Refusal, Role, UnitClass, events,
    export_policy, manifest,
};

pub use params::{
    Attribute, Birthday, Bought, FollowUp, LeapDay, Monthly, Occasion, On, Params, Send, Sign, Stage, Who, Yearly,
};
pub use state::State;

/// The only role.
const CUSTOMER: &str = "customer";
/// What is heard beside timers.
const HEARD: [EventKind; 10] = [
    events::SegmentEntered::KIND,
    events::TierChanged::KIND,
    events::Birthday::KIND,
    events::SurveyAnswered::KIND,
    events::Login::KIND,
    events::InvestPurchased::KIND,
    events::OrderPaid::KIND,
    events::OrderRefunded::KIND,
    events::UserRegistered::KIND,
    events::UserRealnameVerified::KIND,
];

/// The policy.
pub struct SegmentReward;

impl Policy for SegmentReward {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let attributes = Attribute::ALL.iter().map(|attribute| attribute.as_str());
        let attributes = attributes.chain(["birth_date", "registered_at"]);
        manifest!("Rewards customers on occasions: segments, stages, birthdays, days of the calendar, surveys")
            .role(Role::actor(CUSTOMER).attributes(attributes).tags().standings().grants())
            .subscribe(events::TimerFired::KIND.of(CUSTOMER))
            .subscribe_all(HEARD.map(|kind| kind.of(CUSTOMER)))
            .effects([EffectKind::Grant, EffectKind::Message, EffectKind::Schedule, EffectKind::Measure])
            .unit_classes(UnitClass::ALL)
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let turn = turn::Turn::new(input)?;
        if input.subscription == "timer-fired" { turn.time_over() } else { turn.hear() }
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(SegmentReward);
