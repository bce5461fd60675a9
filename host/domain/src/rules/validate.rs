//! Whether a proposal keeps to what its policy declared and was shown.

use crate::rows::decision::{Fault, FaultKind};
use crate::rows::effect::{Benefit, Effect, Held, Proposal, RevocationTarget};
use crate::rows::policy::Manifest;
use crate::rules::case::Case;
use crate::rules::redeem;
use crate::words::id::CustomerId;
use crate::words::time::When;
use crate::words::unit::UnitClass;

/// Checks a proposal against what the policy declared and was shown.
///
/// # Errors
/// A fault that names the first effect or claim that breaks the contract.
pub fn validate(case: &Case<'_>, proposal: &Proposal) -> Result<(), Fault> {
    let fault = |kind, detail| Err(Fault { kind, detail });
    let shown = |id: &CustomerId| case.input.parties.iter().any(|party| party.customer == *id);
    for (index, claim) in proposal.claims.iter().enumerate() {
        if !shown(&claim.party) {
            return fault(FaultKind::Stranger, format!("claims[{index}].party: {} is no party", claim.party));
        }
    }
    for (index, effect) in proposal.effects.iter().enumerate() {
        let kind = effect.kind();
        if !case.manifest.effects.contains(&kind) {
            let detail = format!("effects[{index}]: the manifest does not declare {}", kind.as_str());
            return fault(FaultKind::Undeclared, detail);
        }
        if let Some(class) = undeclared_class(case.manifest, effect) {
            return fault(FaultKind::Undeclared, format!("effects[{index}]: the manifest does not declare {class}"));
        }
        match recipient(effect) {
            Some(to) if !shown(to) => {
                return fault(FaultKind::Stranger, format!("effects[{index}]: {to} is no party"));
            }
            None if revokes_about(effect) && case.about.is_none() => {
                let detail =
                    format!("effects[{index}]: revokes what is about nothing: the subscription names no thing");
                return fault(FaultKind::InvalidOutput, detail);
            }
            _ => {}
        }
        if let Effect::Reserve(reserve) = effect
            && !redeem::is_redeemable(reserve.unit.class())
        {
            let detail = format!("effects[{index}].reserve.unit: {} is not used up", reserve.unit);
            return fault(FaultKind::InvalidOutput, detail);
        }
        if let Some(field) = unresolvable(case, effect) {
            return fault(FaultKind::InvalidOutput, format!("effects[{index}].{field}: no such time"));
        }
    }
    Ok(())
}

fn undeclared_class(manifest: &Manifest, effect: &Effect) -> Option<UnitClass> {
    let class = |choice: &Benefit| match choice {
        Benefit::Units { unit, .. } | Benefit::RateBoost { unit, .. } => unit.class(),
        Benefit::CreditLimit { .. } => UnitClass::CreditLimit,
    };
    let classes = match effect {
        Effect::Grant(grant) => grant.choices.iter().map(class).collect(),
        Effect::Reserve(reserve) => vec![reserve.unit.class()],
        _ => Vec::new(),
    };
    classes.into_iter().find(|class| !manifest.unit_classes.contains(class))
}

fn revokes_about(effect: &Effect) -> bool {
    matches!(effect, Effect::Revoke(revocation) if revocation.of == RevocationTarget::About)
}

fn recipient(effect: &Effect) -> Option<&CustomerId> {
    match effect {
        Effect::Grant(grant) => Some(&grant.to),
        Effect::Message(message) => Some(&message.to),
        Effect::Tag(tag) => Some(&tag.to),
        Effect::Revoke(revocation) => match &revocation.of {
            RevocationTarget::Key { to, .. } => Some(to),
            RevocationTarget::About => None,
        },
        Effect::Reserve(reserve) => Some(&reserve.party),
        Effect::Settle(settle) => match &settle.of {
            Held::Grant { to: party, .. } | Held::Reservation { party, .. } => Some(party),
        },
        Effect::Place(placement) => Some(&placement.to),
        Effect::Share(share) => Some(&share.to),
        Effect::Enrol(enrolment) => Some(&enrolment.party),
        Effect::Schedule(_) | Effect::CancelTimer(_) | Effect::Measure(_) => None,
    }
}

fn unresolvable(case: &Case<'_>, effect: &Effect) -> Option<&'static str> {
    let missing = |when: &Option<When>| when.is_some_and(|when| (case.resolve)(when).is_none());
    match effect {
        Effect::Grant(grant) if missing(&grant.hold.map(|hold| hold.until)) => Some("grant.hold.until"),
        Effect::Grant(grant) if missing(&grant.expires) => Some("grant.expires"),
        Effect::Grant(grant) if grant.choices.iter().any(|choice| missing(&choice.until())) => {
            Some("grant.choices.until")
        }
        Effect::Tag(tag) if missing(&tag.until) => Some("tag.until"),
        Effect::Schedule(schedule) if missing(&Some(schedule.due)) => Some("schedule.due"),
        Effect::Place(placement) if missing(&placement.until) => Some("place.until"),
        Effect::Reserve(reserve) if missing(&Some(reserve.until)) => Some("reserve.until"),
        _ => None,
    }
}
