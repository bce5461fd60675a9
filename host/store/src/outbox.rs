//! The outbox: destinations, what they are to be told, and how far that has got.

use std::sync::Arc;

use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Progress, Settlement};
use largesse_domain::destination::Destination;
use largesse_domain::id::DestinationId;
use largesse_domain::time::Instant;

use crate::StoreError;

/// A change to the outbox. Those of a batch are made in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum OutboxChange {
    /// A destination is registered or changed.
    Set(Arc<Destination>),
    /// A destination is deleted. What waits for it is dead; what it was told is kept.
    Delete(DestinationId),
    /// Something is to be told. Its place must be new.
    Post(Arc<Delivery>),
    /// A delivery has got so far. One that is dead, or delivered, is only ever delivered, or sent again.
    Note(DeliveryId, Progress),
    /// A delivery that is not waiting is to be sent again, from this time on.
    Replay(DeliveryId, Instant),
    /// A destination said this of a grant.
    Settle(DeliveryId, Settlement),
}

/// The error of deliveries whose destination was deleted.
pub(crate) const DELETED: &str = "the destination was deleted";

/// Which deliveries are asked for; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// To this destination.
    pub destination: Option<DestinationId>,
}

/// What is kept of deliveries, for whoever sends them, settles them and looks at them.
pub trait Outbox {
    /// All destinations, by id.
    ///
    /// # Errors
    /// When the database fails.
    fn destinations(&self) -> Result<Vec<Destination>, StoreError>;

    /// One delivery.
    ///
    /// # Errors
    /// When the database fails.
    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// Deliveries after one, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn deliveries(&self, filter: &DeliveryFilter, after: DeliveryId, limit: usize)
    -> Result<Vec<Delivery>, StoreError>;

    /// Of each customer the first delivery that waits for a destination, when it is due; the longest due first, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn deliveries_due(
        &self,
        destination: &DestinationId,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;
}
