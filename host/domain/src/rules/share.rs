//! Sharing pools out: the weights that policies set, and what each comes to.

use crate::limits::WEIGHT_MAX;
use crate::rows::campaign::Campaign;
use crate::rows::effect::{EffectKind, ShareProposal};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rows::pool::{Pool, Share};
use crate::rows::timer::{Timer, TimerBody, TimerKey};
use crate::rules::case::Case;
use crate::rules::identity::Pair;
use crate::words::id::CustomerId;
use crate::words::key::ShareKey;
use crate::words::time::Instant;
use crate::words::unit::Quantity;

/// Returns what each weight comes to, in the order of the weights. Nothing for anybody when nobody weighs anything.
#[must_use]
pub fn shares(total: Quantity, weights: &[u64]) -> Vec<Quantity> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return vec![Quantity::ZERO; weights.len()];
    }
    let due = |weight: &u64| u128::from(total.get()) * u128::from(*weight);
    let mut amounts: Vec<u64> =
        weights.iter().map(|weight| u64::try_from(due(weight) / sum).expect("a part of the total")).collect();
    let given: u64 = amounts.iter().sum();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(due(&weights[*index]) % sum));
    let left = usize::try_from(total.get() - given).expect("less than one part for each weight");
    by_remainder.into_iter().take(left).for_each(|index| amounts[index] += 1);
    amounts.into_iter().map(|amount| Quantity::new(amount).expect("a part of the total")).collect()
}

pub(crate) fn key(case: &Case<'_>, share: &ShareProposal) -> ShareKey {
    ShareKey { campaign: case.campaign.id.clone(), pool: share.pool.clone(), customer: share.to.clone() }
}

pub(crate) fn timer(case: &Case<'_>, share: &ShareProposal) -> TimerKey {
    TimerKey::Pool { campaign: case.campaign.id.clone(), pool: share.pool.clone() }
}

/// Sets the weight of a party in a pool, and the timer by which it settles.
pub(crate) fn set(case: &Case<'_>, share: &ShareProposal, facts: &mut Facts) -> Outcome {
    let skipped = |reason| Outcome::Skipped(EffectKind::Share, reason);
    let Some(pool) = case.campaign.settings.pools.iter().find(|pool| pool.id == share.pool) else {
        return skipped(Reason::NoSuchPool);
    };
    if pool.settles <= case.input.now.at {
        return skipped(Reason::PoolSettled);
    }
    facts.shares.put(&key(case, share), Share { weight: share.weight, settled: false });
    let key = timer(case, share);
    if facts.timers.get(&key).is_none() {
        facts.set_timer(key, Some(Timer { due: pool.settles, body: TimerBody::Ledger }));
    }
    Outcome::Applied(Done::Shared { to: share.to.clone(), pool: share.pool.clone(), weight: share.weight })
}

/// Returns the weights that [`take_over`] looks at.
#[must_use]
pub fn wanted_of_both(campaign: &Campaign, pair: Pair<'_>) -> Wanted {
    let keys =
        campaign.settings.pools.iter().flat_map(|pool| [pair.stays, pair.other].map(|id| key_of(campaign, pool, id)));
    Wanted { shares: keys.collect(), ..Wanted::default() }
}

/// Adds the weights of an id that was merged to those of the one who stays, in pools that are not shared out yet.
pub fn take_over(facts: &mut Facts, campaign: &Campaign, pair: Pair<'_>, now: Instant) {
    for pool in campaign.settings.pools.iter().filter(|pool| now < pool.settles) {
        let (to, from) = (key_of(campaign, pool, pair.stays), key_of(campaign, pool, pair.other));
        let (own, theirs) = (facts.shares.get(&to).weight, facts.shares.get(&from).weight);
        if theirs > 0 {
            let weight = own.saturating_add(theirs).min(WEIGHT_MAX);
            facts.shares.put(&to, Share { weight, settled: false });
            facts.shares.put(&from, Share::default());
        }
    }
}

fn key_of(campaign: &Campaign, pool: &Pool, customer: &CustomerId) -> ShareKey {
    ShareKey { campaign: campaign.id.clone(), pool: pool.id.clone(), customer: customer.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(value: u64) -> Quantity {
        Quantity::new(value).unwrap()
    }

    fn split(total: u64, weights: &[u64]) -> Vec<u64> {
        shares(quantity(total), weights).into_iter().map(Quantity::get).collect()
    }

    #[test]
    fn shares_add_up_to_the_smallest_part() {
        assert_eq!(split(90_000, &[1, 1]), [45_000, 45_000]);
        assert_eq!(split(90_000, &[2, 2, 0, 1]), [36_000, 36_000, 0, 18_000]);
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(2, &[1, 1, 1]), [1, 1, 0]);
        // The largest remainder first, not the first customer.
        assert_eq!(split(10, &[3, 1, 2]), [5, 2, 3], "dues 5, 1.67 and 3.33");
        let weights: Vec<u64> = (0..997).map(|n| n * n % 1_009).collect();
        assert_eq!(split(Quantity::MAX.get(), &weights).iter().sum::<u64>(), Quantity::MAX.get());
    }

    #[test]
    fn nothing_is_shared_when_nobody_weighs_anything() {
        assert_eq!(split(100, &[0, 0]), [0, 0]);
        assert_eq!(split(100, &[]), [0; 0]);
        assert_eq!(split(0, &[1]), [0]);
    }
}
