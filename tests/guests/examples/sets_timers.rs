//! Behaves: sets and cancels the timers that its events name, for the customer or, where the event names one, the team, and
//! grants a point for each timer that goes off.

use largesse_sdk::{
    Decision, EffectKind, Grant, Input, Manifest, OwnerKind, Policy, Refusal, Role, Schedule, Subscription,
    TIMER_FIRED, TimerFired, UnitClass, When, export_policy, manifest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Params {}

/// A timer to be set.
#[derive(Deserialize)]
struct Set {
    name: String,
    /// Seconds after the event.
    after: u64,
    #[serde(default)]
    note: Note,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Note {
    /// How often to set the timer again, each time as many seconds later.
    again: u64,
    every: u64,
    /// Whether to panic when it goes off.
    panic: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    team: Option<String>,
    set: Vec<Set>,
    cancel: Vec<String>,
}

struct SetsTimers;

impl Policy for SetsTimers {
    type Params = Params;
    type State = u64;

    fn manifest() -> Manifest {
        manifest!("Sets the timers that its events name")
            .role(Role::actor("actor"))
            .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
            .subscribe(Subscription::entity("team-check-in", "day.checked-in", "/team"))
            .subscribe(Subscription::timers("timers", "actor"))
            .subscribe(Subscription::entity_timers("team-timers"))
            .effects([EffectKind::Grant, EffectKind::Schedule])
            .unit_classes([UnitClass::Points])
    }

    fn decide(input: &Input<Params, u64>) -> Result<Decision<u64>, Refusal> {
        let actor = input.require("actor")?;
        let mut decision = Decision::new();
        if input.event.kind == TIMER_FIRED {
            let TimerFired { timer, data: Note { again, every, panic } } = input.event.data()?;
            assert!(!panic, "told to");
            let key = format!("fired/{timer}/{}", input.event.occurred.at);
            decision.grant(Grant::units(key, &actor.customer, "points", 1));
            if again > 0 {
                let note = Note { again: again - 1, every, panic };
                decision.schedule(Schedule::new(timer, When::AfterSeconds(every)).data(&note));
            }
            return Ok(decision);
        }
        let told: Told = input.event.data()?;
        let of_team = input.owner.kind == OwnerKind::Entity;
        if !of_team {
            decision.grant(Grant::units("day", &actor.customer, "points", 1));
        }
        if of_team == told.team.is_some() {
            for Set { name, after, note } in told.set {
                decision.schedule(Schedule::new(name, When::AfterSeconds(after)).data(&note));
            }
            for name in told.cancel {
                decision.cancel_timer(name);
            }
        }
        Ok(decision)
    }
}

export_policy!(SetsTimers);
