//! Which product, advertisement or layout a customer is shown at a place, and what came of it.
//!
//! Applications ask (`placement`); a payment or a maturity can show something by itself, with a voucher. Candidates fit by what the
//! customer holds, by tags, segments, membership and risk level; caps bound how often. What is shown, clicked and bought within a
//! time of the click is counted.

mod params;
mod place;
mod reach;
mod state;

use largesse_sdk::{
    Decision, EffectKind, Enquiry, EventData, EventKind, Input, Manifest, Policy, Problem, Question, Refusal, Role,
    UnitClass, Value, events, export_policy, manifest,
};

pub use params::{Candidate, Converts, Goal, Params, Placement, Trigger, When};
pub use place::{Asked, Nothing};
pub use state::State;

/// The only role: the customer who looks, clicks and buys.
const CUSTOMER: &str = "customer";

/// What is heard beside triggers and goals.
const HEARD: [EventKind; 6] = [
    events::PageViewed::KIND,
    events::AdShown::KIND,
    events::AdClicked::KIND,
    events::InvestRedeemed::KIND,
    events::SegmentEntered::KIND,
    events::SegmentLeft::KIND,
];

/// The policy.
pub struct Recommendation;

impl Policy for Recommendation {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        manifest!("Says what is shown to whom, and counts what comes of it")
            .role(Role::actor(CUSTOMER).attributes(["member", "risk_level"]).tags())
            .effects([EffectKind::Grant, EffectKind::Message, EffectKind::Measure])
            .unit_classes([
                UnitClass::Coupon,
                UnitClass::Points,
                UnitClass::Cash,
                UnitClass::Entitlement,
                UnitClass::Item,
            ])
            .question(Question::new::<Asked>("placement"))
            .question(Question::new::<Nothing>("portfolio"))
            .subscribe_all(HEARD.map(|kind| kind.of(CUSTOMER)))
            .subscribe_all(Trigger::ALL.iter().map(|trigger| trigger.subscription(CUSTOMER)))
            // An investment is both.
            .subscribe_all(
                Goal::ALL
                    .iter()
                    .filter(|goal| Trigger::of(goal.as_str()).is_none())
                    .map(|goal| goal.subscription(CUSTOMER)),
            )
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let before = input.state.clone().unwrap_or_default();
        let mut state = before.clone();
        let mut decision = Decision::new();
        match input.subscription.as_str() {
            "page-viewed" => reach::visited(input, &mut decision)?,
            "ad-shown" => reach::shown(input, &mut decision)?,
            "ad-clicked" => reach::clicked(input, &mut state, &mut decision)?,
            "segment-entered" => {
                let segment = input.event.data::<events::SegmentEntered>()?.segment;
                state.note_segment(segment, input.event.occurred.at, true);
            }
            "segment-left" => {
                let segment = input.event.data::<events::SegmentLeft>()?.segment;
                state.note_segment(segment, input.event.occurred.at, false);
            }
            name => {
                state.note_holding(&input.event)?;
                if let Some(goal) = Goal::of(name) {
                    reach::converted(input, goal, &mut state, &mut decision)?;
                }
                match Trigger::of(name).map(|trigger| place::show(input, trigger, &mut state, &mut decision)) {
                    Some(Err(refusal)) if state == before && decision.is_empty() => return Err(refusal),
                    Some(Err(refusal)) => _ = decision.note(refusal.to_string()),
                    Some(Ok(())) | None => {}
                }
            }
        }
        if state != before {
            decision.put(state);
        }
        Ok(decision)
    }

    fn quote(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
        match enquiry.question.as_str() {
            "placement" => place::answer(enquiry),
            "portfolio" => Ok(place::portfolio(enquiry)),
            other => Err(Refusal::new("no-such-question", other)),
        }
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(Recommendation);
