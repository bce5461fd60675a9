//! What edges and senders ask about destinations and deliveries.

use std::sync::Arc;

use largesse_documents::DestinationSpec;
use largesse_domain::deliver::Attempt;
use largesse_domain::delivery::{Delivery, DeliveryId, Settled};
use largesse_domain::destination::{Destination, Secret};
use largesse_domain::id::DestinationId;

use crate::pipeline::{Change, Changed, OutboxCommand};
use crate::{ChangeError, Service, Unavailable};

impl Service {
    /// Registers or changes a destination. A new one without secrets is given `fresh`. The boolean says whether it is new.
    ///
    /// # Errors
    /// When there are too many, or another settles grants already.
    pub async fn set_destination(
        &self,
        id: DestinationId,
        spec: DestinationSpec,
        fresh: Secret,
    ) -> Result<(Arc<Destination>, bool), ChangeError> {
        match self.outbox(OutboxCommand::Set(id, Box::new(spec), fresh)).await? {
            Changed::Destination(destination, is_new) => Ok((destination, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Stops sending to a destination, or goes on.
    ///
    /// # Errors
    /// When there is none.
    pub async fn pause_destination(&self, id: DestinationId, paused: bool) -> Result<Arc<Destination>, ChangeError> {
        match self.outbox(OutboxCommand::Pause(id, paused)).await? {
            Changed::Destination(destination, _) => Ok(destination),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Deletes a destination, if there is one. What waits for it is dead.
    ///
    /// # Errors
    /// When the host cannot do it now.
    pub async fn delete_destination(&self, id: DestinationId) -> Result<(), ChangeError> {
        self.outbox(OutboxCommand::Delete(id)).await.map(drop)
    }

    /// Tells a destination that it is being tried.
    ///
    /// # Errors
    /// When there is none, or it is paused.
    pub async fn test_destination(&self, id: DestinationId) -> Result<Delivery, ChangeError> {
        self.delivery(OutboxCommand::Test(id)).await
    }

    /// Notes what came of attempts. Whoever sends asks this, and nobody else.
    ///
    /// # Errors
    /// When the host cannot do it now; nothing is noted then.
    pub async fn note_attempts(&self, attempts: Vec<Attempt>) -> Result<(), ChangeError> {
        self.outbox(OutboxCommand::Note(attempts)).await.map(drop)
    }

    /// Sends a delivery again, unless it is waiting.
    ///
    /// # Errors
    /// When there is none, or its destination was deleted.
    pub async fn replay(&self, id: DeliveryId) -> Result<Delivery, ChangeError> {
        self.delivery(OutboxCommand::Replay(id)).await
    }

    /// Sends dead deliveries to a destination again, the earliest first, at most 1,000. Answers how many.
    ///
    /// # Errors
    /// When there is no such destination.
    pub async fn replay_dead(&self, id: DestinationId) -> Result<usize, ChangeError> {
        match self.outbox(OutboxCommand::ReplayDead(id)).await? {
            Changed::Replayed(count) => Ok(count),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Takes what a destination says of the grant that it was told of.
    ///
    /// # Errors
    /// When there is no such delivery, it settles nothing, or the destination said otherwise before.
    pub async fn settle(&self, id: DeliveryId, settled: Settled) -> Result<Delivery, ChangeError> {
        self.delivery(OutboxCommand::Settle(id, settled)).await
    }

    /// Waits until something new about destinations or deliveries is on disk. For one caller at a time.
    pub async fn outbox_changed(&self) {
        self.shared.outbox.notified().await;
    }

    async fn delivery(&self, command: OutboxCommand) -> Result<Delivery, ChangeError> {
        match self.outbox(command).await? {
            Changed::Delivery(delivery) => Ok(*delivery),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    async fn outbox(&self, command: OutboxCommand) -> Result<Changed, ChangeError> {
        self.change(Change::Outbox(command)).await
    }
}
