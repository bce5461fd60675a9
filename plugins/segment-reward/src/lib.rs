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
    Decision, EffectKind, Input, Manifest, Policy, Problem, Refusal, Role, Subscription, UnitClass, export_policy,
    manifest,
};

pub use params::{
    Attribute, Birthday, Bought, FollowUp, LeapDay, Monthly, Occasion, On, Params, Send, Sign, Stage, Who, Yearly,
};
pub use state::{Orders, State};

/// The only role.
const CUSTOMER: &str = "customer";
/// The subscription to timers.
const TIMER: &str = "timer";

/// The policy.
pub struct SegmentReward;

impl Policy for SegmentReward {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let attributes = Attribute::ALL.iter().map(|attribute| attribute.as_str());
        let attributes = attributes.chain(["birth_date", "registered_at"]);
        let events = [
            ("segment-entered", "segment.entered"),
            ("tier-changed", "tier.changed"),
            ("birthday", "birthday"),
            ("answered", "survey.answered"),
            ("login", "login"),
            ("invested", "invest.purchased"),
            ("ordered", "order.paid"),
            ("refunded", "order.refunded"),
            ("registered", "user.registered"),
            ("verified", "user.realname_verified"),
        ];
        let start =
            manifest!("Rewards customers on occasions: segments, stages, birthdays, days of the calendar, surveys")
                .role(Role::actor(CUSTOMER).attributes(attributes).tags().standings().grants())
                .subscribe(Subscription::timers(TIMER, CUSTOMER))
                .effects([EffectKind::Grant, EffectKind::Message, EffectKind::Schedule, EffectKind::Measure])
                .unit_classes(UnitClass::ALL);
        let subscribe =
            |manifest: Manifest, (name, kind)| manifest.subscribe(Subscription::party(name, kind, CUSTOMER));
        events.into_iter().fold(start, subscribe)
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let turn = turn::Turn::new(input)?;
        if input.subscription == TIMER { turn.time_over() } else { turn.hear() }
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(SegmentReward);
