//! Taking grants back, whole or in part. What is returned goes to the day, week and month that it was taken from.

use crate::adjudicate::{Case, about_key, counted_in, slot};
use crate::campaign::Campaign;
use crate::effect::{Effect, EffectKind, Proposal, Revocation, RevocationTarget};
use crate::facts::{Facts, Wanted};
use crate::grant::{Grant, GrantSlot};
use crate::outcome::{Done, Outcome, Reason, Reversal};
use crate::unit::{Quantity, UnitClass};

/// The rows that revocations look at, in two steps: first the things and keys that they name, then (once those are
/// loaded) the grants about the things, the counts that the grants went into and the customers who got them.
#[must_use]
pub fn wanted(case: &Case<'_>, proposal: &Proposal, facts: &Facts) -> Wanted {
    let mut wanted = Wanted::default();
    for effect in &proposal.effects {
        let Effect::Revoke(revocation) = effect else { continue };
        for slot in targets(case, revocation, facts, &mut wanted) {
            if facts.grants.has(&slot)
                && let Some(grant) = facts.grants.get(&slot)
            {
                wanted.extend(behind(case.campaign, grant));
            }
            wanted.grants.insert(slot);
        }
    }
    wanted
}

fn targets(case: &Case<'_>, revocation: &Revocation, facts: &Facts, wanted: &mut Wanted) -> Vec<GrantSlot> {
    match &revocation.of {
        RevocationTarget::Key { to, key } => vec![slot(case, to, key)],
        RevocationTarget::About => match about_key(case) {
            Some(key) if facts.abouts.has(&key) => facts.abouts.get(&key).grants.clone(),
            Some(key) => {
                wanted.abouts.insert(key);
                Vec::new()
            }
            None => Vec::new(),
        },
    }
}

/// Takes back what a revocation names.
pub(crate) fn apply(case: &Case<'_>, revocation: &Revocation, facts: &mut Facts) -> Outcome {
    let slots = targets(case, revocation, facts, &mut Wanted::default());
    let mut reversals = Vec::new();
    for slot in slots {
        let Some(grant) = facts.grants.get(&slot).clone() else { continue };
        // A key that was freed may have been granted again about another thing.
        if revocation.of == RevocationTarget::About && grant.about.as_ref() != case.about {
            continue;
        }
        reversals.extend(take_back(case.campaign, grant, (revocation.quantity, revocation.free_key), facts));
    }
    let mut cancelled = false;
    if revocation.of == RevocationTarget::About
        && revocation.quantity.is_none()
        && let Some(key) = about_key(case)
    {
        let mut about = facts.abouts.get(&key).clone();
        cancelled = !about.cancelled;
        about.cancelled = true;
        facts.abouts.put(key, about);
    }
    if reversals.is_empty() && !cancelled {
        return Outcome::Skipped(EffectKind::Revoke, Reason::NothingToRevoke);
    }
    Outcome::Applied(Done::Revoked(reversals))
}

/// The rows that [`take_back`] looks at.
#[must_use]
pub fn behind(campaign: &Campaign, grant: &Grant) -> Wanted {
    Wanted { usage: counted_in(campaign, grant), customers: [grant.slot.to.clone()].into(), ..Wanted::default() }
}

/// Takes back what is left of a grant, or at most so much of it, and frees its key if that is asked for and nothing is left.
/// `None` when there was nothing left.
pub fn take_back(
    campaign: &Campaign,
    mut grant: Grant,
    (at_most, free_key): (Option<Quantity>, bool),
    facts: &mut Facts,
) -> Option<Reversal> {
    let left = grant.net();
    let quantity = at_most.unwrap_or(left).min(left);
    if quantity.is_zero() {
        return None;
    }
    let whole = quantity == left;
    for key in counted_in(campaign, &grant) {
        let used = *facts.usage.get(&key);
        let used = used.after_return(quantity, whole).expect("a count holds every grant that went into it");
        facts.usage.put(key, used);
    }
    if grant.unit.class() == UnitClass::CreditLimit {
        let mut customer = facts.customers.get(&grant.slot.to).clone();
        // A raise that has reached the limit already is not under way any more: there is nothing to take off here.
        customer.raises_under_way = customer.raises_under_way.room_after(quantity);
        facts.customers.put(grant.slot.to.clone(), customer);
    }
    grant.reversed = grant.reversed.plus(quantity).unwrap_or(Quantity::MAX);
    grant.key_freed = whole && free_key;
    let reversal = Reversal { grant: grant.slot.clone(), unit: grant.unit.clone(), quantity };
    if facts.wallets.has(&grant.slot.to) {
        let mut wallet = facts.wallets.get(&grant.slot.to).clone();
        let same = |held: &&mut Grant| held.slot == grant.slot && held.issue == grant.issue;
        if let Some(held) = wallet.iter_mut().find(same) {
            held.clone_from(&grant);
        }
        facts.wallets.put(grant.slot.to.clone(), wallet);
    }
    facts.grants.put(grant.slot.clone(), Some(grant));
    Some(reversal)
}
