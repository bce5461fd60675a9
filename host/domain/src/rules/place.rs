//! Moving parties within programmes.

use crate::limits::STANDINGS_MAX;
use crate::rows::customer::Standing;
use crate::rows::effect::{EffectKind, Placement};
use crate::rows::facts::Facts;
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rules::case::Case;

/// Moves a party within a programme, out of it, or lets them stay until another time.
pub(crate) fn place(case: &Case<'_>, placement: &Placement, facts: &mut Facts) -> Outcome {
    let skipped = |reason| Outcome::Skipped(EffectKind::Place, reason);
    let Some(programme) = case.catalogue.programmes.get(&placement.programme) else {
        return skipped(Reason::NoSuchProgramme);
    };
    let at = case.input.event.occurred;
    let mut customer = facts.customers.get(&placement.to).clone();
    let now = customer.standings_at(at).find(|(id, _)| **id == programme.id).map(|(_, standing)| standing.clone());
    let from = now.as_ref().map(|standing| standing.tier.clone());
    let until = placement.until.and_then(case.resolve);
    match &placement.tier {
        None if now.is_none() => return skipped(Reason::AlreadyPlaced),
        None => drop(customer.standings.remove(&programme.id)),
        Some(tier) if !programme.tiers.contains(tier) => return skipped(Reason::NoSuchTier),
        Some(tier) => {
            let stays = now.filter(|standing| standing.tier == *tier);
            if stays.as_ref().is_some_and(|standing| standing.until == until) {
                return skipped(Reason::AlreadyPlaced);
            }
            if stays.is_none() && !programme.lets(from.as_ref(), tier) {
                return skipped(Reason::MoveNotAllowed);
            }
            if customer.standings.len() >= STANDINGS_MAX && !customer.standings.contains_key(&programme.id) {
                return skipped(Reason::TooManyProgrammes);
            }
            let since = stays.map_or(at, |standing| standing.since);
            customer.standings.insert(programme.id.clone(), Standing { tier: tier.clone(), since, until });
        }
    }
    facts.customers.put(&placement.to, customer);
    let (to, programme, tier) = (placement.to.clone(), programme.id.clone(), placement.tier.clone());
    Outcome::Applied(Done::Placed { to, programme, from, tier, until })
}
