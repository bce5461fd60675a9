//! A journey: messages one after another, waits between them, and ways that part by what the customer does.
//!
//! Parameters say what begins a journey, which steps it has and what it is to lead to. It waits for events and for time; what it
//! waits for may never come, so it is over some days after it began in any case. Consent, quiet hours and caps for messages are the
//! host's. A journey counts what it does by the measures `entered`, `sent`, `opened`, `converted` and `ended`.

mod params;
mod check;
mod trigger;
mod state;
mod walk;

use largesse_sdk::{
    Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Refusal, Role, UnitClass, events, export_policy,
    manifest,
};

pub use params::{
    Act, Attribute, Branch, By, Condition, HandOver, On, Params, Preferred, Step, Tag, Text, Until, Wait,
};
pub use state::{Run, State};
pub use trigger::Trigger;

/// The only role: who is on the journey.
const CUSTOMER: &str = "customer";

/// The policy.
pub struct Journey;

impl Policy for Journey {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let attributes = Attribute::ALL.iter().map(|attribute| attribute.as_str());
        manifest!("Takes customers on a journey of messages, waits and branches")
            .role(Role::actor(CUSTOMER).attributes(attributes).tags())
            .subscribe(events::TimerFired::KIND.of(CUSTOMER))
            .subscribe(events::IdentityMerged::KIND.of(CUSTOMER))
            .effects([
                EffectKind::Grant,
                EffectKind::Message,
                EffectKind::Tag,
                EffectKind::Schedule,
                EffectKind::Enrol,
                EffectKind::Measure,
            ])
            .unit_classes(UnitClass::ALL)
            .subscribe_all(Trigger::subscriptions())
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let walk = walk::Walk::new(input)?;
        match (input.subscription.as_str(), Trigger::told_by(&input.subscription)) {
            ("timer-fired", _) => walk.time_over(),
            ("identity-merged", _) => Ok(walk.unite()),
            (_, Some(trigger)) => walk.hear(trigger),
            (name, None) => Err(Refusal::new("unknown-subscription", format!("{name} moves no journey"))),
        }
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(Journey);
