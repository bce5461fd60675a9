//! Beside one another: whether two versions of a policy came to the same.

use crate::rows::decision::Output;
use crate::rows::effect::{Proposal, StateChange};

/// Reports whether two versions come to the same: ask for the same, refuse under the same code, or fault in the same way.
#[must_use]
pub fn comes_to_the_same(active: &Output, candidate: &Output, same_state_version: bool) -> bool {
    match (active, candidate) {
        (Output::Proposal(active), Output::Proposal(candidate)) => asks_the_same(active, candidate, same_state_version),
        (Output::Refusal(active), Output::Refusal(candidate)) => active.code == candidate.code,
        (Output::Fault(active), Output::Fault(candidate)) => active.kind == candidate.kind,
        _ => false,
    }
}

/// Reports whether two versions ask for the same. What they say in their notes is for people; states are compared when both write them
/// in the same version.
fn asks_the_same(active: &Proposal, candidate: &Proposal, same_state_version: bool) -> bool {
    let states = match (&active.state, &candidate.state) {
        (StateChange::Put(_), StateChange::Put(_)) if !same_state_version => true,
        (active, candidate) => active == candidate,
    };
    states && active.claims == candidate.claims && active.effects == candidate.effects
}
