//! Behaves, as version 4 of `counts`: reads nothing of the others.

use largesse_guests::counting::{self, Params};
use largesse_sdk::{Decision, Input, Manifest, Policy, Refusal, export_policy};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct State {
    sum: u64,
}

struct Counts;

impl Policy for Counts {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        counting::manifest(4, &[4])
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let count = input.state.as_ref().map_or(0, |state| state.sum) + 1;
        counting::decide(4, input, count, State { sum: count })
    }
}

export_policy!(Counts);
