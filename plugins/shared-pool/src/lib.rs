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
    Decision, EffectKind, EventData, Grant, Input, Manifest, Policy, Problem, Refusal, Role, Subscription, UnitClass,
    events, export_policy, manifest,
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
        manifest!("Days that earn a share of a pool, alone or in a team")
            .role(Role::actor(CUSTOMER).tags())
            .role(Role::members(MEMBERS).balances([UnitClass::Entitlement.as_str()]))
            .subscribe(events::PoolSettled::KIND.of(CUSTOMER))
            .subscribe(events::TeamJoined::KIND.of_entity("/team"))
            .subscribe(events::TeamLeft::KIND.of(CUSTOMER))
            .subscribe(events::IdentityMerged::KIND.of(CUSTOMER))
            .subscribe(events::IdentityMerged::KIND.of_group(TEAM))
            .subscribe(Subscription { name: "team-team-left".to_owned(), ..events::TeamLeft::KIND.of_entity("/team") })
            .effects([EffectKind::Grant, EffectKind::Tag, EffectKind::Share])
            .unit_classes(UnitClass::ALL)
            // A customer's own decision comes before the team's, which sees what it gave.
            .subscribe_all(
                Trigger::ALL.iter().flat_map(|trigger| [trigger.subscription(CUSTOMER), trigger.kind().of_group(TEAM)]),
            )
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "pool-settled" => settle(input),
            "team-joined" => team::join(input),
            "team-team-left" => team::leave(input),
            "team-left" => days::alone(input),
            "identity-merged" => days::unite(input),
            "team-identity-merged" => team::unite(input),
            name => match (Trigger::of(name), name.strip_prefix("team-").and_then(Trigger::of)) {
                (Some(trigger), _) => days::count(input, trigger),
                (None, Some(trigger)) => team::count(input, trigger),
                (None, None) => Err(Refusal::new("unknown-subscription", name)),
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
    let settled: events::PoolSettled = input.event.data()?;
    let mut decision = Decision::new();
    let mine = input.params.pool == settled.pool;
    if mine && settled.amount > 0 && UnitClass::of(&settled.unit).is_some() {
        let customer = &input.require(CUSTOMER)?.customer;
        let key = format!("pool/{}", settled.pool);
        decision.grant(Grant::units(key, customer, &settled.unit, settled.amount).reason("a share of the pool"));
    }
    Ok(decision)
}
