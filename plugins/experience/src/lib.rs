//! An experience for the best members: those who asked for it are invited by their growth, the most first, and whoever is
//! invited can have a seat while there are any.
//!
//! Members ask by joining a circle, one for each experience (`team.joined`). On a day the policy looks at all of them, and
//! invites the first so many. A seat is something that the invited claim (`right.claimed`); how many there are is its stock.

use largesse_sdk::{
    BenefitParam, Date, Decision, EffectKind, EventData, Input, Manifest, Message, Party, Policy, Problem, Problems,
    Refusal, Role, Schedule, Slug, UnitClass, When, benefit_problems, events, export_policy, grants, json, manifest,
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
    pub right: Slug,
    /// So many are invited.
    #[schemars(range(min = 1, max = INVITE_MAX))]
    pub invite: u32,
    /// The day that begins with the invitations.
    pub on: Date,
    /// The least growth for an invitation.
    #[serde(default)]
    pub least: u64,
    /// The template of the invitation.
    pub invitation: Slug,
    /// What is given for a seat, whole or not at all: the first of it is best a thing with a stock.
    #[schemars(length(min = 1, max = 8))]
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
        .subscribe(events::TeamJoined::KIND.of_entity("/team"))
        .subscribe(events::TimerFired::KIND.of_entity("/entity"))
        .subscribe(events::RightClaimed::KIND.of_group("team"))
        .effects([EffectKind::Grant, EffectKind::Message, EffectKind::Schedule])
        .unit_classes([UnitClass::Item, UnitClass::Entitlement, UnitClass::Coupon, UnitClass::Points])
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        problems.extend(benefit_problems(&params.gives, "/gives"));
        let whole = params.gives.iter().all(|benefit| benefit.on_shortfall.is_none());
        problems.unless(whole, "/gives", "a seat is given whole or not at all: leave out on_shortfall");
        problems.done()
    }

    fn decide(input: &Input<Params, Circle>) -> Result<Decision<Circle>, Refusal> {
        match input.subscription.as_str() {
            "team-joined" => join(input),
            "timer-fired" => Ok(invite(input)),
            _ => seat(input),
        }
    }
}

export_policy!(Experience);

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
        let message = Message::new(key, &party.customer, &input.params.invitation);
        decision.message(message.vars(&json!({"rank": rank, "growth": growth})));
    }
    decision.put(Circle { invited: Some(candidates.iter().map(|(_, party)| party.customer.clone()).collect()) });
    decision
}

fn seat(input: &Input<Params, Circle>) -> Result<Decision<Circle>, Refusal> {
    let claimed: events::RightClaimed = input.event.data()?;
    if input.params.right != claimed.right {
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
