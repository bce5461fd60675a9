//! Behaves, as version 3 of `counts`: carries over what versions 1 and 2 wrote.

use largesse_guests::counting::{self, Params};
use largesse_sdk::{Decision, Input, Manifest, OwnerKind, Policy, Refusal, export_policy};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct State {
    total: u64,
}

#[derive(Deserialize)]
struct First {
    n: u64,
}

#[derive(Deserialize)]
struct Second {
    count: u64,
}

struct Counts;

impl Policy for Counts {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        counting::manifest(3, &[1, 2, 3])
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let count = input.state.as_ref().map_or(0, |state| state.total) + 1;
        counting::decide(3, input, count, State { total: count })
    }

    fn migrate(_owner: OwnerKind, state: &str, written_by: u32) -> Result<State, Refusal> {
        let unreadable = |error: serde_json::Error| Refusal::new("unreadable-state", error.to_string());
        match written_by {
            1 => serde_json::from_str(state).map(|First { n }| State { total: n }).map_err(unreadable),
            2 => serde_json::from_str(state).map(|Second { count }| State { total: count }).map_err(unreadable),
            _ => serde_json::from_str(state).map_err(unreadable),
        }
    }
}

export_policy!(Counts);
