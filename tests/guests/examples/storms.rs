//! Behaves: for each event that it hears it gives its actor many small grants, of which others of its kind hear.

use largesse_sdk::{
    Decision, EffectKind, Grant, Input, Manifest, Policy, Refusal, Role, Subscription, UnitClass, export_policy,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Params {
    /// How many grants it gives for each event.
    grants: u64,
}

struct Storms;

impl Policy for Storms {
    type Params = Params;
    type State = ();

    fn manifest() -> Manifest {
        Manifest::new("storms", "0.1.0", "Gives much for each event")
            .role(Role::actor("actor"))
            .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
            .subscribe(Subscription::party("benefit-granted", "benefit.granted", "actor"))
            .effects([EffectKind::Grant])
            .unit_classes([UnitClass::Growth])
    }

    fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
        let actor = input.require("actor")?;
        let mut decision = Decision::new();
        let id: String = input.event.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        for number in 0..input.params.grants {
            let key = format!("{id}/{number}");
            decision.grant(Grant::units(key, &actor.customer, "growth", 1));
        }
        Ok(decision)
    }
}

export_policy!(Storms);
