//! A policy that does what its events say.

use largesse_sdk::{
    Benefit, Claim, Decision, Dimension, EffectKind, Grant, Held, Input, Manifest, Message, Policy, Refusal,
    Reservation, Revocation, Role, Schedule, Settlement, Shortfall, Source, Subscription, TIMER_FIRED, TagChange,
    TimerFired, UnitClass, When, json, manifest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// How much is given.
    pub(crate) quantity: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) seen: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    act: String,
    key: String,
    about: String,
}

pub(crate) struct Probe;

impl Policy for Probe {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        manifest!("Does what its events say")
            .role(Role::actor("actor").attributes(["age"]).tags().balances(["points"]))
            .role(Role::inviter("inviter", 1))
            .role(Role::new("member", Source::MembersAt("/members".to_owned())))
            .subscribe(Subscription::party("acted", "acted", "actor").about("/about"))
            .subscribe(Subscription::party("invited", "acted", "inviter"))
            .subscribe(Subscription::entity("team", "team.acted", "/team"))
            .subscribe(Subscription::timers("timers", "actor"))
            .subscribe(Subscription::timers("inviters-timers", "inviter"))
            .subscribe(Subscription::entity_timers("team-timers"))
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Message, EffectKind::Tag])
            .effects([EffectKind::Schedule, EffectKind::Reserve, EffectKind::Settle])
            .unit_classes([UnitClass::Points, UnitClass::Growth, UnitClass::CreditLimit, UnitClass::RateBoost])
            .state_version(2, [1, 2])
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        if input.event.kind == TIMER_FIRED {
            let fired: TimerFired<Data> = input.event.data()?;
            let mut decision = Decision::new();
            decision.note(format!("{} of {}", fired.timer, input.owner.id));
            if fired.data.act == "again" {
                decision.schedule(Schedule::new(fired.timer, When::AfterSeconds(0)));
            }
            return Ok(decision);
        }
        let data: Data = input.event.data()?;
        let actor = input.require("actor")?;
        let to = input.party("inviter").filter(|_| input.subscription == "invited").unwrap_or(actor);
        let to = to.customer.as_str();
        let units = Grant::units(&data.key, to, "points", input.params.quantity);
        let mut decision = Decision::new();
        match data.act.as_str() {
            "grant" => decision.grant(units),
            "raise" => {
                decision.grant(Grant::new(&data.key, to, Benefit::CreditLimit { by: 500, up_to: 2_000, until: None }))
            }
            "claim" => decision.claim(Claim::new("once", Dimension::Device, to)).grant(units),
            "stranger" => decision.grant(Grant::units(&data.key, "nobody", "points", 1)),
            "undeclared" => decision.grant(Grant::units(&data.key, to, "cash:CNY", 1)),
            "take-key" => decision.revoke(Revocation::key(to, &data.key).at_most(3)),
            "take-about" => decision.revoke(Revocation::about()),
            "remind" => {
                decision.schedule(Schedule::new(&data.key, When::AfterSeconds(60)).data(&json!({"act": data.about})))
            }
            "forget" => decision.cancel_timer(&data.key),
            "hold" => decision.grant(units.hold_until(When::AfterSeconds(60))),
            "void" => decision.grant(units.void_at(When::AfterSeconds(60))),
            "reserve" => decision.reserve(reservation(&data.key, to)),
            "reserve-some" => decision.reserve(reservation(&data.key, to).on_shortfall(Shortfall::Reduce)),
            "reserve-growth" => decision.reserve(Reservation { unit: "growth".into(), ..reservation(&data.key, to) }),
            "use" => decision.settle(Settlement::commit(Held::reservation(to, &data.key))),
            "return" => decision.settle(Settlement::release(Held::reservation(to, &data.key))),
            "buy" => decision
                .grant(Grant::units(format!("for/{}", data.key), to, "points", 1))
                .settle(Settlement::commit(Held::reservation(to, &data.key)).required()),
            "give" => decision.settle(Settlement::commit(Held::grant(to, &data.key))),
            "drop" => decision.settle(Settlement::release(Held::grant(to, &data.key))),
            "everything" => everything(&mut decision, to),
            other => return Err(Refusal::new("unknown-act", other)),
        };
        let seen = input.state.as_ref().map_or(0, |state| state.seen) + 1;
        decision.put(State { seen });
        Ok(decision)
    }
}

fn reservation(key: &str, party: &str) -> Reservation {
    Reservation::new(key, party, (3, "points"), When::AfterSeconds(60))
}

fn everything<'a>(decision: &'a mut Decision<State>, to: &str) -> &'a mut Decision<State> {
    let boost = Benefit::RateBoost {
        holding: "deposit".to_owned(),
        basis_points: 100,
        principal_cap: Some(7),
        until: Some(When::after_days(1)),
    };
    let grant = Grant::new("k", to, boost)
        .or(Benefit::units("points", 9))
        .on_shortfall(Shortfall::Reduce)
        .void_at(When::At(5))
        .expires(When::AtLocal(largesse_sdk::Date(20_513), 60))
        .reason("why");
    let message = Message::new("m", to, "hello").vars(&largesse_sdk::json!({"n": 1})).marketing().channels(["push"]);
    decision
        .claim(Claim::new("once", Dimension::Card, to))
        .grant(grant)
        .revoke(Revocation::key(to, "old").at_most(2).reason("undo"))
        .message(message)
        .tag(TagChange::take(to, "weak"))
        .schedule(Schedule::new("later", When::AfterSeconds(5)).data(&json!({"n": 1})))
        .cancel_timer("sooner")
        .reserve(reservation("r", to).on_shortfall(Shortfall::Skip).reason("an order"))
        .settle(Settlement::release(Held::reservation(to, "r")).required().reason("no order"))
        .settle(Settlement::commit(Held::grant(to, "k")))
        .note("noted")
}
