//! Giving grants: the first choice that fits under class, credit ceiling, limits, budgets and stock.

use crate::rows::effect::{Benefit, EffectKind, GrantProposal, Shortfall};
use crate::rows::facts::Facts;
use crate::rows::grant::{Grant, Hold};
use crate::rows::ledger::{Cause, Lot};
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rules::book::{self, Asked};
use crate::rules::cap::{Cap, Recipient};
use crate::rules::case::{Case, about_key, gives_nothing, slot};
use crate::rules::entry::Entry;
use crate::rules::lot;
use crate::words::dimension::Dimension;
use crate::words::hold::AfterHold;
use crate::words::id::Identifier;
use crate::words::key::GrantSlot;
use crate::words::unit::{Quantity, Unit};

/// What of a choice can be given.
struct Fit {
    wanted: Quantity,
    room: Quantity,
    reason: Reason,
    caps: Vec<Cap>,
}

/// Gives a grant, wholly or in part, or leaves it out. An error is why the decision is denied.
pub(crate) fn grant(case: &Case<'_>, proposal: &GrantProposal, facts: &mut Facts) -> Result<Outcome, Reason> {
    let skipped = |reason| Ok(Outcome::Skipped(EffectKind::Grant, reason));
    let slot = slot(case, &proposal.to, &proposal.key);
    let stands = |slot: &GrantSlot| facts.grants.get(slot).as_ref().is_some_and(|old| !old.key_freed);
    if facts.slots_of(&slot).iter().any(stands) {
        return skipped(Reason::AlreadyGranted);
    }
    let issue = facts.grants.get(&slot).as_ref().map_or(1, |old| old.issue.saturating_add(1));
    if about_key(case).is_some_and(|key| facts.abouts.get(&key).cancelled) {
        return skipped(Reason::CancelledBefore);
    }
    if let Some(reason) = gives_nothing(case) {
        return skipped(reason);
    }
    if !case.catalogue.are_open(&case.campaign.settings.pockets, case.input.event.occurred) {
        return skipped(Reason::PocketClosed);
    }
    if hold(case, proposal).is_some_and(|hold| hold.then == AfterHold::Void && hold.until <= case.input.now.at) {
        return skipped(Reason::TimedOut);
    }
    let identifiers = case.book().identifiers(&proposal.to, facts);
    let to = Recipient { customer: &proposal.to, identifiers: &identifiers, other_ids: facts.other_ids(&proposal.to) };
    let mut fits: Vec<Fit> = proposal.choices.iter().map(|choice| fit(case, to, choice, facts)).collect();
    let whole = fits.iter().position(|fit| !fit.wanted.is_zero() && fit.room >= fit.wanted);
    if let Some(choice) = whole {
        let Fit { wanted, caps, .. } = fits.swap_remove(choice);
        let done = give(case, proposal, Chosen { slot, issue, choice, quantity: wanted, caps, identifiers }, facts);
        return Ok(Outcome::Applied(done));
    }
    let reason = fits.first().map_or(Reason::NoBudget, |fit| fit.reason);
    match proposal.on_shortfall {
        Shortfall::Refuse => Err(reason),
        Shortfall::Skip => skipped(reason),
        Shortfall::Reduce => match fits.iter().position(|fit| !fit.wanted.is_zero() && !fit.room.is_zero()) {
            None => skipped(reason),
            Some(choice) => {
                let Fit { room, reason, caps, .. } = fits.swap_remove(choice);
                let done =
                    give(case, proposal, Chosen { slot, issue, choice, quantity: room, caps, identifiers }, facts);
                Ok(Outcome::Reduced(done, reason))
            }
        },
    }
}

fn fit(case: &Case<'_>, to: Recipient<'_>, choice: &Benefit, facts: &Facts) -> Fit {
    let nothing = |reason| Fit { wanted: Quantity::ZERO, room: Quantity::ZERO, reason, caps: Vec::new() };
    let unit = unit_of(case, choice);
    if !case.campaign.allows(unit.class()) {
        return nothing(Reason::ClassNotAllowed);
    }
    let wanted = match choice {
        Benefit::Units { quantity, .. } => *quantity,
        Benefit::RateBoost { basis_points, .. } => *basis_points,
        Benefit::CreditLimit { by, up_to, .. } => {
            let customer = facts.customers.get(to.customer);
            let Some(limit) = customer.credit_limit() else { return nothing(Reason::CreditUnknown) };
            let raised = limit.plus(customer.raises_under_way).unwrap_or(Quantity::MAX);
            (*by).min(up_to.room_after(raised))
        }
    };
    if wanted.is_zero() {
        return nothing(Reason::CreditCeiling);
    }
    let caps = case.book().caps(to, &unit);
    let (room, reason) = case.book().room(Asked { to, unit: &unit, wanted }, &caps, facts);
    Fit { wanted, room, reason, caps }
}

/// The choice that is given.
struct Chosen {
    slot: GrantSlot,
    issue: u32,
    choice: usize,
    quantity: Quantity,
    /// What it is counted under.
    caps: Vec<Cap>,
    identifiers: Vec<(Dimension, Identifier)>,
}

fn give(case: &Case<'_>, proposal: &GrantProposal, chosen: Chosen, facts: &mut Facts) -> Done {
    let Chosen { slot, issue, choice, quantity, caps, identifiers } = chosen;
    let benefit = &proposal.choices[choice];
    let unit = unit_of(case, benefit);
    case.book().count(caps, quantity, facts);
    if matches!(benefit, Benefit::CreditLimit { .. }) {
        let mut customer = facts.customers.get(&proposal.to).clone();
        let under_way = customer.raises_under_way.plus(quantity);
        customer.raises_under_way = under_way.expect("the ceiling keeps raises in range");
        facts.customers.put(&proposal.to, customer);
    }
    if let Some(key) = about_key(case) {
        let mut about = facts.abouts.get(&key).clone();
        if !about.grants.contains(&slot) {
            about.grants.push(slot.clone());
            facts.abouts.put(&key, about);
        }
    }
    let now = case.input.now.at;
    let expires = proposal.expires.or(benefit.until()).and_then(case.resolve);
    let lot = Lot { slot: slot.clone(), issue };
    let grant = Grant {
        decision: Some(case.decision),
        about: case.about.cloned(),
        hold: hold(case, proposal).filter(|hold| now < hold.until),
        principal_cap: match benefit {
            Benefit::RateBoost { principal_cap, .. } => *principal_cap,
            _ => None,
        },
        reason: proposal.reason.clone(),
        ..case.book().grant(book::Given {
            lot,
            unit: unit.clone(),
            quantity,
            at: now,
            expires,
            counted_for: identifiers,
        })
    };
    lot::give(facts, Entry { at: now, cause: &Cause::Decision(case.decision) }, grant);
    Done::Granted { grant: slot, unit, quantity, choice }
}

fn hold(case: &Case<'_>, proposal: &GrantProposal) -> Option<Hold> {
    let hold = proposal.hold?;
    (case.resolve)(hold.until).map(|until| Hold { until, then: hold.then })
}

/// Returns the unit of a benefit; a raise of a credit limit is of the campaign's currency.
pub(crate) fn unit_of(case: &Case<'_>, benefit: &Benefit) -> Unit {
    match benefit {
        Benefit::Units { unit, .. } | Benefit::RateBoost { unit, .. } => unit.clone(),
        Benefit::CreditLimit { .. } => Unit::credit_limit(case.input.campaign.currency),
    }
}
