//! An invitee succeeds, is found to be a fraud, is cleared.

use largesse_sdk::{
    Benefit, BenefitParam, Claim, Decision, EventData, Grant, Input, Party, Refusal, Revocation, Rounding, events,
    grants, key_part, ladder,
};

use crate::invites::Invites;
use crate::params::{Need, Params, Rung, Step};
use crate::{ACTOR, INVITER, INVITERS_INVITER};

type Asked = Input<Params, Invites>;

/// Counts a success and rewards it.
pub(crate) fn reached(input: &Asked, step: Step) -> Result<Decision<Invites>, Refusal> {
    let (params, invitee, inviter) = (&input.params, input.require(ACTOR)?, input.require(INVITER)?);
    if step != params.success {
        return Err(Refusal::new("not-the-step", "another step counts as the success"));
    }
    let mut invites = input.state.clone().unwrap_or_default();
    let who = invites.first_id(&invitee.customer);
    if invites.counted.contains(who) || invites.suspended.contains(who) {
        return Err(Refusal::new("already-counted", "this invitee has succeeded before"));
    }
    if invites.flagged.contains(who) {
        return Err(Refusal::new("invitee-flagged", "this invitee was flagged as a risk"));
    }
    if !invites.has_room() {
        return Err(Refusal::new("too-many-invitees", "this inviter has as many invitees as can be counted"));
    }
    enough(input)?;
    eligible(input, invitee, inviter)?;
    let mut decision = Decision::new();
    for by in &params.once_per {
        decision.claim(Claim::new("invitee", *by, invitee.customer.as_str()));
    }
    reward(input, &mut invites, &mut decision)?;
    decision.put(invites);
    Ok(decision)
}

/// The step itself is rewarded, whoever took it.
pub(crate) fn joined(input: &Asked, step: Step) -> Result<Decision<Invites>, Refusal> {
    let (params, joiner) = (&input.params, &input.require(ACTOR)?.customer);
    if step != params.success || params.joiner.is_empty() {
        return Err(Refusal::new("nothing-for-joining", "only who is invited is rewarded"));
    }
    let mut decision = Decision::new();
    for by in &params.once_per {
        decision.claim(Claim::new("joiner", *by, joiner.as_str()));
    }
    give(&params.joiner, "joined", joiner, &mut decision);
    Ok(decision)
}

/// What the success of a fraud gave goes back: the base reward of that invitee, and the rung that is no longer reached.
pub(crate) fn flagged(input: &Asked) -> Result<Decision<Invites>, Refusal> {
    let (params, invitee) = (&input.params, input.require(ACTOR)?);
    let mut invites = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    let who = &invites.first_id(&invitee.customer).to_owned();
    if invites.counted.remove(who) {
        invites.suspended.insert(who);
        undo(input, (who, invites.count()), "the invitee was flagged as a risk", &mut decision);
        take(&params.invitee, ("invited", &invitee.customer), "the invitee was flagged as a risk", &mut decision);
    } else if !invites.suspended.contains(who) && invites.has_room() {
        invites.flagged.insert(who);
    }
    decision.put(invites);
    Ok(decision)
}

/// Takes back what an invitee's success gave those who invited, and the rung that is no longer reached. So many are left that count.
fn undo(input: &Asked, (who, left): (&str, u64), reason: &str, decision: &mut Decision<Invites>) {
    let params = &input.params;
    let Some(inviter) = input.party(INVITER) else { return };
    take(&params.inviter, (&format!("invitee/{}", key_part(who)), &inviter.customer), reason, decision);
    if let Some(second) = input.party(INVITERS_INVITER) {
        take(&params.indirect, (&format!("indirect/{}", key_part(who)), &second.customer), reason, decision);
    }
    for rung in ladder::reached(&params.ladder, |rung| rung.at, left, left + 1) {
        take(&rung.gifts, (&format!("ladder/{}", rung.at), &inviter.customer), reason, decision);
    }
}

fn take(gifts: &[BenefitParam], (key, from): (&str, &str), reason: &str, decision: &mut Decision<Invites>) {
    for grant in grants(gifts, key, from, "") {
        decision.revoke(Revocation::key(grant.to, grant.key).free_key().reason(reason));
    }
}

/// A success counts again, with all that it gave.
pub(crate) fn cleared(input: &Asked) -> Result<Decision<Invites>, Refusal> {
    let mut invites = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    let who = &invites.first_id(&input.require(ACTOR)?.customer).to_owned();
    invites.flagged.remove(who);
    if invites.suspended.remove(who) {
        reward(input, &mut invites, &mut decision)?;
    }
    decision.put(invites);
    Ok(decision)
}

/// The invitee has another id from now on, and is still who was counted.
pub(crate) fn merged(input: &Asked) -> Result<Decision<Invites>, Refusal> {
    let (data, stays) = (input.event.data::<events::IdentityMerged>()?, &input.require(ACTOR)?.customer);
    let before = input.state.clone().unwrap_or_default();
    let mut invites = before.clone();
    let mut decision = Decision::new();
    for other in &data.customers {
        if let Some(who) = invites.merge_invitee(stays, other) {
            undo(input, (&who, invites.count()), "two invitees are one customer", &mut decision);
        }
    }
    if invites != before {
        decision.put(invites);
    }
    Ok(decision)
}

/// Two inviters turn out to be one: together they may have climbed further than either.
pub(crate) fn united(input: &Asked) -> Result<Decision<Invites>, Refusal> {
    let (mut decision, mut invites) = (Decision::new(), input.state.clone().unwrap_or_default());
    let inviter = input.require(ACTOR)?;
    if invites.climbed.is_none() || withheld(&input.params, inviter) {
        return Ok(decision);
    }
    for rung in ladder::reached(&input.params.ladder, |rung| rung.at, invites.climbed(), invites.count()) {
        climbed(rung, &inviter.customer, &mut decision);
    }
    invites.climbed = None;
    decision.put(invites);
    Ok(decision)
}

/// Refuses with `amount-too-small`.
fn enough(input: &Asked) -> Result<(), Refusal> {
    let least = input.params.min_amount;
    if least == 0 {
        return Ok(());
    }
    let currency = &input.campaign.currency;
    let amount = match input.params.success {
        Step::LoanDrawn => input.event.data::<events::LoanDrawn>()?.amount_in(currency)?,
        Step::InvestPurchased => input.event.data::<events::InvestPurchased>()?.amount_in(currency)?,
        _ => 0,
    };
    if amount < least {
        return Err(Refusal::new("amount-too-small", format!("less than {least}")));
    }
    Ok(())
}

fn eligible(input: &Asked, invitee: &Party, inviter: &Party) -> Result<(), Refusal> {
    let params = &input.params;
    let has = |need: &Need| match need {
        Need::CreditLimit => inviter.integer("credit_limit").is_some_and(|limit| limit > 0),
        Need::Member => inviter.flag("member") == Some(true),
    };
    if !params.inviter_needs.iter().all(has) || !params.inviter_tags.iter().all(|tag| inviter.has_tag(tag)) {
        return Err(Refusal::new("inviter-not-eligible", "the inviter does not have what the campaign asks for"));
    }
    let within = |at: i64| at >= input.campaign.opens && input.campaign.closes.is_none_or(|closes| at < closes);
    if params.invitee_registered_in_campaign && !invitee.integer("registered_at").is_some_and(within) {
        return Err(Refusal::new("invitee-not-new", "the invitee did not register in the campaign"));
    }
    Ok(())
}

/// Counts the invitee and gives everyone what the success is worth.
fn reward(input: &Asked, invites: &mut Invites, decision: &mut Decision<Invites>) -> Result<(), Refusal> {
    let (params, invitee, inviter) = (&input.params, input.require(ACTOR)?, input.require(INVITER)?);
    let first_id = invites.first_id(&invitee.customer).to_owned();
    let who = key_part(&first_id);
    let before = invites.climbed();
    invites.counted.insert(&first_id);
    let after = invites.count();

    if withheld(params, inviter) {
        decision.note("withheld: the inviter has an instalment overdue");
    } else {
        let percent = ladder::highest(&params.grades, |grade| grade.from, after).map_or(100, |grade| grade.percent);
        for (gift, grant) in params.inviter.iter().zip(grants(
            &params.inviter,
            &format!("invitee/{who}"),
            &inviter.customer,
            "invitation",
        )) {
            let Some(benefit) = scaled(gift, percent, params.rounding)? else { continue };
            decision.grant(Grant { choices: vec![benefit], ..grant });
        }
        for rung in ladder::reached(&params.ladder, |rung| rung.at, before, after) {
            climbed(rung, &inviter.customer, decision);
        }
        invites.climbed = None;
    }
    give(&params.invitee, "invited", &invitee.customer, decision);
    if let Some(second) = input.party(INVITERS_INVITER).filter(|second| !withheld(params, second)) {
        give(&params.indirect, &format!("indirect/{who}"), &second.customer, decision);
    }
    Ok(())
}

fn withheld(params: &Params, inviter: &Party) -> bool {
    params.withhold_when_overdue && inviter.flag("overdue") == Some(true)
}

/// The rung's first gift may have another in its place.
fn climbed(rung: &Rung, to: &str, decision: &mut Decision<Invites>) {
    for (index, grant) in grants(&rung.gifts, &format!("ladder/{}", rung.at), to, "invitation").enumerate() {
        let instead = rung.instead.iter().filter(|_| index == 0);
        decision.grant(instead.fold(grant, |grant, other| grant.or(other.benefit())));
    }
}

fn give(gifts: &[BenefitParam], key: &str, to: &str, decision: &mut Decision<Invites>) {
    grants(gifts, key, to, "invitation").for_each(|grant| _ = decision.grant(grant));
}

/// So many per cent of a benefit; `None` when that is nothing.
fn scaled(gift: &BenefitParam, percent: u32, rounding: Rounding) -> Result<Option<Benefit>, Refusal> {
    let share = |quantity: u64| rounding.ratio(quantity, u64::from(percent), 100);
    Ok(match gift.benefit() {
        Benefit::Units { unit, quantity } => {
            Some(share(quantity)?).filter(|quantity| *quantity > 0).map(|quantity| Benefit::Units { unit, quantity })
        }
        Benefit::CreditLimit { by, up_to, until } => {
            Some(share(by)?).filter(|by| *by > 0).map(|by| Benefit::CreditLimit { by, up_to, until })
        }
        boost @ Benefit::RateBoost { .. } => Some(boost),
    })
}
