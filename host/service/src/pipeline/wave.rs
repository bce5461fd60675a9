//! Which events can be decided side by side.
//!
//! Decisions that share a customer or an entity are made in order of admission over one another's results; others have
//! nothing to do with each other. A wave takes, in order, every event that shares nothing with an event before it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use largesse_domain::customer::Fact;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CustomerId, EntityId};
use largesse_domain::key::BindingKey;
use largesse_domain::limits::{INVITER_DISTANCE_MAX, WAVE_DECISIONS_MAX};
use largesse_domain::policy::OwnerOf;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;

/// How far ahead a wave looks for events that share nothing with those before.
const WINDOW: usize = 512;
/// A wave takes so many events, if there are, however many decisions they ask for: they are run by several workers.
const WAVE_EVENTS_MIN: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shared {
    Customer(CustomerId),
    Entity(EntityId),
}

impl Decider {
    /// Loads, for all events at once, what almost every one of them needs.
    pub(super) fn prefetch(&mut self, events: &[Admitted]) -> Result<(), StoreError> {
        let registry = Arc::clone(&self.registry);
        let mut wanted = Wanted::default();
        let mut of_actor = Vec::new();
        for event in events {
            let inner = &event.arrival.event;
            wanted.customers.insert(inner.actor.clone());
            wanted.customers.extend(event.arrival.reading.named.iter().cloned());
        }
        self.ensure(wanted)?;
        for event in events {
            let actor = self.actor(event);
            for active in registry.routed(&event.arrival).filter(|active| active.sees_inviters()) {
                of_actor.push(BindingKey { campaign: active.campaign.id.clone(), invitee: actor.clone() });
            }
        }
        self.ensure(Wanted { bindings: of_actor.iter().cloned().collect(), ..Wanted::default() })?;
        for _ in 0..INVITER_DISTANCE_MAX {
            let mut wanted = Wanted::default();
            for binding in &mut of_actor {
                if let Some(inviter) = self.facts.bindings.get(binding).clone() {
                    wanted.customers.insert(inviter.clone());
                    binding.invitee = inviter;
                    wanted.bindings.insert(binding.clone());
                }
            }
            if wanted.is_empty() {
                break;
            }
            self.ensure(wanted)?;
        }
        Ok(())
    }

    /// Takes the next wave out of what remains, with no more decisions than are made side by side.
    pub(super) fn next_wave(
        &mut self,
        events: &[Admitted],
        remaining: &mut VecDeque<usize>,
    ) -> Result<Vec<usize>, StoreError> {
        let mut taken = HashSet::new();
        let mut wave = Vec::new();
        let mut waiting = Vec::new();
        let mut decisions = 0;
        for _ in 0..WINDOW.min(remaining.len()) {
            if wave.len() >= WAVE_EVENTS_MIN && decisions >= WAVE_DECISIONS_MAX {
                break;
            }
            let Some(index) = remaining.pop_front() else { break };
            let shared = self.shared_by(&events[index])?;
            if shared.iter().any(|thing| taken.contains(thing)) {
                waiting.push(index);
            } else {
                decisions += self.registry.routed(&events[index].arrival).count().max(1);
                wave.push(index);
            }
            taken.extend(shared);
        }
        for index in waiting.into_iter().rev() {
            remaining.push_front(index);
        }
        Ok(wave)
    }

    /// Every customer and entity that decisions on the event may show or change. Of a customer with several ids, the one who stays.
    fn shared_by(&mut self, event: &Admitted) -> Result<Vec<Shared>, StoreError> {
        let inner = &event.arrival.event;
        let actor = self.actor(event).clone();
        let mut shared = vec![Shared::Customer(actor.clone())];
        let named = event.arrival.reading.named.iter();
        shared.extend(named.map(|id| Shared::Customer(self.facts.who_stays(id).clone())));
        let registry = Arc::clone(&self.registry);
        for active in registry.routed(&event.arrival) {
            if active.sees_inviters() {
                let chain = self.inviters(&active.campaign.id, &actor, usize::from(INVITER_DISTANCE_MAX))?;
                shared.extend(chain.into_iter().map(Shared::Customer));
                if active.campaign.settings.attribution.bind_on.contains(&inner.kind) {
                    shared.extend(self.may_become_inviters(&actor)?);
                }
            }
            let subscriptions = active.deciding().flat_map(|(_, published)| &published.manifest().subscriptions);
            for subscription in subscriptions.filter(|subscription| subscription.kind == inner.kind) {
                let entity = match &subscription.owner {
                    OwnerOf::Party(_) => None,
                    OwnerOf::Entity(pointer) => {
                        let named = event.arrival.data.pointer(pointer.as_str()).and_then(|value| value.as_str());
                        named.and_then(|named| EntityId::new(named).ok())
                    }
                    OwnerOf::Group(kind) => self.facts.customers.get(&actor).groups.get(kind).cloned(),
                };
                let Some(entity) = entity else { continue };
                if active.sees_members() {
                    shared.extend(self.members(&entity)?.into_iter().map(Shared::Customer));
                }
                shared.push(Shared::Entity(entity));
            }
        }
        // Who joins or leaves is shown, or not shown, to those who decide for the group next.
        let regrouped = event.arrival.reading.facts.iter().filter_map(|fact| match fact {
            Fact::Joined(_, group) | Fact::Left(_, group) => Some(Shared::Entity(group.clone())),
            _ => None,
        });
        shared.extend(regrouped);
        Ok(shared)
    }

    /// Who is in a group, in order of joining.
    pub(super) fn members(&mut self, entity: &EntityId) -> Result<Vec<CustomerId>, StoreError> {
        self.ensure(Wanted { members: [entity.clone()].into(), ..Wanted::default() })?;
        let listed: Vec<CustomerId> = self.facts.members.get(entity).0.iter().map(|(id, _)| id.clone()).collect();
        self.ensure(Wanted { customers: listed.iter().cloned().collect(), ..Wanted::default() })?;
        let mut members: Vec<CustomerId> = Vec::with_capacity(listed.len());
        for id in &listed {
            let member = self.facts.who_stays(id);
            if !members.contains(member) {
                members.push(member.clone());
            }
        }
        Ok(members)
    }

    fn may_become_inviters(&mut self, actor: &CustomerId) -> Result<Vec<Shared>, StoreError> {
        let touches = self.facts.customers.get(actor).touches.iter();
        let inviters: Vec<CustomerId> = touches.map(|touch| touch.inviter.clone()).collect();
        self.ensure(Wanted { customers: inviters.iter().cloned().collect(), ..Wanted::default() })?;
        Ok(inviters.iter().map(|inviter| Shared::Customer(self.facts.who_stays(inviter).clone())).collect())
    }
}
