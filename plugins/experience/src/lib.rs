//! An experience for the best members: those who asked for it are invited by their growth, the most first, and whoever is
//! invited can have a seat while there are any.
//!
//! Members ask by joining a circle, one for each experience (`team.joined`). On a day the policy looks at all of them, and
//! invites the first so many. A seat is something that the invited claim (`right.claimed`); how many there are is its stock.

use largesse_sdk::{
    BenefitParam, Date, Decision, EffectKind, Input, Manifest, Message, Party, Policy, Problem, Refusal, Role,
    Schedule, Subscription, UnitClass, When, benefit_problems, export_policy, grants, json, manifest, no_problems,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who acted.
const CUSTOMER: &str = "customer";
/// Who asked for the experience.
const CANDIDATES: &str = "candidates";
/// What they are invited by.
const GROWTH: &str = "growth";
/// Most who can be invited: as many as can be shown to a decision, less what else it asks for.
const INVITE_MAX: u32 = 60;

/// The parameters of an experience.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The name by which a seat is claimed.
    pub right: String,
    /// So many are invited, 1 to 60.
    pub invite: u32,
    /// The day that begins with the invitations.
    #[schemars(with = "String")]
    pub on: Date,
    /// The least growth for an invitation.
    #[serde(default)]
    pub least: u64,
    /// The template of the invitation.
    pub invitation: String,
    /// What is given for a seat, whole or not at all: the first of it is best a thing with a stock.
    pub gives: Vec<BenefitParam>,
}

/// What is remembered of a circle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circle {
    /// Who was invited, the one with the most growth first; nobody before the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited: Option<Vec<String>>,
}

/// The policy.
pub struct Experience;

impl Policy for Experience {
    type Params = Params;
    type State = Circle;

    fn manifest() -> Manifest {
        manifest!(
            "Invites those with the most growth to an experience, and gives its seats to the first of them who come"
        )
        .role(Role::actor(CUSTOMER))
        .role(Role::members(CANDIDATES).balances([GROWTH]))
        .subscribe(Subscription::entity("joined", "team.joined", "/team"))
        .subscribe(Subscription::entity_timers("invite"))
        .subscribe(Subscription::group("claimed", "right.claimed", "team"))
        .effects([EffectKind::Grant, EffectKind::Message, EffectKind::Schedule])
        .unit_classes([UnitClass::Item, UnitClass::Entitlement, UnitClass::Coupon, UnitClass::Points])
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = benefit_problems(&params.gives, "/gives");
        if !(1..=INVITE_MAX).contains(&params.invite) {
            problems.push(Problem::new("/invite", format!("expected 1 to {INVITE_MAX}")));
        }
        if params.gives.is_empty() || params.gives.len() > 8 {
            problems.push(Problem::new("/gives", "expected 1 to 8 benefits"));
        }
        if params.gives.iter().any(|benefit| benefit.on_shortfall.is_some()) {
            problems.push(Problem::new("/gives", "a seat is given whole or not at all: leave out on_shortfall"));
        }
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        for (pointer, name) in [("/right", &params.right), ("/invitation", &params.invitation)] {
            if !(1..=64).contains(&name.len()) || !name.bytes().all(allowed) {
                problems.push(Problem::new(pointer, "expected 1 to 64 of a-z, 0-9 and -"));
            }
        }
        no_problems(problems)
    }

    fn decide(input: &Input<Params, Circle>) -> Result<Decision<Circle>, Refusal> {
        match input.subscription.as_str() {
            "joined" => join(input),
            "invite" => Ok(invite(input)),
            _ => seat(input),
        }
    }
}

export_policy!(Experience);

#[derive(Deserialize)]
struct Claimed {
    right: String,
}

fn join(input: &Input<Params, Circle>) -> Result<Decision<Circle>, Refusal> {
    let circle = input.state.clone().unwrap_or_default();
    if circle.invited.is_some() {
        return Err(Refusal::new("too-late", "the invitations are sent"));
    }
    let mut decision = Decision::new();
    decision.schedule(Schedule::new("invite", When::AtLocal(input.params.on, 0)));
    Ok(decision)
}

fn invite(input: &Input<Params, Circle>) -> Decision<Circle> {
    let mut candidates: Vec<(u64, &Party)> = input
        .parties_in(CANDIDATES)
        .map(|party| (u64::try_from(party.balance(GROWTH)).unwrap_or(0), party))
        .filter(|(growth, _)| *growth >= input.params.least)
        .collect();
    // Of two with the same, the one who asked first: the sort is stable.
    candidates.sort_by_key(|(growth, _)| std::cmp::Reverse(*growth));
    candidates.truncate(usize::try_from(input.params.invite).unwrap_or(usize::MAX));
    let mut decision = Decision::new();
    for (rank, (growth, party)) in (1_u32..).zip(&candidates) {
        let key = format!("invitation/{}", input.params.right);
        let message = Message::new(key, &party.customer, input.params.invitation.as_str());
        decision.message(message.vars(&json!({"rank": rank, "growth": growth})));
    }
    decision.put(Circle { invited: Some(candidates.iter().map(|(_, party)| party.customer.clone()).collect()) });
    decision
}

fn seat(input: &Input<Params, Circle>) -> Result<Decision<Circle>, Refusal> {
    let claimed: Claimed = input.event.data()?;
    if claimed.right != input.params.right {
        return Ok(Decision::new());
    }
    let customer = &input.require(CUSTOMER)?.customer;
    let invited = input.state.as_ref().and_then(|circle| circle.invited.as_ref());
    if !invited.is_some_and(|invited| invited.contains(customer)) {
        return Err(Refusal::new("not-invited", "seats are for the invited"));
    }
    let mut decision = Decision::new();
    let key = format!("seat/{}", input.params.right);
    grants(&input.params.gives, &key, customer, "seat").for_each(|grant| _ = decision.grant(grant));
    Ok(decision)
}
