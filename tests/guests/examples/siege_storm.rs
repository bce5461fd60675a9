//! Grants as often as its parameters say, also for what the host granted: several campaigns of it answer one another.

use largesse_sdk::{
    Decision, EffectKind, Grant, Input, Manifest, Policy, Refusal, Role, Subscription, UnitClass, export_policy,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Params {
    /// Grants of one decision.
    grants: u64,
}

struct Storm;

impl Policy for Storm {
    type Params = Params;
    type State = ();

    fn manifest() -> Manifest {
        Manifest::new("siege-storm", "0.1.0", "Grants for grants")
            .role(Role::actor("actor"))
            .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
            .subscribe(Subscription::party("benefit-granted", "benefit.granted", "actor"))
            .effects([EffectKind::Grant])
            .unit_classes([UnitClass::Growth])
    }

    fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
        let actor = input.require("actor")?;
        // Keys have a bounded length, ids of events in a cascade grow: FNV-1a keeps keys short and unlike.
        let hash = input
            .event
            .id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut decision = Decision::new();
        for number in 0..input.params.grants {
            decision.grant(Grant::units(format!("{hash:x}/{number}"), &actor.customer, "growth", 1));
        }
        Ok(decision)
    }
}

export_policy!(Storm);
