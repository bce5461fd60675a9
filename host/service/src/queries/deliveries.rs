//! Deliveries: what destinations are told, and how far that has got.

use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState};
use largesse_domain::id::DestinationId;
use largesse_store::DeliveryFilter;

use super::{Committed, Query, QueryError, Sink, fill, not_found};

/// A page of deliveries, in the order in which they were written.
#[derive(Clone, Debug)]
pub struct Deliveries<S> {
    /// In this state only.
    pub state: Option<DeliveryState>,
    /// To this destination only.
    pub destination: Option<DestinationId>,
    /// After this delivery.
    pub after: DeliveryId,
    /// Takes them.
    pub into: S,
}

impl<S: Sink<Item = Delivery>> Query for Deliveries<S> {
    type Answer = S;

    fn read(self, committed: &Committed<'_>) -> Result<S, QueryError> {
        let Self { state, destination, after, mut into } = self;
        let filter = DeliveryFilter { state, destination };
        let read = |after, some| committed.store.deliveries(&filter, DeliveryId(after), some);
        fill(&mut into, after.0, read, |delivery| delivery.id.0)?;
        Ok(into)
    }
}

/// A delivery with what is sent.
#[derive(Clone, Copy, Debug)]
pub struct ShowDelivery(pub DeliveryId);

impl Query for ShowDelivery {
    type Answer = Delivery;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        committed.store.delivery(self.0)?.ok_or_else(|| not_found("delivery", &self.0))
    }
}
