//! A draw: a prize by chance, so many times a day.
//!
//! A policy is a pure function. The host shows it an event, the parameters of the campaign and what it remembers of the
//! customer; it answers with what it would like to happen. The host checks that against budgets and limits and does it.
//! There is no clock, no network and no file here, and no randomness but the seed that the host records with the decision.

use std::collections::BTreeMap;

use largesse_sdk::{
    BenefitParam, Date, Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Problems, Refusal, Role,
    UnitClass, events, export_policy, manifest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Draws are counted for so many days back of the latest one, so that the state stays small. Older events come too late.
const DAYS_KEPT: i32 = 7;
/// The most that a prize may weigh.
const WEIGHT_MAX: u64 = 1_000_000;

/// What an operator sets, in the `params` of a campaign document.
///
/// The host makes a JSON Schema of this and refuses what does not fit. The comments become the descriptions there, and
/// `deny_unknown_fields` makes a misspelt name an error; bounds of numbers and lists stand at their fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// How often a customer may draw on one day.
    #[schemars(range(min = 1, max = 100))]
    pub per_day: u32,
    /// What can be drawn.
    pub prizes: Vec<Prize>,
}

/// What can be drawn.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prize {
    /// Its share of all weights is its chance.
    #[schemars(range(max = WEIGHT_MAX))]
    pub weight: u64,
    /// What is given; nothing when absent.
    #[serde(default)]
    pub reward: Option<BenefitParam>,
}

/// What is remembered of each customer: how often they drew on each day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    draws: BTreeMap<Date, u32>,
}

/// The policy.
pub struct Draw;

impl Policy for Draw {
    type Params = Params;
    type State = State;

    /// What the policy is and needs. The host shows it what is declared here and nothing else, and takes an effect that is
    /// not declared as a fault.
    fn manifest() -> Manifest {
        manifest!("A prize by chance, so many times a day")
            // The customer who acted, under a name of ours.
            .role(Role::actor("player"))
            // What happens, from the schemas of event kinds, and the role whose state is read and written. The name of the
            // subscription is the word of the kind: `chest.opened` is `chest-opened`.
            .subscribe(events::ChestOpened::KIND.of("player"))
            .effects([EffectKind::Grant])
            .unit_classes([UnitClass::Points, UnitClass::Coupon, UnitClass::Item])
    }

    /// Parameters that fit the schema may still make no sense. Everything that is wrong is told, each with its place.
    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let weighs = params.prizes.iter().any(|prize| prize.weight > 0);
        problems.unless(weighs, "/prizes", "one at least must weigh more than 0");
        for (index, prize) in params.prizes.iter().enumerate() {
            let reward = prize.reward.iter();
            problems.extend(reward.flat_map(|reward| reward.problems(&format!("/prizes/{index}/reward"))));
        }
        problems.done()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let player = input.require("player")?;
        let mut state = input.state.clone().unwrap_or_default();
        // The event's own day, in the campaign's time zone: not the day on which it happens to be decided.
        let today = input.event.occurred.local.date();
        let latest = state.draws.last_key_value().map_or(today, |(latest, _)| today.max(*latest));
        let oldest = Date(latest.0 - DAYS_KEPT);
        if today < oldest {
            // A refusal is the policy's own no: data for whoever sent the event. State stays as it was.
            return Err(Refusal::new("too-late", format!("only draws since {oldest} count")));
        }
        let drawn = state.draws.entry(today).or_default();
        if *drawn >= input.params.per_day {
            return Err(Refusal::new("no-draw-left", format!("there are {} a day", input.params.per_day)));
        }
        *drawn += 1;
        let mut decision = Decision::new();
        let weights = input.params.prizes.iter().map(|prize| prize.weight);
        let prize = input.chance().weighted(weights).and_then(|index| input.params.prizes.get(index));
        if let Some(reward) = prize.and_then(|prize| prize.reward.as_ref()) {
            // A customer gets a key once in a campaign, whatever happens: the host sees to it. So a key says what the
            // grant is for.
            let key = format!("draw/{today}/{drawn}");
            decision.grant(reward.grant(key, &player.customer).reason("drawn"));
        }
        state.draws.retain(|day, _| *day >= oldest);
        decision.put(state);
        Ok(decision)
    }
}

export_policy!(Draw);
