//! Behaves: gives what its events say, held and expiring as they say, or a point; reserves, settles and tags as they say.

use largesse_sdk::{
    AfterHold, Decision, EffectKind, Grant, Held, Hold, Input, Manifest, Policy, Refusal, Reservation, Role,
    Settlement, Shortfall, Subscription, TagChange, UnitClass, When, export_policy, manifest,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Params {}

/// A grant to the customer who acted.
#[derive(Deserialize)]
struct Told {
    key: String,
    unit: String,
    quantity: u64,
    /// Seconds after the event until which it is held.
    hold: Option<u64>,
    /// Whether it is taken back then, instead of given.
    #[serde(default)]
    void: bool,
    /// Seconds after the event until which it is worth something.
    expires: Option<u64>,
}

/// A reservation out of the wallet of the customer who acted.
#[derive(Deserialize)]
struct Reserve {
    key: String,
    unit: String,
    quantity: u64,
    /// Seconds after the event.
    until: u64,
    #[serde(default)]
    on_shortfall: String,
    /// Somebody else's wallet.
    party: Option<String>,
}

/// Something that is settled for the customer who acted.
#[derive(Deserialize)]
struct Settle {
    grant: Option<String>,
    reservation: Option<String>,
    #[serde(default)]
    release: bool,
    #[serde(default)]
    required: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    grants: Vec<Told>,
    reserve: Vec<Reserve>,
    settle: Vec<Settle>,
    tag: Option<String>,
}

struct GrantsAsTold;

impl Policy for GrantsAsTold {
    type Params = Params;
    type State = ();

    fn manifest() -> Manifest {
        manifest!("Gives what its events say")
            .role(Role::actor("actor"))
            .subscribe(Subscription::party("check-in", "day.checked-in", "actor"))
            .effects([EffectKind::Grant, EffectKind::Tag, EffectKind::Reserve, EffectKind::Settle])
            .unit_classes([UnitClass::Points, UnitClass::Cash, UnitClass::Coupon, UnitClass::Item])
    }

    fn decide(input: &Input<Params, ()>) -> Result<Decision<()>, Refusal> {
        let actor = input.require("actor")?;
        let mut decision = Decision::new();
        let Data { grants, reserve, settle, tag } = input.event.data()?;
        if grants.is_empty() && reserve.is_empty() && settle.is_empty() {
            decision.grant(Grant::units("day", &actor.customer, "points", 1));
        }
        for Settle { grant, reservation, release, required } in settle {
            let held = grant.map(|key| Held::grant(&actor.customer, key));
            let held = held.or(reservation.map(|key| Held::reservation(&actor.customer, key)));
            let held = held.ok_or_else(|| Refusal::new("nothing-named", "neither grant nor reservation"))?;
            let settlement = if release { Settlement::release(held) } else { Settlement::commit(held) };
            decision.settle(Settlement { required, ..settlement.reason("as told") });
        }
        for Reserve { key, unit, quantity, until, on_shortfall, party } in reserve {
            let party = party.unwrap_or_else(|| actor.customer.clone());
            let reservation = Reservation::new(key, party, (quantity, unit), When::AfterSeconds(until));
            decision.reserve(reservation.reason("as told").on_shortfall(match on_shortfall.as_str() {
                "reduce" => Shortfall::Reduce,
                "skip" => Shortfall::Skip,
                _ => Shortfall::Refuse,
            }));
        }
        for Told { key, unit, quantity, hold, void, expires } in grants {
            let mut grant = Grant::units(key, &actor.customer, unit, quantity);
            let then = if void { AfterHold::Void } else { AfterHold::Post };
            grant.hold = hold.map(|seconds| Hold { until: When::AfterSeconds(seconds), then });
            grant.expires = expires.map(When::AfterSeconds);
            decision.grant(grant);
        }
        if let Some(tag) = tag {
            decision.tag(TagChange::set(&actor.customer, tag));
        }
        Ok(decision)
    }
}

export_policy!(GrantsAsTold);
