//! Merging customers: events say that several ids are one person's. From then on whatever is asked of any of the ids is of the one who
//! stays.

use std::sync::Arc;
use std::time::{Duration, Instant};

use largesse_domain::facts::State;
use largesse_domain::id::{AttributeName, CustomerId};
use largesse_domain::identity::{self, MergeTerms, Pair};
use largesse_domain::key::StateKey;
use largesse_domain::limits::MERGING_MS_MAX;
use largesse_domain::owner::{Owner, OwnerKind};
use largesse_domain::share;
use largesse_engine::ReplyError;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::protect::Run;
use crate::registry::Active;

/// Longest that merging the states of one event's customers may take.
const MERGING_TIME: Duration = Duration::from_millis(MERGING_MS_MAX);

/// Why customers could not be merged now.
pub(super) enum NotMerged {
    /// There was no time or memory for it, for this reason, of that version.
    Late(String, Option<Run>),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotMerged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Decider {
    /// Whom an event is about: its subject, or whom they were merged into. The subject is loaded.
    pub(super) fn actor<'a>(&'a self, event: &'a Admitted) -> &'a CustomerId {
        self.facts.who_stays(&event.arrival.event.actor)
    }

    /// Merges those into the actor of whom the event says that they are the actor.
    pub(super) fn merge_named(&mut self, event: &Admitted) -> Result<(), NotMerged> {
        let until = Instant::now() + MERGING_TIME;
        let (actor, at) = (&event.arrival.event.actor, event.arrival.event.occurred);
        let registry = Arc::clone(&self.registry);
        let is_first = |name: &AttributeName| registry.kinds.is_first(name);
        let terms = MergeTerms { is_first: &is_first, catalogue: &registry.catalogue, at };
        for other in &event.arrival.reading.same {
            self.ensure(identity::wanted(&self.facts, Pair { stays: actor, other }))?;
            match identity::merge(&mut self.facts, Pair { stays: actor, other }, terms) {
                Ok(None) => {}
                Ok(Some((stays, other))) => {
                    tracing::info!(%stays, %other, seq = event.admission.seq.0, "customers were merged");
                    metrics::counter!("largesse_customers_merged_total").increment(1);
                    self.take_over((&stays, &other), until)?;
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
    fn take_over(&mut self, (stays, other): (&CustomerId, &CustomerId), until: Instant) -> Result<(), NotMerged> {
        let (registry, now) = (Arc::clone(&self.registry), self.clock.now());
        for active in registry.campaigns() {
            let campaign = &active.campaign.id;
            let state = |id: &CustomerId| StateKey { campaign: campaign.clone(), owner: Owner::Party(id.clone()) };
            let (kept, joined) = (state(stays), state(other));
            let mut wanted = identity::wanted_of_inviters(campaign, Pair { stays, other });
            wanted.extend(share::wanted_of_both(&active.campaign, Pair { stays, other }));
            wanted.states.extend([kept.clone(), joined.clone()]);
            self.ensure(wanted)?;
            identity::take_over_inviter(&mut self.facts, campaign, Pair { stays, other });
            share::take_over(&mut self.facts, &active.campaign, Pair { stays, other }, now);
            let both = (self.facts.states.get(&kept).clone(), self.facts.states.get(&joined).clone());
            let one = match both {
                (_, None) => continue,
                (None, Some(theirs)) => theirs,
                (Some(own), Some(theirs)) => match self.merged(active, (&own, &theirs), until)? {
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

    /// What the policy that decides for the one who stays makes of two states; within, why it makes nothing of them.
    fn merged(
        &mut self,
        active: &Active,
        (own, theirs): (&State, &State),
        until: Instant,
    ) -> Result<Result<State, String>, NotMerged> {
        let published = &active.published;
        let Some(loaded) = published.loaded() else { return Ok(Err("the policy cannot be run".to_owned())) };
        let (policy, campaign) = (published.policy.digest, &active.campaign.id);
        if let Some(why) = self.suspended(&policy) {
            return Err(NotMerged::Late(format!("the policy of {campaign} cannot merge states: {why}"), None));
        }
        if Instant::now() >= until {
            let why = format!("merging the states took longer than {} ms", MERGING_TIME.as_millis());
            return Err(NotMerged::Late(why, None));
        }
        let writes = published.manifest().state_writes;
        let migrated = |state: &State| match state.written_as {
            version if version == writes => Ok(state.value.clone()),
            version => self.workers.migrate(loaded, OwnerKind::Party, &state.value, version),
        };
        let merge = || self.workers.merge(loaded, &migrated(own)?, &migrated(theirs)?);
        match merge() {
            Ok(value) => Ok(Ok(State { written_as: writes, value })),
            // What depends on the machine decides nothing for good.
            Err(ReplyError::Fault(fault)) if !fault.kind.is_deterministic() => {
                self.note_late(policy);
                self.suspensions.note_given_up(policy, Instant::now());
                let by = Run { campaign: campaign.clone(), policy, faulted: true };
                Err(NotMerged::Late(format!("the policy of {campaign} could not merge states: {fault}"), Some(by)))
            }
            Err(error) => Ok(Err(error.to_string())),
        }
    }
}
