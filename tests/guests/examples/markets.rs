//! Behaves: sends its actor the messages that its events name, for marketing unless they say otherwise, and gives a point for each event.

use largesse_sdk::{
    Decision, EffectKind, Grant, Input, Manifest, Message, Policy, Refusal, Role, Subscription, UnitClass,
    export_policy,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Params {}

/// A message to the customer who acted.
#[derive(Deserialize)]
struct Told {
    key: String,
    #[serde(default)]
    service: bool,
    #[serde(default)]
    channels: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    messages: Vec<Told>,
}

struct Markets;

impl Policy for Markets {
    type Params = Params;
    type State = ();

    fn manifest() -> Manifest {
        Manifest::new("markets", "0.1.0", "Sends what its events name")
            .role(Role::actor("actor"))
            .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
            .effects([EffectKind::Grant, EffectKind::Message])
            .unit_classes([UnitClass::Points])
    }

    fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
        let actor = input.require("actor")?;
        let mut decision = Decision::new();
        for Told { key, service, channels } in input.event.data::<Data>()?.messages {
            let message = Message::new(key, &actor.customer, "hello").channels(channels);
            decision.message(if service { message } else { message.marketing() });
        }
        decision.grant(Grant::units(format!("day/{}", input.event.occurred.at), &actor.customer, "points", 1));
        Ok(decision)
    }
}

export_policy!(Markets);
