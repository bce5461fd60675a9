//! Facts first: what an event establishes, and who becomes whose inviter, before anyone is shown to a policy.

use std::sync::Arc;

use largesse_domain::attribution::{Person, may_bind};
use largesse_domain::customer::Fact;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::key::BindingKey;
use largesse_domain::limits::REFERRAL_CHAIN_MAX;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::decide::Aborted;
use super::evaluate::Failures;
use super::merge::NotMerged;
use crate::registry::Active;

fn key(campaign: &CampaignId, invitee: &CustomerId) -> BindingKey {
    BindingKey { campaign: campaign.clone(), invitee: invitee.clone() }
}

impl Decider {
    /// Applies what the event, at that place among those decided together, says of its actor, then binds the actor's inviter in
    /// the campaigns for which the event's kind does that.
    pub(super) fn learn(&mut self, event: &Admitted, index: usize) -> Result<(), Aborted> {
        self.merge_named(event).map_err(|error| match error {
            NotMerged::Store(error) => Aborted::Store(error),
            NotMerged::Late(why, by) => Aborted::Events(Failures::one(index, why, by)),
        })?;
        let actor = self.actor(event).clone();
        let occurred = event.arrival.event.occurred;
        if !event.arrival.reading.facts.is_empty() {
            let mut customer = self.facts.customers.get(&actor).clone();
            for fact in &event.arrival.reading.facts {
                if let Err(error) = customer.learn(fact.clone(), occurred) {
                    // The event stands; only what it would have added to the customer is not kept.
                    tracing::warn!(%actor, seq = event.admission.seq.0, %error, "a fact was not kept");
                }
            }
            self.facts.customers.put(&actor, customer);
            self.regroup(event)?;
        }
        let registry = Arc::clone(&self.registry);
        for active in registry.routed(&event.arrival) {
            let settings = &active.campaign.settings;
            let binds = settings.attribution.bind_on.contains(&event.arrival.event.kind);
            let counts = active.campaign.takes(occurred) && active.campaign.grants_for(occurred);
            if binds && counts && active.sees_inviters() {
                self.bind(active, event)?;
            }
        }
        Ok(())
    }

    /// Notes who joined and left which group.
    fn regroup(&mut self, event: &Admitted) -> Result<(), StoreError> {
        let actor = self.actor(event).clone();
        let other_ids = self.facts.other_ids(&actor).to_vec();
        for fact in &event.arrival.reading.facts {
            let (Fact::Joined(_, group) | Fact::Left(_, group)) = fact else { continue };
            self.ensure(Wanted { members: [group.clone()].into(), ..Wanted::default() })?;
            let mut members = self.facts.members.get(group).clone();
            other_ids.iter().for_each(|id| members.leave(id));
            if matches!(fact, Fact::Left(..)) {
                members.leave(&actor);
            } else if !members.join(actor.clone(), event.arrival.event.occurred) {
                // The event stands; there is no room for one more to be shown.
                tracing::warn!(%actor, %group, seq = event.admission.seq.0, "a member was not kept");
            }
            self.facts.members.put(group, members);
        }
        Ok(())
    }

    fn bind(&mut self, active: &Active, event: &Admitted) -> Result<(), StoreError> {
        let invitee = &self.actor(event).clone();
        let campaign = &active.campaign.id;
        let binding = key(campaign, invitee);
        self.ensure(Wanted { bindings: [binding.clone()].into(), ..Wanted::default() })?;
        let customer = self.facts.customers.get(invitee).clone();
        if self.facts.bindings.get(&binding).is_some() || customer.touches.is_empty() {
            return Ok(());
        }
        let touches: Vec<CustomerId> = customer.touches.iter().map(|touch| touch.inviter.clone()).collect();
        self.ensure(Wanted { customers: touches.iter().cloned().collect(), ..Wanted::default() })?;
        let mut barred = Vec::new();
        for touch in touches {
            let inviter = self.facts.who_stays(&touch).clone();
            let chain = self.inviters(campaign, &inviter, REFERRAL_CHAIN_MAX)?;
            let known = self.facts.customers.get(&inviter);
            if !may_bind(Person { id: invitee, known: &customer }, Person { id: &inviter, known }, &chain) {
                barred.push(touch);
            }
        }
        let attribution = &active.campaign.settings.attribution;
        let chosen = attribution.choose(&customer, event.arrival.event.occurred, |inviter| !barred.contains(inviter));
        if let Some(touch) = chosen {
            let inviter = self.facts.who_stays(&touch.inviter).clone();
            self.facts.bindings.put(&binding, Some(inviter));
        }
        Ok(())
    }

    /// The customer's inviter, the inviter's inviter and so on, at most `max`, nearest first. Where a merge has made a circle, nobody
    /// comes twice.
    pub(super) fn inviters(
        &mut self,
        campaign: &CampaignId,
        customer: &CustomerId,
        max: usize,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let mut chain = Vec::new();
        let mut of = customer.clone();
        while chain.len() < max {
            let binding = key(campaign, &of);
            if !self.facts.bindings.has(&binding) {
                self.ensure(Wanted { bindings: [binding.clone()].into(), ..Wanted::default() })?;
            }
            let Some(bound) = self.facts.bindings.get(&binding).clone() else { break };
            self.ensure(Wanted { customers: [bound.clone()].into(), ..Wanted::default() })?;
            let inviter = self.facts.who_stays(&bound).clone();
            if inviter == *customer || chain.contains(&inviter) {
                break;
            }
            chain.push(inviter.clone());
            of = inviter;
        }
        Ok(chain)
    }
}
