//! Counts what happens, by channel, page or whatever an event says, and marks customers by facts.
//!
//! What is counted is read by operators with the campaign; formulas over counts (a share, a ratio, a quadrant) are theirs. A mark is a
//! tag that follows from facts: attributes, and how many loans a customer drew lately.

mod params;
mod count;
mod mark;
mod state;

use largesse_sdk::{
    Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Refusal, Role, events, export_policy, manifest,
};

pub use params::{Attribute, Count, Kind, Loans, Mark, Params, Range, Who};
pub use state::State;

/// The only role: the customer who acts.
const CUSTOMER: &str = "customer";

/// The policy.
pub struct Tally;

impl Policy for Tally {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let attributes = Attribute::ALL.iter().map(|attribute| attribute.as_str()).chain(["member", "channel"]);
        manifest!("Counts what happens and marks customers by facts")
            .role(Role::actor(CUSTOMER).attributes(attributes).tags())
            .subscribe(events::MonthClosed::KIND.of(CUSTOMER))
            .subscribe_all(Kind::ALL.iter().map(|kind| kind.subscription(CUSTOMER)))
            .effects([EffectKind::Measure, EffectKind::Tag])
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        // Late events of before the end still count.
        if input.campaign.closes.is_some_and(|closes| input.event.occurred.at >= closes) {
            return Err(Refusal::new("after-the-end", "the campaign was over"));
        }
        match input.subscription.as_str() {
            "month-closed" => mark::score(input),
            name => {
                let unknown = || Refusal::new("unknown-subscription", format!("{name} is not counted"));
                count::count(input, Kind::of(name).ok_or_else(unknown)?)
            }
        }
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(Tally);
