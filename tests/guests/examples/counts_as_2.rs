//! Behaves, as version 2 of `counts`: carries over what version 1 wrote, but what is unlucky.

use largesse_guests::counting::{self, Params};
use largesse_sdk::{Decision, Input, Manifest, OwnerKind, Policy, Refusal, export_policy};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct State {
    count: u64,
}

#[derive(Deserialize)]
struct Old {
    n: u64,
    unlucky: bool,
}

struct Counts;

impl Policy for Counts {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        counting::manifest(2, &[1, 2])
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let count = input.state.as_ref().map_or(0, |state| state.count) + 1;
        counting::decide(2, input, count, State { count })
    }

    fn migrate(_owner: OwnerKind, state: &str, written_by: u32) -> Result<State, Refusal> {
        let unreadable = |error: serde_json::Error| Refusal::new("unreadable-state", error.to_string());
        if written_by == 2 {
            return serde_json::from_str(state).map_err(unreadable);
        }
        let Old { n, unlucky } = serde_json::from_str(state).map_err(unreadable)?;
        if unlucky {
            return Err(Refusal::new("unlucky", "it is not carried over"));
        }
        Ok(State { count: n })
    }
}

export_policy!(Counts);
