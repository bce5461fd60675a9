//! Goals that several people reach together: a packet that friends open, a group that buys, help from friends, a coupon that
//! is shared.
//!
//! All four go the same way. Somebody opens a goal; others join it, each once, while there is a seat and time; and it is reached
//! when all seats are taken, or when so many have used what they got. What the opener, each who joins, and the whole group get for
//! it is up to the parameters. The goal is the owner of the state, so people who join at the same moment are decided on one after
//! the other.

mod params;
mod state;
mod turn;
mod parts;

use largesse_sdk::{
    Decision, EffectKind, EventData, Input, Manifest, Policy, Problem, Refusal, Role, Source, UnitClass, events,
    export_policy, manifest,
};

pub use params::{Messages, OpenerSeat, Params, Pieces};
pub use state::Goal;

use turn::Turn;

/// The customer who acts.
pub(crate) const ACTOR: &str = "actor";
/// The customer who opened the goal, as the event names them.
pub(crate) const OPENERS: [&str; 3] = ["leader", "initiator", "sharer"];
/// The members of a group.
pub(crate) const MEMBERS: &str = "members";
/// The timer of a goal.
pub(crate) const OVER: &str = "over";

/// The policy.
pub struct GroupGoal;

impl Policy for GroupGoal {
    type Params = Params;
    type State = Goal;

    fn manifest() -> Manifest {
        let manifest = manifest!("Goals that several people reach together, in time")
            .role(Role::actor(ACTOR))
            .role(Role::members(MEMBERS))
            .subscribe(events::PacketShared::KIND.of_entity("/packet"))
            .subscribe(events::PacketClaimed::KIND.of_entity("/packet"))
            .subscribe(events::GroupOpened::KIND.of_entity("/group"))
            .subscribe(events::GroupJoined::KIND.of_entity("/group"))
            .subscribe(events::AssistOpened::KIND.of_entity("/assist"))
            .subscribe(events::AssistPerformed::KIND.of_entity("/assist"))
            .subscribe(events::CouponShared::KIND.of_entity("/source"))
            .subscribe(events::CouponClaimed::KIND.of_entity("/source"))
            .subscribe(events::BenefitUsed::KIND.of_entity("/source"))
            .subscribe(events::TimerFired::KIND.of_entity("/entity"))
            .effects([EffectKind::Grant, EffectKind::Reserve, EffectKind::Settle, EffectKind::Schedule])
            .effects([EffectKind::Message, EffectKind::Measure])
            .unit_classes(UnitClass::ALL);
        OPENERS.iter().fold(manifest, |manifest, opener| {
            manifest.role(Role::new(*opener, Source::CustomerAt(format!("/{opener}"))))
        })
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Goal>) -> Result<Decision<Goal>, Refusal> {
        match input.subscription.as_str() {
            "packet-shared" | "assist-opened" | "coupon-shared" => turn::open(input, false),
            "group-opened" => turn::open(input, true),
            "benefit-used" => Turn::new(input)?.used(),
            "timer-fired" => Turn::new(input)?.over(),
            _ => Turn::new(input)?.join(),
        }
    }
}

export_policy!(GroupGoal);
