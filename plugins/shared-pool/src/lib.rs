//! Days that earn a share of a pool, alone or in a team.
//!
//! Each local day on which a customer does something counts once. Whoever has enough days gets a share of the campaign's pool when
//! it settles: all the same, or, in a team, a multiple that rises with the days of all members together. A day of a member is a unit
//! in the member's wallet, which is how a team sees the days that its members had before they joined.

mod params;
mod state;
mod days;
mod team;

use largesse_sdk::{
    Decision, EffectKind, Grant, Input, Manifest, POOL_SETTLED, Policy, PoolSettled, Problem, Refusal, Role,
    Subscription, UnitClass, export_policy, manifest, no_problems,
};

pub use params::{Multiple, Params, Team, Trigger};
pub use state::State;

/// The customer who acts.
pub(crate) const CUSTOMER: &str = "customer";
/// The members of a team.
pub(crate) const MEMBERS: &str = "members";
/// The kind of group that a team is.
const TEAM: &str = "team";

/// The policy.
pub struct SharedPool;

impl Policy for SharedPool {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let manifest = manifest!("Days that earn a share of a pool, alone or in a team")
            .role(Role::actor(CUSTOMER).tags())
            .role(Role::members(MEMBERS).balances([UnitClass::Entitlement.as_str()]))
            .subscribe(Subscription::party("settled", POOL_SETTLED, CUSTOMER))
            .subscribe(Subscription::entity("team-joined", "team.joined", "/team"))
            .subscribe(Subscription::party("left-team", "team.left", CUSTOMER))
            .subscribe(Subscription::entity("team-left", "team.left", "/team"))
            .effects([EffectKind::Grant, EffectKind::Tag, EffectKind::Share])
            .unit_classes(UnitClass::ALL);
        // A customer's own decision comes before the team's, which sees what it gave.
        Trigger::ALL.into_iter().fold(manifest, |manifest, trigger| {
            let (name, team, kind) = trigger.names();
            manifest
                .subscribe(Subscription::party(name, kind, CUSTOMER))
                .subscribe(Subscription::group(team, kind, TEAM))
        })
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        no_problems(params.problems())
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "settled" => settle(input),
            "team-joined" => team::join(input),
            "team-left" => team::leave(input),
            "left-team" => days::alone(input),
            name => match Trigger::named(name) {
                Some((trigger, false)) => days::count(input, trigger),
                Some((trigger, true)) => team::count(input, trigger),
                None => Err(Refusal::new("unknown-subscription", name)),
            },
        }
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(SharedPool);

/// Gives what a weight came to.
fn settle(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let settled = PoolSettled::of(&input.event)?;
    let mut decision = Decision::new();
    let mine = settled.pool == input.params.pool;
    if mine && settled.amount > 0 && UnitClass::of(&settled.unit).is_some() {
        let customer = &input.require(CUSTOMER)?.customer;
        let key = format!("pool/{}", settled.pool);
        decision.grant(Grant::units(key, customer, &settled.unit, settled.amount).reason("a share of the pool"));
    }
    Ok(decision)
}
