//! Behaves: gives what its events say, held and expiring as they say, or a point; and sets the tag that they name.

use largesse_sdk::{
    Decision, EffectKind, Grant, Input, Manifest, Policy, Refusal, Role, Subscription, TagChange, UnitClass, When,
    export_policy, manifest,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Params {}

/// A grant to the customer who acted.
#[derive(Deserialize)]
struct Told {
    key: String,
    unit: String,
    quantity: u64,
    /// Seconds after the event until which it is held.
    hold: Option<u64>,
    /// Seconds after the event until which it is worth something.
    expires: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    grants: Vec<Told>,
    tag: Option<String>,
}

struct GrantsAsTold;

impl Policy for GrantsAsTold {
    type Params = Params;
    type State = ();

    fn manifest() -> Manifest {
        manifest!("Gives what its events say")
            .role(Role::actor("actor"))
            .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
            .effects([EffectKind::Grant, EffectKind::Tag])
            .unit_classes([UnitClass::Points, UnitClass::Cash, UnitClass::Coupon, UnitClass::Item])
    }

    fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
        let actor = input.require("actor")?;
        let mut decision = Decision::new();
        let Data { grants, tag } = input.event.data()?;
        if grants.is_empty() {
            decision.grant(Grant::units("day", &actor.customer, "points", 1));
        }
        for Told { key, unit, quantity, hold, expires } in grants {
            let mut grant = Grant::units(key, &actor.customer, unit, quantity);
            grant.hold_until = hold.map(When::AfterSeconds);
            grant.expires = expires.map(When::AfterSeconds);
            decision.grant(grant);
        }
        if let Some(tag) = tag {
            decision.tag(TagChange::set(&actor.customer, tag));
        }
        Ok(decision)
    }
}

export_policy!(GrantsAsTold);
