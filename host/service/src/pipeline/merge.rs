//! Merging customers: events say that several ids are one person's. From then on whatever is asked of any of the ids is of the one who
//! stays.

use std::sync::Arc;

use largesse_domain::decision::{Owner, OwnerKind};
use largesse_domain::facts::{State, StateKey};
use largesse_domain::id::{AttributeName, CustomerId};
use largesse_domain::identity::{self, Terms};
use largesse_domain::pool;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use crate::registry::Active;

impl Decider {
    /// Whom an event is about: its subject, or whom they were merged into. The subject is loaded.
    pub(super) fn actor<'a>(&'a self, event: &'a Admitted) -> &'a CustomerId {
        self.facts.who_stays(&event.arrival.event.actor)
    }

    /// Merges those into the actor of whom the event says that they are the actor.
    pub(super) fn merge_named(&mut self, event: &Admitted) -> Result<(), StoreError> {
        let (actor, at) = (&event.arrival.event.actor, event.arrival.event.occurred);
        let registry = Arc::clone(&self.registry);
        let is_first = |name: &AttributeName| registry.kinds.is_first(name);
        let terms = Terms { is_first: &is_first, catalogue: &registry.catalogue, at };
        for other in &event.arrival.reading.same {
            self.ensure(identity::wanted(&self.facts, (actor, other)))?;
            match identity::merge(&mut self.facts, (actor, other), terms) {
                Ok(None) => {}
                Ok(Some((stays, other))) => {
                    tracing::info!(%stays, %other, seq = event.admission.seq.0, "customers were merged");
                    metrics::counter!("largesse_customers_merged_total").increment(1);
                    self.take_over(&stays, &other)?;
                }
                Err(error) => {
                    // The event stands; they stay apart.
                    tracing::warn!(%actor, %other, seq = event.admission.seq.0, %error, "customers were not merged");
                    metrics::counter!("largesse_customers_not_merged_total").increment(1);
                }
            }
        }
        Ok(())
    }

    /// Gives the one who stays what a campaign keeps of the other by their id: the inviter, weights in pools, and the state.
    fn take_over(&mut self, stays: &CustomerId, other: &CustomerId) -> Result<(), StoreError> {
        let (registry, now) = (Arc::clone(&self.registry), self.clock.now());
        for active in registry.campaigns() {
            let campaign = &active.campaign.id;
            let state = |id: &CustomerId| StateKey { campaign: campaign.clone(), owner: Owner::Party(id.clone()) };
            let (kept, joined) = (state(stays), state(other));
            let mut wanted = identity::wanted_of_inviters(campaign, (stays, other));
            wanted.extend(pool::wanted_of_both(&active.campaign, (stays, other)));
            wanted.states.extend([kept.clone(), joined.clone()]);
            self.ensure(wanted)?;
            identity::take_over_inviter(&mut self.facts, campaign, (stays, other));
            pool::take_over(&mut self.facts, &active.campaign, (stays, other), now);
            let both = (self.facts.states.get(&kept).clone(), self.facts.states.get(&joined).clone());
            let one = match both {
                (_, None) => continue,
                (None, Some(theirs)) => theirs,
                (Some(own), Some(theirs)) => match self.merged(active, (&own, &theirs)) {
                    Ok(state) => state,
                    Err(why) => {
                        tracing::warn!(%campaign, %stays, %other, why, "states were not merged; the one who stays keeps theirs");
                        metrics::counter!("largesse_states_not_merged_total", "campaign" => campaign.to_string())
                            .increment(1);
                        continue;
                    }
                },
            };
            self.facts.states.put(&kept, Some(one));
            self.facts.states.put(&joined, None);
        }
        Ok(())
    }

    /// What the policy that decides for the one who stays makes of two states.
    fn merged(&self, active: &Active, (own, theirs): (&State, &State)) -> Result<State, String> {
        let published = &active.published;
        let loaded = published.loaded().ok_or("the policy cannot be run")?;
        let writes = published.manifest().state_writes;
        let migrated = |state: &State| match state.written_as {
            version if version == writes => Ok(state.value.clone()),
            version => self.workers.migrate(loaded, OwnerKind::Party, &state.value, version),
        };
        let merge = || self.workers.merge(loaded, &migrated(own)?, &migrated(theirs)?);
        let value = merge().map_err(|error| error.to_string())?;
        Ok(State { written_as: writes, value })
    }
}
