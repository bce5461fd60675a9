//! Pools are shared out: once their time has come, each weight becomes an event that tells the campaign's policy what it came
//! to.
//!
//! Weights do not change any more by then, so that the shares are the same however often they are worked out: after a start the
//! work goes on with those that nobody was told of. A policy is told of so many at a time.

use std::collections::VecDeque;

use largesse_domain::event::Admission;
use largesse_domain::facts::{Facts, Wanted};
use largesse_domain::id::{CampaignId, CustomerId, EventSeq, PoolId};
use largesse_domain::key::ShareKey;
use largesse_domain::limits::SHARES_AT_ONCE_MAX;
use largesse_domain::pool::{Pool, Share};
use largesse_domain::share;
use largesse_domain::time::Instant;
use largesse_domain::timer::TimerKey;
use largesse_domain::unit::Quantity;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::group::Numbered;
use crate::seed::Purpose;
use crate::settling::Settled;

/// A pool that is being shared out.
pub(super) struct Settling {
    pool: Pool,
    weights: u64,
    /// Who is still to be told: the weight and what it came to.
    left: VecDeque<(CustomerId, u64, Quantity)>,
}

impl Decider {
    /// Tells some more of the shares of a pool. The pool's timer is dropped with the last.
    pub(super) fn settle_pool(&mut self, key: &TimerKey, now: Instant) -> Result<(), StoreError> {
        let TimerKey::Pool { campaign, pool } = key else { return Ok(()) };
        let mut settling = match self.settling.remove(key) {
            Some(settling) => settling,
            None => match self.begin_settling(campaign, pool)? {
                Some(settling) => settling,
                None => {
                    tracing::info!(timer = %key, "a pool is not shared out: its campaign decides nothing any more");
                    self.facts.set_timer(key.clone(), None);
                    return Ok(());
                }
            },
        };
        let told: Vec<_> = settling.left.drain(..SHARES_AT_ONCE_MAX.min(settling.left.len())).collect();
        let share = |customer: &CustomerId| ShareKey {
            campaign: campaign.clone(),
            pool: pool.clone(),
            customer: customer.clone(),
        };
        self.ensure(Wanted { shares: told.iter().map(|(who, ..)| share(who)).collect(), ..Wanted::default() })?;
        let mut admitted = Vec::with_capacity(told.len());
        // Whom each of the events tells.
        let mut who = Vec::with_capacity(told.len());
        for (customer, weight, amount) in told {
            self.facts.shares.put(&share(&customer), Share { weight, settled: true });
            let (weights, customer_id) = (settling.weights, &customer);
            let settled = Settled { campaign, pool: &settling.pool, customer: customer_id, amount, weight, weights };
            match settled.arrival(&self.registry.kinds) {
                Ok(arrival) => {
                    let seq = EventSeq(self.last_event.0 + 1 + admitted.len() as u64);
                    admitted.push(Admitted { arrival, admission: Admission { seq, at: now } });
                    who.push((customer, weight, amount));
                }
                Err(error) => tracing::error!(timer = %key, %customer, %error, "a share cannot be told"),
            }
        }
        let decided = self.decide(&admitted, Purpose::Commit)?;
        let again = |facts: &mut Facts, index: usize| {
            let (customer, weight, _) = &who[index];
            facts.shares.put(&share(customer), Share { weight: *weight, settled: false });
            who[index].clone()
        };
        for (index, why) in &decided.refused {
            tracing::warn!(timer = %key, why, "a share could not be told and is tried again later");
            settling.left.push_back(again(&mut self.facts, *index));
        }
        for index in decided.left.iter().rev() {
            settling.left.push_front(again(&mut self.facts, *index));
        }
        if settling.left.is_empty() {
            self.facts.set_timer(key.clone(), None);
        }
        let Numbered { admitted, round, .. } = decided.numbered(admitted);
        self.last_event = admitted.last().map_or(self.last_event, |last| last.admission.seq);
        self.keep(&admitted, round);
        self.cascade()?;
        if !settling.left.is_empty() {
            self.settling.insert(key.clone(), settling);
        }
        Ok(())
    }

    /// Works out what each weight comes to. None when the campaign does not decide any more, or has no such pool.
    fn begin_settling(&mut self, campaign: &CampaignId, pool: &PoolId) -> Result<Option<Settling>, StoreError> {
        let active = self.registry.campaign(campaign).filter(|active| active.campaign.lifecycle.is_live());
        let declared = active.and_then(|active| active.campaign.settings.pools.iter().find(|one| one.id == *pool));
        let Some(pool) = declared.cloned() else { return Ok(None) };
        // What gathers for the next commit is not in the store yet; rows that are held are newer.
        let mut shares: std::collections::BTreeMap<CustomerId, Share> =
            self.store.shares(campaign, &pool.id)?.into_iter().collect();
        let changed = self.facts.shares.changed().filter(|(key, _)| key.campaign == *campaign && key.pool == pool.id);
        for (key, share) in changed {
            shares.insert(key.customer.clone(), *share);
        }
        shares.retain(|_, share| share.weight > 0);
        let weights: Vec<u64> = shares.values().map(|share| share.weight).collect();
        let amounts = share::shares(pool.total, &weights);
        let told = shares.into_iter().zip(amounts).filter(|((_, share), _)| !share.settled);
        let left = told.map(|((customer, share), amount)| (customer, share.weight, amount)).collect();
        Ok(Some(Settling { pool, weights: weights.iter().sum(), left }))
    }
}
