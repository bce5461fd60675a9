//! Taking grants back, whole or in part. What is returned goes to the day, week and month that it was taken from.

use crate::rows::effect::{Effect, EffectKind, Proposal, Revocation, RevocationTarget};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::ledger::Cause;
use crate::rows::outcome::{Done, Outcome, Reason, Reversal};
use crate::rules::case::{Case, about_key, slot};
use crate::rules::lot::{self, TakeBack};
use crate::words::key::GrantSlot;

/// Returns the rows that revocations look at, in two steps: first the things and keys that they name, then (once those are
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
                wanted.extend(lot::wanted(case.campaign, case.catalogue, grant));
            }
            wanted.grants.insert(slot);
        }
    }
    wanted
}

fn targets(case: &Case<'_>, revocation: &Revocation, facts: &Facts, wanted: &mut Wanted) -> Vec<GrantSlot> {
    match &revocation.of {
        RevocationTarget::Key { to, key } => facts.slots_of(&slot(case, to, key)),
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
    let cause = Cause::Decision(case.decision);
    let change = case.change(&cause);
    let mut reversals: Vec<Reversal> = Vec::new();
    // A key names one grant, or one for each id of a customer: of these together so much is taken back.
    let mut left = revocation.quantity;
    for slot in slots {
        let Some(grant) = lot::stored(facts, &slot) else { continue };
        // A key that was freed may have been granted again about another thing.
        if revocation.of == RevocationTarget::About && grant.about.as_ref() != case.about {
            continue;
        }
        let how = TakeBack { quantity: left.unwrap_or(grant.net()), free_key: revocation.free_key };
        let Some(reversal) = lot::take_back(facts, change, grant, how) else { continue };
        if revocation.of != RevocationTarget::About {
            left = left.map(|left| left.room_after(reversal.quantity));
        }
        reversals.push(reversal);
    }
    let mut cancelled = false;
    if revocation.of == RevocationTarget::About
        && revocation.quantity.is_none()
        && let Some(key) = about_key(case)
    {
        let mut about = facts.abouts.get(&key).clone();
        cancelled = !about.cancelled;
        about.cancelled = true;
        facts.abouts.put(&key, about);
    }
    if reversals.is_empty() && !cancelled {
        return Outcome::Skipped(EffectKind::Revoke, Reason::NothingToRevoke);
    }
    Outcome::Applied(Done::Revoked(reversals))
}
