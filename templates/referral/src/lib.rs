//! A reward for inviting: for the inviter and for the invitee, when the invitee's first order is paid.
//!
//! A policy is a pure function. The host shows it an event, the parameters of the campaign and what it remembers of the
//! customer; it answers with what it would like to happen. The host checks that against budgets and limits and does it.
//! There is no clock, no network and no file here: whatever a decision depends on is in its input. Who invited whom is the host's
//! knowledge too, by the `attribution` of the campaign.

use std::collections::BTreeSet;

use largesse_sdk::{
    BenefitParam, Claim, Decision, Dimension, EffectKind, EventData, Input, Manifest, Policy, Problem, Problems,
    Refusal, Revocation, Role, UnitClass, events, export_policy, key_part, manifest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// At most so many invitees are remembered of an inviter, so that the state stays within its 16 KiB.
const INVITEES_MAX: u32 = 50;

// The names of roles: the parts that customers play in a decision.
const INVITEE: &str = "invitee";
const INVITER: &str = "inviter";

/// What an operator sets, in the `params` of a campaign document.
///
/// The host makes a JSON Schema of this and refuses what does not fit. The comments become the descriptions there, and
/// `deny_unknown_fields` makes a misspelt name an error; bounds of numbers and lists stand at their fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What the inviter is given for each invitee.
    pub inviter: BenefitParam,
    /// What the invitee is given, once.
    pub invitee: BenefitParam,
    /// For how many invitees an inviter is rewarded.
    #[schemars(range(min = 1, max = INVITEES_MAX))]
    pub invitees: u32,
}

/// What is remembered of each inviter: who was counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    invitees: BTreeSet<String>,
}

/// The policy.
pub struct Referral;

impl Policy for Referral {
    type Params = Params;
    type State = State;

    /// What the policy is and needs. The host shows it what is declared here and nothing else, and takes an effect that is
    /// not declared as a fault.
    fn manifest() -> Manifest {
        manifest!("A reward for inviter and invitee when the invitee's first order is paid")
            // The customer who acted, and who invited them. 2 would be the inviter's inviter.
            .role(Role::actor(INVITEE))
            .role(Role::inviter(INVITER, 1))
            // The state is the inviter's, though the invitee acts. Nobody decides on the event of a customer whom nobody invited.
            // What happens is from the schemas of event kinds. They also say what the grants are about, the order here: whatever
            // is wrong with it later, the host knows what it brought.
            .subscribe(events::OrderPaid::KIND.of_other("friend", INVITER))
            .subscribe(events::OrderRefunded::KIND.of_other("friend", INVITER))
            .effects([EffectKind::Grant, EffectKind::Revoke])
            .unit_classes([UnitClass::Points, UnitClass::Coupon, UnitClass::Cash])
    }

    /// Parameters that fit the schema may still make no sense. Everything that is wrong is told, each with its place.
    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        problems.extend(params.inviter.problems("/inviter"));
        problems.extend(params.invitee.problems("/invitee"));
        problems.done()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "friend-order-paid" => paid(input),
            "friend-order-refunded" => refunded(input),
            // A refusal is the policy's own no: data for whoever sent the event. State stays as it was.
            other => Err(Refusal::new("unknown-subscription", other)),
        }
    }
}

/// The first order of an invitee rewards both.
fn paid(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let (inviter, invitee) = (input.require(INVITER)?, input.require(INVITEE)?);
    let mut state = input.state.clone().unwrap_or_default();
    if state.invitees.contains(&invitee.customer) {
        // A later order: nothing is asked for, and nothing changes.
        return Ok(Decision::new());
    }
    if state.invitees.len() >= input.params.invitees as usize {
        return Err(Refusal::new("enough-invitees", format!("{} are rewarded", input.params.invitees)));
    }
    let mut decision = Decision::new();
    // What may be used by one customer only, across all of them: a second account on the same device is no second invitee. The host
    // denies the decision when another customer has claimed it before.
    decision.claim(Claim::new("invitee", Dimension::Device, &invitee.customer));
    // A customer gets a key once in a campaign, whatever happens: the host sees to it. So a key says what the grant is for. What
    // comes from outside is written with `key_part`, for not every letter may stand in a key.
    let key = format!("invitee/{}", key_part(&invitee.customer));
    decision.grant(input.params.inviter.grant(key, &inviter.customer).reason("an invitee ordered"));
    decision.grant(input.params.invitee.grant("invited", &invitee.customer).reason("first order as an invitee"));
    state.invitees.insert(invitee.customer.clone());
    decision.put(state);
    Ok(decision)
}

/// When nothing of the order is paid any more, what it brought is taken back from both. The invitee stays counted.
fn refunded(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    // The event's data as its schema says: `largesse/wit/schemas/order.refunded.json`.
    let events::OrderRefunded { remaining, .. } = input.event.data()?;
    let mut decision = Decision::new();
    if remaining.is_none_or(|money| money.minor == 0) {
        decision.revoke(Revocation::about().reason("order refunded"));
    }
    Ok(decision)
}

export_policy!(Referral);
