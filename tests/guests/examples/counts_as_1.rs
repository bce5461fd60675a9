//! Behaves, as version 1 of `counts`: reads what version 2 writes, so that it can be gone back to.

use largesse_guests::counting::{self, Params};
use largesse_sdk::{Decision, Input, Manifest, OwnerKind, Policy, Refusal, export_policy};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct State {
    n: u64,
    #[serde(default)]
    unlucky: bool,
}

#[derive(Deserialize)]
struct Newer {
    count: u64,
}

struct Counts;

impl Policy for Counts {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        counting::manifest(1, &[1, 2])
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let count = input.state.as_ref().map_or(0, |state| state.n) + 1;
        counting::decide(1, input, count, State { n: count, unlucky: counting::is_unlucky(input)? })
    }

    fn migrate(_owner: OwnerKind, state: &str, written_by: u32) -> Result<State, Refusal> {
        let unreadable = |error: serde_json::Error| Refusal::new("unreadable-state", error.to_string());
        if written_by == 2 {
            return serde_json::from_str(state)
                .map(|Newer { count }| State { n: count, unlucky: false })
                .map_err(unreadable);
        }
        serde_json::from_str(state).map_err(unreadable)
    }
}

export_policy!(Counts);
