//! Behaves: for what it hears that the host did, it gives growth and sets a tag, as its parameters say, and notes what it heard.

use largesse_sdk::{
    Decision, EffectKind, Enrolment, Grant, Input, Manifest, Policy, Refusal, Role, Schedule, Subscription, TagChange,
    UnitClass, When, export_policy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize, JsonSchema)]
struct Params {
    /// Decides only on data that hold this text.
    #[serde(default)]
    only: String,
    /// How much growth it gives for each.
    #[serde(default)]
    growth: u64,
    /// The tag that it sets for each.
    tag: Option<String>,
    /// The campaign that it hands each customer on to.
    enrol: Option<String>,
    /// Seconds until the timer that it sets for each.
    timer: Option<u64>,
}

/// What it says of whom it hands on.
#[derive(Serialize)]
struct Why {
    why: &'static str,
}

struct Hears;

impl Policy for Hears {
    type Params = Params;
    type State = ();

    fn manifest() -> Manifest {
        let kinds = [
            "benefit.granted",
            "benefit.revoked",
            "benefit.expired",
            "points.changed",
            "growth.changed",
            "tag.added",
            "tag.removed",
            "enrolment.made",
        ];
        let manifest = Manifest::new("hears", "0.1.0", "Hears of what the host did").role(Role::actor("actor"));
        let hears = |manifest: Manifest, kind: &str| {
            manifest.subscribe(Subscription::party(kind.replace('.', "-"), kind, "actor"))
        };
        kinds
            .into_iter()
            .fold(manifest, hears)
            .subscribe(Subscription::timers("timers", "actor"))
            .effects([EffectKind::Grant, EffectKind::Tag, EffectKind::Schedule, EffectKind::Enrol])
            .unit_classes([UnitClass::Growth])
    }

    fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
        let actor = input.require("actor")?;
        let data = input.event.data::<Value>()?.to_string();
        if !data.contains(&input.params.only) {
            return Err(Refusal::new("not-this", "it is told of something else"));
        }
        let mut decision = Decision::new();
        decision.note(data);
        if input.params.growth > 0 {
            let key = format!("heard/{}", input.event.id);
            decision.grant(Grant::units(key, &actor.customer, "growth", input.params.growth));
        }
        if let Some(tag) = &input.params.tag {
            decision.tag(TagChange::set(&actor.customer, tag));
        }
        if let Some(campaign) = &input.params.enrol {
            decision.enrol(Enrolment::new(campaign, &actor.customer).data(&Why { why: "heard" }));
        }
        if let Some(seconds) = input.params.timer {
            decision.schedule(Schedule::new("again", When::AfterSeconds(seconds)));
        }
        Ok(decision)
    }
}

export_policy!(Hears);
