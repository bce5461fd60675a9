//! Rewards for inviting: to the inviter, the invitee and the inviter's inviter, for each invitee who succeeds.
//!
//! Who invited whom is the host's knowledge, by the campaign's `attribution`; the policy only counts. The state is the
//! inviter's: which invitees count. Caps by day, month or campaign are the campaign's `limits`; a benefit with
//! `on_shortfall = "skip"` or `"reduce"` stops at them without denying the rest.

mod params;
mod invites;
mod success;
mod extras;

use largesse_sdk::{
    Decision, EffectKind, EventData, EventKind, Input, Manifest, Policy, Problem, Refusal, Role, UnitClass, events,
    export_policy, manifest,
};

pub use invites::{Ids, Invites};
pub use params::{Commission, Grade, Need, Params, Rung, Share, Step};

/// The customer who acts: the invitee, or who shares.
const ACTOR: &str = "actor";
/// Who invited the actor.
const INVITER: &str = "inviter-1";
/// Who invited the inviter.
const INVITERS_INVITER: &str = "inviter-2";

/// What is decided for the inviter of whoever it happened to, beside the steps.
const OF_FRIENDS: [EventKind; 5] = [
    events::RiskFlagged::KIND,
    events::RiskCleared::KIND,
    events::IdentityMerged::KIND,
    events::LoanFeeRefunded::KIND,
    events::LoanCancelled::KIND,
];

/// The policy.
pub struct InviteForCredit;

impl Policy for InviteForCredit {
    type Params = Params;
    type State = Invites;

    fn manifest() -> Manifest {
        manifest!("Rewards inviters and those whom they invite")
            .role(Role::actor(ACTOR).attributes(["registered_at", "overdue"]))
            .role(Role::inviter(INVITER, 1).attributes(["overdue", "credit_limit", "member"]).tags())
            .role(Role::inviter(INVITERS_INVITER, 2).attributes(["overdue"]))
            .subscribe_all(OF_FRIENDS.map(|kind| kind.of_other("friend", INVITER)))
            .subscribe(events::SharePerformed::KIND.of(ACTOR))
            .subscribe(events::IdentityMerged::KIND.of(ACTOR))
            .effects([EffectKind::Grant, EffectKind::Revoke])
            .unit_classes(UnitClass::ALL.into_iter().filter(|class| *class != UnitClass::RateBoost))
            // Who is invited is told of the step as well as the inviter: it may give something to whoever takes it.
            .subscribe_all(
                Step::ALL.iter().flat_map(|step| [step.kind().of_other("friend", INVITER), step.subscription(ACTOR)]),
            )
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Invites>) -> Result<Decision<Invites>, Refusal> {
        match input.subscription.as_str() {
            "friend-risk-flagged" => success::flagged(input),
            "friend-risk-cleared" => success::cleared(input),
            "friend-identity-merged" => success::merged(input),
            "identity-merged" => success::united(input),
            "friend-loan-fee-refunded" => extras::fee_refunded(input),
            "friend-loan-cancelled" => Ok(extras::loan_cancelled()),
            "share-performed" => extras::shared(input),
            name => match (name.strip_prefix("friend-").and_then(Step::of), Step::of(name)) {
                (Some(step), _) => invitee_step(input, step),
                (None, Some(step)) => success::joined(input, step),
                (None, None) => Err(Refusal::new("unknown-subscription", format!("{name} is not rewarded"))),
            },
        }
    }

    fn merge(kept: Invites, joined: Invites) -> Result<Invites, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(InviteForCredit);

/// A step of an invitee may be the success that counts, and may earn a commission.
fn invitee_step(input: &Input<Params, Invites>, step: Step) -> Result<Decision<Invites>, Refusal> {
    let (mut decision, refusal) = match success::reached(input, step) {
        Ok(decision) => (decision, None),
        Err(refusal) => (Decision::new(), Some(refusal)),
    };
    if step == Step::LoanDrawn {
        extras::commission(input, &mut decision)?;
    }
    match refusal {
        Some(refusal) if decision.is_empty() => Err(refusal),
        _ => Ok(decision),
    }
}
