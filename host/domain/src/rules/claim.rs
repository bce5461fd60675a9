//! Claims: what may be used once only in a scope of the campaign.

use crate::rows::campaign::UnknownClaim;
use crate::rows::effect::{Claim, Proposal};
use crate::rows::facts::Facts;
use crate::rows::outcome::{Denied, Reason};
use crate::rules::case::Case;
use crate::words::dimension::Dimension;
use crate::words::key::ClaimKey;

/// What denied a decision, and why.
pub(crate) type Denial = (Denied, Reason);

/// Takes the claims of a proposal, in order. An error is why the decision is denied.
pub(crate) fn claims(case: &Case<'_>, proposal: &Proposal, facts: &mut Facts) -> Result<(), Denial> {
    for claim in &proposal.claims {
        let denied = |reason| Err((Denied::Claim { scope: claim.scope.clone(), by: claim.by }, reason));
        let Some(key) = claim_key(case, claim, facts) else {
            match case.campaign.settings.unknown_claim {
                UnknownClaim::Allow => continue,
                UnknownClaim::Deny => return denied(Reason::ClaimUnknown),
            }
        };
        match facts.claims.get(&key) {
            Some(holder) if !facts.ids_of(&claim.party).contains(holder) => return denied(Reason::ClaimTaken),
            Some(_) => {}
            None => facts.claims.put(&key, Some(claim.party.clone())),
        }
    }
    Ok(())
}

/// Returns the key of a claim; none when the customer's identity, device, card or address is not known.
pub(crate) fn claim_key(case: &Case<'_>, claim: &Claim, facts: &Facts) -> Option<ClaimKey> {
    let value = match claim.by {
        Dimension::Customer => claim.party.as_str(),
        dimension => facts.customers.get(&claim.party).identifier(dimension)?.as_str(),
    };
    Some(ClaimKey {
        campaign: case.campaign.id.clone(),
        scope: claim.scope.clone(),
        by: claim.by,
        value: value.to_owned(),
    })
}
