//! What policies reserve out of wallets.
//!
//! Of a reservation is checked, in this order: reserved before, campaign ended, outside its windows, its time over; these leave it out. Then the class
//! of unit, the least that is redeemed of the unit at once, the balance; for want of these the reservation's own word decides.

use crate::rows::effect::{Effect, EffectKind, Proposal, ReserveProposal, Shortfall};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::ledger::Cause;
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rows::redemption::{Part, RedemptionId, RedemptionRequest};
use crate::rules::case::{Case, gives_nothing, reservation_slot, reservations};
use crate::rules::entry::Entry;
use crate::rules::redeem::{self, RedeemError};
use crate::rules::settle;
use crate::words::time::Instant;
use crate::words::unit::Quantity;

/// Returns the rows that reservations and settlements look at, in two steps: first what they name and the wallets, then (once those are
/// loaded) what a change of them goes into.
#[must_use]
pub fn wanted(case: &Case<'_>, proposal: &Proposal, facts: &Facts) -> Wanted {
    let mut wanted = Wanted::default();
    for effect in &proposal.effects {
        match effect {
            Effect::Reserve(reserve) => {
                let request = request(case, reserve, Instant::MAX);
                wanted.redemptions.extend(reservations(case, &reserve.party, &reserve.key, facts));
                if facts.ids_of(&request.customer).iter().all(|id| facts.has_wallet(id)) {
                    wanted.extend(redeem::wanted_of_grants(&request, facts));
                }
                wanted.extend(redeem::wanted(&request, facts));
            }
            Effect::Settle(settle) => wanted.extend(settle::wanted(case, settle, facts)),
            _ => {}
        }
    }
    wanted
}

fn request(case: &Case<'_>, proposal: &ReserveProposal, until: Instant) -> RedemptionRequest {
    RedemptionRequest {
        id: RedemptionId::Policy(reservation_slot(case, &proposal.party, &proposal.key)),
        customer: proposal.party.clone(),
        unit: proposal.unit.clone(),
        quantity: proposal.quantity,
        grant: None,
        reserve_until: Some(until),
        reference: proposal.reason.clone(),
    }
}

/// Reserves what a policy asks for. An error is why the decision is denied.
pub(crate) fn reserve(case: &Case<'_>, proposal: &ReserveProposal, facts: &mut Facts) -> Result<Outcome, Reason> {
    let skipped = |reason| Ok(Outcome::Skipped(EffectKind::Reserve, reason));
    let reservation = reservation_slot(case, &proposal.party, &proposal.key);
    if reservations(case, &proposal.party, &proposal.key, facts).any(|id| facts.redemptions.get(&id).is_some()) {
        return skipped(Reason::AlreadyReserved);
    }
    if let Some(reason) = gives_nothing(case) {
        return skipped(reason);
    }
    let now = case.input.now.at;
    let Some(until) = (case.resolve)(proposal.until).filter(|until| now < *until) else {
        return skipped(Reason::TimedOut);
    };
    let asked = request(case, proposal, until);
    let (parts, reason) = in_reach(case, &asked, facts);
    let quantity = sum(&parts);
    let short = quantity < proposal.quantity;
    match proposal.on_shortfall {
        Shortfall::Refuse if short => return Err(reason),
        Shortfall::Skip if short => return skipped(reason),
        Shortfall::Reduce if quantity.is_zero() => return skipped(reason),
        _ => {}
    }
    let entry = Entry { at: now, cause: &Cause::Decision(case.decision) };
    redeem::make(facts, RedemptionRequest { quantity, ..asked }, parts, entry);
    let done = Done::Reserved { reservation, unit: proposal.unit.clone(), quantity, until };
    Ok(if short { Outcome::Reduced(done, reason) } else { Outcome::Applied(done) })
}

/// Returns what of a request can be reserved, and what the rest is for want of.
fn in_reach(case: &Case<'_>, asked: &RedemptionRequest, facts: &Facts) -> (Vec<Part>, Reason) {
    if !case.campaign.allows(asked.unit.class()) {
        return (Vec::new(), Reason::ClassNotAllowed);
    }
    let least = redeem::least(&asked.unit, case.catalogue);
    if asked.quantity < least {
        return (Vec::new(), Reason::BelowMinimum);
    }
    let terms = redeem::Terms { catalogue: case.catalogue, now: case.input.now.at };
    let parts = redeem::parts(facts, asked, terms).or_else(|error| match error {
        RedeemError::Insufficient(quantity) if quantity >= least => {
            redeem::parts(facts, &RedemptionRequest { quantity, ..asked.clone() }, terms)
        }
        error => Err(error),
    });
    (parts.unwrap_or_default(), Reason::InsufficientBalance)
}

fn sum(parts: &[Part]) -> Quantity {
    let more = |sum: Quantity, part: &Part| sum.plus(part.quantity).expect("parts add up to what is asked for at most");
    parts.iter().fold(Quantity::ZERO, more)
}
