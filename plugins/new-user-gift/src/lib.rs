//! A gift at each step that a newcomer takes: registered, verified, applied, approved, rejected, first loan, card bound,
//! invested and so on.
//!
//! Parameters say who is a newcomer, what each milestone gives and under which conditions, and (as an extra) which tag a
//! customer carries after which steps. Each gift is given once to a customer; with `once_per` also once to a person, device
//! or card. What was given for a loan or a membership goes back when that is cancelled or refunded.

mod params;
mod milestone;
mod eligible;
mod progress;

use largesse_sdk::{
    Claim, Decision, EffectKind, EventData, Input, Manifest, Party, Policy, Problem, Refusal, Revocation, Role,
    TagChange, UnitClass, Value, events, export_policy, grants, manifest,
};

pub use milestone::Milestone;
pub use params::{Attribute, Gift, Level, Newcomer, Params, Registered};
pub use progress::Progress;

/// The only role: the customer who takes the step.
const CUSTOMER: &str = "customer";

/// The policy.
pub struct NewUserGift;

impl Policy for NewUserGift {
    type Params = Params;
    type State = Progress;

    fn manifest() -> Manifest {
        let attributes = Attribute::ALL.iter().map(|attribute| attribute.as_str()).chain(["registered_at"]);
        manifest!("Gives newcomers a gift at each step that they take")
            .role(Role::actor(CUSTOMER).attributes(attributes).tags())
            .subscribe(events::CardUnbound::KIND.of(CUSTOMER))
            .subscribe(events::IdentityMerged::KIND.of(CUSTOMER))
            .subscribe(events::LoanCancelled::KIND.of(CUSTOMER))
            .subscribe(events::MembershipRefunded::KIND.of(CUSTOMER))
            .subscribe_all(Milestone::ALL.iter().map(|milestone| milestone.subscription(CUSTOMER)))
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Tag])
            .unit_classes(UnitClass::ALL.into_iter().filter(|class| *class != UnitClass::RateBoost))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Progress>) -> Result<Decision<Progress>, Refusal> {
        match input.subscription.as_str() {
            "loan-cancelled" => Ok(take_back("the loan was cancelled")),
            "membership-refunded" => Ok(take_back("the membership was refunded")),
            "card-unbound" => unbind(input),
            "identity-merged" => unite(input),
            _ => reach(input),
        }
    }

    fn merge(kept: Progress, joined: Progress) -> Result<Progress, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(NewUserGift);

fn take_back(reason: &str) -> Decision<Progress> {
    let mut decision = Decision::new();
    decision.revoke(Revocation::about().reason(reason));
    decision
}

fn unbind(input: &Input<Params, Progress>) -> Result<Decision<Progress>, Refusal> {
    let customer = input.require(CUSTOMER)?;
    let mut decision = Decision::new();
    if let (true, Some(mut progress)) = (input.params.levels_fall, input.state.clone()) {
        progress.uncount(Milestone::CardBound);
        climb(&input.params, &mut progress, customer, &mut decision);
        decision.put(progress);
    }
    Ok(decision)
}

/// Two customers turn out to be one, who may stand higher than either.
fn unite(input: &Input<Params, Progress>) -> Result<Decision<Progress>, Refusal> {
    let customer = input.require(CUSTOMER)?;
    let mut decision = Decision::new();
    if let (false, Some(mut progress)) = (input.params.levels.is_empty(), input.state.clone()) {
        climb(&input.params, &mut progress, customer, &mut decision);
        decision.put(progress);
    }
    Ok(decision)
}

/// A milestone is reached: its gifts, then the level that it leads to.
fn reach(input: &Input<Params, Progress>) -> Result<Decision<Progress>, Refusal> {
    let (milestone, application) = Milestone::reached(&input.subscription, &input.event)?;
    let party = input.require(CUSTOMER)?;
    let params = &input.params;
    // Only where parameters name fields of the data.
    let data: Value = if params.names_fields() { input.event.data()? } else { Value::Null };
    eligible::newcomer(input, party)?;

    let mut progress = input.state.clone().unwrap_or_default();
    progress.note_application(params, application.as_deref());
    let mut decision = Decision::new();
    let mut refusal = None;
    for gift in params.milestones.iter().filter(|gift| gift.on == milestone && gift.wants(&data)) {
        match eligible::gift(gift, input, party, progress.is_first(application.as_deref())) {
            Ok(()) => give(gift, &party.customer, &data, &mut decision),
            Err(no) => refusal = refusal.or(Some(no)),
        }
    }
    if !params.levels.is_empty() {
        progress.count(milestone);
        climb(params, &mut progress, party, &mut decision);
    }
    let unchanged = progress == input.state.clone().unwrap_or_default();
    match refusal {
        Some(no) if decision.effects.is_empty() && unchanged => return Err(no),
        Some(no) => _ = decision.note(no.to_string()),
        None => {}
    }
    if !unchanged {
        decision.put(progress);
    }
    Ok(decision)
}

fn give(gift: &Gift, customer: &str, data: &Value, decision: &mut Decision<Progress>) {
    for by in &gift.once_per {
        decision.claim(Claim::new(gift.id(), *by, customer));
    }
    for (index, grant) in grants(&gift.gifts, gift.id(), customer, gift.id()).enumerate() {
        let instead = gift.instead.as_ref().filter(|_| index == 0);
        decision.grant(instead.into_iter().fold(grant, |grant, other| grant.or(other.benefit())));
    }
    for tag in gift.tags.iter().map(String::from).chain(gift.tag_of_channel(data)) {
        decision.tag(TagChange::set(customer, tag));
    }
}

/// Moves the customer to the level that the steps so far lead to: its tag comes, those of others go (two, when two customers turned out
/// to be one), and the gifts of every level on the way up are given.
fn climb(params: &Params, progress: &mut Progress, customer: &Party, decision: &mut Decision<Progress>) {
    let (before, after) = progress.climb(params);
    let reached = after.checked_sub(1).map(|index| &*params.levels[index].tag);
    let tags = params.levels.iter().map(|level| &*level.tag);
    for left in tags.filter(|tag| Some(*tag) != reached && customer.has_tag(tag)) {
        decision.tag(TagChange::take(&customer.customer, left));
    }
    if let Some(reached) = reached.filter(|_| before != after) {
        decision.tag(TagChange::set(&customer.customer, reached));
    }
    for level in params.levels.iter().take(after).skip(before) {
        let key = format!("level/{}", level.tag);
        grants(&level.gifts, &key, &customer.customer, "level").for_each(|grant| _ = decision.grant(grant));
    }
}
