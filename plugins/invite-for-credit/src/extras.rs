//! What is rewarded besides a success: sharing, and a commission on invitees' loans.

use largesse_sdk::{Decision, Grant, Input, Money, Refusal, Revocation, events, grants, key_part, money};

use crate::invites::Invites;
use crate::params::{Commission, Params};
use crate::{ACTOR, INVITER};

type Asked = Input<Params, Invites>;

/// Each share is rewarded; how many a day is a limit of the campaign.
pub(crate) fn shared(input: &Asked) -> Result<Decision<Invites>, Refusal> {
    let Some(share) = &input.params.share else {
        return Err(Refusal::new("nothing-for-sharing", "sharing is not rewarded"));
    };
    let data: events::SharePerformed = input.event.data()?;
    if share.needs_visits && data.visits.unwrap_or(0) == 0 {
        return Err(Refusal::new("no-visits", "the share brought no visit"));
    }
    let mut decision = Decision::new();
    let key = format!("share/{}", key_part(&input.event.id));
    for grant in grants(&share.gifts, &key, &input.require(ACTOR)?.customer, "share") {
        decision.grant(grant);
    }
    Ok(decision)
}

/// A share of the loan's service fee for the inviter.
pub(crate) fn commission(input: &Asked, decision: &mut Decision<Invites>) -> Result<(), Refusal> {
    let Some(rule) = &input.params.commission else { return Ok(()) };
    let data: events::LoanDrawn = input.event.data()?;
    let Some(fee) = data.service_fee else { return Ok(()) };
    let quantity = due(input, rule, &fee)?;
    if quantity > 0 {
        let to = input.require(INVITER)?.customer.as_str();
        decision.grant(Grant::units(key(&data.loan), to, rule.unit.as_str(), quantity).reason("commission"));
    }
    Ok(())
}

/// The commission goes back in the measure in which the fee does.
pub(crate) fn fee_refunded(input: &Asked) -> Result<Decision<Invites>, Refusal> {
    let mut decision = Decision::new();
    let Some(rule) = &input.params.commission else { return Ok(decision) };
    let data: events::LoanFeeRefunded = input.event.data()?;
    let quantity = due(input, rule, &data.amount)?;
    if quantity > 0 {
        let from = input.require(INVITER)?.customer.as_str();
        let revocation = Revocation::key(from, key(&data.loan)).at_most(quantity);
        decision.revoke(revocation.reason("the fee was refunded"));
    }
    Ok(decision)
}

/// Everything given on the loan goes back. A success that it was goes on counting towards the ladder.
pub(crate) fn loan_cancelled() -> Decision<Invites> {
    let mut decision = Decision::new();
    decision.revoke(Revocation::about().reason("the loan was cancelled"));
    decision
}

fn due(input: &Asked, rule: &Commission, fee: &Money) -> Result<u64, Refusal> {
    let fee = fee.in_currency(&input.campaign.currency)?;
    Ok(money::cap(input.params.rounding.rate(fee, rule.basis_points)?, rule.at_most))
}

fn key(loan: &str) -> String {
    format!("commission/{}", key_part(loan))
}
