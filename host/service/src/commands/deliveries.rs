//! What came of deliveries is noted; they are sent again; destinations say what has become of the grants that they were told of.

use largesse_documents::delivery::settled_words;
use largesse_domain::deliver::Attempt;
use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Progress, Settled, Settlement};
use largesse_domain::destination::Paused;
use largesse_domain::id::DestinationId;
use largesse_domain::limits::REPLAY_MAX;
use largesse_store::{DeliveryFilter, OutboxChange};

use super::Command;
use super::destinations::{destination, pause};
use crate::Service;
use crate::pipeline::{CommandError, ControlError, Decider};

impl Service {
    /// Waits until something new about destinations or deliveries is on disk. For one caller at a time.
    pub async fn outbox_changed(&self) {
        self.shared.outbox.notified().await;
    }
}

/// Attempts were made. Whoever sends asks this, and nobody else.
#[derive(Debug)]
pub struct NoteAttempts(pub Vec<Attempt>);

impl Command for NoteAttempts {
    type Answer = ();

    fn carry_out(self, decider: &mut Decider) -> Result<(), CommandError> {
        for Attempt { id, progress, gone } in self.0 {
            decider.batch().outbox.push(OutboxChange::Note(id, progress));
            // One that was deleted in the meantime needs no pause.
            if let Some(gone) = gone.filter(|gone| decider.registry.destinations.contains_key(gone)) {
                tracing::warn!(destination = %gone, delivery = id.0, "the destination is gone and is paused");
                pause(decider, &gone, Some(Paused::Gone))?;
            }
        }
        Ok(())
    }
}

/// A delivery is sent again, unless it is waiting.
#[derive(Clone, Copy, Debug)]
pub struct ReplayDelivery(pub DeliveryId);

impl Command for ReplayDelivery {
    /// The delivery as it is now.
    type Answer = Delivery;

    /// Refused when there is none, or its destination was deleted.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(id) = self;
        let mut delivery = stored(decider, id)?;
        destination(decider, &delivery.destination)?;
        if delivery.progress.state != DeliveryState::Waiting {
            let now = decider.clock.now();
            delivery.progress = Progress::new(now);
            decider.batch().outbox.push(OutboxChange::Replay(id, now));
        }
        Ok(delivery)
    }
}

/// Dead deliveries to a destination are sent again, the earliest first, so many at once as may be.
#[derive(Clone, Debug)]
pub struct ReplayDead(pub DestinationId);

impl Command for ReplayDead {
    /// How many.
    type Answer = usize;

    /// Refused when there is no such destination.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        destination(decider, &self.0)?;
        let filter = DeliveryFilter { state: Some(DeliveryState::Dead), destination: Some(self.0) };
        let (dead, now) = (decider.store.deliveries(&filter, DeliveryId(0), REPLAY_MAX)?, decider.clock.now());
        let again = dead.iter().map(|delivery| OutboxChange::Replay(delivery.id, now));
        decider.batch().outbox.extend(again);
        Ok(dead.len())
    }
}

/// A destination says what has become of the grant that it was told of.
#[derive(Clone, Debug)]
pub struct SettleDelivery {
    /// By which delivery it was told.
    pub id: DeliveryId,
    /// What it says.
    pub settled: Settled,
}

impl Command for SettleDelivery {
    /// The delivery as it is now.
    type Answer = Delivery;

    /// Refused when there is no such delivery, it settles nothing, or the destination said otherwise before.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self { id, settled } = self;
        let mut delivery = stored(decider, id)?;
        let grant = delivery.grant.clone().ok_or(ControlError::SettlesNothing(id))?;
        if let Some(before) = decider.outbox.settlement(id).or(delivery.settlement.take()) {
            // Said again, with whatever reason, it changes nothing.
            let (word, _) = settled_words(&before.settled);
            if word != settled_words(&settled).0 {
                return Err(ControlError::SettledOtherwise { id, before: word }.into());
            }
            delivery.settlement = Some(before);
            return Ok(delivery);
        }
        decider.settle_grant(&grant, &settled, id)?;
        let settlement = Settlement { settled, at: decider.clock.now() };
        decider.outbox.note_settlement(id, settlement.clone());
        decider.batch().outbox.push(OutboxChange::Settle(id, settlement.clone()));
        delivery.settlement = Some(settlement);
        Ok(delivery)
    }
}

fn stored(decider: &Decider, id: DeliveryId) -> Result<Delivery, CommandError> {
    decider.store.delivery(id)?.ok_or_else(|| ControlError::UnknownDelivery(id).into())
}
