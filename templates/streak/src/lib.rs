//! Rewards for coming back: a benefit for each day, and more when days in a row reach a number.
//!
//! A policy is a pure function. The host shows it an event, the parameters of the campaign and what it remembers of the
//! customer; it answers with what it would like to happen. The host checks that against budgets and limits and does it.
//! There is no clock, no network and no file here: whatever a decision depends on is in its input.

use largesse_sdk::{
    BenefitParam, Date, DaySet, Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Problems, Refusal,
    Role, UnitClass, events, export_policy, manifest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A day counts when its event comes at most so many days after the latest one that counted. Older days are forgotten, so
/// that the state stays small.
const DAYS_KEPT: i32 = 100;

/// What an operator sets, in the `params` of a campaign document.
///
/// The host makes a JSON Schema of this and refuses what does not fit. The comments become the descriptions there, and
/// `deny_unknown_fields` makes a misspelt name an error; bounds of numbers and lists stand at their fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Given for each day.
    pub daily: BenefitParam,
    /// Given once each, when so many days in a row are reached.
    #[serde(default)]
    pub streaks: Vec<Streak>,
}

/// A number of days in a row.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Streak {
    /// Days in a row.
    #[schemars(range(min = 2, max = 100))]
    pub days: u32,
    /// What is given then.
    pub reward: BenefitParam,
}

/// What is remembered of each customer.
///
/// A set of days is kept rather than the length of a streak: a day that comes late joins the days around it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    days: DaySet,
    /// The longest streak so far.
    longest: u32,
}

/// The policy.
pub struct Streaks;

impl Policy for Streaks {
    type Params = Params;
    type State = State;

    /// What the policy is and needs. The host shows it what is declared here and nothing else, and takes an effect that is
    /// not declared as a fault.
    fn manifest() -> Manifest {
        manifest!("A reward for each day, and more for days in a row")
            // The customer who acted, under a name of ours.
            .role(Role::actor("member"))
            // What happens, from the schemas of event kinds, and the role whose state is read and written. The name of the
            // subscription is the word of the kind: `checked_in` is `checked-in`.
            .subscribe(events::CheckedIn::KIND.of("member"))
            .effects([EffectKind::Grant])
            .unit_classes([UnitClass::Points, UnitClass::Growth, UnitClass::Coupon])
    }

    /// Parameters that fit the schema may still make no sense. Everything that is wrong is told, each with its place.
    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        problems.extend(params.daily.problems("/daily"));
        problems.unique("/streaks", "days", params.streaks.iter().map(|streak| streak.days));
        for (index, streak) in params.streaks.iter().enumerate() {
            problems.extend(streak.reward.problems(&format!("/streaks/{index}/reward")));
        }
        problems.done()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let member = input.require("member")?;
        let mut state = input.state.clone().unwrap_or_default();
        // The event's own day, in the campaign's time zone: not the day on which it happens to be decided.
        let today = input.event.occurred.local.date();
        let oldest = Date(state.days.last().map_or(today.0, |latest| latest.0.max(today.0)) - DAYS_KEPT);
        if today < oldest {
            // A refusal is the policy's own no: data for whoever sent the event. State stays as it was.
            return Err(Refusal::new("too-late", format!("only days since {oldest} count")));
        }
        if !state.days.insert(today) {
            return Err(Refusal::new("counted-already", format!("{today} counts already")));
        }
        let mut decision = Decision::new();
        // A customer gets a key once in a campaign, whatever happens: the host sees to it. So a key says what the grant is
        // for.
        let daily = input.params.daily.grant(format!("day/{today}"), &member.customer);
        decision.grant(daily.reason("daily"));
        let length = state.days.run_around(today).map_or(0, |(first, last)| first.0.abs_diff(last.0) + 1);
        for streak in input.params.streaks.iter().filter(|one| (state.longest + 1..=length).contains(&one.days)) {
            let grant = streak.reward.grant(format!("streak/{}", streak.days), &member.customer);
            decision.grant(grant.reason("days in a row"));
        }
        state.longest = state.longest.max(length);
        state.days.prune_before(oldest);
        decision.put(state);
        Ok(decision)
    }
}

export_policy!(Streaks);
