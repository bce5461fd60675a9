//! What policies reserve out of wallets, and what they make of that and of grants that are held.
//!
//! Of a reservation is checked, in this order: reserved before, campaign ended, outside its windows, its time over; these leave it out. Then the class
//! of unit, the least that is redeemed of the unit at once, the balance; for want of these the reservation's own word decides.
//! A settlement that comes to nothing is left out, or denies the decision when it is required.

use crate::rows::effect::{Effect, EffectKind, Held, Proposal, ReserveProposal, SettleProposal, Shortfall};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::grant::GrantSlot;
use crate::rows::ledger::{Cause, Entry};
use crate::rows::outcome::{Done, HeldSlot, Outcome, Reason};
use crate::rows::redemption::{
    self, Part, RedeemError, RedemptionId, RedemptionRequest, RedemptionState, ReservationSlot,
};
use crate::rules::adjudicate::{Case, gives_nothing, slot};
use crate::rules::lot::{self, Settle, SettleError};
use crate::words::id::{CustomerId, ReservationKey};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// The rows that reservations and settlements look at, in two steps: first what they name and the wallets, then (once those are
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
                    wanted.extend(redemption::wanted_of_grants(&request, facts));
                }
                wanted.extend(redemption::wanted(&request, facts));
            }
            Effect::Settle(SettleProposal { of: Held::Grant { to, key }, .. }) => {
                for slot in facts.slots_of(&slot(case, to, key)) {
                    if facts.grants.has(&slot)
                        && let Some(grant) = facts.grants.get(&slot)
                    {
                        wanted.extend(lot::wanted(case.campaign, case.catalogue, grant));
                    }
                    wanted.grants.insert(slot);
                }
            }
            Effect::Settle(SettleProposal { of: Held::Reservation { party, key }, .. }) => {
                for id in reservations(case, party, key, facts) {
                    if facts.redemptions.has(&id)
                        && let Some(redemption) = facts.redemptions.get(&id)
                    {
                        wanted.extend(redemption::wanted_to_settle(redemption));
                    }
                    wanted.redemptions.insert(id);
                }
            }
            _ => {}
        }
    }
    wanted
}

fn reservation_slot(case: &Case<'_>, party: &CustomerId, key: &ReservationKey) -> ReservationSlot {
    ReservationSlot { campaign: case.campaign.id.clone(), party: party.clone(), key: key.clone() }
}

/// Where something of that key may be reserved: for each of the party's ids.
fn reservations<'a>(
    case: &Case<'a>,
    party: &CustomerId,
    key: &'a ReservationKey,
    facts: &Facts,
) -> impl Iterator<Item = RedemptionId> + use<'a> {
    let case = *case;
    facts.ids_of(party).into_iter().map(move |id| RedemptionId::Policy(reservation_slot(&case, &id, key)))
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
    redemption::make(facts, RedemptionRequest { quantity, ..asked }, parts, entry);
    let done = Done::Reserved { reservation, unit: proposal.unit.clone(), quantity, until };
    Ok(if short { Outcome::Reduced(done, reason) } else { Outcome::Applied(done) })
}

/// What of a request can be reserved, and what the rest is for want of.
fn in_reach(case: &Case<'_>, asked: &RedemptionRequest, facts: &Facts) -> (Vec<Part>, Reason) {
    if !case.campaign.allows(asked.unit.class()) {
        return (Vec::new(), Reason::ClassNotAllowed);
    }
    let least = redemption::least(&asked.unit, case.catalogue);
    if asked.quantity < least {
        return (Vec::new(), Reason::BelowMinimum);
    }
    let parts = redemption::parts(facts, asked, case.input.now.at).or_else(|error| match error {
        RedeemError::Insufficient(quantity) if quantity >= least => {
            redemption::parts(facts, &RedemptionRequest { quantity, ..asked.clone() }, case.input.now.at)
        }
        error => Err(error),
    });
    (parts.unwrap_or_default(), Reason::InsufficientBalance)
}

fn sum(parts: &[Part]) -> Quantity {
    let more = |sum: Quantity, part: &Part| sum.plus(part.quantity).expect("parts add up to what is asked for at most");
    parts.iter().fold(Quantity::ZERO, more)
}

/// Commits or releases what is held. An error is why the decision is denied.
pub(crate) fn settle(case: &Case<'_>, proposal: &SettleProposal, facts: &mut Facts) -> Result<Outcome, Reason> {
    let settled = match &proposal.of {
        Held::Grant { to, key } => {
            let own = slot(case, to, key);
            let held = |slot: &GrantSlot| facts.grants.get(slot).as_ref().is_some_and(|grant| grant.hold.is_some());
            let slot = facts.slots_of(&own).into_iter().find(held).unwrap_or(own);
            let settled = settle_grant(case, (&slot, proposal.how), facts);
            settled.map(|what| (HeldSlot::Grant(slot), what))
        }
        Held::Reservation { party, key } => {
            let own = reservation_slot(case, party, key);
            let reserved = |slot: &ReservationSlot| {
                let redemption = facts.redemptions.get(&RedemptionId::Policy(slot.clone())).as_ref();
                redemption.is_some_and(|redemption| redemption.state == RedemptionState::Reserved)
            };
            let slots = facts.ids_of(party).into_iter().map(|id| reservation_slot(case, &id, key));
            let slot = slots.into_iter().find(reserved).unwrap_or(own);
            let settled = settle_reservation(case, (&slot, proposal.how), facts);
            settled.map(|what| (HeldSlot::Reservation(slot), what))
        }
    };
    match settled {
        Ok((of, (unit, quantity))) => Ok(Outcome::Applied(Done::Settled { of, how: proposal.how, unit, quantity })),
        Err(reason) if proposal.required => Err(reason),
        Err(reason) => Ok(Outcome::Skipped(EffectKind::Settle, reason)),
    }
}

fn settle_grant(
    case: &Case<'_>,
    (slot, how): (&GrantSlot, Settle),
    facts: &mut Facts,
) -> Result<(Unit, Quantity), Reason> {
    let before = lot::stored(facts, slot).ok_or(Reason::NothingToSettle)?;
    if before.left().is_zero() && !before.net().is_zero() {
        // It has expired while it was held.
        return Err(Reason::NothingToSettle);
    }
    let cause = Cause::Decision(case.decision);
    let entry = Entry { at: case.input.now.at, cause: &cause };
    let after =
        lot::settle(facts, entry, (case.campaign, case.catalogue), (slot, how)).map_err(|error| match error {
            SettleError::TimedOut => Reason::TimedOut,
            SettleError::NotFound | SettleError::Reversed | SettleError::Posted => Reason::NothingToSettle,
        })?;
    if after == before { Err(Reason::NothingToSettle) } else { Ok((after.unit, before.left())) }
}

fn settle_reservation(
    case: &Case<'_>,
    (slot, how): (&ReservationSlot, Settle),
    facts: &mut Facts,
) -> Result<(Unit, Quantity), Reason> {
    let id = RedemptionId::Policy(slot.clone());
    match facts.redemptions.get(&id).as_ref().map(|redemption| redemption.state) {
        Some(RedemptionState::Reserved) => {}
        Some(RedemptionState::TimedOut) => return Err(Reason::TimedOut),
        _ => return Err(Reason::NothingToSettle),
    }
    let how = match how {
        Settle::Commit => redemption::Settle::Commit,
        Settle::Release => redemption::Settle::Release,
    };
    let cause = Cause::Decision(case.decision);
    let entry = Entry { at: case.input.now.at, cause: &cause };
    // What is reserved is settled unless its time is over.
    let settled = redemption::settle(facts, &id, None, how, entry).map_err(|_| Reason::TimedOut)?;
    Ok((settled.request.unit, settled.request.quantity))
}
