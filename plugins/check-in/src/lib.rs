//! Rewards for coming back: a reward a day, bonuses for streaks and totals of days, make-up days, a weekly chest, fixed
//! amounts for tasks, amounts for spending, and milestones on what was collected. Which of it a campaign has, its
//! parameters say.
//!
//! Late events: everything about days is read from the set of days, never from a counter, so a day that arrives late
//! pays what it would have paid in time, and nothing twice.

pub mod params;
mod trigger;
mod chain;
mod state;
mod turn;
mod daily;
mod chest;
mod tasks;
mod spend;
mod milestones;

use largesse_sdk::{
    Decision, EffectKind, Input, Manifest, Phase, Policy, Problem, Refusal, Role, UnitClass, export_policy, manifest,
};

pub use chain::{DateLine, Tail};
pub use params::Params;
pub use state::State;
pub use trigger::Trigger;

use turn::Turn;

/// The units whose balances milestones may watch.
const WATCHED_UNITS: [&str; 2] = ["points", "growth"];

/// The policy.
pub struct CheckIn;

impl Policy for CheckIn {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        manifest!("Daily check-in, streaks, totals of days, a weekly chest, tasks and spending")
            .role(Role::actor(trigger::MEMBER).balances(WATCHED_UNITS).attributes([turn::OFFSET]).tags())
            .role(Role::inviter(trigger::INVITER, 1).balances(WATCHED_UNITS).attributes([turn::OFFSET]).tags())
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Tag])
            .unit_classes(UnitClass::ALL)
            .subscribe_all(Trigger::subscriptions())
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            trigger::ORDER_NOTED => return spend::note(input),
            "order-refunded" => return spend::refund(input),
            "identity-merged" => return daily::unite(input),
            _ => {}
        }
        let trigger = Trigger::of(&input.subscription)
            .ok_or_else(|| Refusal::new("unknown-subscription", input.subscription.as_str()))?;
        if input.campaign.phase == Phase::Between {
            return Err(Refusal::new("between-windows", "what happens outside the campaign's windows does not count"));
        }
        let mut turn = Turn::new(input, trigger)?;
        daily::count(&mut turn)?;
        chest::open(&mut turn);
        tasks::reward(&mut turn)?;
        spend::reward(&mut turn)?;
        milestones::reach(&mut turn);
        turn.finish()
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(CheckIn);
