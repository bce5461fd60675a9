//! The outbox in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Progress};
use largesse_domain::destination::Destination;
use largesse_domain::id::DestinationId;
use largesse_domain::time::Instant;

use super::MemoryStore;
use crate::outbox::{DELETED, DeliveryFilter, Outbox, OutboxChange};
use crate::{Batch, StoreError};

#[derive(Debug, Default)]
pub(super) struct OutboxTables {
    destinations: BTreeMap<DestinationId, Arc<Destination>>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
}

impl OutboxTables {
    pub(super) fn last_delivery(&self) -> DeliveryId {
        self.deliveries.last_key_value().map_or(DeliveryId(0), |(id, _)| *id)
    }

    /// The ids of all deliveries, in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = DeliveryId> {
        self.deliveries.keys().copied()
    }

    /// What of the batch contradicts what is stored, or itself.
    pub(super) fn contradiction(&self, batch: &Batch) -> Option<String> {
        let (mut posted, mut settled) = (BTreeSet::new(), BTreeSet::new());
        batch.outbox.iter().find_map(|change| match change {
            OutboxChange::Post(delivery) => {
                let known = self.deliveries.contains_key(&delivery.id) || !posted.insert(delivery.id);
                known.then(|| format!("delivery {} is stored", delivery.id))
            }
            OutboxChange::Settle(id, _) => {
                let open = self.deliveries.get(id).is_some_and(|delivery| delivery.settlement.is_none());
                let open = (open || posted.contains(id)) && settled.insert(*id);
                (!open).then(|| format!("delivery {id} cannot be settled"))
            }
            _ => None,
        })
    }

    pub(super) fn apply(&mut self, batch: &Batch) {
        for change in &batch.outbox {
            match change {
                OutboxChange::Set(destination) => {
                    self.destinations.insert(destination.id.clone(), destination.clone());
                }
                OutboxChange::Delete(id) => {
                    self.destinations.remove(id);
                    let waiting = |delivery: &&mut Delivery| {
                        delivery.destination == *id && delivery.progress.state == DeliveryState::Waiting
                    };
                    for delivery in self.deliveries.values_mut().filter(waiting) {
                        delivery.progress.state = DeliveryState::Dead;
                        delivery.progress.last_error = Some(DELETED.to_owned());
                    }
                }
                OutboxChange::Post(delivery) => {
                    self.deliveries.insert(delivery.id, Delivery::clone(delivery));
                }
                OutboxChange::Note(id, progress) => self.update(*id, |delivery| {
                    let waits = delivery.progress.state == DeliveryState::Waiting;
                    if waits || progress.state == DeliveryState::Delivered {
                        delivery.progress = progress.clone();
                    }
                }),
                OutboxChange::Replay(id, now) => self.update(*id, |delivery| {
                    if delivery.progress.state != DeliveryState::Waiting {
                        delivery.progress = Progress::new(*now);
                    }
                }),
                OutboxChange::Settle(id, settlement) => {
                    self.update(*id, |delivery| delivery.settlement = Some(settlement.clone()));
                }
            }
        }
    }

    fn update(&mut self, id: DeliveryId, update: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            update(delivery);
        }
    }
}

impl Outbox for MemoryStore {
    fn destinations(&self) -> Result<Vec<Destination>, StoreError> {
        Ok(self.tables().outbox.destinations.values().map(|destination| (**destination).clone()).collect())
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.tables().outbox.deliveries.get(&id).cloned())
    }

    fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: DeliveryId,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let tables = self.tables();
        let wanted = |delivery: &&Delivery| {
            delivery.id > after
                && filter.state.is_none_or(|state| delivery.progress.state == state)
                && filter.destination.as_ref().is_none_or(|destination| delivery.destination == *destination)
        };
        Ok(tables.outbox.deliveries.values().filter(wanted).take(limit).cloned().collect())
    }

    fn deliveries_due(
        &self,
        destination: &DestinationId,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let tables = self.tables();
        let mut customers = BTreeSet::new();
        let waiting = tables.outbox.deliveries.values().filter(|delivery| {
            delivery.destination == *destination && delivery.progress.state == DeliveryState::Waiting
        });
        let heads = waiting.filter(|delivery| customers.insert(delivery.customer.clone()));
        let mut due: Vec<_> = heads.filter(|delivery| delivery.progress.due <= now).cloned().collect();
        due.sort_by_key(|delivery| (delivery.progress.due, delivery.id));
        due.truncate(limit);
        Ok(due)
    }
}
