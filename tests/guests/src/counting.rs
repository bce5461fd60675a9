//! Policies that differ in their version and in how they keep a count, for tests of versions that follow one another.
//!
//! Each gives the actor one point for every check-in, under a key with the count, and says in the note which version it is. An
//! event's `{"fault": 2}` makes version 2 panic, `{"spin": 2}` makes it loop; what
//! version 1 writes on `{"unlucky": true}`, version 2 does not take over.

use largesse_sdk::{Decision, EffectKind, Grant, Input, Manifest, Refusal, Role, Subscription, UnitClass};
use schemars::JsonSchema;
use serde::Deserialize;

/// What a campaign sets.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Points for a check-in.
    #[serde(default = "one")]
    pub points: u64,
}

fn one() -> u64 {
    1
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    fault: Option<u32>,
    spin: Option<u32>,
    unlucky: bool,
}

/// Whether the event says that version 2 shall not carry the state over.
///
/// # Errors
/// When the event's data cannot be read.
pub fn is_unlucky<S>(input: &Input<Params, S>) -> Result<bool, Refusal> {
    input.event.data::<Data>().map(|data| data.unlucky)
}

/// What version `version` says of itself; it writes its states in that version.
#[must_use]
pub fn manifest(version: u32, reads: &[u32]) -> Manifest {
    Manifest::new("counts", format!("{version}.0.0"), "Counts check-ins.")
        .role(Role::actor("actor"))
        .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
        .effects([EffectKind::Grant])
        .unit_classes([UnitClass::Points])
        .state_version(version, reads.iter().copied())
}

/// What version `version` decides when the count so far is `count`.
///
/// # Errors
/// When nobody acted.
pub fn decide<S>(version: u32, input: &Input<Params, S>, count: u64, state: S) -> Result<Decision<S>, Refusal> {
    let actor = input.require("actor")?;
    let Data { fault, spin, .. } = input.event.data()?;
    assert!(fault != Some(version), "told to");
    while spin == Some(version) {
        std::hint::black_box(version);
    }
    let mut decision = Decision::new();
    decision.grant(Grant::units(format!("n/{count}"), &actor.customer, "points", input.params.points));
    decision.note(format!("version {version}, revision {}", input.campaign.revision)).put(state);
    Ok(decision)
}
