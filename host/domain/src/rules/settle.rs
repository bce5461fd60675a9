//! Committing and releasing what is held: grants that are pending, and what policies reserved out of wallets.
//!
//! A settlement that comes to nothing is left out, or denies the decision when it is required.

use crate::rows::effect::{EffectKind, Held, SettleProposal};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::ledger::Cause;
use crate::rows::outcome::{Done, HeldSlot, Outcome, Reason};
use crate::rows::redemption::{RedemptionId, RedemptionState};
use crate::rules::case::{Case, reservation_slot, reservations, slot};
use crate::rules::entry::Entry;
use crate::rules::lot::{self, SettleError};
use crate::rules::redeem::{self, SettleRequest};
use crate::words::hold::HoldAction;
use crate::words::key::{GrantSlot, ReservationSlot};
use crate::words::unit::{Quantity, Unit};

/// Returns the rows that a settlement looks at: what it names, and once that is loaded what a change of it goes into.
pub(crate) fn wanted(case: &Case<'_>, proposal: &SettleProposal, facts: &Facts) -> Wanted {
    let mut wanted = Wanted::default();
    match &proposal.of {
        Held::Grant { to, key } => {
            for slot in facts.slots_of(&slot(case, to, key)) {
                if facts.grants.has(&slot)
                    && let Some(grant) = facts.grants.get(&slot)
                {
                    wanted.extend(lot::wanted(case.campaign, case.catalogue, grant));
                }
                wanted.grants.insert(slot);
            }
        }
        Held::Reservation { party, key } => {
            for id in reservations(case, party, key, facts) {
                if facts.redemptions.has(&id)
                    && let Some(redemption) = facts.redemptions.get(&id)
                {
                    wanted.extend(redeem::wanted_to_settle(redemption));
                }
                wanted.redemptions.insert(id);
            }
        }
    }
    wanted
}

/// Commits or releases what is held. An error is why the decision is denied.
pub(crate) fn settle(case: &Case<'_>, proposal: &SettleProposal, facts: &mut Facts) -> Result<Outcome, Reason> {
    let settled = match &proposal.of {
        Held::Grant { to, key } => {
            let own = slot(case, to, key);
            let held = |slot: &GrantSlot| facts.grants.get(slot).as_ref().is_some_and(|grant| grant.hold.is_some());
            let slot = facts.slots_of(&own).into_iter().find(held).unwrap_or(own);
            let settled = settle_grant(case, &slot, proposal.how, facts);
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
            let settled = settle_reservation(case, &slot, proposal.how, facts);
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
    slot: &GrantSlot,
    how: HoldAction,
    facts: &mut Facts,
) -> Result<(Unit, Quantity), Reason> {
    let before = lot::stored(facts, slot).ok_or(Reason::NothingToSettle)?;
    if before.left().is_zero() && !before.net().is_zero() {
        // It has expired while it was held.
        return Err(Reason::NothingToSettle);
    }
    let cause = Cause::Decision(case.decision);
    let after = lot::settle(facts, case.change(&cause), slot, how).map_err(|error| match error {
        SettleError::TimedOut => Reason::TimedOut,
        SettleError::NotFound | SettleError::Reversed | SettleError::Posted => Reason::NothingToSettle,
    })?;
    if after == before { Err(Reason::NothingToSettle) } else { Ok((after.unit, before.left())) }
}

fn settle_reservation(
    case: &Case<'_>,
    slot: &ReservationSlot,
    how: HoldAction,
    facts: &mut Facts,
) -> Result<(Unit, Quantity), Reason> {
    let id = RedemptionId::Policy(slot.clone());
    match facts.redemptions.get(&id).as_ref().map(|redemption| redemption.state) {
        Some(RedemptionState::Reserved) => {}
        Some(RedemptionState::TimedOut) => return Err(Reason::TimedOut),
        _ => return Err(Reason::NothingToSettle),
    }
    let how = match how {
        HoldAction::Commit => redeem::RedemptionAction::Commit,
        HoldAction::Release => redeem::RedemptionAction::Release,
    };
    let cause = Cause::Decision(case.decision);
    let entry = Entry { at: case.input.now.at, cause: &cause };
    // What is reserved is settled unless its time is over.
    let request = SettleRequest { id: &id, customer: None, how: &how, catalogue: case.catalogue };
    let settled = redeem::settle(facts, request, entry).map_err(|_| Reason::TimedOut)?;
    Ok((settled.request.unit, settled.request.quantity))
}
